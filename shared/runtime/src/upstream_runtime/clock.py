"""The one place that asks what time it is, draws random ids, and throws dice.

The clock is the wall clock plus an offset from a file, which tests and the demo move; a file is looked at again when it
changes, at most four times a second. `settings` refuses it to a process that people reach anywhere but on loopback.
"""

import json
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import uuid_utils

LOOK_AGAIN_SECONDS = 0.25


@dataclass(slots=True)
class Clock:
    """Now, with the offset of the clock file where there is one."""

    file: Path | None = None
    _offset: timedelta = field(default=timedelta(0))
    _looked_at: float = -1.0

    def now(self) -> datetime:
        """The moment, UTC."""
        if self.file is not None and time.monotonic() - self._looked_at > LOOK_AGAIN_SECONDS:
            self._looked_at = time.monotonic()
            self._offset = _offset_in(self.file)
        return datetime.now(UTC) + self._offset

    def moved(self, moment: datetime) -> datetime:
        """A moment of the wall, which the broker keeps to, as this clock tells it."""
        return moment + (self.now() - self.wall()) if self.file is not None else moment

    @staticmethod
    def wall() -> datetime:
        """The moment on the wall, UTC, which nobody moves."""
        return datetime.now(UTC)


def _offset_in(file: Path) -> timedelta:
    try:
        return timedelta(seconds=float(json.loads(file.read_text())["offset_seconds"]))
    except FileNotFoundError:
        return timedelta(0)


def fresh_id() -> UUID:
    """A new UUIDv7 for something that has no cause: a person's command, a process's stream."""
    return UUID(int=uuid_utils.uuid7().int)


def random_id() -> UUID:
    """A new UUIDv4: of random bits alone, so that it tells neither when nor why."""
    return uuid4()


def jitter(seconds: float) -> float:
    """A random wait between half of `seconds` and all of it, so that those who failed together do not return together."""
    return seconds * (0.5 + random.random() / 2)  # noqa: S311 - a wait is no secret
