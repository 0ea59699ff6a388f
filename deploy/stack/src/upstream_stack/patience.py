"""Waiting for something that can only be looked at again and again."""

import time
from collections.abc import Callable

from upstream_stack.errors import Trouble, command

_PAUSE_SECONDS = 0.05


def came_true(done: Callable[[], bool], within_seconds: float) -> bool:
    """Whether it was done in time; looks twenty times a second."""
    deadline = time.monotonic() + within_seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def insist(what: str, done: Callable[[], bool], within_seconds: float, log: str = "") -> None:
    """The same, and Trouble `what` where it was not; whose log says more, if anybody's."""
    if not came_true(done, within_seconds):
        raise Trouble(what, f"waited {within_seconds:.0f} s", command("logs", log) if log else command("ps"))
