"""The one answer to each record of a provider, in words that it can act on. Pure. Must not repeat a value that it sent."""

from typing import Final

from upstream_referral.outreach.decide.case import Ctx
from upstream_runtime.decision import Fact
from upstream_schemas.city import Problem
from upstream_schemas.provider import (
    ForProvider,
    ReferralOfferConfirmedV1,
    ReferralOfferMissedV1,
    ReferralOfferWithdrawnV1,
    ResponseRefusedV1,
)

PROBLEMS_MAX: Final = 20


def confirmed(fact: ForProvider, ctx: Ctx) -> Fact:
    """It counts."""
    return ReferralOfferConfirmedV1(referral_id=fact.referral_id, answer_to=ctx.cause.id)


def missed(fact: ForProvider, ctx: Ctx) -> Fact:
    """The offer had ended before it came."""
    return ReferralOfferMissedV1(referral_id=fact.referral_id, answer_to=ctx.cause.id)


def withdrawn(fact: ForProvider, ctx: Ctx) -> Fact:
    """There is no such offer, or none any more: which of the two is nobody's business."""
    return ReferralOfferWithdrawnV1(referral_id=fact.referral_id, answer_to=ctx.cause.id)


def refused(fact: ForProvider, ctx: Ctx, code: str, pointer: str | None = None) -> Fact:
    """It cannot be taken as it is; `pointer` says which field."""
    problems = () if pointer is None else (Problem(pointer=pointer, code=code),)
    return ResponseRefusedV1(referral_id=fact.referral_id, answer_to=ctx.cause.id, code=code, problems=problems)
