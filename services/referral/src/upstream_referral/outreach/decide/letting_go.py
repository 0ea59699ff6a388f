"""How an offer ends, and how the search goes on or ends behind it. Pure.

An offer's key is destroyed the moment the offer is over: its row goes with the state, its copy on the provider's topic by a
tombstone. Whoever was told and does not help is asked to erase. Source: design of the wall, "Providers".
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from upstream_referral.outreach.decide.case import (
    ALL_KINDS,
    ANSWER_LATE,
    FORGET,
    HAND_OFF_LATE,
    MATCH,
    OFFER,
    PADDING,
    Course,
    Ctx,
    Said,
    Step,
    desk_hears,
    full_hour_after,
    lifted,
    moved,
    tells,
    with_consent,
)
from upstream_referral.outreach.model import NOBODY, Became, Consent, Offer, Referral, Stage
from upstream_runtime.decision import Due, Erased, ErasedFor, To, steady_id
from upstream_schemas.outreach import NoticeTakenBackV1, OutreachContactUpsertedV1, ReferralUnmetV1
from upstream_schemas.provider import ContentKeyDeliveredV1, ErasureRequestedV1, ReferralOfferWithdrawnV1

PADDED_AFTER: Final = timedelta(minutes=11)  # a quiet compacted topic keeps what was erased until something is appended
ATTESTED_WITHIN: Final = timedelta(days=7)
FORGOTTEN_AFTER: Final = timedelta(days=90)


def provider_id(slug: str, secret: bytes) -> UUID:
    """The key of a provider: the same for the same slug in this database."""
    return steady_id(f"provider {slug}", secret)


def ends(consent: Consent, became: Became, ctx: Ctx, *, erase: bool) -> Step:
    """A step: the offer is over by an answer, by silence or by time."""

    def step(referral: Referral) -> Course:
        offer = _offer(consent)
        gone, padding = _shredded(offer, ctx)
        ended = replace(offer, became=became, over="ended")
        ended, asked = _asked_to_erase(ended, ctx) if erase else (ended, ())
        return Course(with_consent(referral, replace(consent, offer=ended)), (*gone, *asked), padding)

    return step


def withdraws(consent: Consent, ctx: Ctx) -> Step:
    """A step: the offer stands no longer, though the provider did nothing. What it opened it must erase.

    An offer that had ended already is withdrawn too where the provider still has what it was told.
    """

    def step(referral: Referral) -> Course:
        offer = _offer(consent)
        gone, padding = _shredded(offer, ctx)
        ended, asked = _asked_to_erase(replace(offer, over="withdrawn"), ctx)
        said = (To(offer.slug, ReferralOfferWithdrawnV1(referral_id=offer.offer_id)),) if gone or asked else ()
        return Course(with_consent(referral, replace(consent, offer=ended)), (*gone, *said, *asked), padding)

    return step


def only_one_goes_on(chosen: Consent, ctx: Ctx) -> Step:
    """A step: one said yes, so whoever else was asked is asked no longer."""

    def step(referral: Referral) -> Course:
        course = Course(referral)
        for consent in referral.consents:
            others = consent.service != chosen.service and consent.offer is not None and consent.offer.over is None
            if others:
                course = course.then(withdraws(consent, ctx))
        return course

    return step


def onward(ctx: Ctx) -> Step:
    """A step: the next whom the participant allowed is asked; where nobody is left, who else could help is looked for."""

    def step(referral: Referral) -> Course:
        key = referral.referral_id
        nothing_late = lifted(referral, ANSWER_LATE, HAND_OFF_LATE)
        if any(consent.waits for consent in referral.consents):
            return Course(moved(referral, Stage.ASKING, ctx), due=(*nothing_late, Due(OFFER, key, ctx.now)))
        return Course(moved(referral, Stage.LOOKING, ctx), due=(*nothing_late, Due(MATCH, key, ctx.now)))

    return step


def unmet(referral: Referral, reason: str, ctx: Ctx) -> Course:
    """Nobody is left who could help: an outcome that is counted, and that a person of the team sees."""
    ended = replace(moved(referral, Stage.UNMET, ctx), outcome=reason, proposed=())
    event = ReferralUnmetV1(referral_id=referral.referral_id, reason=reason)
    return Course(ended, (event,), (desk_hears(ctx.now), forgotten_later(referral, ctx))).then(
        tells("participant-unmet.v1", ctx)
    )


def forgotten_later(referral: Referral, ctx: Ctx) -> Due:
    """What ended is forgotten after a while."""
    return Due(FORGET, referral.referral_id, ctx.now + FORGOTTEN_AFTER)


def person_gone(referral: Referral) -> Course:
    """The person's keys are destroyed, here and at the notifier's lane: nothing that they wrote opens any more."""
    said: list[Said] = [] if referral.notice_id is None else [NoticeTakenBackV1(notice_id=referral.notice_id)]
    if referral.contact_id is not None:
        said.append(Erased(OutreachContactUpsertedV1, referral.contact_id))
    gone = replace(referral, person=NOBODY, contact_id=None, gave=(), proposed=(), late=None, news=None, notice_id=None)
    return Course(gone, tuple(said), lifted(referral, *ALL_KINDS))


def _offer(consent: Consent) -> Offer:
    assert consent.offer is not None, "only what was offered can be over"
    return consent.offer


def _shredded(offer: Offer, ctx: Ctx) -> tuple[tuple[Said, ...], tuple[Due, ...]]:
    """The key's tombstone, once, and one more record behind it later."""
    if offer.over is not None:
        return (), ()
    padding = Due(PADDING, provider_id(offer.slug, ctx.secret), ctx.now + PADDED_AFTER)
    return (ErasedFor(offer.slug, ContentKeyDeliveredV1, offer.offer_id),), (padding,)


def _asked_to_erase(offer: Offer, ctx: Ctx) -> tuple[Offer, tuple[Said, ...]]:
    """The request to erase, once."""
    if offer.erase_by is not None:
        return offer, ()
    by = full_hour_after(ctx.now + ATTESTED_WITHIN)
    return replace(offer, erase_by=by), (To(offer.slug, ErasureRequestedV1(referral_id=offer.offer_id, attest_by=by)),)
