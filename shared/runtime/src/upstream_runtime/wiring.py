"""The words of a service's wiring table: what comes in, which decision answers it, and how its state is kept.

Declares only; nothing here runs. Each `app.py` is one `App` made of these.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from asyncpg import Connection
from fastapi import FastAPI

from upstream_runtime.decision import Cause, Context, Decide, Fact
from upstream_schemas.codec import Seal
from upstream_schemas.envelope import Envelope
from upstream_schemas.model import Event
from upstream_schemas.topic import Topic
from upstream_schemas.topics import CATALOGUE

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Stored(Generic[S]):
    """A state as it was loaded, with the version it had."""

    version: int
    state: S


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """A state to be saved: only where its row still has version `loaded` (0: only where there is no row yet)."""

    key: UUID
    loaded: int
    version: int
    state: S


Load = Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, Stored[Any]]]]
Save = Callable[[Connection, Sequence[Change[Any]]], Awaitable[int]]
Resolve = Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, UUID]]]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What is decided on as a whole, and how it is kept.

    `load` gives the states of those keys that have one. `save` gets changes sorted by key, writes each only if its version
    is still the one loaded, and returns how many it wrote; fewer than given means that somebody else was faster, and the
    runtime runs the batch again. Due work that waits for a key of an `awaited` aggregate is woken by its events.

    Where outsiders know a state under other ids than its own, `resolve` finds its key; ids it does not know stand for
    themselves. What an id stands for must never change.
    """

    name: str
    load: Load
    save: Save
    awaited: bool = False
    resolve: Resolve | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The input that stands for an erased record of a compacted topic."""

    key: UUID


@dataclass(frozen=True, slots=True)
class Route:
    """One of our own topics, and the decision for each type of event on it. Types that are not listed are passed over.

    `steps` turns one event into (key, input) pairs where it concerns other keys than its own; inputs are dispatched by
    their class.
    """

    topic: Topic
    aggregate: Aggregate
    on: Mapping[type, Decide[Any]]
    steps: Callable[[Event], Iterable[tuple[UUID, object]]] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record from outside got no decision. `verdict` is `rejected`, `quarantined`, `duplicate` or `emergency`.

    `first` is the first answer's bytes for a duplicate; `hit` is what the screen found.
    """

    verdict: str
    code: str
    problems: tuple[tuple[str, str], ...] = ()
    first: bytes | None = None
    hit: Any = None


class Asked(NamedTuple):
    """Where a record from outside stands: what an answer may name. `key` and `event_id` are None where unreadable."""

    party: str
    key: UUID | None
    event_id: str | None
    partition: int
    offset: int


Read = Callable[[Sequence[tuple[str, bytes | None]], bytes | None], tuple[Envelope, Event]]


@dataclass(frozen=True, slots=True)
class Inlet:
    """A family of topics that outside parties write, one topic each, and the one answer that each record gets.

    `screen` sees the raw bytes before anything is stored. `prepare` turns a decoded event into the decision's input: it
    seals what is personal, and may draw random keys, because the decision must not. `key` names the state it concerns.
    `refuse` makes the events for a record that was not decided: the answer first, then whatever must be said; nothing at
    all where the first answer stands. `read` is for
    a family that does not speak CloudEvents.
    """

    family: Topic
    aggregate: Aggregate
    on: Mapping[type, Decide[Any]]
    key: Callable[[Event, Cause, bytes], UUID]
    screen: Callable[[bytes], Any | None]
    prepare: Callable[[Event, Cause], object]
    refuse: Callable[[Refusal, Asked, Context[Any]], Sequence[Fact]]
    read: Read | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Time-driven work of one kind. The decision gets (state, facts, context); `facts` is what `look(conn, state, now)` read.

    With an `errand`, the decision above is only the first half: it is committed, then `errand(state, facts)` does its I/O
    outside any transaction, and `outcome(state, result, context)` decides on what came of it; an errand that has nothing
    to do returns None, and there is no outcome. The first half must leave a due row
    behind that picks the matter up again if the process dies on the errand.
    """

    kind: str
    aggregate: Aggregate
    decide: Decide[Any]
    look: Callable[[Connection, Any, datetime], Awaitable[Any]] | None = None
    errand: Callable[[Any, Any], Awaitable[Any]] | None = None
    outcome: Decide[Any] | None = None


@dataclass(frozen=True, slots=True)
class App:
    """One service, as its `app.py` writes it down.

    `reference` is given to every decision. `seal` is used for sealed fields. `pages` adds the service's own pages, and gets
    the command door.
    """

    process: str
    reference: Any
    routes: tuple[Route, ...] = ()
    inlets: tuple[Inlet, ...] = ()
    work: tuple[Work, ...] = ()
    seal: Seal | None = None
    pages: Callable[[FastAPI, Any], None] | None = None
    upcasters: Mapping[type[Event], Callable[[Any], Event]] = field(default_factory=dict)
    catalogue: tuple[Topic, ...] = CATALOGUE
