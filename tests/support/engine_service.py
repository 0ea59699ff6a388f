"""A service made for the engine's tests: counters that are raised by records, by the clock and over HTTP.

Its catalogue, wiring, decisions and table in one place. Every effect appends its label to the counter, so that a lost, a
doubled and an overtaken effect all show.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import UUID

from asyncpg import Connection
from fastapi import FastAPI

from upstream_runtime.decision import Cause, Context, Decision, Due, Fact
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate, App, Asked, Change, Inlet, Refusal, Route, Stored, Tombstone, Work
from upstream_schemas.model import Event, Id
from upstream_schemas.operations import DeadLetterRecordedV1
from upstream_schemas.topic import Topic, Zone

CANARY: Final = "555-0142 is a person's own number"
SOURCE: Final = "parks"
ERRAND_PATIENCE: Final = timedelta(seconds=60)
TABLES: Final = """
CREATE TABLE counter (
  id uuid PRIMARY KEY, version int NOT NULL, labels text NOT NULL CONSTRAINT savable CHECK (labels NOT LIKE '%unsavable%')
)
"""


class CounterRaisedV1(Event):
    """One of our own facts. `due_kind` asks for due work `due_in` seconds from now; without `due_in` it is taken back."""

    TYPE: ClassVar[str] = "test.counter.raised.v1"
    counter_id: Id
    label: str
    due_kind: str | None = None
    due_in: int | None = None
    waits_for: Id | None = None
    padding: int = 0


class CounterShownV1(Event):
    """What the service says about every effect."""

    TYPE: ClassVar[str] = "test.counter.shown.v1"
    counter_id: Id
    label: str
    count: int
    padding: str = ""


class PageKeptV1(Event):
    """A fact on a compacted topic."""

    TYPE: ClassVar[str] = "test.page.kept.v1"
    counter_id: Id
    label: str


class RaiseAskedV1(Event):
    """What an outside party asks for."""

    TYPE: ClassVar[str] = "test.raise.asked.v1"
    counter_id: Id
    label: str


class RaiseAnsweredV1(Event):
    """The one answer to a record from outside."""

    TYPE: ClassVar[str] = "test.raise.answered.v1"
    counter_id: Id | None = None
    asked_id: str | None = None
    verdict: str
    code: str = "raised"
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """The labels of all effects, in order."""

    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mood:
    """What is broken just now: a file for each label whose decision raises, beside the marks of an errand on its way."""

    folder: Path

    def breaks(self, label: str) -> None:
        (self.folder / f"broken-{label}").touch()

    def mended(self, label: str) -> None:
        (self.folder / f"broken-{label}").unlink()

    def look(self, label: str) -> None:
        if (self.folder / f"broken-{label}").exists():
            raise ValueError(CANARY)


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one test, under names that no other test has."""

    raises: Topic
    pages: Topic
    asks: Topic
    answers: Topic
    shown: Topic
    letters: Topic

    @property
    def all(self) -> tuple[Topic, ...]:
        return self.raises, self.pages, self.asks, self.answers, self.shown, self.letters

    @property
    def asked(self) -> str:
        return self.asks.for_party(SOURCE)

    @property
    def answered(self) -> str:
        return self.answers.for_party(SOURCE)


def topics(mark: str, partitions: int = 2) -> Topics:
    def topic(name: str, producer: str, *events: type[Event], key: str = "counter_id", **more: Any) -> Topic:
        options = {"partitions": partitions, **more}
        return Topic(f"test.{mark}.{name}.v1", key, events, producer, (), Zone.CITY, "A topic of the tests.", **options)

    process = f"test-{mark}"
    return Topics(
        topic("raises", "elsewhere", CounterRaisedV1),
        topic("pages", "elsewhere", PageKeptV1, retention=None),
        topic("asks.<source>", "<source>", RaiseAskedV1, partitions=1),
        topic("answers.<source>", process, RaiseAnsweredV1, partitions=1),
        topic("shown", process, CounterShownV1),
        topic("letters", process, DeadLetterRecordedV1, key="dead_letter_id"),
    )


# ---- decisions


def effect(state: Counter | None, label: str, ctx: Context[Mood], *due: Due, padding: int = 0) -> Decision[Counter]:
    ctx.reference.look(label)
    assert ctx.key is not None
    labels = (*(state.labels if state else ()), label)
    shown = CounterShownV1(counter_id=ctx.key, label=label, count=len(labels), padding="." * padding)
    return Decision(Counter(labels), (shown,), due, RaiseAnsweredV1(verdict="accepted", counter_id=ctx.key, count=len(labels)))


def counter_raised(state: Counter | None, fact: CounterRaisedV1, ctx: Context[Mood]) -> Decision[Counter]:
    at = None if fact.due_in is None else ctx.now + timedelta(seconds=fact.due_in)
    due = () if fact.due_kind is None else (Due(fact.due_kind, fact.counter_id, at, fact.waits_for),)
    return effect(state, fact.label, ctx, *due, padding=fact.padding)


