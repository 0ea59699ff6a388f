"""What an operator may do about records that wait: look, put back, go on without. Each act is kept with name and reason.

Runs the same transactions as records do. Shows places, ids and reasons, never what a record holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from asyncpg import Connection

from upstream_runtime import parked, store
from upstream_runtime.apply import Applied, Plan, Prepare
from upstream_runtime.clock import fresh_id
from upstream_runtime.consume import Consumer
from upstream_runtime.database import connection
from upstream_runtime.engine import Engine
from upstream_runtime.firsts import first_answers
from upstream_runtime.gaps import Gap
from upstream_runtime.parked import Act, Letter, ParkedKey, StateKey, Waiting
from upstream_runtime.records import Kept, from_kept
from upstream_runtime.store import Mark, Partition, SetAside

SHOWN_MAX: Final = 500
log = structlog.get_logger()


class NothingToDoError(Exception):
    """There is no such thing, or it was done before. Says which."""


class StillUnreadableError(Exception):
    """A record that was set aside cannot be read today either. Names the reason's code."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who orders an act, and why. A dry run changes nothing."""

    by: str
    why: str
    dry_run: bool = False


class Operators:
    """The acts of one process's operators. `consumer` is None until the broker was reached."""

    def __init__(self, engine: Engine, consumer: Callable[[], Consumer | None]) -> None:
        self._engine = engine
        self._consumer = consumer

    async def parked(self) -> list[ParkedKey]:
        """The parked keys, the longest waiting first; at most SHOWN_MAX."""
        return await self._engine.ask(partial(parked.keys, limit=SHOWN_MAX))

    async def waiting(self, of: StateKey) -> list[Waiting]:
        """The records that wait for a parked key, in order; at most SHOWN_MAX."""
        return await self._engine.ask(partial(parked.waiting, of=of, limit=SHOWN_MAX))

    async def set_aside(self) -> list[Letter]:
        """The records that were set aside, the latest first; at most SHOWN_MAX."""
        return await self._engine.ask(partial(parked.letters, limit=SHOWN_MAX))

    async def acts(self) -> list[Act]:
        """What operators did, the latest first; at most SHOWN_MAX."""
        return await self._engine.ask(partial(parked.acts, limit=SHOWN_MAX))

    def gaps(self) -> dict[Partition, Gap]:
        """The gaps that were looked for in vain, of the partitions that this process reads."""
        consumer = self._consumer()
        return consumer.gaps.alarmed() if consumer else {}

    async def retry(self, of: StateKey, order: Order) -> str:
        """Let a parked key be tried at once. Raises NothingToDoError where it is not parked."""
        target = f"{of.aggregate} {of.key}"

        async def make_due(conn: Connection) -> None:
            async with conn.transaction():
                now = self._engine.now()
                if not await parked.make_due(conn, of, now):
                    raise NothingToDoError(f"{target} is not parked")
                await parked.note(conn, self._act("redrive-parked", target, order, now, "due"))

        if order.dry_run:
            if not await self.waiting(of):
                raise NothingToDoError(f"{target} is not parked")
            return "would be tried at once"
        await self._engine.ask(make_due)
        if (consumer := self._consumer()) is not None:
            consumer.parking.some = True
            consumer.parking.wake.set()
        return "tried at once"

    async def put_back(self, letter: UUID, order: Order) -> str:
        """Read a record that was set aside once more, and apply it, late: behind what its topic has brought since.

        Raises NothingToDoError where there is none or it was put back before, StillUnreadableError where it still is, and
        whatever its decision raises.
        """

        async def prepare(conn: Connection, now: datetime) -> Plan:
            row = await parked.take_set_aside(conn, letter, now)
            if row is None:
                raise NothingToDoError(f"{letter} was not set aside here, or was put back before")
            plan = await self._read_again(conn, row, now)
            await parked.note(conn, self._act("redrive-set-aside", str(letter), order, now, "applied late"))
            return plan

        if order.dry_run:
            applied = await self._tried(prepare)
            return f"would say {len(applied.said)} and change {len(applied.states)}"
        applied = await self._engine.transact(prepare)
        log.info("record.applied-late", key=str(letter), count=len(applied.said))
        return f"applied late; said {len(applied.said)}"

    async def _read_again(self, conn: Connection, row: SetAside, now: datetime) -> Plan:
        consumer = self._running()
        if row.value is None and row.value_bytes:
            raise StillUnreadableError("not-kept")
        broker_ms = row.id.int >> 80  # the id of a dead letter begins with the broker's time of its record
        headers = from_kept(row.headers)
        item = consumer.reader.read(Kept(row.topic, row.partition, row.position, broker_ms, row.key, row.value, headers))
        if item.refusal is not None:
            raise StillUnreadableError(item.refusal.code)
        if item.identity is not None:
            await parked.forget_answer(conn, *item.identity)
            if await first_answers(conn, [item]):
                raise StillUnreadableError("id-reuse")
        steps, _ = await consumer.parking.hold_back(conn, [(step, item) for step in item.steps], (), now)
        return Plan(steps, resolved=True)

    async def _tried(self, prepare: Prepare) -> Applied:
        """What a plan would do: it is run, and rolled back."""
        async with connection(self._engine.pool) as conn:
            whole = conn.transaction()
            await whole.start()
            try:
                return await self._engine.mind.apply(conn, prepare, self._engine.now())
            finally:
                await whole.rollback()

    async def go_on_without(self, place: Partition, order: Order) -> str:
        """Accept that the numbers before a held record will not come, and go on with it.

        Raises NothingToDoError where this process knows of no alarmed gap there, or somebody was faster.
        """
        consumer = self._running()
        gap = consumer.gaps.alarmed().get(place)
        if gap is None:
            raise NothingToDoError(f"{place[0]} {place[1]} has no gap that was looked for in vain")
        target = f"{place[0]} {place[1]}: {gap.expected} up to {gap.behind.stream}:{gap.behind.n}"
        if order.dry_run:
            return f"would go on without {target}"
        accepted = Mark(gap.behind.stream, gap.behind.n - 1)

        async def move(conn: Connection) -> None:
            async with conn.transaction():
                known = (await store.marks(conn, [place[0]])).get(place)
                waits = known is not None and known.n + 1 == gap.expected
                if not waits or await store.settle(conn, {place: (known, accepted)}, ()) is None:
                    raise NothingToDoError(f"{place[0]} {place[1]} went on meanwhile")
                await parked.note(conn, self._act("accept-gap", target, order, self._engine.now(), "accepted"))

        await self._engine.ask(move)
        consumer.go_on_behind(place, accepted, gap.offset)
        log.error("gap.accepted", topic=place[0], partition=place[1], expected=gap.expected, n=gap.behind.n)
        return f"went on without {target}"

    def _running(self) -> Consumer:
        consumer = self._consumer()
        if consumer is None:
            raise ConnectionError("the broker was not reached yet")
        return consumer

    def _act(self, act: str, target: str, order: Order, now: datetime, outcome: str) -> Act:
        return Act(fresh_id(), now, act, target, order.by, order.why, outcome)
