"""How one process is started and stopped: a record that the supervisor carries out. Starts nothing itself."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from upstream_stack.account import OURSELVES, Account


@dataclass(frozen=True, slots=True)
class Launch:
    """One process to run. `argv` shows in `ps`, so it holds no secret."""

    name: str
    argv: tuple[str, ...]
    port: int
    log: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account = OURSELVES
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
