"""The scheduler's own wiring on a real database, without broker: what a process does between its doors and its tables."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from nacl.public import PrivateKey
from support.stopped_clock import Stopped

from upstream_runtime import store as runtime_store
from upstream_runtime.apply import Mind, Step, only
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Cause, Decide
from upstream_runtime.due import DueWork
from upstream_runtime.engine import Engine
from upstream_runtime.migrate import migrate
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import Aggregate, App, Stored
from upstream_scheduler import store
from upstream_scheduler.app import SESSIONS, TRAINERS, VENUES, wiring
from upstream_scheduler.decide import roster as rules
from upstream_scheduler.model import Session, Trainer, Venue
from upstream_schemas.intake import TrainingRequestedV1

STAFF_TOKEN = "staff-token-of-a-test"
LEFT = "SELECT count(*) FROM runtime.due WHERE due_at <= $1"


@dataclass(slots=True)
class Running:
    """One process's engine on the test's database."""

    app: App
    engine: Engine
    pool: Any
    clock: Stopped

    async def tell(self, aggregate: Aggregate, key: UUID, rule: Decide[Any], fact: object) -> object:
        """One fact through one transaction."""
        cause = Cause(str(fresh_id()), "/test", self.clock.now())
        applied = await self.engine.transact(only(Step(aggregate, key, rule, fact, cause)))
        return applied.answers[0]

    async def requested(self, event: TrainingRequestedV1) -> None:
        await self.tell(SESSIONS, event.request_id, self.app.routes[0].on[TrainingRequestedV1], event)

    async def registered(self, trainer: Trainer) -> None:
        fact = rules.TrainerRegistered(replace(trainer), contact="locked", key="key")
        await self.tell(TRAINERS, trainer.trainer_id, rules.trainer_registered, fact)

    async def opened(self, venue: Venue) -> None:
        await self.tell(VENUES, venue.venue_id, rules.venue_registered, venue)

    async def work_is_done(self, workers: int = 1) -> None:
        """Let this many pairs of workers do all that is due."""
        loops = [asyncio.create_task(DueWork(self.engine, self.app.work).run()) for _ in range(workers)]
        async with asyncio.timeout(60):
            while await self.pool.fetchval(LEFT, self.clock.now()):
                await asyncio.sleep(0.02)
                for loop in loops:
                    assert not loop.done(), loop.exception()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    async def sessions(self) -> list[Session]:
        async with self.pool.acquire() as conn:
            return await store.all_sessions(conn, None, 10_000)

    async def session(self, key: UUID) -> Stored[Session]:
        async with self.pool.acquire() as conn:
            return (await store.load_sessions(conn, [key]))[key]


@asynccontextmanager
async def running(dsn: str, folder: Path, now: datetime, connections: int = 3) -> AsyncIterator[Running]:
    """The scheduler on an empty database, with the clock stopped at `now`."""
    pool: Any
    async with asyncpg.create_pool(dsn, min_size=1, max_size=connections) as pool:
        async with pool.acquire() as conn:
            await migrate(conn, ("upstream_runtime", "upstream_scheduler"))
            stream, secret = await runtime_store.instance(conn)
        app, clock = wiring(_settings(dsn, folder)), Stopped(now)
        yield Running(app, Engine(pool, Mind(app, stream, secret), clock, lambda _: None), pool, clock)


def _settings(dsn: str, folder: Path) -> Settings:
    (folder / "link-key").write_text("link-key-of-a-test")
    (folder / "staff-token").write_text(STAFF_TOKEN)
    (folder / "lane.pub").write_text(b64encode(bytes(PrivateKey.generate().public_key)).decode())
    more = {"UPSTREAM_LANE_PUBLIC_KEY": str(folder / "lane.pub")}
    return Settings("scheduler", "", dsn, folder, 0, "http://127.0.0.1", None, more)
