"""The service that is broken: three processes A → B → C, made so that a lost, doubled or overtaken effect shows in a table.

A answers what outsiders ask, counts it for its account, says so on `moved`, and reminds itself of it once. B passes it on on
`passed`. C hears both. Each keeps a row for every effect, with no constraint that could hide a second one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from asyncpg import Connection
from pydantic import Field

from upstream_runtime.decision import Cause, Context, Decision, Due, Fact
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import Aggregate, App, Asked, Change, Inlet, Refusal, Route, Stored, Work
from upstream_schemas.model import Event, Id
from upstream_schemas.operations import DeadLetterRecordedV1
from upstream_schemas.topic import Topic, Zone

PARTIES: Final = ("north", "south")
REMIND_AFTER: Final = timedelta(seconds=2)
PROCESSES: Final = ("a", "b", "c")
TABLES: Final = """
CREATE TABLE account (id uuid PRIMARY KEY, version int NOT NULL, count int NOT NULL);
CREATE TABLE reminder (id uuid PRIMARY KEY, version int NOT NULL);
CREATE TABLE effect (
  serial bigserial PRIMARY KEY, route text NOT NULL, ask text NOT NULL, account uuid, ordinal int NOT NULL,
  origin int NOT NULL, due_at timestamptz, at timestamptz NOT NULL, wall timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""


class AskedV1(Event):
    """What an outside party asks for."""

    TYPE: ClassVar[str] = "matrix.move.asked.v1"
    account_id: Id
    padding: str = ""


class AnsweredV1(Event):
    """The one answer to a record from outside, and where that record lies."""

    TYPE: ClassVar[str] = "matrix.move.answered.v1"
    account_id: Id | None = None
    ask: str | None = None
    verdict: str
    code: str = "moved"
    partition: int | None = None
    offset: int | None = None


class MovedV1(Event):
    """An account was moved; `ordinal` counts the moves of it."""

    TYPE: ClassVar[str] = "matrix.account.moved.v1"
    account_id: Id
    ask: str
    ordinal: Annotated[int, Field(ge=1)]
    padding: str = ""


class MovedV2(Event):
    """An account was moved, in a later version: it says by how much."""

    TYPE: ClassVar[str] = "matrix.account.moved.v2"
    account_id: Id
    ask: str
    ordinal: Annotated[int, Field(ge=1)]
    amount: int
    padding: str = ""


class PassedV1(Event):
    """A move was passed on by B; `origin` is the move's ordinal, `ordinal` counts what B passed on of the account."""

    TYPE: ClassVar[str] = "matrix.account.passed.v1"
    account_id: Id
    ask: str
    ordinal: Annotated[int, Field(ge=1)]
    origin: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class Effect:
    """One row that must be there exactly once."""

    route: str
    ask: str
    account: UUID | None
    ordinal: int
    origin: int
    at: datetime
    due_at: datetime | None = None


class SickError(Exception):
    """Nothing can be decided about this account just now."""


@dataclass(frozen=True, slots=True)
class Mood:
    """Which accounts nothing can be decided about: their ids stand in a file as long as that lasts."""

    file: Path

    def look(self, account: UUID) -> None:
        if self.file.exists() and str(account) in self.file.read_text():
            raise SickError


@dataclass(frozen=True, slots=True)
class Account:
    """How often an account was moved, and the effects that are not written yet."""

    count: int = 0
    fresh: tuple[Effect, ...] = ()

    def then(self, route: str, ask: str, account: UUID, origin: int, at: datetime) -> "Account":
        count = self.count + 1
        return Account(count, (*self.fresh, Effect(route, ask, account, count, origin, at)))


def newer(event: MovedV1) -> MovedV2:
    """The upcaster: what the old version left unsaid was always one."""
    return MovedV2(account_id=event.account_id, ask=event.ask, ordinal=event.ordinal, padding=event.padding, amount=1)


UPCASTERS: Final[dict[type[Event], Callable[[Any], Event]]] = {MovedV1: newer}
Moved = MovedV1 | MovedV2


# ---- decisions


def asked_v2(state: Account | None, event: AskedV1, ctx: Context[Mood]) -> Decision[Account]:
    """As `asked`, by a process of the later version."""
    before = asked(state, event, ctx)
    return replace(before, events=tuple(newer(said) for said in before.events if isinstance(said, MovedV1)))


def asked(state: Account | None, event: AskedV1, ctx: Context[Mood]) -> Decision[Account]:
    ctx.reference.look(event.account_id)
    after = (state or Account()).then("asked", ctx.cause.id, event.account_id, 0, ctx.now)
    moved = MovedV1(account_id=event.account_id, ask=ctx.cause.id, ordinal=after.count, padding=event.padding)
    remind = Due("remind", UUID(ctx.cause.id), ctx.now + REMIND_AFTER)
    answer = AnsweredV1(account_id=event.account_id, ask=ctx.cause.id, verdict="accepted")
    return Decision(after, (moved,), (remind,), answer)


def moved(state: Account | None, event: Moved, ctx: Context[Mood]) -> Decision[Account]:
    ctx.reference.look(event.account_id)
    after = (state or Account()).then("moved", event.ask, event.account_id, event.ordinal, ctx.now)
    passed = PassedV1(account_id=event.account_id, ask=event.ask, ordinal=after.count, origin=event.ordinal)
    return Decision(after, (passed,))


def heard_moved(state: Account | None, event: Moved, ctx: Context[Mood]) -> Decision[Account]:
    ctx.reference.look(event.account_id)
    return Decision((state or Account()).then("moved", event.ask, event.account_id, event.ordinal, ctx.now))


def heard_passed(state: Account | None, event: PassedV1, ctx: Context[Mood]) -> Decision[Account]:
    ctx.reference.look(event.account_id)
    return Decision((state or Account()).then("passed", event.ask, event.account_id, event.ordinal, ctx.now))


def reminded(_: Account | None, __: None, ctx: Context[Mood]) -> Decision[Account]:
    assert ctx.key is not None
    return Decision(Account(1, (Effect("due", str(ctx.key), None, 1, 0, ctx.now, ctx.cause.at),)))


def refuse(refusal: Refusal, asked: Asked, _: Context[Mood]) -> Sequence[Fact]:
    return (
        AnsweredV1(
            account_id=asked.key, ask=asked.event_id, verdict=refusal.verdict, code=refusal.code,
            partition=asked.partition, offset=asked.offset,
        ),
    )  # fmt: skip


# ---- how states are kept


async def load(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Account]]:
    rows = await conn.fetch("SELECT id, version, count FROM account WHERE id = ANY($1::uuid[])", keys)
    return {key: Stored(version, Account(count)) for key, version, count in rows}


