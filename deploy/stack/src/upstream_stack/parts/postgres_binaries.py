"""PostgreSQL's server binaries: the operator's, else the machine's, else real ones from Maven. Starts nothing."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from upstream_stack.account import Account
from upstream_stack.errors import Trouble, command, install_command
from upstream_stack.layout import DEPLOY, Layout, parts_cache
from upstream_stack.locks import alone
from upstream_stack.parts.maven import MavenPart, Progress, fetch

MAJOR_MIN = 15
FROM_MAVEN = "maven"
"""The value of PG_BIN that asks for the binaries from Maven even where the machine has its own."""

_POM = DEPLOY / "postgres" / "pom.xml"
_SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "opt/homebrew/opt/postgresql@*/bin",
)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64v8", "arm64": "arm64v8"}


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A folder with at least `postgres` and `initdb`."""

    folder: Path
    version: str
    from_maven: bool = False

    @property
    def major(self) -> int:
        """The version that data folders are bound to."""
        return int(self.version.split(".")[0])


def find_postgres(root: Path = Path("/")) -> PostgresBinaries | None:
    """PG_BIN's binaries, else the newest of the machine under `root`; None where Maven has to bring them."""
    chosen = os.environ.get("PG_BIN")
    if chosen == FROM_MAVEN:
        return None
    if chosen:
        return _chosen(Path(chosen))
    usable = [found for found in _of_system(root) if found.major >= MAJOR_MIN]
    return max(usable, key=lambda binaries: binaries.major, default=None)


def postgres_from_maven(layout: Layout, account: Account, progress: Progress) -> PostgresBinaries:
    """Unpacked binaries from Maven that `account` can run: in the cache, or beside its data where it cannot enter the cache."""
    archive = _archive(progress)
    unpacked = archive.with_name(f"{archive.name}-unpacked")
    if not account.can_enter(_existing_parent(unpacked)):
        unpacked = layout.elsewhere / "postgres-binaries"
        unpacked.parent.mkdir(mode=0o711, exist_ok=True)
    with alone(unpacked.with_suffix(".lock")):
        if not unpacked.exists():
            _unpack(next(archive.glob("*.jar")), unpacked)
    folder = unpacked / "bin"
    return PostgresBinaries(folder, _version(folder) or "", from_maven=True)


def _chosen(folder: Path) -> PostgresBinaries:
    version = _version(folder)
    if version is None:
        raise Trouble(
            f"PG_BIN={folder} holds no PostgreSQL",
            "it has no program postgres or no initdb",
            command("up", PG_BIN=FROM_MAVEN),
        )
    binaries = PostgresBinaries(folder, version)
    if binaries.major < MAJOR_MIN:
        raise Trouble(
            f"PG_BIN={folder} is too old",
            f"it is PostgreSQL {version}; {MAJOR_MIN} is needed",
            command("up", PG_BIN=FROM_MAVEN),
        )
    return binaries


def _of_system(root: Path) -> Iterable[PostgresBinaries]:
    folders = [folder for pattern in _SYSTEM_PATTERNS for folder in root.glob(pattern)]
    on_path = shutil.which("postgres")
    if on_path and Path(on_path).is_relative_to(root):
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        version = _version(folder)
        if version is not None:
            yield PostgresBinaries(folder, version)


def _version(folder: Path) -> str | None:
    if not ((folder / "postgres").exists() and (folder / "initdb").exists()):
        return None
    answer = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\) (\d+(?:\.\d+)*)", answer.stdout)
    return found.group(1) if found else None


def _archive(progress: Progress) -> Path:
    name = f"{platform.system().lower()}-{_MACHINES.get(platform.machine(), platform.machine())}"
    folder = parts_cache() / f"postgres-{name}-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]}"
    if folder.exists():
        return folder
    part = MavenPart("PostgreSQL", _POM, expected_bytes=15_000_000, properties=(f"-Dplatform={name}",))
    try:
        fetch(part, folder, progress)
    except Trouble as trouble:
        raise _neither(trouble) from trouble
    return folder


def _neither(trouble: Trouble) -> Trouble:
    return Trouble(
        "PostgreSQL is missing",
        f"no version {MAJOR_MIN} or newer on this machine, and: {trouble.what}, {trouble.why}",
        install_command(debian="postgresql", fedora="postgresql-server", brew="postgresql@16"),
    )


def _unpack(jar: Path, target: Path) -> None:
    """The jar holds one .txz; a broken unpacking leaves no target behind."""
    draft = target.with_suffix(".part")
    shutil.rmtree(draft, ignore_errors=True)
    with zipfile.ZipFile(jar) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".txz"))
        with outer.open(inner) as compressed, tarfile.open(fileobj=compressed, mode="r:xz") as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.0 to 3.11.3 have none
            archive.extractall(draft)  # noqa: S202 - filtered above; Maven has checked the archive's digest
    draft.chmod(0o755)
    draft.rename(target)


def _existing_parent(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.exists())
