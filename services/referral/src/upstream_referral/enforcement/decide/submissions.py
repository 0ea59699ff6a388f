"""What an agency hands over: it is received or invalid, and what is received waits for those who approve it. Pure.

The receipt is the same whatever else happens, on this side or on the other: that a submission was approved, declined or left
undecided is told to no agency.
"""

from datetime import datetime, timedelta
from typing import Final

from upstream_referral.enforcement.decide.checks import Wrong, plain_language, to_the_minute, wrong_alert, wrong_offer
from upstream_referral.enforcement.model import (
    AreaAlert,
    CallAsked,
    HandedOver,
    HelpOffer,
    Issued,
    LifeSafetyCall,
    Locked,
    Offered,
    Reference,
    SealedContact,
    Submission,
    What,
)
from upstream_referral.enforcement.receipts import About, invalid, received
from upstream_runtime.decision import Context, Decision, Due

EXPIRES: Final = "submission-expires"
DECIDE_WITHIN: Final = timedelta(hours=72)
SUBMISSION_KNOWN: Final = "submission-known"
Ctx = Context[Reference]


def help_offered(known: Submission | None, offer: Offered, ctx: Ctx) -> Decision[Submission]:
    """X1: whoever approves has until a call is expected, and DECIDE_WITHIN at most."""
    if wrong := wrong_offer(offer, _received_at(ctx)):
        return _invalid(offer, wrong, ctx)
    contact = offer.contact if isinstance(offer.contact, SealedContact) else None
    respond_by = to_the_minute(offer.respond_by)
    what = HelpOffer(offer.urgency, respond_by, plain_language(offer.language), offer.callback_desk, contact)
    return _waits(known, offer, what, min(respond_by, ctx.now + DECIDE_WITHIN), ctx)


def area_alert_issued(known: Submission | None, alert: Issued, ctx: Ctx) -> Decision[Submission]:
    """X2."""
    if wrong := wrong_alert(alert, _received_at(ctx)):
        return _invalid(alert, wrong, ctx)
    what = AreaAlert(alert.cell, to_the_minute(alert.hour), alert.alert, alert.retaliation)
    return _waits(known, alert, what, ctx.now + DECIDE_WITHIN, ctx)


def life_safety_call_asked(known: Submission | None, call: CallAsked, ctx: Ctx) -> Decision[Submission]:
    """X3: its grounds stay on this side, locked."""
    return _waits(known, call, LifeSafetyCall(call.callback_number), ctx.now + DECIDE_WITHIN, ctx, grounds=call.grounds)


def _waits(
    known: Submission | None, handed: HandedOver, what: What, expires_at: datetime, ctx: Ctx, *, grounds: Locked | None = None
) -> Decision[Submission]:
    """An id stands for one submission: another record under it is refused, and the first one stays as it is."""
    if known is not None:
        return _invalid(handed, (("/submission_id", SUBMISSION_KNOWN),), ctx)
    assert ctx.key is not None, "every submission has a key"
    assert ctx.cause.party is not None, "every submission has an agency"
    waiting = Submission(
        id=ctx.key,
        agency=ctx.cause.party,
        submission_id=handed.submission_id,
        agency_reference=handed.agency_reference,
        received_at=ctx.now,
        expires_at=expires_at,
        what=what,
        grounds=grounds,
    )
    return Decision(waiting, due=(Due(EXPIRES, waiting.id, expires_at),), answer=received(_about(handed, ctx)))


def _invalid(handed: HandedOver, wrong: Wrong, ctx: Ctx) -> Decision[Submission]:
    return Decision(answer=invalid(_about(handed, ctx), wrong[0][1], wrong))


def _about(handed: HandedOver, ctx: Ctx) -> About:
    return About(handed.submission_id, ctx.cause.id, handed.agency_reference)


def _received_at(ctx: Ctx) -> datetime:
    """When the broker got it: part of the input, unlike the moment at which we happen to look."""
    return ctx.cause.received_at or ctx.now
