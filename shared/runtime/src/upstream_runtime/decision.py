"""What a decision is: the one thing of the engine that `decide` and `model` may import.

Standard library only: no I/O, no clock, no randomness reaches a decision. What it may know of the world is its `Context`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from typing import ClassVar, Final, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID


class Fact(Protocol):
    """An event of the contract."""

    TYPE: ClassVar[str]


class Unchanged(Enum):
    """The state stays as it is."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
S = TypeVar("S")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class To:
    """An event for one outside party's own topic."""

    party: str
    event: Fact


@dataclass(frozen=True, slots=True)
class Erased:
    """A tombstone for `key` on the compacted topic that carries `event`."""

    event: type[Fact]
    key: UUID


@dataclass(frozen=True, slots=True)
class ErasedFor:
    """A tombstone for `key` on one outside party's own compacted topic that carries `event`."""

    party: str
    event: type[Fact]
    key: UUID


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be looked at again: work of `kind` on `key`, at or after `at`.

    One row for each (kind, key): saying it again moves it. `at` None takes it back. With `waits_for`, it is also looked
    at as soon as an event of that key is applied. What comes of it belongs to what its cause belongs to, or to `case`.
    """

    kind: str
    key: UUID
    at: datetime | None
    waits_for: UUID | None = None
    case: UUID | None = None


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """What follows from one fact: the state from now on, what must be said, and what must be looked at again.

    `answer` is the one reply to whoever asked: the verdict on a record from outside, or what a page shows next.
    """

    state: S | Unchanged = UNCHANGED
    events: tuple[Fact | To | Erased | ErasedFor, ...] = ()
    due: tuple[Due, ...] = ()
    answer: Fact | str | None = None


class Cause(NamedTuple):
    """What is being decided on: its id, its time, and what it belongs to.

    A record from outside has the broker's time twice: `received_at` as this process's clock tells it, for rules, and
    `received_by_wall`, which the broker keeps to.
    """

    id: str
    source: str
    at: datetime
    correlation: str | None = None
    party: str | None = None
    traceparent: str | None = None
    received_at: datetime | None = None
    received_by_wall: datetime | None = None


class Context(NamedTuple, Generic[R]):
    """All that a decision may know beside its state and its fact.

    `now` is the moment of deciding, UTC. `reference` is the service's read-only reference data. `secret` is this
    database's own, so that ids drawn from a cause cannot be guessed. `key` is the key of the state that is decided on.
    """

    now: datetime
    cause: Cause
    reference: R
    secret: bytes
    key: UUID | None = None
    chance: Callable[[], UUID] | None = None

    def __repr__(self) -> str:
        return f"Context(now={self.now!r}, cause={self.cause!r}, key={self.key!r})"

    def fresh_id(self) -> UUID:
        """A random UUIDv4, for what must not be tied to its cause. The commit makes it final: a replay draws another."""
        assert self.chance is not None, "this context was made without chance"
        return self.chance()

    def id(self, label: str) -> UUID:
        """An id drawn from the cause and the key, so that a replay decides the same: a UUIDv7 with the cause's time."""
        return derived_id(self.cause.at, f"{self.cause.source} {self.cause.id} {self.key} {label}", self.secret)


def derived_id(at: datetime, text: str, secret: bytes) -> UUID:
    """A UUIDv7 (RFC 9562 §5.7) of time `at` whose other bits come from a keyed hash of `text` instead of chance."""
    return UUID(int=_derived(at, text, secret))


def derived_text(at: datetime, text: str, secret: bytes) -> str:
    """The same id as text: every record needs one, and a third of its cost is the object between number and text."""
    digits = f"{_derived(at, text, secret):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _derived(at: datetime, text: str, secret: bytes) -> int:
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    bits = int.from_bytes(blake2b(text.encode(), digest_size=10, key=secret).digest())
    return milliseconds << 80 | 7 << 76 | (bits >> 66 & 0xFFF) << 64 | 2 << 62 | bits & ((1 << 62) - 1)


def steady_id(text: str, secret: bytes) -> UUID:
    """The same id for the same text in this database, and no other: a UUIDv8 (RFC 9562 §5.8) from a keyed hash."""
    bits = int.from_bytes(blake2b(text.encode(), digest_size=16, key=secret).digest())
    return UUID(int=bits & ~(0xF << 76) & ~(3 << 62) | 8 << 76 | 2 << 62)


Decide = Callable[..., Decision[S]]
"""`(state or None, fact, context) -> Decision`; pure."""
