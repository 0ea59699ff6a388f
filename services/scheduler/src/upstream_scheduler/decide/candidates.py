"""The earliest slot at which trainers and a place are free together, or why there is none. Pure, the same every time.

Greedy: one session at a time, first come first served. It sees only the facts it is given; that nobody is booked twice
is PostgreSQL's to guarantee.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from upstream_scheduler import calendar
from upstream_scheduler.model import (
    BUFFER,
    GROUP,
    Assigned,
    Facts,
    Order,
    Person,
    Place,
    Refusal,
    Session,
    Slot,
    Span,
    Trainer,
    Venue,
)

# A date must be far enough away that people can answer and then plan for it. Three days before the start nothing moves
# any more (the freeze of the design notes on scheduling); one more day to answer is an assumption for the city to confirm.
# Where the group's own window leaves less than twice that, half of what is left, in the same proportion; under half a
# day a person has to step in.
LEAD_MAX: Final = timedelta(days=4)
LEAD_MIN: Final = timedelta(hours=12)
NOTICE_SHARE: Final = 3 / 4
ANSWER_MAX: Final = timedelta(hours=72)  # research: scheduling §3, timeout of a hold
HORIZON: Final = timedelta(days=180)
GROUP_PER_TRAINER_MAX: Final = 30  # an assumption for the city to confirm
VENUE_NEEDS: Final = frozenset({"step_free", "captions"})


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why no slot was found, as a code, with what stands in the way."""

    reason: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A slot, who trains, and until when it is held."""

    slot: Slot
    trainers: tuple[Assigned, ...]
    hold_until: datetime


@dataclass(frozen=True, slots=True)
class _Diary:
    """One trainer's time as far as this session goes: when at work, when taken, which places of a week are used."""

    trainer: Trainer
    zone: ZoneInfo
    at_work: tuple[Span, ...]
    taken: tuple[Span, ...]
    refused: tuple[Span, ...]
    used: dict[date, frozenset[int]]

    def seat_at(self, span: Span) -> Assigned | None:
        """The trainer's assignment for this time, or None where it is not free or the week is full."""
        if not any(work.holds(span) for work in self.at_work):
            return None
        if _meets(span.widened(BUFFER), self.taken) or _meets(span, self.refused):
            return None
        week = calendar.monday_of(span.start, self.zone)
        used, trainer = self.used.get(week, frozenset()), self.trainer
        free = [ordinal for ordinal in range(1, trainer.week_max + 1) if ordinal not in used]
        if not free:
            return None
        person = Person(trainer.contact_id, trainer.language)
        return Assigned(trainer.trainer_id, person, week, free[0], trainer.week_max)

    def load(self, week: date) -> int:
        return len(self.used.get(week, ()))


def trainers_needed(group_size: int) -> int:
    """Two for a group larger than one trainer should face alone."""
    return 2 if group_size > GROUP_PER_TRAINER_MAX else 1


def lead_for(order: Order, now: datetime) -> timedelta | None:
    """How far ahead the first date may lie, or None where the group's window is past or too short for any."""
    lead = min(LEAD_MAX, (order.latest - now) / 2)
    return lead if lead >= LEAD_MIN else None


def find(session: Session, facts: Facts, now: datetime) -> Found | Shortage:
    """The earliest slot, with the trainers who have the fewest sessions in that week (then the smallest id)."""
    order, lead = session.order, lead_for(session.order, now)
    if lead is None:
        return Shortage("window-passed")
    able, fitting = _able(order, facts.trainers), _fitting(order, facts.venues)
    if isinstance(able, Shortage):
        return able
    if not fitting:
        return Shortage("no-venue", (f"group-of-{order.group_size}", *order.formats, *_venue_needs(order)))
    inside = Span(max(order.earliest, now + lead), min(order.latest, now + HORIZON))
    diaries = [_diary(trainer, session.refusals, facts, inside) for trainer in able]
    for span in _spans(session, inside):
        if placed := _placed(order, span, diaries, fitting, facts):
            slot, trainers = placed
            hold_until = min(now + ANSWER_MAX, slot.starts_at - lead * NOTICE_SHARE)
            return Found(slot, trainers, hold_until)
    return Shortage("nobody-free", (order.topic, order.language))


