"""The two services that the simulation runs: a desk that outside parties ask, and a hall that hears of it and echoes.

The desk's inlet, pages and due work, and the hall's echo, all concern the same counters. Every decision appends one label to
its counter, and what is said bears the counter's length, so that a lost, a doubled and an overtaken effect all show.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from support.engine_service import COUNTER, Counter

from upstream_runtime.decision import Cause, Context, Decision, Due
from upstream_runtime.wiring import App, Asked, Inlet, Refusal, Route, Work
from upstream_schemas.model import Event, Id
from upstream_schemas.operations import DeadLetterRecordedV1
from upstream_schemas.topic import Topic, Zone

PARTIES: Final = ("parks", "shelter")
DESK, HALL = "desk", "hall"


class AskedV1(Event):
    """What an outside party asks for. With `later`, the desk is reminded of it after so many seconds."""

    TYPE: ClassVar[str] = "simulated.counter.asked.v1"
    counter_id: Id
    label: str
    later: int | None = None


class AnsweredV1(Event):
    """The one answer to a record from outside."""

    TYPE: ClassVar[str] = "simulated.counter.answered.v1"
    counter_id: Id | None = None
    verdict: str
    code: str = "raised"
    count: int | None = None


class MovedV1(Event):
    """What the desk says about every effect but an echo's."""

    TYPE: ClassVar[str] = "simulated.counter.moved.v1"
    counter_id: Id
    label: str
    count: int


class NotedV1(Event):
    """The same once more, on another topic: all outputs of a decision, or none."""

    TYPE: ClassVar[str] = "simulated.counter.noted.v1"
    counter_id: Id
    label: str
    count: int


class EchoedV1(Event):
    """What the hall says about every effect but its own reminders'."""

    TYPE: ClassVar[str] = "simulated.counter.echoed.v1"
    counter_id: Id
    label: str
    count: int


def _topic(name: str, producer: str, *events: type[Event], key: str = "counter_id", partitions: int = 2) -> Topic:
    return Topic(f"simulated.{name}.v1", key, events, producer, (), Zone.CITY, "Simulated.", partitions=partitions)


ASKED: Final = _topic("asked.<source>", "<source>", AskedV1, partitions=1)
ANSWERED: Final = _topic("answered.<source>", DESK, AnsweredV1, partitions=1)
MOVED: Final = _topic("moved", DESK, MovedV1)
NOTED: Final = _topic("noted", DESK, NotedV1, partitions=1)
ECHOED: Final = _topic("echoed", HALL, EchoedV1)
DESK_LETTERS: Final = _topic("desk-letters", DESK, DeadLetterRecordedV1, key="dead_letter_id", partitions=1)
HALL_LETTERS: Final = _topic("hall-letters", HALL, DeadLetterRecordedV1, key="dead_letter_id", partitions=1)
CATALOGUE: Final = (ASKED, ANSWERED, MOVED, NOTED, ECHOED, DESK_LETTERS, HALL_LETTERS)


@dataclass(slots=True)
class Mood:
    """The labels that a service cannot decide on just now."""

    broken: set[str] = field(default_factory=set)

    def look(self, label: str) -> None:
        if label in self.broken:
            raise ValueError("undecidable")


# ---- the desk's decisions


def _more(state: Counter | None, label: str) -> Counter:
    return Counter((*(state.labels if state else ()), label))


def _said(key: UUID, state: Counter) -> tuple[Event, ...]:
    label, count = state.labels[-1], len(state.labels)
    return (
        MovedV1(counter_id=key, label=label, count=count),
        NotedV1(counter_id=key, label=label, count=count),
    )


def asked(state: Counter | None, fact: AskedV1, ctx: Context[Mood]) -> Decision[Counter]:
    ctx.reference.look(fact.label)
    more = _more(state, fact.label)
    due = () if fact.later is None else (Due("remind", fact.counter_id, ctx.now + timedelta(seconds=fact.later)),)
    answer = AnsweredV1(verdict="accepted", counter_id=fact.counter_id, count=len(more.labels))
    return Decision(more, _said(fact.counter_id, more), due, answer)


def told(state: Counter | None, label: str, ctx: Context[Mood]) -> Decision[Counter]:
    assert ctx.key is not None
    more = _more(state, label)
    return Decision(more, _said(ctx.key, more))


def reminded(state: Counter | None, _: None, ctx: Context[Mood]) -> Decision[Counter]:
    """One reminder of every effect of which there was none yet."""
    assert ctx.key is not None
    more = _more(state, "reminded " + " ".join(not_reminded(state.labels if state else ())))
    return Decision(more, _said(ctx.key, more))


def not_reminded(labels: Sequence[str]) -> list[str]:
    done = {one for label in labels if label.startswith("reminded") for one in label.split()[1:]}
    return [label for label in labels if label.endswith("+") and " " not in label and label not in done]


def echo_heard(state: Counter | None, fact: EchoedV1, ctx: Context[Mood]) -> Decision[Counter]:
    return Decision(_more(state, f"echo {fact.label}"))


def refuse(refusal: Refusal, asked: Asked, _: Context[Mood]) -> Sequence[Event]:
    first = None if refusal.first is None else AnsweredV1.model_validate_json(refusal.first).count
    return (AnsweredV1(counter_id=asked.key, verdict=refusal.verdict, code=refusal.code, count=first),)


# ---- the hall's decisions


def moved(state: Counter | None, fact: MovedV1, ctx: Context[Mood]) -> Decision[Counter]:
    ctx.reference.look(fact.label)
    more = _more(state, fact.label)
    due = (Due("tidy", fact.counter_id, ctx.now + timedelta(seconds=2)),) if fact.label.endswith("+") else ()
    return Decision(more, (EchoedV1(counter_id=fact.counter_id, label=fact.label, count=len(more.labels)),), due)


def tidied(state: Counter | None, _: None, ctx: Context[Mood]) -> Decision[Counter]:
    return Decision(_more(state, "tidied"))


# ---- the wirings


def _key(event: Event, _: Cause, __: bytes) -> UUID:
    assert isinstance(event, AskedV1)
    return event.counter_id


def _as_it_came(event: Event, _: Cause) -> Event:
    return event


def desk(mood: Mood) -> App:
    inlet = Inlet(
        family=ASKED,
        aggregate=COUNTER,
        on={AskedV1: asked},
        key=_key,
        screen=lambda _: None,
        prepare=_as_it_came,
        refuse=refuse,
    )
    routes = (Route(ECHOED, COUNTER, {EchoedV1: echo_heard}),)
    return App(DESK, mood, routes, (inlet,), (Work("remind", COUNTER, reminded),), catalogue=CATALOGUE)


def hall(mood: Mood) -> App:
    catalogue: tuple[Any, ...] = tuple(topic for topic in CATALOGUE if topic is not DESK_LETTERS)
    routes = (Route(MOVED, COUNTER, {MovedV1: moved}),)
    return App(HALL, mood, routes, (), (Work("tidy", COUNTER, tidied),), catalogue=catalogue)
