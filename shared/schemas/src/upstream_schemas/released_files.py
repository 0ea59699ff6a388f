"""Folders that are only ever added to: each file is compared with the commit that first added it.

Asks git and nothing else, so that no commit can both break a released file and bless what it broke.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path


class NoHistoryError(Exception):
    """The commits that first added the files cannot be seen: no repository, or a shallow copy of one."""


def changed_since_release(folder: Path) -> list[str]:
    """What was done to files of the folder after their first commit, one line for each. Raises NoHistoryError."""
    return [
        f"{name}: {'deleted' if not (folder / name).exists() else 'changed'} after its first commit"
        for name, content in sorted(first_versions(folder).items())
        if not (folder / name).exists() or (folder / name).read_bytes() != content
    ]


def first_versions(folder: Path) -> Mapping[str, bytes]:
    """The content of every file ever added directly to the folder, as it was first committed. Raises NoHistoryError."""
    if _git(folder, "rev-parse", "--is-shallow-repository").strip() != b"false":
        raise NoHistoryError(f"{folder.name}: this copy of the repository is shallow")
    log = _git(
        folder, "log", "--reverse", "--topo-order", "--full-history", "-m", "--diff-filter=A", "--no-renames",
        "--format=commit %H", "--name-only", "--relative", "--", folder.name,
    ).decode()  # fmt: skip
    found: dict[str, bytes] = {}
    commit = ""
    for line in log.splitlines():
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        elif line and (name := line.removeprefix(f"{folder.name}/")) not in found:
            found[name] = _git(folder, "show", f"{commit}:./{line}")
    return found


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(  # noqa: S603 - fixed words and names out of git's own answer
            ("git", "-c", "core.quotePath=false", *arguments),  # noqa: S607 - whichever git the person uses
            cwd=folder.parent,
            check=True,
            capture_output=True,
        ).stdout
    except (subprocess.CalledProcessError, OSError):
        raise NoHistoryError(f"{folder.name}: git cannot tell when its files were released") from None
