"""What every decision that gives a slot back has in common: others who wait get their chance. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from upstream_runtime.decision import Context, Decision, Due
from upstream_scheduler.decide import news
from upstream_scheduler.model import Held, Party, Reference, Refusal, Seat, Session, Stage
from upstream_schemas.scheduler import SessionCancelledV1

REFILL_KEY: Final = UUID("5c4ed01e-0000-8000-8000-000000000001")  # one row of due work for all of this database


def refill(now: datetime) -> Due:
    """Something is free: look at those who wait."""
    return Due("refill", REFILL_KEY, now)


def let_go(session: Session, now: datetime) -> tuple[Due, ...]:
    """The slot is free for others, and nothing more happens at its times."""
    key = session.request_id
    return (Due("hold-expires", key, None), Due("close-out", key, None), refill(now))


def next_slot(session: Session, refusals: Iterable[Refusal], now: datetime) -> tuple[Session, tuple[Due, ...]]:
    """The same session without its slot, and all that makes another be looked for."""
    seeking = replace(session, stage=Stage.SEEKING, held=None, refusals=(*session.refusals, *refusals))
    return seeking, (Due("place", session.request_id, now), *let_go(session, now))


def call_off(session: Session, held: Held, party: Party, again: Iterable[Refusal] | None, now: datetime) -> Decision[Session]:
    """The slot is cancelled; everybody who had it is told. With `again`, another is looked for under these refusals.

    Only a confirmed date stands in calendars; its cancellation is the next message of that entry (RFC 5546 §3.2.5).
    """
    was_confirmed = session.stage is Stage.CONFIRMED
    cancelled = SessionCancelledV1(
        **news.news(session, held),
        party=party,
        will_be_rescheduled=again is not None,
        was_confirmed=was_confirmed,
        calendar_uid=news.calendar_uid(session),
        calendar_sequence=session.sequence,
    )
    counted = replace(session, sequence=session.sequence + was_confirmed)
    if again is None:
        return Decision(replace(counted, stage=Stage.CANCELLED, held=None), (cancelled,), let_go(session, now))
    seeking, due = next_slot(counted, again, now)
    return Decision(seeking, (cancelled,), due)


def looked_for_no_longer(session: Session, party: Party) -> Decision[Session]:
    """A session that holds no slot ends: nobody was given a date, so nobody is told."""
    cancelled = SessionCancelledV1(
        **news.about(session),
        reference=session.reference,
        recipients=(),
        party=party,
        will_be_rescheduled=False,
        was_confirmed=False,
        calendar_uid=news.calendar_uid(session),
        calendar_sequence=session.sequence,
    )
    return Decision(replace(session, stage=Stage.CANCELLED), (cancelled,), (Due("place", session.request_id, None),))


def refused(held: Held, seat: Seat, why: Literal["declined", "silent", "cancelled"]) -> Refusal:
    """This seat does not want this slot, nor one that overlaps it."""
    return Refusal(held.round, seat, held.slot.span, why)


def refill_waiting(_none: None, waiting: tuple[UUID, ...], ctx: Context[Reference]) -> Decision[Session]:
    """Everybody who looks for a slot is looked at again, the longest waiting first: all at once, in this order."""
    first = ctx.now - timedelta(microseconds=len(waiting))
    return Decision(
        due=tuple(
            Due("place", request_id, first + timedelta(microseconds=turn), case=request_id)
            for turn, request_id in enumerate(waiting)
        )
    )
