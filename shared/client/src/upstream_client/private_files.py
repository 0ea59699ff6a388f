"""Files that their owner alone can read, written so that a reader, or a program that died, never leaves half of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from upstream_client.trouble import NO_ANSWER, Trouble

OWNER_ONLY: Final = 0o600
FOLDER_OWNER_ONLY: Final = 0o700


def write_private(path: Path, content: bytes) -> None:
    """Replaces the file at once and returns when it is on disk. Raises OSError."""
    path.parent.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    _write(draft, content, os.O_TRUNC)
    draft.replace(path)


def append_private(path: Path, line: bytes) -> None:
    """Adds to the file and returns when it is on disk; makes it where there is none. Raises OSError."""
    path.parent.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
    _write(path, line, os.O_APPEND)


@contextmanager
def or_trouble(path: Path) -> Iterator[None]:
    """Turns what the disk refuses into Trouble."""
    try:
        yield
    except OSError as error:
        what = f"{path} cannot be written"
        raise Trouble(
            what, error.strerror or type(error).__name__, "make room or mend its rights, then go on", NO_ANSWER
        ) from None


def _write(path: Path, content: bytes, how: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, OWNER_ONLY), "ab") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
