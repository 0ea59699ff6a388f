"""Files that their owner alone may read. Knows nothing of what is in them."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Puts `text` at `path`, readable by its owner alone from the first moment, whole or not at all."""
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    _belongs_with_its_folder(draft)
    draft.replace(path)


def make_private_folder(folder: Path) -> None:
    """Every folder that is missing on the way is private too, which `parents=True` would not do."""
    if not folder.exists():
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _belongs_with_its_folder(folder)


def _belongs_with_its_folder(path: Path) -> None:
    """What root writes into a folder that it gave to the containers' account is that account's to read."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)
