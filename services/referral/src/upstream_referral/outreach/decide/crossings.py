"""What comes through the wall: a person of OVP sees it, and nothing of it goes back. Pure.

Source: design of the wall, X1 to X3, and research on referral §4.3: received, acknowledged or dropped, forgotten within 14 days.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from upstream_referral.outreach.decide.case import Ctx, desk_hears
from upstream_referral.outreach.model import (
    DONE,
    UNKNOWN,
    Acknowledged,
    AreaAlert,
    Crossing,
    HelpOffer,
    LifeSafetyCall,
)
from upstream_runtime.decision import Decision, Due
from upstream_schemas.crossing import AreaAlertCrossedV1, Crossed, HelpOfferCrossedV1, LifeSafetyCallCrossedV1

CROSSING_FORGOTTEN: Final = "crossing-forgotten"
FORGOTTEN_AFTER: Final = timedelta(days=14)


def help_offer_crossed(known: Crossing | None, event: HelpOfferCrossedV1, ctx: Ctx) -> Decision[Crossing]:
    """X1: somebody asks OVP to offer help to a person. A contact stays sealed; it is opened on the coordinator's page alone."""
    offer = HelpOffer(
        urgency=event.urgency,
        respond_by=event.respond_by,
        language=event.language,
        callback_desk=event.callback_desk,
        key_id=event.key_id,
        sealed_contact=event.sealed_contact,
    )
    return _received(known, event, offer, ctx)


def life_safety_call_crossed(known: Crossing | None, event: LifeSafetyCallCrossedV1, ctx: Ctx) -> Decision[Crossing]:
    """X3: a number to call now."""
    return _received(known, event, LifeSafetyCall(event.callback_number), ctx)


def area_alert_crossed(known: Crossing | None, event: AreaAlertCrossedV1, ctx: Ctx) -> Decision[Crossing]:
    """X2: something happened in an area."""
    return _received(known, event, AreaAlert(event.cell, event.hour, event.kind, event.retaliation), ctx)


def acknowledged(crossing: Crossing | None, fact: Acknowledged, ctx: Ctx) -> Decision[Crossing]:
    """A coordinator acts on it. Noted here, said nowhere; the first name stands."""
    if crossing is None or crossing.what is None:
        return Decision(answer=UNKNOWN)
    if crossing.acknowledged_by is not None:
        return Decision(answer=DONE)
    return Decision(replace(crossing, acknowledged_by=fact.account, acknowledged_at=ctx.now), answer=DONE)


def crossing_forgotten(crossing: Crossing | None, _: None, __: Ctx) -> Decision[Crossing]:
    """What it said is dropped, whether somebody acted on it or not."""
    return Decision() if crossing is None else Decision(replace(crossing, what=None))


def _received(
    known: Crossing | None, event: Crossed, what: HelpOffer | LifeSafetyCall | AreaAlert, ctx: Ctx
) -> Decision[Crossing]:
    if known is not None:
        return Decision()
    crossing = Crossing(event.crossing_id, what.kind, ctx.now, what)
    forgotten = Due(CROSSING_FORGOTTEN, event.crossing_id, ctx.now + FORGOTTEN_AFTER)
    return Decision(crossing, due=(forgotten, desk_hears(ctx.now)))
