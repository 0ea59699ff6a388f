"""Numbered crash points: calls on the interfaces of store and log before or after which a process kills itself.

Only the launcher arms them, by wrapping the functions where they are looked up; the product has no such switch.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import asyncpg.transaction
from aiokafka import AIOKafkaProducer

from faults import pipeline
from upstream_runtime import parked, source, store
from upstream_runtime.engine import Engine
from upstream_runtime.refused import RefusedPartitions

Point = tuple[object, str]
# Each point is where a call is looked up; a second name is another way into the same thing.
POINTS: Final[dict[str, tuple[Point, ...]]] = {
    "C1": ((store, "marks"), (store, "first_answers")),
    "C2": ((pipeline, "save"), (pipeline, "save_reminders")),
    "C3": ((store, "answer"),),
    "C4": ((store, "put_due"), (store, "claim_due")),
    "C5": ((store, "set_aside"),),
    "C6": ((store, "settle"),),
    "C7": ((store, "say"),),
    "C8": ((asyncpg.transaction.Transaction, "_Transaction__commit"),),
    "C9": ((AIOKafkaProducer, "send_batch"),),
    "C10": ((RefusedPartitions, "got_through"), (Engine, "_committed")),
    "C11": ((store, "move_sent"), (store, "take_lease")),
    "C12": ((source, "_committed"),),
    "C13": ((parked, "park"), (parked, "claim"), (parked, "release")),
}


def arm(point: str, when: str, nth: int, fired: str) -> None:
    """Kill this process at the nth call of a point, `before` or `after` the real call; the file `fired` says that it was here."""
    countdown = iter(range(nth - 1, -1, -1))

    def due() -> bool:
        return next(countdown, -1) == 0

    for place, name in POINTS[point]:
        real = getattr(place, name)
        wrapped = _around if asyncio.iscoroutinefunction(real) else _around_plain
        setattr(place, name, wrapped(real, when, due, Path(fired)))


def _around(
    real: Callable[..., Awaitable[Any]], when: str, due: Callable[[], bool], fired: Path
) -> Callable[..., Awaitable[Any]]:
    async def call(*args: Any, **more: Any) -> Any:
        now = due()
        if now and when == "before":
            _die(fired)
        result = await real(*args, **more)
        if now:
            _die(fired)
        return result

    return call


def _around_plain(real: Callable[..., Any], when: str, due: Callable[[], bool], fired: Path) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        now = due()
        if now and when == "before":
            _die(fired)
        result = real(*args, **more)
        if now:
            _die(fired)
        return result

    return call


def _die(fired: Path) -> None:
    fired.touch()
    os.kill(os.getpid(), signal.SIGKILL)
