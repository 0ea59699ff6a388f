"""Intake's orders: a date is wanted, or no longer. Pure.

Only an accepted agreement asks for a date (glossary: training requested).
"""

from dataclasses import replace
from datetime import time

from upstream_runtime.decision import Context, Decision, Due
from upstream_scheduler.decide import freeing, news
from upstream_scheduler.model import ROUNDS_MAX, Format, Order, Party, Person, Reference, Session, Stage, Stretch
from upstream_schemas.city import Weekday, Window
from upstream_schemas.intake import (
    RequestClosedV1,
    RequesterErasedV1,
    RequestRejectedV1,
    RequestWithdrawnV1,
    TrainingRequestedV1,
)
from upstream_schemas.scheduler import SessionAcceptedV1

WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WITHOUT_SLOT = frozenset({Stage.SEEKING, Stage.WAITING, Stage.NEEDS_PERSON})
FELL_THROUGH = frozenset({Stage.CANCELLED, Stage.MISSED})

# "Trainings are currently conducted virtually" (seed 000): where both will do, virtual is tried first.
_FORMATS: dict[str, tuple[Format, ...]] = {
    "virtual": ("virtual",),
    "in_person": ("in_person",),
    "either": ("virtual", "in_person"),
}


def training_requested(session: Session | None, event: TrainingRequestedV1, ctx: Context[Reference]) -> Decision[Session]:
    """A new order opens a session and a slot is looked for at once; a changed one counts until a slot is held.

    A training that was cancelled or missed and is agreed on anew goes on as the same session: rounds and the calendar's
    SEQUENCE count on, so that no link and no entry of the first date speaks of the second.
    """
    due = (Due("place", event.request_id, ctx.now),)
    if session is None:
        opened = _opened(event, ctx)
        return Decision(opened, (SessionAcceptedV1(**news.about(opened)),), due)
    again = replace(session, order=_order(event), stage=Stage.SEEKING, rounds_max=session.rounds + ROUNDS_MAX)
    if session.stage in FELL_THROUGH:
        reopened = replace(again, held=None, waits_because=None)
        return Decision(reopened, (SessionAcceptedV1(**news.about(session)),), due)
    return Decision(again, due=due) if session.stage in WITHOUT_SLOT else Decision()


RequestEnded = RequestWithdrawnV1 | RequestRejectedV1 | RequestClosedV1 | RequesterErasedV1


def request_ended(session: Session | None, event: RequestEnded, ctx: Context[Reference]) -> Decision[Session]:
    """The request is over: what was held for it is free, and those who had the date are told that it is off.

    A case that the group took back, or whose requester was erased, ends by the group's word; any other by the city's.
    """
    if session is None or session.stage in (Stage.DELIVERED, Stage.MISSED, Stage.CANCELLED):
        return Decision()
    party: Party = "group" if isinstance(event, RequestWithdrawnV1 | RequesterErasedV1) else "city"
    if session.held is None:
        return freeing.looked_for_no_longer(session, party)
    if session.held.slot.starts_at <= ctx.now:
        return Decision()
    return freeing.call_off(session, session.held, party, None, ctx.now)


def stretch(window: Window) -> Stretch:
    """A window of the contract as the calendar counts: 0 is Monday."""
    return Stretch(WEEKDAYS.index(window.weekday), time.fromisoformat(window.start), time.fromisoformat(window.end))


def _opened(event: TrainingRequestedV1, ctx: Context[Reference]) -> Session:
    return Session(
        request_id=event.request_id,
        session_id=ctx.id("session"),
        reference=event.reference,
        group=Person(event.contact_id, event.language),
        order=_order(event),
        stage=Stage.SEEKING,
        asked_at=ctx.cause.at,
    )


def _order(event: TrainingRequestedV1) -> Order:
    terms, availability = event.terms, event.availability
    return Order(
        topic=terms.topic,
        formats=_FORMATS[terms.format],
        length_minutes=terms.length_minutes,
        language=terms.language,
        group_size=terms.group_size,
        needs=event.access_needs,
        windows=tuple(map(stretch, availability.windows)),
        earliest=availability.earliest,
        latest=availability.latest,
        timezone=availability.timezone,
    )
