"""A world whose broker and database server have little room on their disks: each a file system of its own, of limited size.

Mounting one needs root. Where there is none, `room_can_be_limited` says so, and nobody makes this world.
"""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from faults.world import World

MEGABYTES: Final = 600
STEP_BYTES: Final = 4096


@cache
def room_can_be_limited() -> bool:
    """Whether a file system of limited size can be mounted here: tried with a small one."""
    with tempfile.TemporaryDirectory(prefix="upstream-room-") as folder:
        tried = shutil.which("mount") is not None and _mount(Path(folder), 1)
        if tried:
            _unmount(Path(folder))
    return tried


def _mount(folder: Path, megabytes: int) -> bool:
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", str(folder)]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _unmount(folder: Path) -> None:
    """At once for everybody who looks, and for good when the last one who has a file open there closes it."""
    if os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class LittleRoom(World):
    """A world of that kind. `fill` takes what room is left, `make_room` gives it back."""

    @property
    def rooms(self) -> dict[str, Path]:
        """The two file systems, by who lives there."""
        return {"kafka": self.layout.kafka, "postgres": self.layout.postgres_inside}

    async def up(self) -> None:
        self.limit(MEGABYTES)
        await super().up()
        assert self.postgres_data.is_relative_to(self.rooms["postgres"]), "the database server lies elsewhere"

    async def down(self) -> None:
        try:
            await super().down()
        finally:
            self.unlimit()

    def limit(self, megabytes: int) -> None:
        """Give each of them so much room and no more."""
        for folder in self.rooms.values():
            folder.mkdir(parents=True)
            if not _mount(folder, megabytes):
                raise RuntimeError(f"{folder} cannot be limited")

    def unlimit(self) -> None:
        """Nothing is mounted any more."""
        for folder in self.rooms.values():
            _unmount(folder)

    def fill(self, name: str) -> None:
        """Take every page that is free just now; again and again, nobody gets one."""
        folder = self.rooms[name]
        with (folder / "ballast").open("ab") as ballast:
            while free := _free_bytes(folder):
                start = ballast.seek(0, os.SEEK_END)
                try:
                    os.posix_fallocate(ballast.fileno(), start, max(STEP_BYTES, free // 2))
                except OSError:  # somebody was faster
                    if free <= STEP_BYTES:
                        return

    def make_room(self, name: str) -> None:
        """What was taken is free again."""
        (self.rooms[name] / "ballast").unlink()


def _free_bytes(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
