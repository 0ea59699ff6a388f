"""What the scheduler keeps: sessions, trainers, venues, and the facts a placement is decided on.

Frozen records only. Must not read, write or decide anything; all moments are UTC, all wall times are local.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

Format = Literal["virtual", "in_person"]
Party = Literal["group", "trainer", "city"]

BUFFER: Final = timedelta(minutes=15)  # to set up and to clear away; booked with the session (research: scheduling §4)
ROUNDS_MAX: Final = 10
CITY_ZONE: Final = "America/Los_Angeles"


class Stage(StrEnum):
    """Where a session stands. `NEEDS_PERSON`: nothing more happens until staff look at it."""

    SEEKING = "seeking"
    HELD = "held"
    WAITING = "waiting"
    NEEDS_PERSON = "needs-person"
    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of one weekday, wall time; 0 is Monday. Ends on the day it starts."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Away:
    """A date on which a trainer's week does not hold: `instead` is all the time there is; none means away."""

    day: date
    instead: tuple[tuple[time, time], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to, but not including, `end`."""

    start: datetime
    end: datetime

    def holds(self, other: "Span") -> bool:
        """Is all of `other` inside?"""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: "Span") -> bool:
        """Have they a moment in common? Touching is not overlapping."""
        return self.start < other.end and other.start < self.end

    def widened(self, by: timedelta) -> "Span":
        """The same with `by` more on both sides."""
        return Span(self.start - by, self.end + by)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to tell, by the id of their sealed contact, and in which language."""

    contact_id: UUID | None
    language: str


@dataclass(frozen=True, slots=True)
class Order:
    """What was agreed, as far as a date depends on it. `formats` stand in the order in which they are tried."""

    topic: str
    formats: tuple[Format, ...]
    length_minutes: int
    language: str
    group_size: int
    needs: tuple[str, ...]
    windows: tuple[Stretch, ...]
    earliest: datetime
    latest: datetime
    timezone: str

    @property
    def length(self) -> timedelta:
        """How long the training takes."""
        return timedelta(minutes=self.length_minutes)


@dataclass(frozen=True, slots=True)
class Seat:
    """Who answers: the group, or one of the trainers."""

    party: Literal["group", "trainer"]
    trainer_id: UUID | None = None


GROUP: Final = Seat("group")


@dataclass(frozen=True, slots=True)
class Place:
    """A venue, as a slot names it."""

    venue_id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A time and a place."""

    starts_at: datetime
    ends_at: datetime
    place: Place

    @property
    def span(self) -> Span:
        """From start to end, without buffers."""
        return Span(self.starts_at, self.ends_at)

    @property
    def booked(self) -> Span:
        """What the session takes from trainers and venue: its time, and the buffer on both sides."""
        return self.span.widened(BUFFER)


@dataclass(frozen=True, slots=True)
class Assigned:
    """A trainer on a slot. The session is the `ordinal`-th of at most `ordinal_max` in that trainer's week.

    `week` is the Monday of the week in the trainer's own time zone.
    """

    trainer_id: UUID
    person: Person
    week: date
    ordinal: int
    ordinal_max: int

    @property
    def seat(self) -> Seat:
        """The seat from which this trainer answers."""
        return Seat("trainer", self.trainer_id)


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that is held until everybody has answered, and who has accepted so far."""

    round: int
    slot: Slot
    trainers: tuple[Assigned, ...]
    hold_until: datetime
    accepted: tuple[Seat, ...] = ()

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Everybody who must say yes."""
        return (GROUP, *(trainer.seat for trainer in self.trainers))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A time that somebody does not get again. The group's refusal takes the time away for this session altogether."""

    round: int
    seat: Seat
    span: Span
    why: Literal["declined", "silent", "cancelled"]


@dataclass(frozen=True, slots=True)
class Session:
    """One training, from the order to its end. Its key is the request's id: one request, one order of events.

    `held` is the slot that the stage speaks of: held, confirmed, or past. `sequence` is the iCalendar SEQUENCE that
    the next calendar message about this session carries.
    """

    request_id: UUID
    session_id: UUID
    reference: str
    group: Person
    order: Order
    stage: Stage
    asked_at: datetime
    rounds: int = 0
    rounds_max: int = ROUNDS_MAX
    held: Held | None = None
    refusals: tuple[Refusal, ...] = ()
    waits_because: str | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Trainer:
    """Who can train what, in which language, when. `contact` is ciphertext under `person_key`; both go when erased."""

    trainer_id: UUID
    slug: str
    contact_id: UUID
    language: str
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    formats: tuple[Format, ...]
    timezone: str
    weekly: tuple[Stretch, ...]
    exceptions: tuple[Away, ...]
    week_max: int
    active: bool
    contact: str | None
    person_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Venue:
    """A place, or a meeting room online (`virtual-…`). `access` holds the access needs it meets."""

    venue_id: UUID
    code: str
    name: str
    capacity: int
    formats: tuple[Format, ...]
    access: tuple[str, ...]
    active: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A trainer or a venue is booked for this time, set-up included."""

    resource_id: UUID
    span: Span


@dataclass(frozen=True, slots=True)
class WeekPlace:
    """One of a trainer's places in a week is used."""

    trainer_id: UUID
    week: date
    ordinal: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to place a session with, as it was read: active trainers with the topic, and active venues."""

    trainers: tuple[Trainer, ...]
    venues: tuple[Venue, ...]
    taken: tuple[Taken, ...] = ()
    week_places: tuple[WeekPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """What a decision may use beside state and fact: how the page behind an answer link is addressed."""

    link: Callable[..., str]