SAVE: Final = """
WITH change AS (SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) AS c (id, loaded, version, count)),
added AS (
  INSERT INTO account SELECT id, version, count FROM change WHERE loaded = 0 ON CONFLICT DO NOTHING RETURNING 1
), moved AS (
  UPDATE account SET version = change.version, count = change.count FROM change
  WHERE account.id = change.id AND account.version = change.loaded AND change.loaded > 0 RETURNING 1
) SELECT (SELECT count(*) FROM added) + (SELECT count(*) FROM moved)
"""
EFFECTS: Final = """
INSERT INTO effect (route, ask, account, ordinal, origin, at, due_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::timestamptz[], $7::timestamptz[])
"""


async def save(conn: Connection, changes: Sequence[Change[Account]]) -> int:
    written: int = await conn.fetchval(
        SAVE,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.count for change in changes],
    )
    await write_effects(conn, changes)
    return written


async def write_effects(conn: Connection, changes: Sequence[Change[Account]]) -> None:
    rows = [effect for change in changes for effect in change.state.fresh]
    await conn.execute(
        EFFECTS,
        [row.route for row in rows], [row.ask for row in rows], [row.account for row in rows], [row.ordinal for row in rows],
        [row.origin for row in rows], [row.at for row in rows], [row.due_at for row in rows],
    )  # fmt: skip


