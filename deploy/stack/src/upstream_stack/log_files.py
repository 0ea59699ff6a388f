"""Log files with a limit: turned over at a start, and cut while their writer runs. Reads no line but the last."""

import os
import shutil
from pathlib import Path

TURN_OVER_BYTES = 5_000_000
CUT_BYTES = 20_000_000
_TAIL_BYTES = 4_000


def open_for_append(path: Path) -> int:
    """A descriptor at the end of the log; what an earlier run left is set aside as `.1` once it is large."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > TURN_OVER_BYTES:
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


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
