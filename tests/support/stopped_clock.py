"""A clock that a test moves."""

from datetime import datetime

from upstream_runtime.clock import Clock


class Stopped(Clock):
    """Stands still until a test moves it."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at