async def load_reminders(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Account]]:
    rows = await conn.fetch("SELECT id, version FROM reminder WHERE id = ANY($1::uuid[])", keys)
    return {key: Stored(version, Account(1)) for key, version in rows}


async def save_reminders(conn: Connection, changes: Sequence[Change[Account]]) -> int:
    written: list[Any] = await conn.fetch(
        "INSERT INTO reminder SELECT * FROM unnest($1::uuid[], $2::int[]) ON CONFLICT (id) DO UPDATE"
        " SET version = excluded.version WHERE reminder.version = excluded.version - 1 RETURNING 1",
        [change.key for change in changes], [change.version for change in changes],
    )  # fmt: skip
    await write_effects(conn, changes)
    return len(written)


# ---- topics and wiring


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one lap, under names that no other lap has."""

    asks: Topic
    answers: Topic
    moved: Topic
    passed: Topic
    letters: tuple[Topic, ...]

    @property
    def all(self) -> tuple[Topic, ...]:
        return self.asks, self.answers, self.moved, self.passed, *self.letters


def topics(mark: str, version: int = 1) -> Topics:
    def topic(name: str, producer: str, event: type[Event], partitions: int, key: str = "account_id") -> Topic:
        events = (MovedV1, MovedV2) if event is MovedV1 and version > 1 else (event,)
        return Topic(
            f"matrix.{mark}.{name}.v1", key, events, producer, (), Zone.CITY, "A topic of the matrix.", partitions=partitions
        )

    return Topics(
        topic("asks.<source>", "<source>", AskedV1, 1),
        topic("answers.<source>", process_name(mark, "a"), AnsweredV1, 1),
        topic("moved", process_name(mark, "a"), MovedV1, 4),
        topic("passed", process_name(mark, "b"), PassedV1, 3),
        tuple(topic(f"letters-{r}", process_name(mark, r), DeadLetterRecordedV1, 1, "dead_letter_id") for r in PROCESSES),
    )


def process_name(mark: str, role: str) -> str:
    """The name a process goes by: on the broker, in its group and in its log."""
    return f"matrix-{mark}-{role}"


def app(mark: str, role: str, mood: Mood, version: int = 1) -> App:
    """The wiring of A, B or C. In version 2, A says `MovedV2`, and B and C read both."""
    named, process = topics(mark, version), process_name(mark, role)
    account = Aggregate("account", load, save)
    heard: type[Event] = MovedV1 if version == 1 else MovedV2
    upcasters = {} if version == 1 else UPCASTERS
    if role == "a":
        decide = asked if version == 1 else asked_v2
        inlet = Inlet(
            named.asks, account, {AskedV1: decide}, key=asked_key, screen=lambda _: None, prepare=as_it_came, refuse=refuse
        )
        reminder = Aggregate("reminder", load_reminders, save_reminders)
        return App(process, mood, inlets=(inlet,), work=(Work("remind", reminder, reminded),), catalogue=named.all)
    if role == "b":
        passing = Route(named.moved, account, {heard: moved})
        return App(process, mood, routes=(passing,), upcasters=upcasters, catalogue=named.all)
    hearing = (Route(named.moved, account, {heard: heard_moved}), Route(named.passed, account, {PassedV1: heard_passed}))
    return App(process, mood, routes=hearing, upcasters=upcasters, catalogue=named.all)


def asked_key(event: Event, _: Cause, __: bytes) -> UUID:
    assert isinstance(event, AskedV1)
    return event.account_id


def as_it_came(event: Event, _: Cause) -> Event:
    return event


def wiring(settings: Settings) -> App:
    mood = Mood(Path(settings.value("MOOD")))
    return app(settings.value("MARK"), settings.value("ROLE"), mood, int(settings.value("VERSION")))
