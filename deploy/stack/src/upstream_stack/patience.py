"""Waiting for something that can only be looked at again and again."""

import time
from collections.abc import Callable

_PAUSE_SECONDS = 0.05


def came_true(done: Callable[[], bool], within_seconds: float) -> bool:
    """Whether it was done in time; looks twenty times a second."""
    deadline = time.monotonic() + within_seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
