"""How a session ends: reported, taken as delivered when nobody says otherwise, or called off by staff. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from upstream_runtime.decision import Context, Decision, Due, Fact
from upstream_scheduler.decide import freeing, news
from upstream_scheduler.model import GROUP, ROUNDS_MAX, Held, Party, Reference, Session, Stage
from upstream_schemas.scheduler import SessionDeliveredV1, SessionMissedV1


@dataclass(frozen=True, slots=True)
class OutcomeReported:
    """Somebody who was there, or staff, says what happened. `round` is set where the answer came through a link."""

    outcome: Literal["delivered", "missed"]
    party: Party
    round: int | None = None


@dataclass(frozen=True, slots=True)
class CalledOff:
    """Staff cancel the slot: for the city, or for the trainers, who rang up. `again`: another slot is looked for."""

    party: Literal["city", "trainer"]
    again: bool


@dataclass(frozen=True, slots=True)
class LookedAgain:
    """Staff want a session that was left to a person to be tried again."""


def close_out(session: Session | None, _facts: None, _ctx: Context[Reference]) -> Decision[Session]:
    """Its time has passed and nobody reported it missed."""
    if session is None or session.stage is not Stage.CONFIRMED or session.held is None:
        return Decision()
    delivered = SessionDeliveredV1(**news.about(session), assumed=True, ended_at=session.held.slot.ends_at)
    return Decision(replace(session, stage=Stage.DELIVERED), (delivered,))


def outcome_reported(session: Session | None, report: OutcomeReported, ctx: Context[Reference]) -> Decision[Session]:
    """Counts from the start of the session until it is closed; the first report holds."""
    if session is None or session.held is None or report.round not in (None, session.held.round):
        return Decision(answer="not-current")
    if session.stage is not Stage.CONFIRMED:
        return Decision(answer="too-late")
    if ctx.now < session.held.slot.starts_at:
        return Decision(answer="too-early")
    event = _outcome(session, session.held, report, ctx)
    stage = Stage(report.outcome)
    return Decision(replace(session, stage=stage), (event,), (Due("close-out", session.request_id, None),), report.outcome)


def called_off(session: Session | None, fact: CalledOff, ctx: Context[Reference]) -> Decision[Session]:
    """Staff take a slot back before it starts. The trainers', or for the city the group's, is not offered again."""
    if session is None or session.held is None or session.stage not in (Stage.HELD, Stage.CONFIRMED):
        return Decision(answer="no-slot")
    held = session.held
    if held.slot.starts_at <= ctx.now:
        return Decision(answer="too-late")
    seats = [trainer.seat for trainer in held.trainers] if fact.party == "trainer" else [GROUP]
    again = [freeing.refused(held, seat, "cancelled") for seat in seats] if fact.again else None
    return replace(freeing.call_off(session, held, fact.party, again, ctx.now), answer="cancelled")


def looked_again(session: Session | None, _fact: LookedAgain, ctx: Context[Reference]) -> Decision[Session]:
    """As many rounds again for a session that waits."""
    if session is None or session.stage not in (Stage.WAITING, Stage.NEEDS_PERSON):
        return Decision(answer="not-waiting")
    seeking = replace(session, stage=Stage.SEEKING, rounds_max=session.rounds + ROUNDS_MAX)
    return Decision(seeking, due=(Due("place", session.request_id, ctx.now),), answer="looking")


def _outcome(session: Session, held: Held, report: OutcomeReported, ctx: Context[Reference]) -> Fact:
    if report.outcome == "missed":
        return SessionMissedV1(**news.about(session), reported_by=report.party)
    return SessionDeliveredV1(**news.about(session), assumed=False, ended_at=min(ctx.now, held.slot.ends_at))
