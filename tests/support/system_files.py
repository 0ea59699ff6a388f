"""Files of a running stack: a broker and a database remove some of theirs while they are looked through."""

from pathlib import Path


def bytes_of(file: Path) -> bytes:
    """What a file holds; nothing where it is gone by now."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
