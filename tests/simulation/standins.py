"""The engine's modules with the world's clock, sleep and dice in the place of the real ones, for as long as one seed runs."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import structlog
from simulation.world import World

import upstream_runtime
from upstream_runtime import clock, due, parking, relay

SPARED = {"source", "run", "log", "clock"}  # what the simulation replaces as a whole
SLOWER = (  # idle turns cost real time
    (relay, "POLL_SECONDS", 3.0), (relay, "RENEW_SECONDS", 2.5), (due, "POLL_SECONDS", 5.0), (due, "WORKERS", 1),
    (parking, "LOOK_SECONDS", 4.0),
)  # fmt: skip


class Asyncio:
    """asyncio, but for what waits for time."""

    def __init__(self, world: World) -> None:
        self.sleep = world.sleep
        self.timeout = world.timeout

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


@contextmanager
def simulated(world: World) -> Iterator[None]:
    """Everything of the engine that asks for time or chance asks this world."""
    time = SimpleNamespace(monotonic=lambda: world.seconds, perf_counter=lambda: world.seconds)
    mine = {"asyncio": Asyncio(world), "time": time, "fresh_id": world.uuid, "random_id": world.uuid}
    patches = [
        patch.object(module, name, stand_in)
        for module in _engine()
        for name, stand_in in mine.items()
        if hasattr(module, name)
    ]
    patches += [patch.object(clock, "random", Random(world.dice.random()))]
    patches += [patch.object(module, name, seconds) for module, name, seconds in SLOWER]
    before = structlog.get_config()
    structlog.configure(processors=[_noting(world)])
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in reversed(patches):
            one.stop()
        structlog.configure(**before)


def _engine() -> list[Any]:
    prefix = f"{upstream_runtime.__name__}."
    return [
        module
        for name, module in sorted(sys.modules.items())
        if name.startswith(prefix) and name.removeprefix(prefix) not in SPARED
    ]


def _noting(world: World) -> Any:
    def note(_: Any, __: str, line: dict[str, Any]) -> Any:
        error = line.get("exc_info")
        world.note(f"  log: {line['event']}" + (f" ({type(error).__name__})" if isinstance(error, BaseException) else ""))
        raise structlog.DropEvent

    return note
