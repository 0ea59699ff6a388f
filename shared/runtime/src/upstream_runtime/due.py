"""The clock door: work that has become due, one short transaction each, and errands between two of them."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from asyncpg import Connection

from upstream_runtime import metrics, store
from upstream_runtime.apply import Plan, Step, only
from upstream_runtime.database import connection
from upstream_runtime.decision import Cause
from upstream_runtime.engine import RERUNS_MAX, Engine, give_way
from upstream_runtime.failures import Trouble, trouble
from upstream_runtime.store import DueRow
from upstream_runtime.waking import woken
from upstream_runtime.wiring import Work

POLL_SECONDS: Final = 0.5
WORKERS: Final = 2  # so that one slow errand does not keep everything else waiting
RETRY: Final = timedelta(seconds=5)
RETRY_MAX: Final = timedelta(minutes=10)
log = structlog.get_logger()


@dataclass(slots=True)
class Claimed:
    """What one round of the clock door took up."""

    row: DueRow | None = None
    facts: Any = None


class DueWork:
    """Runs one process's due work."""

    def __init__(self, engine: Engine, work: Sequence[Work]) -> None:
        self.engine = engine
        self.work = {entry.kind: entry for entry in work}
        self._contended: Counter[tuple[str, UUID]] = Counter()
        self._draining = False
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Do what is due, and wait for more, until drained or cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(WORKERS):
                    tasks.create_task(self._worker())
        finally:
            self._ended.set()

    async def drain(self) -> None:
        """Take up nothing more, and finish what is in hand, errands too."""
        self._draining = True
        self.engine.due_came.set()
        await self._ended.wait()

    async def _worker(self) -> None:
        while not self._draining:
            found = await self.engine.patiently(self._one)
            if not found:
                await woken(self.engine.due_came, POLL_SECONDS)

    async def _one(self) -> bool:
        """Take up one due row. True when there was one."""
        claimed = Claimed()
        try:
            applied = await self.engine.attempt(lambda conn, now: self._claim(conn, now, claimed))
        except Exception as error:
            if claimed.row is None or trouble(error) is Trouble.INFRASTRUCTURE:
                raise
            await self._again_or_later(claimed.row, error)
            return True
        if claimed.row is None:
            return False
        self._contended.pop((claimed.row.kind, claimed.row.key), None)
        entry = self.work[claimed.row.kind]
        if entry.errand is not None:
            state = applied.states[entry.aggregate.name, claimed.row.key]
            await self._errand(entry, claimed, state)
        return True

    async def _claim(self, conn: Connection, now: datetime, claimed: Claimed) -> Plan:
        claimed.row = row = await store.claim_due(conn, now, list(self.work))
        if row is None:
            return Plan()
        entry = self.work[row.kind]
        state = (await entry.aggregate.load(conn, [row.key])).get(row.key)
        claimed.facts = await entry.look(conn, state.state if state else None, now) if entry.look else None
        return Plan((Step(entry.aggregate, row.key, entry.decide, claimed.facts, _cause(row)),), claimed=row)

    async def _errand(self, entry: Work, claimed: Claimed, state: Any) -> None:
        """The errand and what came of it. Whatever breaks here is picked up by the due row the first half left behind."""
        row = claimed.row
        assert row is not None, "an errand follows a claimed row"
        assert entry.errand is not None, "only work with an errand comes here"
        assert entry.outcome is not None, "an errand without an outcome is a wiring mistake"
        try:
            result = await entry.errand(state, claimed.facts)
            if result is not None:
                step = Step(entry.aggregate, row.key, entry.outcome, result, _cause(row, "outcome"))
                await self.engine.patiently(lambda: self.engine.transact(only(step)))
        except Exception as error:
            metrics.DUE_FAILED.labels(row.kind).inc()
            log.error("errand.failed", kind=row.kind, key=str(row.key), exc_info=error)

    async def _again_or_later(self, row: DueRow, error: Exception) -> None:
        """Contention is tried again, counted over all workers: what still looks like it after so many tries is poison."""
        self._contended[row.kind, row.key] += 1
        tries = self._contended[row.kind, row.key]
        if trouble(error) is Trouble.CONTENTION and tries < RERUNS_MAX:
            await give_way(tries)
        else:
            del self._contended[row.kind, row.key]
            await self._postpone(row, error)

    async def _postpone(self, row: DueRow, error: Exception) -> None:
        """Put it off. Between its roll-back and this, another worker may have taken it up and failed too: counted once."""
        until = self.engine.now() + min(RETRY * 2 ** min(row.attempts, 10), RETRY_MAX)
        async with connection(self.engine.pool) as conn:
            postponed = await store.postpone_due(conn, row, until)
        if postponed:
            metrics.DUE_FAILED.labels(row.kind).inc()
            log.error("due.failed", kind=row.kind, key=str(row.key), attempt=row.attempts, exc_info=error)


def _cause(row: DueRow, half: str = "due") -> Cause:
    """The cause of due work is the row itself: the same row decides the same."""
    return Cause(f"{row.kind} {row.key} {row.due_at.timestamp()} {half}", f"/{half}", row.due_at, row.correlation)
