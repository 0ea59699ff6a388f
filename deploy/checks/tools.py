"""The gates that are somebody else's programs: each runs one over a tree and gives back the lines it complained with."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
MEMBERS = ("shared/schemas", "shared/runtime", "shared/client", "services/*", "deploy/stack", "deploy/console")
# Pydantic and its core are one library in two packages; python-multipart is FastAPI's way to read forms, tzdata zoneinfo's;
# the demo starts the client as a program, as a city system would.
NOT_SEEN_BY_DEPTRY = "DEP003=pydantic_core,DEP002=pydantic|python-multipart|tzdata|upstream-client"
NO_FINDING = re.compile(r": (Scanning|Found|For more|Success).*|: $")


def ruff(root: Path) -> list[str]:
    """Lint: every rule there is but those opted out of with a reason."""
    return _complaints(root, "ruff", "check", "--quiet", "--output-format=concise", ".")


def ruff_format(root: Path) -> list[str]:
    """One way to lay out code."""
    return _complaints(root, "ruff", "format", "--quiet", "--output-format=concise", "--check", ".")


def mypy(root: Path) -> list[str]:
    """Types, strict, over all members and tests."""
    places = [*(member / "src" for member in members(root)), root / "bench", root / "tests", root / "deploy" / "checks"]
    wanted = [place.relative_to(root).as_posix() for place in places if place.is_dir()]
    return _complaints(root, "mypy", "--no-error-summary", *wanted)


def import_linter(root: Path) -> list[str]:
    """Who may import whom; the contracts stand in pyproject.toml."""
    path = os.pathsep.join(str(place) for place in [*(member / "src" for member in members(root)), root / "bench"])
    return _complaints(root, "lint-imports", "--no-cache", more={"PYTHONPATH": path})


def deptry(root: Path) -> list[str]:
    """Every member declares exactly what it imports."""
    found = [
        f"{member.relative_to(root).as_posix()}: {line}"
        for member in members(root)
        for line in _complaints(member, "deptry", "--no-ansi", "--per-rule-ignores", NOT_SEEN_BY_DEPTRY, "src")
    ]
    return [line for line in found if not NO_FINDING.search(line)]


def members(root: Path) -> list[Path]:
    """The installable parts of the repository."""
    return [path.parent for pattern in MEMBERS for path in sorted(root.glob(f"{pattern}/pyproject.toml"))]


def _complaints(folder: Path, program: str, *arguments: str, more: Mapping[str, str] | None = None) -> list[str]:
    command: Sequence[str] = (str(BIN / program), *arguments)
    done = subprocess.run(  # noqa: S603 - a program of our own environment with fixed words
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **(more or {})}
    )
    if done.returncode == 0:
        return []
    return (done.stdout + done.stderr).strip().splitlines() or [f"{program} ended with {done.returncode}"]
