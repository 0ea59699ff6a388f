"""What a provider says about an offer: each record gets exactly one answer, and nobody learns of what is not theirs. Pure.

An offer of somebody else and an id that never was get the same answer. Whether an answer came in time is judged by the
broker's clock, not by the provider's.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from typing import Any, Final, TypeAlias, TypeVar

from upstream_referral.outreach.decide.case import (
    ANSWER_LATE,
    CHOICE_LATE,
    FORGET,
    HAND_OFF_LATE,
    MATCH,
    OFFER,
    Course,
    Ctx,
    lifted,
    moved,
    tells,
    with_consent,
)
from upstream_referral.outreach.decide.ending import closes
from upstream_referral.outreach.decide.letting_go import ends, only_one_goes_on, onward
from upstream_referral.outreach.decide.replies import confirmed, missed, refused, withdrawn
from upstream_referral.outreach.model import Became, Consent, Offer, Referral, Stage
from upstream_runtime.decision import Decision, Due, Fact
from upstream_schemas.catalogues.answers import Ending, Reason
from upstream_schemas.outreach import (
    ReferralAcceptedV1,
    ReferralDeclinedV1,
    ReferralEngagedV1,
    ReferralWaitlistedV1,
)
from upstream_schemas.provider import (
    ContactFailedV1,
    ContactMadeV1,
    ErasureAttestedV1,
    ForProvider,
    ProviderAcceptedV1,
    ProviderClosedV1,
    ProviderDeclinedV1,
    ProviderRedirectedV1,
    ProviderWaitlistedV1,
)

F = TypeVar("F", bound=ForProvider)
Rule: TypeAlias = Callable[[Referral, Consent, Offer, F, Ctx], Decision[Referral]]

HAND_OFF_WITHIN: Final = timedelta(days=3)
UNREACHED_MAX: Final = 3
REASONS: Final = frozenset(Reason)
OUTCOMES: Final = frozenset(Ending)


def about_an_offer(rule: Rule[F]) -> Callable[[Any, F, Ctx], Decision[Referral]]:
    """For answers to an offer of this very provider. Anything else is answered as an id that never was."""

    @wraps(rule)
    def answered(state: Any, fact: F, ctx: Ctx) -> Decision[Referral]:
        consents = state.consents if isinstance(state, Referral) else ()
        for consent in consents:
            offer = consent.offer
            if offer is not None and offer.offer_id == fact.referral_id and offer.slug == ctx.cause.party:
                return rule(state, consent, offer, fact, ctx)
        return Decision(answer=withdrawn(fact, ctx))

    return answered


@about_an_offer
def accepted(referral: Referral, consent: Consent, offer: Offer, fact: ProviderAcceptedV1, ctx: Ctx) -> Decision[Referral]:
    """The first who says yes goes on; a waiting list's yes counts as long as nobody else said it."""
    if offer.over is None and offer.became in {Became.ACCEPTED, Became.ENGAGED}:
        return Decision(answer=confirmed(fact, ctx))
    if not _may_answer(offer, ctx):
        return Decision(answer=_too_late(offer, fact, ctx))
    taken = with_consent(moved(referral, Stage.ACCEPTED, ctx), replace(consent, offer=replace(offer, became=Became.ACCEPTED)))
    event = ReferralAcceptedV1(referral_id=referral.referral_id, service=consent.service)
    calm = lifted(referral, MATCH, CHOICE_LATE, OFFER, ANSWER_LATE, FORGET)
    late = Due(HAND_OFF_LATE, referral.referral_id, ctx.now + HAND_OFF_WITHIN)
    course = Course(replace(taken, proposed=(), outcome=None), (event,), (*calm, late))
    return (
        course.then(only_one_goes_on(consent, ctx)).then(tells("participant-accepted.v1", ctx)).decided(confirmed(fact, ctx))
    )


@about_an_offer
def declined(referral: Referral, consent: Consent, offer: Offer, fact: ProviderDeclinedV1, ctx: Ctx) -> Decision[Referral]:
    """A no, before or after a yes: the next one is asked."""
    if fact.reason not in REASONS:
        return Decision(answer=refused(fact, ctx, "unknown-reason", "/reason"))
    return _not_them(referral, consent, offer, replace(offer, became=Became.DECLINED), fact.reason, fact, ctx)


@about_an_offer
def redirected(referral: Referral, consent: Consent, offer: Offer, fact: ProviderRedirectedV1, ctx: Ctx) -> Decision[Referral]:
    """A no with advice: the participant is shown that service first, and still chooses."""
    advised = replace(offer, became=Became.REDIRECTED, suggests=fact.to_service)
    return _not_them(referral, consent, offer, advised, "redirected", fact, ctx)


@about_an_offer
def waitlisted(referral: Referral, consent: Consent, offer: Offer, fact: ProviderWaitlistedV1, ctx: Ctx) -> Decision[Referral]:
    """Later, perhaps: the next one is asked, and this one may still say yes."""
    if offer.over is None and offer.became is Became.WAITLISTED:
        return Decision(answer=confirmed(fact, ctx))
    if offer.over is None and offer.became in {Became.ACCEPTED, Became.ENGAGED}:
        return Decision(answer=refused(fact, ctx, "already-accepted"))
    if not _may_answer(offer, ctx):
        return Decision(answer=_too_late(offer, fact, ctx))
    waits = with_consent(referral, replace(consent, offer=replace(offer, became=Became.WAITLISTED)))
    event = ReferralWaitlistedV1(referral_id=referral.referral_id, service=consent.service)
    return Course(waits, (event,)).then(onward(ctx)).decided(confirmed(fact, ctx))


