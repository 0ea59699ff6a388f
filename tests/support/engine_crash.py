"""Connections that break at a chosen call: what a crash, a lost connection and an unknown outcome look like to the engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import asyncpg
from asyncpg.pool import Pool

TABLES = "counter, runtime.outbox, runtime.counter, runtime.inbox, runtime.due, runtime.watermark, runtime.set_aside"


class Break(Enum):
    """What happens at the chosen call."""

    ERROR = "the call raises what nobody expects"
    LOST_BEFORE = "the connection is lost before the call"
    LOST_AFTER = "the connection is lost after the call, so that its outcome is unknown"
    DEATH_BEFORE = "the process dies before the call"
    DEATH_AFTER = "the process dies after the call"

    @property
    def is_death(self) -> bool:
        return self in (Break.DEATH_BEFORE, Break.DEATH_AFTER)


class Unexpected(Exception):
    """Nobody expects this."""


@dataclass(slots=True)
class Plan:
    """Which call breaks, counted over all connections, and how many there were. Without a `kind` none does."""

    at: int = 0
    kind: Break | None = None
    count: int = 0
    hit: str | None = None

    def next(self, call: str) -> Break | None:
        self.count += 1
        if self.count != self.at or self.kind is None:
            return None
        self.hit = call
        return self.kind


class Breaking(asyncpg.Connection):
    """A connection whose calls are counted, BEGIN and COMMIT among them."""

    plan = Plan()

    async def fetch(self, query: str, *args: Any, **more: Any) -> Any:
        return await self._call(super().fetch(query, *args, **more), query)

    async def fetchrow(self, query: str, *args: Any, **more: Any) -> Any:
        return await self._call(super().fetchrow(query, *args, **more), query)

    async def fetchval(self, query: str, *args: Any, **more: Any) -> Any:
        return await self._call(super().fetchval(query, *args, **more), query)

    async def execute(self, query: str, *args: Any, **more: Any) -> Any:
        return await self._call(super().execute(query, *args, **more), query)

    async def executemany(self, command: str, args: Any, **more: Any) -> Any:
        return await self._call(super().executemany(command, args, **more), command)

    async def _call(self, call: Any, query: str) -> Any:
        kind = Breaking.plan.next(query)
        if kind in (None, Break.LOST_AFTER, Break.DEATH_AFTER):
            result = await call
        else:
            call.close()
        if kind is None:
            return result
        if kind is Break.ERROR:
            raise Unexpected
        self.terminate()
        raise asyncio.CancelledError if kind.is_death else asyncpg.ConnectionDoesNotExistError


@asynccontextmanager
async def breaking_pool(dsn: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(dsn, min_size=1, max_size=3, connection_class=Breaking) as pool:
        try:
            yield pool
        finally:
            pool.terminate()
            await asyncio.sleep(0)


async def emptied(pool: Any) -> None:
    """As if nothing had ever been done; the database's stream and secret stay."""
    await pool.execute(f"TRUNCATE {TABLES}")