def page_kept(state: Counter | None, fact: PageKeptV1, ctx: Context[Mood]) -> Decision[Counter]:
    return effect(state, fact.label, ctx)


def page_torn(state: Counter | None, _: Tombstone, ctx: Context[Mood]) -> Decision[Counter]:
    return effect(state, "torn", ctx)


def raise_asked(state: Counter | None, fact: RaiseAskedV1, ctx: Context[Mood]) -> Decision[Counter]:
    return effect(state, fact.label, ctx)


def told(state: Counter | None, label: str, ctx: Context[Mood]) -> Decision[Counter]:
    return effect(state, label, ctx)


def reminded(state: Counter | None, _: None, ctx: Context[Mood]) -> Decision[Counter]:
    return effect(state, "reminded", ctx)


def errand_begun(state: Counter | None, _: None, ctx: Context[Mood]) -> Decision[Counter]:
    """The first half; where it finds itself begun already, the errand's end is unknown."""
    assert ctx.key is not None
    if state is not None and state.labels[-1] == "begun":
        return effect(state, "unknown", ctx)
    return effect(state, "begun", ctx, Due("errand", ctx.key, ctx.now + ERRAND_PATIENCE))


def errand_ended(state: Counter | None, result: str, ctx: Context[Mood]) -> Decision[Counter]:
    assert ctx.key is not None
    return effect(state, result, ctx, Due("errand", ctx.key, None))


def refuse(refusal: Refusal, asked: Asked, _: Context[Mood]) -> Sequence[Fact]:
    first = None if refusal.first is None else RaiseAnsweredV1.model_validate_json(refusal.first).count
    verdict, code = refusal.verdict, refusal.code
    return (RaiseAnsweredV1(counter_id=asked.key, asked_id=asked.event_id, verdict=verdict, code=code, count=first),)


# ---- its table


async def load(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Counter]]:
    rows = await conn.fetch("SELECT id, version, labels FROM counter WHERE id = ANY($1::uuid[])", keys)
    return {key: Stored(version, Counter(tuple(json.loads(labels)))) for key, version, labels in rows}


SAVE = """
WITH change AS (SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[]) AS c (id, loaded, version, labels)),
added AS (
  INSERT INTO counter SELECT id, version, labels FROM change WHERE loaded = 0 ON CONFLICT DO NOTHING RETURNING 1
), moved AS (
  UPDATE counter SET version = change.version, labels = change.labels FROM change
  WHERE counter.id = change.id AND counter.version = change.loaded AND change.loaded > 0 RETURNING 1
) SELECT (SELECT count(*) FROM added) + (SELECT count(*) FROM moved)
"""


async def save(conn: Connection, changes: Sequence[Change[Counter]]) -> int:
    written: int = await conn.fetchval(
        SAVE,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [json.dumps(change.state.labels) for change in changes],
    )
    return written


COUNTER: Final = Aggregate("counter", load, save, awaited=True)


# ---- the wiring


def service(mark: str, folder: Path, **more: Any) -> App:
    """The whole service under names of its own; `folder` holds its mood."""
    named, mood = topics(mark), Mood(folder)
    return App(
        process=f"test-{mark}",
        reference=mood,
        routes=(
            Route(named.raises, COUNTER, {CounterRaisedV1: counter_raised}),
            Route(named.pages, COUNTER, {PageKeptV1: page_kept, Tombstone: page_torn}),
        ),
        inlets=(
            Inlet(
                family=named.asks,
                aggregate=COUNTER,
                on={RaiseAskedV1: raise_asked},
                key=asked_key,
                screen=lambda _: None,
                prepare=as_it_came,
                refuse=refuse,
            ),
        ),
        work=(
            Work("remind", COUNTER, reminded),
            Work("errand", COUNTER, errand_begun, errand=errand(mood), outcome=errand_ended),
        ),
        pages=pages,
        catalogue=named.all,
        **more,
    )


def asked_key(event: Event, _: Cause, __: bytes) -> UUID:
    assert isinstance(event, RaiseAskedV1)
    return event.counter_id


def as_it_came(event: Event, _: Cause) -> Event:
    return event


def errand(mood: Mood) -> Callable[[Counter, None], Any]:
    """An errand that says that it is on its way, and ends when it may."""

    async def run(state: Counter, _: None) -> str | None:
        if state.labels[-1] != "begun":
            return None
        mood.look("errand")
        (mood.folder / "errand-begun").touch()
        while not (mood.folder / "errand-may-end").exists():
            await asyncio.sleep(0.01)
        return "ended"

    return run


def pages(web: FastAPI, door: Door) -> None:
    @web.post("/raise/{key}/{label}")
    async def tell(key: UUID, label: str) -> dict[str, int]:
        answer = await door.tell(COUNTER, key, told, label)
        return {"count": answer.count}