@about_an_offer
def contact_made(referral: Referral, consent: Consent, offer: Offer, fact: ContactMadeV1, ctx: Ctx) -> Decision[Referral]:
    """The two have spoken: the hand-off is done."""
    if (other := _no_hand_off(offer, fact, ctx)) is not None:
        return Decision(answer=other)
    if offer.became is Became.ENGAGED:
        return Decision(answer=confirmed(fact, ctx))
    engaged = replace(consent, offer=replace(offer, became=Became.ENGAGED))
    event = ReferralEngagedV1(referral_id=referral.referral_id, service=consent.service)
    state = with_consent(moved(referral, Stage.ENGAGED, ctx), engaged)
    return Decision(state, (event,), lifted(referral, HAND_OFF_LATE), confirmed(fact, ctx))


@about_an_offer
def contact_failed(referral: Referral, consent: Consent, offer: Offer, fact: ContactFailedV1, ctx: Ctx) -> Decision[Referral]:
    """Nobody was reached. The third time it goes back, and the next one is asked."""
    if (other := _no_hand_off(offer, fact, ctx)) is not None:
        return Decision(answer=other)
    if offer.became is Became.ENGAGED:
        return Decision(answer=confirmed(fact, ctx))
    tried = replace(offer, unreached=offer.unreached + 1)
    if tried.unreached < UNREACHED_MAX:
        return Decision(with_consent(referral, replace(consent, offer=tried)), answer=confirmed(fact, ctx))
    event = ReferralDeclinedV1(referral_id=referral.referral_id, service=consent.service, reason="unreachable")
    given_up = ends(replace(consent, offer=tried), Became.UNREACHABLE, ctx, erase=True)
    return Course(referral, (event,)).then(given_up).then(onward(ctx)).decided(confirmed(fact, ctx))


@about_an_offer
def closed(referral: Referral, consent: Consent, offer: Offer, fact: ProviderClosedV1, ctx: Ctx) -> Decision[Referral]:
    """It ended, by the word of whoever helped. What they know of the person stays with them until it is taken back."""
    if fact.outcome not in OUTCOMES:
        return Decision(answer=refused(fact, ctx, "unknown-outcome", "/outcome"))
    if (other := _no_hand_off(offer, fact, ctx)) is not None:
        return Decision(answer=other)
    course = Course(referral).then(ends(consent, Became.CLOSED, ctx, erase=False))
    return course.then(lambda ended: closes(ended, fact.outcome, ctx)).decided(confirmed(fact, ctx))


@about_an_offer
def erasure_attested(
    referral: Referral, consent: Consent, offer: Offer, fact: ErasureAttestedV1, ctx: Ctx
) -> Decision[Referral]:
    """They erased what they had; the participant's page says so."""
    if offer.over is None:
        return Decision(answer=refused(fact, ctx, "still-stands"))
    if offer.erased_at is not None:
        return Decision(answer=confirmed(fact, ctx))
    erased = with_consent(referral, replace(consent, offer=replace(offer, erased_at=ctx.now)))
    return Decision(erased, answer=confirmed(fact, ctx))


def _not_them(  # noqa: PLR0917 - the offer as it was and as it becomes, beside what every rule has
    referral: Referral, consent: Consent, offer: Offer, after: Offer, reason: str, fact: ForProvider, ctx: Ctx
) -> Decision[Referral]:
    """This one does not take it. Whoever is in contact closes instead; a waiting list that says no stops nobody."""
    if offer.over is None and offer.became is Became.ENGAGED:
        return Decision(answer=refused(fact, ctx, "already-in-contact"))
    taken = offer.over is None and offer.became is Became.ACCEPTED
    if not taken and not _may_answer(offer, ctx):
        return Decision(answer=_too_late(offer, fact, ctx))
    event = ReferralDeclinedV1(referral_id=referral.referral_id, service=consent.service, reason=reason)
    course = Course(referral, (event,)).then(ends(replace(consent, offer=after), after.became, ctx, erase=True))
    return (course if offer.became is Became.WAITLISTED else course.then(onward(ctx))).decided(confirmed(fact, ctx))


def _may_answer(offer: Offer, ctx: Ctx) -> bool:
    """Asked, and still in time by the broker's clock; or on the waiting list, which has no time."""
    if offer.over is not None:
        return False
    received_at = ctx.cause.received_at or ctx.now
    return offer.became is Became.WAITLISTED or (offer.became is Became.ASKED and received_at <= offer.respond_by)


def _no_hand_off(offer: Offer, fact: ForProvider, ctx: Ctx) -> Fact | None:
    """The answer where this provider has not said yes, or its yes stands no longer; None where it does."""
    if offer.over is not None:
        return _too_late(offer, fact, ctx)
    return None if offer.became in {Became.ACCEPTED, Became.ENGAGED} else refused(fact, ctx, "not-accepted")


def _too_late(offer: Offer, fact: ForProvider, ctx: Ctx) -> Fact:
    return withdrawn(fact, ctx) if offer.over == "withdrawn" else missed(fact, ctx)
