"""What happens on both sides of the wall in a test of it: one fixed day of the police, and any number of outreach histories.

Every text that somebody could recognise is a marker of its own, so that a search finds where it went.
"""

import random
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from support.wall_world import PROVIDERS, START, World

from upstream_schemas.enforcement import AreaAlertIssuedV1, HelpOfferedV1, LifeSafetyCallAskedV1
from upstream_schemas.provider import ContactMadeV1, ProviderAcceptedV1, ProviderClosedV1, ProviderDeclinedV1
from upstream_schemas.sealed import SelfReferral

ATTESTED: Final = {"not_criminal_justice_information": True, "not_intelligence_derived": True}


@dataclass(frozen=True, slots=True)
class Day:
    """What differs between two days of the police that must look the same from outreach: everything that does not cross."""

    agency: str = "ppb"
    reference: str = "REFQXVENFMARKER01"
    name: str = "Qxvnamemarker Example"
    phone: str = "+15035550171"
    grounds: str = "Qxvgroundsmarker, told by Officer Example"
    account: str = "qxvaccountmarker"
    event_id: str = "qxv-event-marker"
    number: int = 1
    contact: bool = True
    respond_by: str = "2026-11-25T18:00:00Z"

    @property
    def markers(self) -> tuple[str, ...]:
        return (self.reference, self.name.split()[0], self.phone[1:], self.grounds.split(",")[0], self.account, self.event_id)

    def submission(self, kind: int) -> UUID:
        """An id of the agency's own."""
        return UUID(int=(self.number << 64) + (7 << 76) + (2 << 62) + kind)


DAY: Final = Day()


async def police_day(world: World, day: Day = DAY) -> None:
    """X1 approved by two, X2 and X3 by one each; another X1 declined; one that cannot be read."""
    offer: dict[str, Any] = {
        "agency_reference": day.reference,
        "urgency": "this-week",
        "respond_by": day.respond_by,
        "language": "so",
        "callback_desk": "ceasefire-desk",
        "attestation": ATTESTED,
    }
    if day.contact:
        offer["contact"] = {"name": day.name, "phone": day.phone}
    first = await world.hands_over(_made(HelpOfferedV1, offer, day.submission(1)), day.agency, f"{day.event_id}-1")
    second = await world.hands_over(_made(HelpOfferedV1, offer, day.submission(2)), day.agency, f"{day.event_id}-2")
    alert = {"agency_reference": day.reference, "cell": "district-1", "hour": "2026-11-23T17:00:00Z", "kind": "shooting"}
    third = await world.hands_over(
        _made(AreaAlertIssuedV1, alert | {"retaliation": "elevated"}, day.submission(3)), day.agency, f"{day.event_id}-3"
    )
    call = {"agency_reference": day.reference, "callback_number": "+15035550119", "grounds": day.grounds}
    fourth = await world.hands_over(_made(LifeSafetyCallAskedV1, call, day.submission(4)), day.agency, f"{day.event_id}-4")
    unknown_desk = _made(HelpOfferedV1, offer | {"callback_desk": "no-such-desk"}, day.submission(5))
    await world.hands_over(unknown_desk, day.agency, f"{day.event_id}-5")
    await world.approves(first, "agency-approver", f"{day.account}-one", day.agency)
    await world.approves(first, "ceasefire-director", f"{day.account}-two")
    await world.declines(second, "ceasefire-director", f"{day.account}-two")
    await world.approves(third, "duty-sergeant", f"{day.account}-three")
    await world.approves(fourth, "lieutenant", f"{day.account}-four")
    await world.carries()


def _made(kind: Any, fields: dict[str, Any], submission: UUID) -> Any:
    import json

    return kind.model_validate_json(json.dumps(fields | {"submission_id": str(submission)}))


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks for help, every word of theirs a marker."""

    number: int = 1

    @property
    def referral(self) -> UUID:
        return UUID(int=(0x01A1FE488282 << 80) + (7 << 76) + (2 << 62) + self.number)

    @property
    def details(self) -> SelfReferral:
        n = f"{self.number:02d}"
        return SelfReferral(
            page_secret=f"Qxvpagesecretmarker{n}" + "A" * 22,
            language="es",
            needs=("youth-support", "someone-to-talk-to"),
            name=f"Qxvpersonmarker{n} Example",
            email=f"qxvmailmarker{n}@example.org",
            phone=f"+150355502{n}",
            words=f"Qxvwordsmarker{n} my brother needs somebody",
        )

    @property
    def markers(self) -> tuple[str, ...]:
        n = f"{self.number:02d}"
        return (
            f"Qxvpagesecretmarker{n}", f"Qxvpersonmarker{n}", f"qxvmailmarker{n}", f"150355502{n}", f"Qxvwordsmarker{n}",
        )  # fmt: skip


async def proposed_to(world: World, referral: UUID) -> tuple[str, ...]:
    """What the participant is shown."""
    rows = [row for row in await world.outreach.said("outreach.referrals.") if row.key == str(referral).encode()]
    shown = [row.body["services"] for row in rows if row.attributes["ce_type"] == "outreach.referral.proposed.v1"]
    return tuple(shown[-1]) if shown else ()


async def outreach_history(world: World, seed: int, people: int = 2) -> None:
    """A random history: who asks, who is ticked, what providers say, what is taken back. The same for the same seed."""
    drawn = random.Random(seed)
    await world.opens()
    for number in range(1, people + 1):
        asker = Asker(seed % 10 * 10 + number)
        await world.asks_for_help(asker.referral, asker.details)
        shown = await proposed_to(world, asker.referral)
        if not shown or drawn.random() < 0.15:
            continue
        chosen = tuple(drawn.sample(shown, drawn.randint(1, len(shown))))
        await world.chooses(asker.referral, chosen, tuple(drawn.sample(("name", "contact", "words"), drawn.randint(0, 3))))
        await _answers(world, drawn, asker)
        world.clock.at = START


async def _answers(world: World, drawn: random.Random, asker: Asker) -> None:
    answered: set[bytes | None] = set()
    for turn in range(3):
        world.clock.at = START
        offers = [(slug, row) for slug in PROVIDERS for row in await world.offered_to(slug) if row.key not in answered]
        if not offers:
            return
        slug, offer = offers[-1]
        answered.add(offer.key)
        named = UUID((offer.key or b"").decode())
        match drawn.choice(("accept", "decline", "silent", "back")):
            case "accept":
                await world.provider_says(slug, ProviderAcceptedV1(referral_id=named), f"{slug} {turn} {named} yes")
                await world.provider_says(slug, ContactMadeV1(referral_id=named), f"{slug} {turn} {named} met")
                await world.provider_says(
                    slug, ProviderClosedV1(referral_id=named, outcome="got-help"), f"{slug} {turn} {named} end"
                )
            case "decline":
                no = ProviderDeclinedV1(referral_id=named, reason="no-capacity")
                await world.provider_says(slug, no, f"{slug} {turn} {named} no")
            case "silent":
                world.later(days=3)
                await world.carries()
            case "back":
                await world.takes_back(asker.referral)
