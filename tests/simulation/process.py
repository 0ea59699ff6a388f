"""One simulated process: the engine's own parts and loops, put together as `upstream_runtime.run` does, over simulated ends.

Everything it knows it reads from its database; dead, it leaves nothing but sessions that the server still holds open.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from simulation.city import Mood, told
from simulation.database import Database, Pool
from simulation.log import CLUSTER, Log, Producer
from simulation.source import Group, Source
from simulation.world import OWNER, PART, World
from support.engine_parts import take
from support.engine_service import COUNTER

from upstream_runtime.apply import Mind
from upstream_runtime.clock import Clock
from upstream_runtime.consume import Consumer
from upstream_runtime.due import DueWork
from upstream_runtime.engine import Engine
from upstream_runtime.failures import Trouble, trouble
from upstream_runtime.operators import NothingToDoError, Operators, Order
from upstream_runtime.records import Reader
from upstream_runtime.relay import Relay
from upstream_runtime.streams import Streams
from upstream_runtime.web import Door
from upstream_runtime.wiring import App


class WorldClock(Clock):
    """The world's time, and how far this process is off it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.off = timedelta(0)

    def now(self) -> datetime:
        return self.world.now() + self.off

    def wall(self) -> datetime:  # type: ignore[override] # static where the wall is the real one
        return self.world.now()


@dataclass(slots=True)
class Service:
    """What all replicas of a service share: its wiring, its mood, its database, its group."""

    app: App
    mood: Mood
    database: Database
    group: Group


@dataclass(slots=True)
class Told:
    """A command over HTTP, and what came of it: `ok`, `failed`, or None where nobody knows."""

    label: str
    key: UUID
    outcome: str | None = None


@dataclass(slots=True, eq=False)
class Process:
    """One replica. `start` it, and `die` whenever the world says so."""

    name: str
    service: Service
    world: World
    log: Log
    alive: bool = False
    draining: bool = False
    lives: int = 0
    clock: WorldClock = field(init=False)
    pool: Pool = field(init=False)
    engine: Engine = field(init=False)
    source: Source = field(init=False)
    consumer: Consumer = field(init=False)
    relay: Relay = field(init=False)
    due: DueWork = field(init=False)
    tasks: list["asyncio.Task[Any]"] = field(default_factory=list)

    @property
    def owner(self) -> str:
        return f"{self.name}.{self.lives}"

    def start(self) -> None:
        self.lives += 1
        self.alive, self.draining = True, False
        service, world, owner = self.service, self.world, self.owner
        database = service.database
        self.clock = WorldClock(world)
        self.pool = Pool(world, database, owner)
        producer: Any = partial(Producer, world, self.log, owner)
        pool: Any = self.pool
        self.relay = Relay(pool, Streams(database.stream), producer, self.clock)
        mind = Mind(service.app, database.stream, database.secret, world.uuid)
        self.engine = Engine(pool, mind, self.clock, self.relay.offer)
        self.source = Source(world, self.log, service.group, owner)
        self.due = DueWork(self.engine, service.app.work)
        self.consumer = Consumer(self.engine, Reader(service.app, CLUSTER, self.clock, database.secret), self.source)
        service.group.members.append(self.source)
        self.tasks = [
            self.begin("relay", self.relay.run()),
            self.begin("due", self.due.run()),
            self.begin("held", self.consumer.release()),
            self.begin("parked", self.consumer.parking.run()),
            self.begin("poll", self.source.poll()),
            self.begin("take", self.source.hand_over(partial(take, self.consumer))),
            self.begin("offsets", self.source.commit()),
        ]

    def begin(self, part: str, runs: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """A part of the process that runs beside the others; no two that run at once have the same name."""
        context = copy_context()
        context.run(OWNER.set, self.owner)
        context.run(PART.set, part)
        task = asyncio.create_task(runs, context=context, name=part)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        if not self.alive or self.draining or task.cancelled():
            return
        if (error := task.exception()) is not None:
            self.world.wrong.append(f"{self.owner}: a part came to an end: {error!r}")

    async def die(self) -> None:
        """At once, wherever it stands."""
        self.alive = False
        self.world.note(f"{self.owner} dies")
        self.world.dead.add(self.owner)
        self.pool.die()
        self.source.leave()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.world.settle()

    def drain(self) -> None:
        """In order, as `Process.drain` of the engine does it; it is over when `drained`."""
        self.draining = True
        self.tasks.append(self.begin("drain", self._drain()))

    async def _drain(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.source.stop())
            tasks.create_task(self.due.drain())
        await self.relay.drain()
        self.world.dying.append(self.owner)

    def tell(self, command: Told) -> None:
        self.tasks.append(self.begin(command.label, self._tell(command)))

    async def _tell(self, command: Told) -> None:
        try:
            await Door(self.engine).tell(COUNTER, command.key, told, command.label)
        except Exception as error:
            command.outcome = None if trouble(error) is Trouble.INFRASTRUCTURE else "failed"
        else:
            command.outcome = "ok"

    def redrive(self) -> None:
        """An operator has this service's parked keys tried again."""
        self.tasks.append(self.begin("operator", self._redrive()))

    async def _redrive(self) -> None:
        operators = Operators(self.engine, lambda: self.consumer)
        for key in await self.engine.patiently(operators.parked):
            with suppress(NothingToDoError):
                await self.engine.patiently(partial(operators.retry, key.of, Order("an operator", "it is mended")))