def _able(order: Order, trainers: Sequence[Trainer]) -> tuple[Trainer, ...] | Shortage:
    needed = trainers_needed(order.group_size)
    more = (f"trainers-needed-{needed}",) if needed > 1 else ()
    with_topic = [trainer for trainer in trainers if trainer.active and order.topic in trainer.skills]
    if len(with_topic) < needed:
        return Shortage("no-trainer-for-topic", (order.topic, *more))
    speaking = [trainer for trainer in with_topic if primary(order.language) in map(primary, trainer.languages)]
    if len(speaking) < needed:
        return Shortage("no-trainer-for-language", (order.topic, primary(order.language), *more))
    able = tuple(trainer for trainer in speaking if set(order.formats) & set(trainer.formats))
    return able if len(able) >= needed else Shortage("no-trainer-for-format", (*order.formats, *more))


def primary(language: str) -> str:
    """The language of a BCP 47 tag without region or script."""
    return language.partition("-")[0].lower()


def _fitting(order: Order, venues: Iterable[Venue]) -> tuple[Venue, ...]:
    """Active venues that hold the group, smallest first. Needs that no room can meet (an interpreter) are people's work."""
    needs = set(_venue_needs(order))
    fits = (
        venue
        for venue in venues
        if venue.active
        and venue.capacity >= order.group_size
        and set(order.formats) & set(venue.formats)
        and needs <= set(venue.access)
    )
    return tuple(sorted(fits, key=lambda venue: (venue.capacity, venue.venue_id)))


def _venue_needs(order: Order) -> list[str]:
    return sorted(VENUE_NEEDS & set(order.needs))


def _diary(trainer: Trainer, refusals: Iterable[Refusal], facts: Facts, inside: Span) -> _Diary:
    zone = ZoneInfo(trainer.timezone)
    taken = tuple(row.span for row in facts.taken if row.resource_id == trainer.trainer_id)
    refused = tuple(refusal.span for refusal in refusals if refusal.seat.trainer_id == trainer.trainer_id)
    used: dict[date, frozenset[int]] = {}
    for row in facts.week_places:
        if row.trainer_id == trainer.trainer_id:
            used[row.week] = used.get(row.week, frozenset()) | {row.ordinal}
    at_work = calendar.free_spans(trainer.weekly, trainer.exceptions, inside, zone)
    return _Diary(trainer, zone, at_work, taken, refused, used)


def _spans(session: Session, inside: Span) -> Iterator[Span]:
    order = session.order
    refused = [refusal.span for refusal in session.refusals if refusal.seat == GROUP]
    for start in calendar.starts(calendar.free_spans(order.windows, (), inside, ZoneInfo(order.timezone)), order.length):
        span = Span(start, start + order.length)
        if not _meets(span, refused):
            yield span


def _placed(
    order: Order, span: Span, diaries: Iterable[_Diary], venues: Iterable[Venue], facts: Facts
) -> tuple[Slot, tuple[Assigned, ...]] | None:
    free = [(diary, seat) for diary in diaries if (seat := diary.seat_at(span))]
    free.sort(key=lambda pair: (pair[0].load(pair[1].week), pair[1].trainer_id))
    busy = {row.resource_id for row in facts.taken if row.span.overlaps(span.widened(BUFFER))}
    for form in order.formats:
        crew = [seat for diary, seat in free if form in diary.trainer.formats][: trainers_needed(order.group_size)]
        room = next((venue for venue in venues if form in venue.formats and venue.venue_id not in busy), None)
        if room is not None and len(crew) == trainers_needed(order.group_size):
            return Slot(span.start, span.end, _place(room)), tuple(crew)
    return None


def _place(venue: Venue) -> Place:
    return Place(venue.venue_id, venue.code, venue.name)


def _meets(span: Span, others: Iterable[Span]) -> bool:
    return any(span.overlaps(other) for other in others)
