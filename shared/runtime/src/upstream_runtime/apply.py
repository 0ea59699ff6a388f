"""One transaction, whichever door it came through: load → decide → save → say.

A door hands in a plan: steps to fold in order, and what else the transaction must write. The order of locks is fixed:
watermarks read, states loaded and saved, rows inserted, watermarks moved, numbers last. Nothing here knows a domain word.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection

from upstream_runtime import store
from upstream_runtime.clock import random_id
from upstream_runtime.decision import UNCHANGED, Cause, Context, Decide, Decision, Due, To
from upstream_runtime.store import Answered, DueRow, Moves, Said, SetAside
from upstream_runtime.voice import Voice
from upstream_runtime.wiring import Aggregate, App, Change
from upstream_schemas.codec import encode


class Overtaken(Exception):
    """Somebody else moved a state or a watermark that this transaction had read: run it again."""


@dataclass(slots=True)
class Step:
    """One fact about one key. A step without an aggregate only says something.

    `unread` stands for a record that our own reading broke over: nobody knows yet which keys it concerns.
    """

    aggregate: Aggregate | None
    key: UUID
    decide: Decide[Any]
    fact: object
    cause: Cause
    inbox: tuple[str, str, bytes] | None = None
    unread: bool = False

    @property
    def belongs_to(self) -> str:
        """What its events are correlated by: what their cause belongs to, else the state it is about."""
        return self.cause.correlation or str(self.key)


@dataclass(slots=True)
class Plan:
    """What one transaction is about: steps in order, watermarks to move, records to set aside, the due row it settles.

    `resolved` steps name their states' own keys. With `unless_parked` nobody looked whether keys are parked: where any is, the
    transaction must be run again.
    `deciding` is the step that is decided on; after a failure, the one that failed.
    """

    steps: Sequence[Step] = ()
    moves: Moves = field(default_factory=dict)
    set_aside: Sequence[SetAside] = ()
    claimed: DueRow | None = None
    resolved: bool = False
    unless_parked: bool = False
    deciding: Step | None = None


@dataclass(slots=True)
class Applied:
    """What a transaction did: the answer to each step, the numbered records, and the states that were decided on.

    `parked` tells whether any key is parked.
    """

    answers: list[Any] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    due: list[tuple[Due, str]] = field(default_factory=list)
    inbox: list[Answered] = field(default_factory=list)
    states: dict[tuple[str, UUID], Any] = field(default_factory=dict)
    parked: bool = False


Prepare = Callable[[Connection, datetime], Awaitable[Plan]]


def only(step: Step) -> Prepare:
    """A plan of this one step."""

    async def prepare(_: Connection, __: datetime) -> Plan:
        return Plan((step,))

    return prepare


@dataclass(slots=True)
class Slot:
    """A state while a batch is folded over it."""

    loaded: int
    version: int
    state: Any


class Mind:
    """What every transaction of one process shares: its wiring, its database's stream and secret, and its topics."""

    def __init__(self, app: App, stream: str, secret: bytes, chance: Callable[[], UUID] = random_id) -> None:
        self.app = app
        self.stream = stream
        self.voice = Voice(app, secret, chance)

    @property
    def secret(self) -> bytes:
        """This database's own, with which ids are drawn."""
        return self.voice.secret

    async def apply(self, conn: Connection, prepare: Prepare, now: datetime) -> Applied:
        """Run one transaction. Raises Overtaken where it must be run again, and whatever a decision or the database raises."""
        async with conn.transaction():
            plan = await prepare(conn, now)
            applied = await self._decide_and_save(conn, plan, now)
            await self._write(conn, plan, applied, now)
        return applied

    async def _decide_and_save(self, conn: Connection, plan: Plan, now: datetime) -> Applied:
        applied = Applied()
        if not plan.resolved:
            await self.resolve(conn, plan.steps)
        slots = await self._load(conn, plan.steps)
        for step in plan.steps:
            plan.deciding = step
            slot = slots[step.aggregate.name, step.key] if step.aggregate else Slot(0, 0, None)
            self._fold(step, slot, applied, now)
        plan.deciding = None
        await self._save(conn, plan.steps, slots)
        applied.states = {key: slot.state for key, slot in slots.items()}
        return applied

    async def resolve(self, conn: Connection, steps: Sequence[Step]) -> None:
        """Turn the ids that outsiders know a state by into its key."""
        named = {step.aggregate.name: step.aggregate for step in steps if step.aggregate and step.aggregate.resolve}
        for name, aggregate in sorted(named.items()):
            assert aggregate.resolve is not None
            mine = [step for step in steps if step.aggregate and step.aggregate.name == name]
            found = await aggregate.resolve(conn, sorted({step.key for step in mine}))
            for step in mine:
                step.key = found.get(step.key, step.key)

    async def _load(self, conn: Connection, steps: Sequence[Step]) -> dict[tuple[str, UUID], Slot]:
        wanted: dict[str, tuple[Aggregate, dict[UUID, None]]] = {}
        for step in steps:
            if step.aggregate is not None:
                wanted.setdefault(step.aggregate.name, (step.aggregate, {}))[1][step.key] = None
        slots: dict[tuple[str, UUID], Slot] = {}
        for name, (aggregate, keys) in sorted(wanted.items()):
            found = await aggregate.load(conn, list(keys))
            for key in keys:
                stored = found.get(key)
                slots[name, key] = Slot(stored.version, stored.version, stored.state) if stored else Slot(0, 0, None)
        return slots

    def _fold(self, step: Step, slot: Slot, applied: Applied, now: datetime) -> None:
        context = Context(now, step.cause, self.app.reference, self.voice.secret, step.key, self.voice.chance)
        decision: Decision[Any] = step.decide(slot.state, step.fact, context)
        if decision.state is not UNCHANGED:
            slot.state = decision.state
            slot.version += 1
        for ordinal, event in enumerate(decision.events):
            applied.said.append(self.voice.record(event, step.cause, step.key, ordinal, slot.version, now=now))
        if decision.due:
            applied.due += [(due, str(due.case) if due.case else step.belongs_to) for due in decision.due]
        applied.answers.append(decision.answer)
        if step.inbox is not None:
            answer = None if decision.answer is None else encode(decision.answer, self.app.seal)  # type: ignore[arg-type]
            applied.inbox.append(Answered(*step.inbox, answer))
        if step.cause.party is not None and decision.answer is not None and not isinstance(decision.answer, str):
            answer_to, ordinal = To(step.cause.party, decision.answer), len(decision.events)
            applied.said.append(self.voice.record(answer_to, step.cause, step.key, ordinal, slot.version, now=now))

    async def _save(self, conn: Connection, steps: Sequence[Step], slots: dict[tuple[str, UUID], Slot]) -> None:
        changed: dict[str, list[Change[Any]]] = defaultdict(list)
        for (name, key), slot in slots.items():
            if slot.version > slot.loaded:
                changed[name].append(Change(key, slot.loaded, slot.version, slot.state))
        saves = {step.aggregate.name: step.aggregate.save for step in steps if step.aggregate}
        for name, changes in sorted(changed.items()):
            changes.sort(key=lambda change: change.key)
            if await saves[name](conn, changes) < len(changes):
                raise Overtaken(name)

    @staticmethod
    async def _write_due(conn: Connection, plan: Plan, applied: Applied, now: datetime) -> None:
        if plan.claimed is not None and not await store.settle_due(conn, plan.claimed):
            raise Overtaken("due")
        if awaited := [step.key for step in plan.steps if step.aggregate and step.aggregate.awaited]:
            await store.wake_due(conn, awaited, now)
        if applied.due:
            await store.put_due(conn, list({(due.kind, due.key): (due, c) for due, c in applied.due}.values()))

    async def _write(self, conn: Connection, plan: Plan, applied: Applied, now: datetime) -> None:
        if applied.inbox:
            await store.answer(conn, applied.inbox, now)
        await self._write_due(conn, plan, applied, now)
        if plan.set_aside:
            await store.set_aside(conn, plan.set_aside)
        if not (plan.moves or applied.said or plan.unless_parked):
            return
        settled = await store.settle(conn, plan.moves, {(said.topic, said.partition) for said in applied.said})
        if settled is None:
            raise Overtaken("watermark")
        counters, applied.parked = settled
        if applied.parked and plan.unless_parked:
            raise Overtaken("parked")
        if applied.said:
            for said in applied.said:
                place = (said.topic, said.partition)
                counters[place] += 1
                said.n = counters[place]
            if erased := [said for said in applied.said if said.value is None]:
                _blank_erased(applied.said)
                await store.blank_erased(conn, erased)
            await store.say(conn, counters, applied.said)


def _blank_erased(said: Sequence[Said]) -> None:
    """What a tombstone of the same transaction erases never leaves it; it keeps its number."""
    erased: set[tuple[str, int, bytes | None]] = set()
    for record in reversed(said):
        where = (record.topic, record.partition, record.key)
        if record.value is None:
            erased.add(where)
        elif where in erased:
            record.value = None
