"""Append-only files of JSON lines, one for each who writes: what the client meant to do, what was broken, what was found.

Imports nothing of the product: the checker reads through this.
"""

import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Line = dict[str, Any]


def wall() -> float:
    """Seconds since the epoch, on the wall."""
    return datetime.now(UTC).timestamp()


class Journal:
    """One file, written by one process. What `write` returned from is on the disk."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, lines: Iterable[Line], *, sync: bool = True) -> None:
        """Append these lines, all or (after a crash) a beginning of them."""
        self._file.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        if sync:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Nothing more is written."""
        self._file.close()


def read(path: Path) -> Iterator[Line]:
    """The whole lines of a journal; a last one that was cut short is left out. Nothing where there is no file."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            continue
