"""What crosses: each record built anew, field by field, under a fresh random id (docs/separation.md). Pure.

An approved crossing is never handed on, copied or unpacked as a whole: what is not named here does not cross. The one thing
copied as it is, is X1's sealed contact, which nobody but OVP can open. An offset of a time would be a mark of who wrote it.
"""

from datetime import UTC

from upstream_referral.gateway.decide.counting import CROSSED, counted
from upstream_referral.gateway.model import Counters
from upstream_runtime.decision import Context, Decision
from upstream_schemas.crossing import AreaAlertCrossedV1, HelpOfferCrossedV1, LifeSafetyCallCrossedV1
from upstream_schemas.enforcement import (
    AreaAlertApprovedV1,
    CrossingRefusedV1,
    HelpOfferApprovedV1,
    LifeSafetyCallApprovedV1,
)

Ctx = Context[None]


def help_offer_approved(counters: Counters | None, offer: HelpOfferApprovedV1, ctx: Ctx) -> Decision[Counters]:
    """X1, for OVP's coordinator."""
    crossed = HelpOfferCrossedV1(
        crossing_id=ctx.fresh_id(),
        urgency=offer.urgency,
        respond_by=offer.respond_by.astimezone(UTC),
        language=offer.language,
        callback_desk=offer.callback_desk,
        key_id=offer.key_id,
        sealed_contact=offer.sealed_contact,
    )
    return Decision(counted(counters, offer.agency, "help-offer", CROSSED, ctx.now), (crossed,))


def area_alert_approved(counters: Counters | None, alert: AreaAlertApprovedV1, ctx: Ctx) -> Decision[Counters]:
    """X2, for the outreach duty desk."""
    crossed = AreaAlertCrossedV1(
        crossing_id=ctx.fresh_id(),
        cell=alert.cell,
        hour=alert.hour.astimezone(UTC),
        kind=alert.kind,
        retaliation=alert.retaliation,
    )
    return Decision(counted(counters, alert.agency, "area-alert", CROSSED, ctx.now), (crossed,))


def life_safety_call_approved(counters: Counters | None, call: LifeSafetyCallApprovedV1, ctx: Ctx) -> Decision[Counters]:
    """X3, for OVP's coordinator."""
    crossed = LifeSafetyCallCrossedV1(crossing_id=ctx.fresh_id(), callback_number=call.callback_number)
    return Decision(counted(counters, call.agency, "life-safety-call", CROSSED, ctx.now), (crossed,))


def crossing_refused(counters: Counters | None, refused: CrossingRefusedV1, ctx: Ctx) -> Decision[Counters]:
    """Nothing crosses, and that is counted."""
    return Decision(counted(counters, refused.agency, refused.kind, refused.reason, ctx.now))
