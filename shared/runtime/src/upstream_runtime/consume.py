"""The record door: batches of polled records in, one transaction each, offsets out as a hint.

Owns what may be applied (watermarks, sequences, first answers), holding, and back-off. Order within a partition is never
changed: what cannot be applied now stops its partition and nobody else's.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import structlog
from asyncpg import Connection

from upstream_runtime import metrics, store, store_life
from upstream_runtime.apply import Plan, Step
from upstream_runtime.clock import jitter
from upstream_runtime.engine import Engine
from upstream_runtime.records import Item, Polled, Reader
from upstream_runtime.store import Answered, Mark, Partition, SetAside
from upstream_runtime.streams import Follows, Turn, tell_turn
from upstream_runtime.undecided import Undecided
from upstream_runtime.wiring import Refusal

HOLD_SECONDS: Final = (1.0, 30.0)
log = structlog.get_logger()


class Positions(Protocol):
    """The reading side of a topic: where it reads on, whether it reads at all, and how far it got.

    `rewind` to None means the earliest record there is. `done` is a hint that may be lost: the next offset to read.
    """

    def rewind(self, place: Partition, offset: int | None) -> None:
        """Read on from there, as soon as the partition is assigned to us; nothing polled before that is handed over."""

    def pause(self, place: Partition) -> None:
        """Read nothing of it for now; without effect where it is not assigned to us."""

    def resume(self, place: Partition) -> None:
        """Read it again."""

    def done(self, place: Partition, offset: int) -> None:
        """Applied up to here; committed beside the work."""


@dataclass(slots=True)
class Held:
    """A partition that waits: for which record, until when, and how long next time. `waiting` is False once it is released."""

    offset: int
    until: float
    seconds: float
    waiting: bool = True


@dataclass(slots=True)
class Gap:
    """A hole in a partition's numbers: the one expected, the first one behind the hole, and where that lies."""

    expected: int
    found: int
    offset: int
    looked_at: float = field(default_factory=time.monotonic)
    alarmed: bool = False


@dataclass(slots=True)
class Sorting:
    """What of a batch can be applied now. `left` is what must wait for the next transaction."""

    plan: Plan
    applied: dict[Partition, int] = field(default_factory=dict)
    left: list[Item] = field(default_factory=list)
    gaps: dict[Partition, Gap] = field(default_factory=dict)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    turn: Turn | None = None


