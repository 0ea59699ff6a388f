"""Log files with a limit: turned over at a start, and cut while their writer runs. Reads no line but the last."""

import os
import shutil
from pathlib import Path

TURN_OVER_BYTES = 5_000_000
CUT_BYTES = 20_000_000
_TAIL_BYTES = 4_000


def open_for_append(path: Path, *, shared: bool = False) -> int:
    """A descriptor at the end of the log; what an earlier run left is set aside as `.1` once it is large, unless somebody writes on."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not shared and path.exists() and path.stat().st_size > TURN_OVER_BYTES:
        path.replace(_older(path))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def cut_if_large(path: Path) -> None:
    """Copies a log that outgrew its limit to `.1` and empties it; its writer appends, so it goes on at the start."""
    if path.exists() and path.stat().st_size > CUT_BYTES:
        shutil.copyfile(path, _older(path))
        os.truncate(path, 0)


def last_line(path: Path) -> str:
    """The last line that says something."""
    if not path.exists():
        return "(no log)"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "(an empty log)"


def size(path: Path) -> int:
    """Where the log ends now."""
    return path.stat().st_size if path.exists() else 0


def first_words(path: Path, since: int) -> str:
    """The first line behind that place that is meant for people: a process that cannot start says why in plain words."""
    with path.open("rb") as file:
        file.seek(since)
        lines = file.read(_TAIL_BYTES).decode(errors="replace").splitlines()
    return next((line.strip()[:300] for line in lines if line.strip() and not line.startswith("{")), "")


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
