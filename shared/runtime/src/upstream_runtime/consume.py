"""The record door: batches of polled records in, one transaction each, offsets out as a hint.

Owns what may be applied (watermarks, sequences, first answers) and what stops a partition. A record that cannot be decided
on parks its key; what cannot even be read for now, or not parked, stops its partition and nobody else's.
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
from upstream_runtime.firsts import first_answers, refusal_of
from upstream_runtime.gaps import Gap, Gaps, gap_before
from upstream_runtime.numbers import Numbers
from upstream_runtime.parking import Pair, Parking, Poison
from upstream_runtime.records import Item, Polled, Reader, Unread
from upstream_runtime.store import Mark, Moves, Partition, SetAside
from upstream_runtime.streams import Follows, Turn, tell_turn
from upstream_runtime.undecided import Undecided

HOLD_SECONDS: Final = (1.0, 30.0)
POISON_MAX: Final = 20  # steps of one batch; beyond that it goes record by record
UNREADABLE_MAX: Final = 100  # records of ours in a row: no accident of single records, so their topic stops
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

    def ours(self, place: Partition) -> bool:
        """Whether it is assigned to us; what waits in a partition that is another's by now is told there."""


@dataclass(slots=True)
class Held:
    """A partition that waits: for which record, until when, and how long next time. `waiting` is False once it is released."""

    offset: int
    until: float
    seconds: float
    waiting: bool = True


@dataclass(slots=True)
class Sorting:
    """What of a batch can be applied now. `left` is what must wait for the next transaction."""

    pairs: list[Pair] = field(default_factory=list)
    moves: Moves = field(default_factory=dict)
    aside: list[SetAside] = field(default_factory=list)
    applied: dict[Partition, int] = field(default_factory=dict)
    left: list[Item] = field(default_factory=list)
    gaps: dict[Partition, Gap] = field(default_factory=dict)
    parked: list[Item] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    turn: Turn | None = None


class UnreadableInARowError(Exception):
    """A topic of ours brings one record after the other that cannot be read: no more of it is set aside."""


