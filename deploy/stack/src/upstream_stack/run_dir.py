"""The run directory and the folders that every stack has in it. Puts nothing into them."""

import os
from pathlib import Path

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Layout


def make_run_dir(layout: Layout, *more: Path) -> None:
    """Others may pass through it (PostgreSQL's account must), but see only what is theirs. Trouble where it cannot be written."""
    try:
        layout.run_dir.mkdir(parents=True, exist_ok=True)
        layout.run_dir.chmod(0o711)
        for folder in (layout.secrets, layout.credentials, layout.logs, layout.keys, *more):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as failure:
        raise Trouble(
            f"{layout.run_dir} cannot be written",
            f"{failure.strerror}: {failure.filename}",
            command("up", RUN_DIR=f"/tmp/upstream-{os.geteuid()}"),  # noqa: S108 - a suggestion to a person
        ) from failure
