"""What a process tidies up by itself now and then: rows that served their time, and bodies that the catalogue says not to keep.

The topics' retention in the catalogue decides how long rows stay; what was not sent yet always stays.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog
from asyncpg import Connection

from upstream_runtime import store, store_life
from upstream_runtime.engine import Engine
from upstream_runtime.failures import Trouble, trouble
from upstream_runtime.wiring import App
from upstream_schemas.topic import Topic

EVERY_SECONDS: Final = 30.0
PRUNED_EVERY_SECONDS: Final = 600.0
OUTBOX_RETENTIONS: Final = 2  # rows stay for twice as long as their records on the topic
SUPERSEDED_KEPT: Final = timedelta(days=14)  # of compacted topics, whose last rows of each key stay
SET_ASIDE_KEPT: Final = timedelta(days=90)
ROWS_MAX: Final = 2000  # of a partition in one transaction
SUPERSEDED_ROWS_MAX: Final = 20_000  # finding them reads the whole topic: about 3 s for a million rows
log = structlog.get_logger()
Drop = Callable[[Connection], Awaitable[int]]


class Housekeeping:
    """Tidies one process's tables. Safe to run in any number of replicas, and to miss any number of times."""

    def __init__(self, engine: Engine, app: App) -> None:
        self._engine = engine
        self._written = [topic for topic in app.catalogue if topic.producer == app.process]
        self._inlets = [inlet.family for inlet in app.inlets]
        self._pruned_at = 0.0

    async def run(self) -> None:
        """Tidy until cancelled."""
        while True:
            await self._unless_in_the_way(self.once)
            if time.monotonic() - self._pruned_at > PRUNED_EVERY_SECONDS:
                self._pruned_at = time.monotonic()
                await self._unless_in_the_way(self.prune)
            await asyncio.sleep(EVERY_SECONDS)

    async def once(self) -> None:
        """Blank bodies now."""
        now = self._engine.now()

        async def blank(conn: Connection) -> None:
            for topic in self._written:
                if topic.blanked_after is not None:
                    await store.blank_old(conn, topic.name, now - topic.blanked_after)

        await self._engine.ask(blank)

    async def prune(self) -> None:
        """Delete now what served its time, a batch in each transaction."""
        for drop in await self._engine.ask(self._to_drop):
            more = True
            while more:
                more = await self._dropped(drop) >= ROWS_MAX

    async def _to_drop(self, conn: Connection) -> list[Drop]:
        now = self._engine.now()
        written, read = await store_life.written_topics(conn), await store_life.read_topics(conn)
        drops: list[Drop] = [lambda conn: store_life.drop_set_aside(conn, now - SET_ASIDE_KEPT, ROWS_MAX)]
        for topic in self._written:
            drops += [self._sent(topic, name) for name in _of(topic, written)]
        for family in self._inlets:
            drops += [self._answered(family, name) for name in _of(family, read)]
        return drops

    def _sent(self, topic: Topic, name: str) -> Drop:
        now = self._engine.now()
        if topic.retention is None:
            return lambda conn: store_life.drop_superseded(conn, [name], now - SUPERSEDED_KEPT, SUPERSEDED_ROWS_MAX)
        before = now - OUTBOX_RETENTIONS * topic.retention
        return lambda conn: store_life.drop_sent(conn, [name], before, ROWS_MAX)

    def _answered(self, family: Topic, name: str) -> Drop:
        before = self._engine.now() - (family.retention or SUPERSEDED_KEPT)
        return lambda conn: store_life.drop_answered(conn, [name], before, ROWS_MAX)

    async def _dropped(self, drop: Drop) -> int:
        async def alone(conn: Connection) -> int:
            async with conn.transaction():
                return await drop(conn) if await store_life.tidy_alone(conn) else 0

        return await self._engine.ask(alone)

    async def _unless_in_the_way(self, tidy: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._engine.patiently(tidy)
        except Exception as error:
            if trouble(error) is not Trouble.CONTENTION:
                raise
            log.info("housekeeping.gave-way", exc_info=error)


def _of(topic: Topic, names: list[str]) -> list[str]:
    """Those names that are this topic's, or of its family."""
    return [name for name in names if topic.holds(name)]
