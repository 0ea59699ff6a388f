"""Somebody asks for help (journey J4). Pure; what they wrote is locked before it comes here."""

from upstream_referral.outreach.decide.case import MATCH, Ctx
from upstream_referral.outreach.model import HelpAsked, Referral
from upstream_runtime.decision import Decision, Due, Fact
from upstream_schemas.outreach import OutreachContactUpsertedV1, ReferralRequestedV1


def help_asked(known: Referral | None, asked: HelpAsked, ctx: Ctx) -> Decision[Referral]:
    """A referral begins: who could help is looked for at once. The notifier's lane gets the card, if they left a mail address."""
    if known is not None:
        return Decision()
    contact = asked.person.contact
    contact_id = None if contact is None else ctx.id("contact")
    referral = Referral(
        referral_id=asked.referral_id,
        page_hash=asked.page_hash,
        language=asked.language,
        gave=asked.gave,
        person=asked.person,
        contact_id=contact_id,
        asked_at=ctx.now,
        since=ctx.now,
    )
    said: list[Fact] = [ReferralRequestedV1(referral_id=asked.referral_id, origin="self")]
    if contact is not None and contact_id is not None:
        said.append(
            OutreachContactUpsertedV1(contact_id=contact_id, contact=contact.text, key=contact.key, language=asked.language)
        )
    return Decision(referral, tuple(said), (Due(MATCH, asked.referral_id, ctx.now),))