class Consumer:
    """Applies polled records. One of these runs in each process; `take` is called with one batch at a time."""

    def __init__(self, engine: Engine, reader: Reader, positions: Positions) -> None:
        self.engine = engine
        self.reader = reader
        self.positions = positions
        self.undecided = Undecided(reader.app.process, reader.secret)
        self.held: dict[Partition, Held] = {}
        self.gaps: dict[Partition, Gap] = {}
        self._marks: dict[Partition, Mark] = {}
        self._passed: dict[Partition, dict[str, int]] = {}

    async def take(self, records: Sequence[Polled]) -> None:
        """Apply a batch. Never raises: what cannot be applied holds its partition, what is down is waited for."""
        items = self._read(records)
        started = time.perf_counter()
        while items:
            try:
                items = await self.engine.patiently(partial(self._apply, items))
            except Exception as error:
                log.warning("batch.one-by-one", count=len(items), exc_info=error)
                await self._one_by_one(items)
                break
        metrics.BATCH_SECONDS.observe(time.perf_counter() - started)

    def _read(self, records: Sequence[Polled]) -> list[Item]:
        items = []
        for record in records:
            if (held := self.held.get((record.topic, record.partition))) and held.waiting:
                continue
            try:
                items.append(self.reader.read(record))
            except Exception as reason:
                self._hold(record, reason)
        return items

    async def _apply(self, items: Sequence[Item]) -> list[Item]:
        """Apply as much as one transaction may hold, and give back the rest.

        The first try trusts the watermarks in memory and takes every id for new; the database refuses where that is wrong,
        and the second try reads both.
        """
        sorting = Sorting(Plan())
        careful = False

        async def prepare(conn: Connection, now: datetime) -> Plan:
            nonlocal sorting, careful
            sorting = await self._sort(conn, items, now, careful=careful)
            if sorting.gaps and not careful:  # it may be only in memory that something is missing
                sorting = await self._sort(conn, items, now, careful=True)
            careful = True
            return sorting.plan

        await self.engine.transact(prepare)
        self._marks |= {place: new for place, (_, new) in sorting.plan.moves.items()}
        for (topic, outcome), count in sorting.outcomes.items():
            metrics.RECORDS.labels(topic, outcome).inc(count)
        if sorting.turn is not None:
            tell_turn(sorting.turn)
        self._note_positions(sorting)
        return sorting.left

    def _note_positions(self, sorting: Sorting) -> None:
        for place, gap in sorting.gaps.items():
            self._gap(place, gap)
        for place, offset in sorting.applied.items():
            hole = self.gaps.get(place)
            self.positions.done(place, min(offset + 1, hole.offset) if hole else offset + 1)
            if (held := self.held.get(place)) and not held.waiting and offset >= held.offset:
                del self.held[place]
            if hole:
                self._look_behind(place, hole)

    async def _one_by_one(self, items: Sequence[Item]) -> None:
        """The batch cannot be applied as a whole: find the record, hold its partition, let all others pass."""
        for item in items:
            if (held := self.held.get(item.place)) and held.waiting and item.record.offset >= held.offset:
                continue
            try:
                await self.engine.patiently(partial(self._apply, [item]))
            except Exception as reason:
                self._hold(item.record, reason)

    # ---- what may be applied

    async def _sort(self, conn: Connection, items: Sequence[Item], now: datetime, *, careful: bool) -> Sorting:
        if careful or any(item.place not in self._marks for item in items):
            topics = {item.place[0] for item in items}
            others = {place: mark for place, mark in self._marks.items() if place[0] not in topics}
            self._marks = others | await store.marks(conn, list(topics))
            self._passed |= await store_life.passed_streams(conn, list(topics))
        marks = self._marks
        nameless = [self.undecided.letter_id(item) for item in items if not item.mark.stream]
        aside_before = await store.already_set_aside(conn, nameless) if nameless else set()
        first = await self._first_answers(conn, items) if careful else {}
        sorting = Sorting(Plan())
        steps: list[Step] = []
        aside: list[SetAside] = []
        last = {item.place: marks[item.place] for item in items if item.place in marks}
        seen: set[tuple[str, str]] = set()
        for index, item in enumerate(items):
            if (item.identity and item.identity[:2] in seen) or (index and self._turns(item, last)):
                sorting.left = list(items[index:])
                break
            if not self._is_next(item, last, sorting):
                continue
            if item.mark.stream:
                last[item.place] = item.mark
            elif self.undecided.letter_id(item) in aside_before:
                continue
            if item.identity:
                seen.add(item.identity[:2])
            refusal, remember = self._refusal(item, first)
            sorting.outcomes[item.place[0], refusal.verdict if refusal else "applied"] += 1
            if refusal is None:
                steps += item.steps
            else:
                said, letters = self.undecided.of(item, refusal, remember, now)
                steps += said
                aside += letters
        moves = {place: (marks.get(place), mark) for place, mark in last.items() if marks.get(place) != mark}
        sorting.plan = Plan(steps, moves, aside)
        return sorting

    async def _first_answers(self, conn: Connection, items: Sequence[Item]) -> dict[tuple[str, str], Answered]:
        ids: dict[str, list[str]] = {}
        for item in items:
            if item.identity:
                ids.setdefault(item.identity[0], []).append(item.identity[1])
        found: dict[tuple[str, str], Answered] = {}
        for topic, wanted in ids.items():
            found |= await store.first_answers(conn, topic, wanted)
        return found

    def _is_next(self, item: Item, last: dict[Partition, Mark], sorting: Sorting) -> bool:
        """Is this the record to apply next? Notes how far the reading got, gaps, and where another stream begins."""
        known = last.get(item.place)
        if known is None:
            log.info("partition.first-read", topic=item.place[0], partition=item.place[1], n=item.mark.n)
        follows, turn = (Follows.NEXT, None) if known is None else item.follows(known, self._passed.get(item.place, {}))
        if known is not None and follows is Follows.NOT_YET:
            found = max(item.mark.n, known.n + 2)  # of a strange stream, no number is next
            sorting.gaps.setdefault(item.place, Gap(known.n + 1, found, item.record.offset))
            return False
        sorting.applied[item.place] = item.record.offset
        sorting.turn = turn or sorting.turn
        return follows is Follows.NEXT

    def _turns(self, item: Item, last: dict[Partition, Mark]) -> bool:
        """Whether another stream begins with this record: in a transaction of its own, where the old one's end is written down."""
        known = last.get(item.place)
        return known is not None and item.follows(known, self._passed.get(item.place, {}))[1] is not None

    def _refusal(
        self, item: Item, first: dict[tuple[str, str], Answered]
    ) -> tuple[Refusal | None, tuple[str, str, bytes] | None]:
        """Why a record is not decided on, if so, and the identity to remember its answer by."""
        before = first.get(item.identity[:2]) if item.identity else None
        if before is None or item.identity is None:
            return item.refusal, item.identity
        if before.hash != item.identity[2]:
            return Refusal("quarantined", "id-reuse"), None
        return Refusal("duplicate", "duplicate", first=before.answer), None

    # ---- what must wait

    def _gap(self, place: Partition, gap: Gap) -> None:
        """A number is missing: look once from the earliest record; found missing again, it raises the alarm and is waited for."""
        before = self.gaps.get(place)
        if before is None or before.expected != gap.expected:
            self.gaps[place] = gap
            self.positions.rewind(place, None)
            return
        looked_again = gap.offset <= before.offset or gap.looked_at > before.looked_at + HOLD_SECONDS[1]
        if looked_again and not before.alarmed and self._marks[place].n + 1 < gap.found:
            before.alarmed = True
            metrics.GAPS.labels(place[0]).inc()
            log.error("partition.gap", topic=place[0], partition=place[1], expected=gap.expected, n=gap.found)

    def _look_behind(self, place: Partition, gap: Gap) -> None:
        """What was refused behind a hole is read again as soon as the hole is filled up to it."""
        n = self._marks[place].n
        if n >= gap.found - 1:
            del self.gaps[place]
            if n == gap.found - 1:
                self.positions.rewind(place, gap.offset)

    def _hold(self, record: Polled, reason: Exception) -> None:
        """A record that can be read but not decided on: its partition waits, visibly, and is tried again."""
        place = topic, partition = record.topic, record.partition
        known = self.held.get(place)
        wait = min(known.seconds * 2, HOLD_SECONDS[1]) if known else HOLD_SECONDS[0]
        self.held[place] = Held(record.offset, time.monotonic() + jitter(wait), wait)
        self.positions.pause(place)
        log.error("partition.held", topic=topic, partition=partition, offset=record.offset, seconds=wait, exc_info=reason)

    async def release(self) -> None:
        """Try held partitions again when their time has come. Runs beside `take` until it is cancelled."""
        while True:
            await asyncio.sleep(0.2)
            for place, held in self.held.items():
                if held.waiting and time.monotonic() >= held.until:
                    held.waiting = False
                    self.positions.rewind(place, held.offset)
                    self.positions.resume(place)
            metrics.HELD.labels("undecidable").set(len(self.held))
            metrics.HELD.labels("gap").set(sum(gap.alarmed for gap in self.gaps.values()))
