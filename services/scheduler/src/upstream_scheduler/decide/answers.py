"""What group and trainers say through their signed links: yes, no, and later "I cannot come after all". Pure.

A link speaks of one offer. An answer to an earlier one, or after the hold has ended, changes nothing; saying the same
twice does no harm.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

from upstream_runtime.decision import Context, Decision, Due, Fact
from upstream_scheduler.decide import freeing, news
from upstream_scheduler.model import Held, Reference, Seat, Session, Stage
from upstream_schemas.scheduler import SessionConfirmedV1, SlotAcceptedV1, SlotDeclinedV1

CLOSE_OUT_AFTER: Final = timedelta(hours=1)
Word = Literal["accept", "decline", "cancel"]


@dataclass(frozen=True, slots=True)
class Answered:
    """One press of a button."""

    seat: Seat
    round: int
    word: Word


def answered(session: Session | None, answer: Answered, ctx: Context[Reference]) -> Decision[Session]:
    """The reply (`answer` of the decision) is what became of it, as a code."""
    if session is None or session.held is None or session.held.round != answer.round:
        return Decision(answer="not-current")
    match answer.word, session.stage:
        case ("accept", Stage.HELD) if ctx.now < session.held.hold_until:
            return _accepted(session, session.held, answer.seat, ctx)
        case ("decline", Stage.HELD) if ctx.now < session.held.hold_until:
            return _declined(session, session.held, answer.seat, ctx)
        case ("accept", Stage.CONFIRMED):
            return Decision(answer="confirmed")
        case ("cancel", Stage.CONFIRMED) if ctx.now < session.held.slot.starts_at:
            return _cancelled(session, session.held, answer.seat, ctx)
        case _:
            return Decision(answer="too-late")


def _accepted(session: Session, held: Held, seat: Seat, ctx: Context[Reference]) -> Decision[Session]:
    """The date stands once the group and every trainer have said yes."""
    if seat in held.accepted:
        return Decision(answer="accepted")
    accepted = SlotAcceptedV1(**news.about(session), round=held.round, party=seat.party)
    now_held = replace(held, accepted=(*held.accepted, seat))
    if set(now_held.accepted) == set(now_held.seats):
        return _confirmed(session, now_held, accepted, ctx)
    return Decision(replace(session, held=now_held), (accepted,), answer="accepted")


def _confirmed(session: Session, held: Held, accepted: Fact, ctx: Context[Reference]) -> Decision[Session]:
    confirmed = SessionConfirmedV1(
        **news.news(session, held, ctx.reference),
        calendar_uid=news.calendar_uid(session),
        calendar_sequence=session.sequence,
    )
    state = replace(session, stage=Stage.CONFIRMED, held=held, sequence=session.sequence + 1)
    key = session.request_id
    due = (Due("hold-expires", key, None), Due("close-out", key, held.slot.ends_at + CLOSE_OUT_AFTER))
    return Decision(state, (accepted, confirmed), due, answer="confirmed")


def _declined(session: Session, held: Held, seat: Seat, ctx: Context[Reference]) -> Decision[Session]:
    """A trainer's no opens the time to other trainers; the group's no takes the time away."""
    declined = SlotDeclinedV1(**news.news(session, held), round=held.round, party=seat.party)
    seeking, due = freeing.next_slot(session, (freeing.refused(held, seat, "declined"),), ctx.now)
    return Decision(seeking, (declined,), due, answer="declined")


def _cancelled(session: Session, held: Held, seat: Seat, ctx: Context[Reference]) -> Decision[Session]:
    """The group's cancellation ends the matter; a trainer's must not cost the group its training (journey J8)."""
    again = None if seat.party == "group" else (freeing.refused(held, seat, "cancelled"),)
    return replace(freeing.call_off(session, held, seat.party, again, ctx.now), answer="cancelled")
