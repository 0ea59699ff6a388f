"""One provider at a time is asked, as the participant allowed, and silence means the next one. Pure.

Source: research on referral §4.1 (two business days to answer, three for the warm hand-off: whoever introduces stays
responsible until the two have spoken) and the design of the wall: the least that the consent covers, ciphertext only, an id
that only this provider knows.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from upstream_referral.outreach.decide.case import (
    ANSWER_LATE,
    OFFER,
    Course,
    Ctx,
    about_a_referral,
    escalated,
    full_hour_after,
    with_consent,
)
from upstream_referral.outreach.decide.letting_go import ends, onward
from upstream_referral.outreach.model import Became, Consent, ContentKey, Offer, Referral, Stage
from upstream_runtime.decision import Decision, Due, To
from upstream_schemas.outreach import ReferralDeclinedV1, ReferralOfferedV1
from upstream_schemas.provider import ContentKeyDeliveredV1, ReferralOfferMadeV1
from upstream_schemas.sealed import PADDED_BYTES, OfferPayload, SelfReferral, TooLongError, padded

ANSWER_WITHIN: Final = timedelta(days=2)
ANSWER_GRACE: Final = timedelta(minutes=1)  # what was sent in time may still be on its way to us
TERMS: Final = (
    "For helping this person, and for nothing else. Pass it on to nobody. Reach out only in the way they allowed. "
    "Erase it when you are asked to, and say that you did."
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What would go to one provider, encrypted before the decision: an id of its own, the payload, and the key to it."""

    service: str
    slug: str
    offer_id: UUID
    sealed: str
    content_key: str = field(repr=False)
    key_id: str
    sealed_key: str


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """No provider stands for this service at the moment."""

    service: str


def next_to_ask(referral: Referral) -> Consent | None:
    """Whose turn it is: one at a time, in the participant's order."""
    if referral.stage is not Stage.ASKING or referral.asked is not None:
        return None
    return next((consent for consent in referral.consents if consent.waits), None)


def payload(details: SelfReferral, classes: tuple[str, ...], offer_id: UUID) -> OfferPayload:
    """What this provider is told: what would help, the language, and of everything else only what was ticked."""
    return OfferPayload(
        referral_id=offer_id,
        needs=details.needs,
        language=details.language,
        name=details.name if "name" in classes else None,
        email=details.email if "contact" in classes else None,
        phone=details.phone if "contact" in classes else None,
        words=details.words if "words" in classes else None,
        terms=TERMS,
    )


def document(told: OfferPayload) -> str:
    """The payload at its one size. Words that do not fit into it lose their end, and say so by three dots."""
    while True:
        try:
            return padded(told.model_dump_json(exclude_none=True), PADDED_BYTES)
        except TooLongError:
            assert told.words is not None, "without words every payload fits"
            told = told.model_copy(update={"words": f"{told.words[: len(told.words) * 9 // 10]}…"})


@about_a_referral
def offer(referral: Referral, prepared: Sealed | NobodyThere | None, ctx: Ctx) -> Decision[Referral]:
    """The next one is asked. Where nobody is there to be asked any more, it is the turn of whoever comes after."""
    consent = next_to_ask(referral)
    if consent is None or prepared is None:
        return Decision()
    if prepared.service != consent.service:  # taken back while it was sealed: what was sealed goes nowhere
        return Decision(due=(Due(OFFER, referral.referral_id, ctx.now),))
    if isinstance(prepared, NobodyThere):
        declined = ReferralDeclinedV1(referral_id=referral.referral_id, service=consent.service, reason="not-available")
        passed = with_consent(referral, replace(consent, passed_over=True))
        return Course(passed, (declined,)).then(onward(ctx)).decided()
    return _made(referral, consent, prepared, ctx)


def _made(referral: Referral, consent: Consent, prepared: Sealed, ctx: Ctx) -> Decision[Referral]:
    respond_by = full_hour_after(ctx.now + ANSWER_WITHIN)
    offer_id = prepared.offer_id
    made = Offer(offer_id, prepared.slug, ctx.now, respond_by, told=consent.classes)
    keys = (*referral.content_keys, ContentKey(offer_id, prepared.content_key))
    asked = with_consent(replace(referral, content_keys=keys), replace(consent, offer=made))
    offered = ReferralOfferMadeV1(referral_id=offer_id, service=consent.service, sealed=prepared.sealed, respond_by=respond_by)
    delivered = ContentKeyDeliveredV1(referral_id=offer_id, key_id=prepared.key_id, sealed_key=prepared.sealed_key)
    told = ReferralOfferedV1(referral_id=referral.referral_id, service=consent.service, respond_by=respond_by)
    late = Due(ANSWER_LATE, referral.referral_id, respond_by + ANSWER_GRACE)
    return Decision(asked, (To(made.slug, delivered), To(made.slug, offered), told), (late,))


@about_a_referral
def answer_late(referral: Referral, _: None, ctx: Ctx) -> Decision[Referral]:
    """Silence past the time means the next one."""
    consent = referral.asked
    if consent is None or consent.offer is None or ctx.now <= consent.offer.respond_by:
        return Decision()
    declined = ReferralDeclinedV1(referral_id=referral.referral_id, service=consent.service, reason="silent")
    return Course(referral, (declined,)).then(ends(consent, Became.SILENT, ctx, erase=True)).then(onward(ctx)).decided()


@about_a_referral
def hand_off_late(referral: Referral, _: None, ctx: Ctx) -> Decision[Referral]:
    """Somebody said yes, and the two have not spoken yet: a person of the team calls."""
    if referral.stage is not Stage.ACCEPTED or referral.late is not None:
        return Decision()
    return escalated(referral, "hand-off", ctx).decided()
