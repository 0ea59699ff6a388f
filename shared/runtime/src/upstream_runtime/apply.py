"""One transaction, whichever door it came through: load → decide → save → say.

A door hands in a plan: steps to fold in order, and what else the transaction must write. The order of locks is fixed:
watermarks read, states loaded and saved, rows inserted, watermarks moved, numbers last. Nothing here knows a domain word.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from asyncpg import Connection
from pydantic_core import to_json

from upstream_runtime import store
from upstream_runtime.clock import random_id
from upstream_runtime.decision import UNCHANGED, Cause, Context, Decide, Decision, Due, Erased, ErasedFor, Fact, To, derived_id
from upstream_runtime.store import Answered, DueRow, Moves, Said, SetAside
from upstream_runtime.wiring import Aggregate, App, Change
from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.model import EVENT_BYTES_MAX, Event
from upstream_schemas.topic import Topic

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Overtaken(Exception):
    """Somebody else moved a state or a watermark that this transaction had read: run it again."""


class TooLarge(Exception):
    """A decision said an event that no topic takes. Names its type."""


@dataclass(slots=True)
class Step:
    """One fact about one key. A step without an aggregate only says something."""

    aggregate: Aggregate | None
    key: UUID
    decide: Decide[Any]
    fact: object
    cause: Cause
    inbox: tuple[str, str, bytes] | None = None

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
        self.chance = chance
        self.stream = stream
        self.secret = secret
        self.source = f"/upstream/{app.process}"
        self.topic_of = {event: topic for topic in app.catalogue if topic.producer == app.process for event in topic.events}

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
            self._fold(step, slots, applied, now)
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

    def _fold(self, step: Step, slots: dict[tuple[str, UUID], Slot], applied: Applied, now: datetime) -> None:
        slot = slots[step.aggregate.name, step.key] if step.aggregate else Slot(0, 0, None)
        context = Context(now, step.cause, self.app.reference, self.secret, step.key, self.chance)
        decision: Decision[Any] = step.decide(slot.state, step.fact, context)
        if decision.state is not UNCHANGED:
            slot.state = decision.state
            slot.version += 1
        for ordinal, event in enumerate(decision.events):
            applied.said.append(self._record(event, step, ordinal, slot.version, now))
        if decision.due:
            applied.due += [(due, str(due.case) if due.case else step.belongs_to) for due in decision.due]
        applied.answers.append(decision.answer)
        if step.inbox is not None:
            answer = None if decision.answer is None else encode(decision.answer, self.app.seal)  # type: ignore[arg-type]
            applied.inbox.append(Answered(*step.inbox, answer))
        if step.cause.party is not None and isinstance(decision.answer, Event):
            answer_to = To(step.cause.party, decision.answer)
            applied.said.append(self._record(answer_to, step, len(decision.events), slot.version, now))

    def _record(self, said: Fact | To | Erased | ErasedFor, step: Step, ordinal: int, revision: int, now: datetime) -> Said:
        party, event = _for_party(said)
        kind = event.event if isinstance(event, Erased) else type(event)
        topic = self.topic_of[kind]  # type: ignore[index]
        key = _key_text(event.key if isinstance(event, Erased) else getattr(event, topic.key))
        value = None if isinstance(event, Erased) else self._encoded(event)
        cause = step.cause
        at = _said_at(topic, cause, now)
        if topic.discreet:
            envelope = Envelope(str(self.chance()), self.source, kind.TYPE, at, key)
        else:
            drawn_from = f"{self.source} {cause.source} {cause.id} {step.key.hex} {kind.TYPE} {ordinal}"
            event_id = str(derived_id(cause.at, drawn_from, self.secret))
            counted = None if topic.tick else revision  # how often a state changed is more than a receipt may tell
            envelope = Envelope(
                event_id, self.source, kind.TYPE, at, key, step.belongs_to, cause.id, counted, cause.traceparent
            )
        key_bytes = None if key is None else key.encode()
        partition = crc32(key_bytes or b"") % topic.partitions
        name = topic.name if party is None else topic.for_party(party)
        headers = to_headers(envelope)
        return Said(name, partition, key_bytes, value, to_json(headers), at, pairs=headers)

    def _encoded(self, event: Fact) -> bytes:
        value = encode(event, self.app.seal)  # type: ignore[arg-type]
        if len(value) > EVENT_BYTES_MAX:
            raise TooLarge(event.TYPE)
        return value

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
        if plan.claimed is not None:
            await store.put_due(conn, [(Due(plan.claimed.kind, plan.claimed.key, None), "")])
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


def _said_at(topic: Topic, cause: Cause, now: datetime) -> datetime:
    """The time a record bears: now, rounded down where the catalogue asks for it, or the mark at which it is published."""
    if topic.tick is not None:
        earliest = (cause.received_by_wall or now) - EPOCH + topic.tick
        return EPOCH - (-earliest // topic.tick) * topic.tick
    return now.replace(minute=0, second=0, microsecond=0) if topic.discreet else now


def _for_party(said: Fact | To | Erased | ErasedFor) -> tuple[str | None, Fact | Erased]:
    """Whose own topic something goes to, if it is for one outside party, and what it is."""
    match said:
        case To():
            return said.party, said.event
        case ErasedFor():
            return said.party, Erased(said.event, said.key)
        case _:
            return None, said


def _key_text(key: object) -> str | None:
    return None if key is None else str(key)