class Consumer:
    """Applies polled records. One of these runs in each process; `apply` is called with one batch at a time."""

    def __init__(self, engine: Engine, reader: Reader, positions: Positions) -> None:
        self.engine = engine
        self.reader = reader
        self.positions = positions
        self.undecided = Undecided(reader.app.process, reader.secret)
        self.parking = Parking(engine, reader, self.undecided)
        self.held: dict[Partition, Held] = {}
        self.gaps = Gaps()
        self.numbers = Numbers()
        self._marks: dict[Partition, Mark] = {}
        self._unreadable: Counter[str] = Counter()
        self._passed: dict[Partition, dict[str, int]] = {}

    async def apply(self, batch: Sequence[Item | Unread]) -> None:
        """Apply what was read. Never raises: what cannot be decided on is parked, what is down is waited for."""
        items = self._standing(batch)
        poison: list[Poison] = []
        started = time.perf_counter()
        while items:
            plan = Plan()
            try:
                items = await self.engine.patiently(partial(self._apply, items, poison, plan))
            except Exception as error:
                if plan.deciding is None or len(poison) == POISON_MAX:
                    log.warning("batch.one-by-one", count=len(items), exc_info=error)
                    await self._one_by_one(items)
                    break
                self._found_poison(plan.deciding, error, poison)
        metrics.BATCH_SECONDS.observe(time.perf_counter() - started)

    def _standing(self, batch: Sequence[Item | Unread]) -> list[Item]:
        """Those whose partitions do not wait. One that could not be read makes its partition wait."""
        items: list[Item] = []
        for item in batch:
            if self.held and (held := self.held.get(item.place)) and held.waiting:
                continue
            if isinstance(item, Unread):
                self._hold(item.record, item.reason)
            elif self._too_many_unreadable(item):
                self._hold(item.record, UnreadableInARowError())
            else:
                items.append(item)
        return items

    def _too_many_unreadable(self, item: Item) -> bool:
        """Whether a topic of ours brings nothing else."""
        if item.inlet is not None:
            return False
        topic = item.place[0]
        self._unreadable[topic] = self._unreadable[topic] + 1 if item.refusal else 0
        return self._unreadable[topic] > UNREADABLE_MAX

    async def _apply(self, items: Sequence[Item], poison: Sequence[Poison], plan: Plan) -> list[Item]:
        """Apply as much as one transaction may hold, and give back the rest. `plan` becomes what was tried.

        The first try trusts the watermarks in memory and takes every id for new and every key for healthy; the database
        refuses where that is wrong, and the second try reads them all.
        """
        sorting = Sorting()
        careful = False

        async def prepare(conn: Connection, now: datetime) -> Plan:
            nonlocal sorting, careful
            look = careful or self.parking.some or bool(poison)
            sorting = await self._sort(conn, items, now, careful=careful)
            if sorting.gaps and not careful:  # it may be only in memory that something is missing
                sorting = await self._sort(conn, items, now, careful=True)
            careful = True
            plan.steps, plan.moves, plan.set_aside = [step for step, _ in sorting.pairs], sorting.moves, sorting.aside
            plan.resolved, plan.unless_parked, plan.deciding = look, not look, None
            if look:
                plan.steps, sorting.parked = await self.parking.hold_back(conn, sorting.pairs, poison, now)
            return plan

        applied = await self.engine.transact(prepare)
        self.parking.some |= applied.parked
        self._marks |= {place: new for place, (_, new) in sorting.moves.items()}
        self._count(sorting)
        if sorting.turn is not None:
            tell_turn(sorting.turn)
        self._note_positions(sorting)
        return sorting.left

    @staticmethod
    def _count(sorting: Sorting) -> None:
        for item in sorting.parked:
            sorting.outcomes[item.place[0], "applied"] -= 1
            sorting.outcomes[item.place[0], "parked"] += 1
        for (topic, outcome), count in sorting.outcomes.items():
            metrics.RECORDS.labels(topic, outcome).inc(count)

    def _note_positions(self, sorting: Sorting) -> None:
        for place, gap in sorting.gaps.items():
            if self.gaps.noted(place, gap, self._marks[place]):
                self.positions.rewind(place, None)
        for place, offset in sorting.applied.items():
            hole = self.gaps.get(place)
            self.positions.done(place, min(offset + 1, hole.offset) if hole else offset + 1)
            if (held := self.held.get(place)) and not held.waiting and offset >= held.offset:
                del self.held[place]
            if hole and (behind := self.gaps.filled(place, self._marks[place].n)) is not None:
                self.positions.rewind(place, behind)

    async def _one_by_one(self, items: Sequence[Item]) -> None:
        """The batch cannot be applied as a whole: find the record and park its keys, let all others pass."""
        for item in items:
            if (held := self.held.get(item.place)) and held.waiting and item.record.offset >= held.offset:
                continue
            plan = Plan()
            try:
                await self.engine.patiently(partial(self._apply, [item], [], plan))
            except Exception as reason:
                await self._park(item, [plan.deciding] if plan.deciding else item.steps, reason)

    async def _park(self, item: Item, steps: Sequence[Step], reason: Exception) -> None:
        poison: list[Poison] = []
        for step in steps:
            self._found_poison(step, reason, poison)
        try:
            if not poison:
                raise reason
            await self.engine.patiently(partial(self._apply, [item], poison, Plan()))
        except Exception as still:
            self._hold(item.record, still)

    @staticmethod
    def _found_poison(step: Step, reason: Exception, poison: list[Poison]) -> None:
        aggregate = step.aggregate.name if step.aggregate else ""
        log.error("key.parked", aggregate=aggregate, key=str(step.key), exc_info=reason)
        poison.append((step, type(reason).__name__))

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
        first = await first_answers(conn, items) if careful else {}
        sorting = Sorting()
        last = {item.place: marks[item.place] for item in items if item.place in marks}
        seen: set[tuple[str, str]] = set()
        for index, item in enumerate(items):
            if (item.identity and item.identity[:2] in seen) or (index and item.previous and self._turns(item, last)):
                sorting.left = list(items[index:])
                break
            if not self._is_next(item, last, sorting):
                continue
            if item.mark.stream:
                last[item.place] = item.mark
                if item.inlet is None:
                    self.numbers.note(item)
            elif self.undecided.letter_id(item) in aside_before:
                continue
            if item.identity:
                seen.add(item.identity[:2])
            refusal, remember = refusal_of(item, first)
            sorting.outcomes[item.place[0], refusal.verdict if refusal else "applied"] += 1
            if refusal is None:
                sorting.pairs += [(step, item) for step in item.steps]
            else:
                said, letters = self.undecided.of(item, refusal, remember, now)
                sorting.pairs += [(step, item) for step in said]
                sorting.aside += letters
        sorting.moves = {place: (marks.get(place), mark) for place, mark in last.items() if marks.get(place) != mark}
        return sorting

    def _is_next(self, item: Item, last: dict[Partition, Mark], sorting: Sorting) -> bool:
        """Is this the record to apply next? Notes how far the reading got, gaps, and where another stream begins."""
        known = last.get(item.place)
        if known is None:
            log.info("partition.first-read", topic=item.place[0], partition=item.place[1], n=item.mark.n)
        follows, turn = (Follows.NEXT, None) if known is None else item.follows(known, self._passed.get(item.place, {}))
        if known is not None and follows is Follows.NOT_YET:
            sorting.gaps.setdefault(item.place, gap_before(item, known))
            return False
        sorting.applied[item.place] = item.record.offset
        sorting.turn = turn or sorting.turn
        if follows is Follows.PASSED and item.inlet is None:
            self.numbers.compare(item)
        return follows is Follows.NEXT

    def _turns(self, item: Item, last: dict[Partition, Mark]) -> bool:
        """Whether another stream begins with this record: in a transaction of its own, where the old one's end is written down."""
        known = last.get(item.place)
        return known is not None and item.follows(known, self._passed.get(item.place, {}))[1] is not None

    # ---- what must wait

    def go_on_behind(self, place: Partition, accepted: Mark, offset: int) -> None:
        """An operator accepted a gap: read on with the record that was refused behind it."""
        self._marks[place] = accepted
        self.gaps.forget(place)
        self.positions.rewind(place, offset)

    def _hold(self, record: Polled, reason: Exception) -> None:
        """A record that cannot be passed by in any way: its partition waits, visibly, and is tried again."""
        place = topic, partition = record.topic, record.partition
        known = self.held.get(place)
        wait = min(known.seconds * 2, HOLD_SECONDS[1]) if known else HOLD_SECONDS[0]
        self.held[place] = Held(record.offset, time.monotonic() + jitter(wait), wait)
        self.positions.pause(place)
        log.error("partition.held", topic=topic, partition=partition, offset=record.offset, seconds=wait, exc_info=reason)

    async def release(self) -> None:
        """Try held partitions again when their time has come. Runs beside `apply` until it is cancelled."""
        while True:
            await asyncio.sleep(0.2)
            for place, held in self.held.items():
                if held.waiting and time.monotonic() >= held.until:
                    held.waiting = False
                    self.positions.rewind(place, held.offset)
                    self.positions.resume(place)
            metrics.HELD.labels("stopped").set(sum(map(self.positions.ours, self.held)))
            metrics.HELD.labels("gap").set(sum(map(self.positions.ours, self.gaps.alarmed())))
