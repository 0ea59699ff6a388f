"""A slot is looked for, held and offered; or the session waits, and whoever asked is told why. Pure."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from upstream_runtime.decision import Context, Decision, Due
from upstream_scheduler.decide import candidates, freeing, news
from upstream_scheduler.decide.candidates import Found, Shortage
from upstream_scheduler.model import GROUP, Facts, Held, Reference, Session, Stage
from upstream_schemas.scheduler import HoldExpiredV1, SessionLeftWaitingV1, SlotOfferedV1

TRY_AGAIN: Final = timedelta(days=1)
TOO_MANY_ROUNDS: Final = "too-many-rounds"
FOR_A_PERSON: Final = frozenset({TOO_MANY_ROUNDS, "window-passed"})  # time alone mends none of these


def place(session: Session | None, facts: Facts, ctx: Context[Reference]) -> Decision[Session]:
    """Hold the earliest slot and ask everybody, or wait with a reason."""
    if session is None or session.stage not in (Stage.SEEKING, Stage.WAITING):
        return Decision()
    if session.rounds >= session.rounds_max:
        return _left_waiting(session, Shortage(TOO_MANY_ROUNDS), ctx)
    found = candidates.find(session, facts, ctx.now)
    return _offered(session, found, ctx) if isinstance(found, Found) else _left_waiting(session, found, ctx)


def hold_expires(session: Session | None, _facts: None, ctx: Context[Reference]) -> Decision[Session]:
    """Whoever did not answer in time does not get that time again; the next slot is looked for."""
    if session is None or session.stage is not Stage.HELD or session.held is None or ctx.now < session.held.hold_until:
        return Decision()
    held = session.held
    silent = (freeing.refused(held, seat, "silent") for seat in held.seats if seat not in held.accepted)
    seeking, due = freeing.next_slot(session, silent, ctx.now)
    return Decision(seeking, (HoldExpiredV1(**news.news(session, held), round=held.round),), due)


def _offered(session: Session, found: Found, ctx: Context[Reference]) -> Decision[Session]:
    held = Held(session.rounds + 1, found.slot, found.trainers, found.hold_until)
    offered = SlotOfferedV1(**news.news(session, held, ctx.reference), round=held.round, hold_until=held.hold_until)
    state = replace(session, stage=Stage.HELD, rounds=held.round, held=held, waits_because=None)
    return Decision(state, (offered,), (Due("hold-expires", session.request_id, held.hold_until),))


def _left_waiting(session: Session, shortage: Shortage, ctx: Context[Reference]) -> Decision[Session]:
    """The reason is said when it is new, so that nobody is told the same every day."""
    for_a_person = shortage.reason in FOR_A_PERSON
    stage = Stage.NEEDS_PERSON if for_a_person else Stage.WAITING
    waiting = replace(session, stage=stage, waits_because=shortage.reason)
    due = () if for_a_person else (Due("place", session.request_id, ctx.now + TRY_AGAIN),)
    if session.waits_because == shortage.reason:
        return Decision(waiting, due=due)
    left = SessionLeftWaitingV1(
        **news.about(session),
        reference=session.reference,
        recipient=news.recipient(GROUP, session.group),
        reason=shortage.reason,
        facts=shortage.facts,
    )
    return Decision(waiting, (left,), due)
