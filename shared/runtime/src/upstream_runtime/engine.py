"""Runs transactions for all doors: takes a connection, tells trouble apart, hands what was said to the relay.

The three doors (records, clock, HTTP) differ only in the plan they hand in.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import structlog
from asyncpg import Connection, Pool

from upstream_runtime import metrics
from upstream_runtime.apply import Applied, Mind, Prepare
from upstream_runtime.clock import Clock, jitter
from upstream_runtime.database import connection
from upstream_runtime.failures import Trouble, trouble
from upstream_runtime.store import Said

RERUNS_MAX = 50
BACK_OFF_SECONDS = (0.05, 5.0)
SILENT_SECONDS = 6.0  # longer than a session may sit in a transaction, so that waiting for its locks is no alarm
WATCH_SECONDS = 1.0
log = structlog.get_logger()
T = TypeVar("T")


class Engine:
    """One process's way to its database.

    `transact` runs a plan until it is committed, through contention; what else goes wrong is the caller's to judge.
    `patiently` waits until the machinery is back, and says so once when it goes and once when it returns. `watch` says it where
    nothing breaks and nothing comes back either.
    """

    def __init__(self, pool: Pool, mind: Mind, clock: Clock, offer: Callable[[list[Said]], None]) -> None:
        self.pool = pool
        self.mind = mind
        self.clock = clock
        self.due_came = asyncio.Event()
        self.reachable = True
        self._offer = offer
        self._began: dict[object, float] = {}

    def now(self) -> datetime:
        """The moment, UTC, on this process's clock."""
        return self.clock.now()

    async def transact(self, prepare: Prepare) -> Applied:
        """Commit one plan. Runs again where somebody was faster; raises everything else."""
        for rerun in range(RERUNS_MAX):
            try:
                return await self.attempt(prepare)
            except Exception as error:
                if trouble(error) is not Trouble.CONTENTION or rerun == RERUNS_MAX - 1:
                    raise
                await give_way(rerun)
        raise AssertionError("unreachable")

    async def attempt(self, prepare: Prepare) -> Applied:
        """Commit one plan at the first try, or raise."""
        mine = object()
        self._began[mine] = time.monotonic()
        try:
            async with connection(self.pool) as conn:
                applied = await self.mind.apply(conn, prepare, self.now())
        finally:
            del self._began[mine]
        self._committed(applied)
        return applied

    async def watch(self) -> None:
        """Say it when a transaction gets no answer: a network that swallows everything breaks no connection."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self._began and time.monotonic() - min(self._began.values()) > SILENT_SECONDS:
                self._gone(TimeoutError())

    def _committed(self, applied: Applied) -> None:
        if applied.said:
            self._offer(applied.said)
        if applied.due:
            self.due_came.set()

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Do it again and again while the machinery is down; no attempt is counted. Raises what is not the machinery's."""
        wait, longest = BACK_OFF_SECONDS
        while True:
            try:
                result = await attempt()
            except Exception as error:
                if trouble(error) is not Trouble.INFRASTRUCTURE:
                    raise
                self._gone(error)
                await asyncio.sleep(jitter(wait))
                wait = min(wait * 2, longest)
            else:
                self._back()
                return result

    async def ask(self, query: Callable[[Connection], Awaitable[T]]) -> T:
        """Read something."""
        async with connection(self.pool) as conn:
            return await query(conn)

    def _gone(self, error: Exception) -> None:
        if self.reachable:
            log.warning("database.unreachable", exc_info=error)
        self.reachable = False

    def _back(self) -> None:
        if not self.reachable:
            log.info("database.back")
        self.reachable = True


async def give_way(rerun: int) -> None:
    """Let whoever was faster finish, a little longer each time."""
    metrics.RERUNS.inc()
    await asyncio.sleep(jitter(0.002 * rerun))
