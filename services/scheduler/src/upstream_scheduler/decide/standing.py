"""What a signed link still stands for: which page its holder sees. Pure."""

from datetime import datetime
from enum import StrEnum

from upstream_scheduler.model import Held, Seat, Session, Stage


class Standing(StrEnum):
    """One page for each."""

    OPEN = "open"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    UNDER_WAY = "under-way"
    DELIVERED = "delivered"
    MISSED = "missed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NOT_CURRENT = "not-current"


_PAST = {
    Stage.DELIVERED: Standing.DELIVERED,
    Stage.MISSED: Standing.MISSED,
}
_REFUSED = {"declined": Standing.DECLINED, "silent": Standing.EXPIRED, "cancelled": Standing.CANCELLED}


def standing(session: Session, seat: Seat, offer_round: int, now: datetime) -> Standing:
    """Where this seat stands with the slot that was offered in that round."""
    if session.held is not None and session.held.round == offer_round:
        return _of_current(session, session.held, seat, now)
    for refusal in session.refusals:
        if refusal.seat == seat and refusal.round == offer_round:
            return _REFUSED[refusal.why]
    return Standing.CANCELLED if session.stage is Stage.CANCELLED else Standing.NOT_CURRENT


def _of_current(session: Session, held: Held, seat: Seat, now: datetime) -> Standing:
    if session.stage is Stage.CONFIRMED:
        return Standing.CONFIRMED if now < held.slot.starts_at else Standing.UNDER_WAY
    if session.stage is Stage.HELD:
        if now >= held.hold_until:
            return Standing.EXPIRED
        return Standing.ACCEPTED if seat in held.accepted else Standing.OPEN
    return _PAST[session.stage]
