"""Locks between processes: the kernel lets go of each when its last holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lock:
    """A lock that can be handed to a child process by its descriptor."""

    def __init__(self, descriptor: int) -> None:
        """Takes over a descriptor whose lock is held."""
        self.descriptor = descriptor

    @staticmethod
    def try_take(path: Path) -> "Lock | None":
        """The lock on `path`, or None while somebody else holds it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return Lock(descriptor)

    def release(self) -> None:
        """Lets go; where a child was handed the lock, the child keeps it."""
        os.close(self.descriptor)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Waits until nobody else is inside `alone` for the same path."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
