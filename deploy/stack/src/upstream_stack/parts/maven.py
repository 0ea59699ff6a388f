"""Fetches what a pom.xml names into the cache, whole or not at all. Knows neither Kafka nor PostgreSQL."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from upstream_stack.errors import Trouble, command, install_command
from upstream_stack.locks import alone

GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


@dataclass(frozen=True, slots=True)
class Fetching:
    """How far one download is; `expected_bytes` is about what it will take where nothing was there before."""

    label: str
    fetched_bytes: int
    expected_bytes: int
    done: bool = False


Progress = Callable[[Fetching], None]

_DOWNLOADED = re.compile(r"Downloaded from \S+: \S+ \(([\d.]+) ?(B|kB|MB)")
_UNITS = {"B": 1, "kB": 1_000, "MB": 1_000_000}


@dataclass(frozen=True, slots=True)
class MavenPart:
    """What one pom brings: its name for people, the pom's folder, and how much to expect."""

    label: str
    pom: Path
    expected_bytes: int
    properties: tuple[str, ...] = ()


def fetch(part: MavenPart, target: Path, progress: Progress) -> None:
    """Fills `target` with the jars of `part`; two starts at once fetch once, and a broken fetch leaves no target behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with alone(target.with_suffix(".lock")):
        if target.exists():
            return
        draft = target.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        _copy_dependencies(part, draft, progress)
        draft.replace(target)


def _copy_dependencies(part: MavenPart, draft: Path, progress: Progress) -> None:
    words = [_maven(part), "-B", "-Dstyle.color=never", "-f", str(part.pom), GOAL]
    words += [f"-DoutputDirectory={draft}", "-DincludeScope=runtime", *part.properties]
    fetched_bytes = 0
    errors: list[str] = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as maven:
        for line in maven.stdout or ():
            fetched_bytes += _bytes_in(line)
            progress(Fetching(part.label, fetched_bytes, part.expected_bytes))
            if "[ERROR]" in line:
                errors.append(line.strip().removeprefix("[ERROR]").strip())
    if maven.returncode != 0:
        why = errors[0] if errors else f"Maven ended with {maven.returncode}"
        fix = f"mvn -B -f {shlex.quote(str(part.pom))} dependency:resolve && {command('up')}"
        raise Trouble(f"{part.label} could not be fetched", why, fix)
    progress(Fetching(part.label, part.expected_bytes, part.expected_bytes, done=True))


def _maven(part: MavenPart) -> str:
    found = shutil.which("mvn")
    if found is None:
        raise Trouble(
            "Maven is missing",
            f"{part.label} is not on this machine yet, and Maven is what fetches it",
            install_command(debian="maven", fedora="maven", brew="maven"),
        )
    return found


def _bytes_in(line: str) -> int:
    found = _DOWNLOADED.search(line)
    return int(float(found.group(1)) * _UNITS[found.group(2)]) if found else 0
