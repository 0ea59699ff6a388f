"""What is looked at again when its time has come, and what each piece reads before it is decided.

The looks that open what somebody wrote do it for one decision; what a provider may read is sealed before the decision sees it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from upstream_referral.outreach import decide, sealing, store
from upstream_referral.outreach.decide import case, crossings, directory
from upstream_referral.outreach.decide.matching import Found
from upstream_referral.outreach.decide.offers import NobodyThere, Sealed, next_to_ask
from upstream_referral.outreach.decide.telling import PageLink
from upstream_referral.outreach.model import Referral, Service, Stage
from upstream_runtime.wiring import Aggregate, Work


@dataclass(frozen=True, slots=True)
class Looks:
    """What due work on a referral reads. `public_url` is where this side's pages are reached."""

    public_url: str

    @staticmethod
    async def for_match(conn: Connection, state: Any, _: datetime) -> Found | None:
        """What would help, and who there is; None where there is nothing to look for."""
        if not isinstance(state, Referral) or state.stage is not Stage.LOOKING:
            return None
        details = sealing.details_of(state)
        if details is None:
            return None
        services, full = await store.taking_referrals(conn)
        return Found(details.needs, services, full)

    @staticmethod
    async def for_offer(conn: Connection, state: Any, _: datetime) -> Sealed | NobodyThere | None:
        """What the next provider would be told, sealed to it; None where it is nobody's turn."""
        consent = next_to_ask(state) if isinstance(state, Referral) else None
        details = sealing.details_of(state) if consent is not None else None
        if consent is None or details is None:
            return None
        provider = await store.provider_for(conn, consent.service)
        return NobodyThere(consent.service) if provider is None else sealing.sealed_offer(details, consent, provider)

    async def for_news(self, _: Connection, state: Any, __: datetime) -> PageLink | None:
        """The address of the participant's page; None where there is nothing to tell."""
        if not isinstance(state, Referral) or state.news is None:
            return None
        details = sealing.details_of(state)
        return None if details is None else PageLink(f"{self.public_url}/p/{details.page_secret}")


async def for_service(conn: Connection, _: Service | None, __: datetime) -> directory.Standing:
    """Who stands for which service now."""
    return directory.Standing(await store.standing_for(conn))


def due_work(
    matters: Aggregate, services: Aggregate, crossing: Aggregate, desk: Aggregate, public_url: str
) -> tuple[Work, ...]:
    """Everything that becomes due."""
    looks = Looks(public_url)
    return (
        Work(case.MATCH, matters, decide.match, look=looks.for_match),
        Work(case.CHOICE_LATE, matters, decide.choice_late),
        Work(case.OFFER, matters, decide.offer, look=looks.for_offer),
        Work(case.ANSWER_LATE, matters, decide.answer_late),
        Work(case.HAND_OFF_LATE, matters, decide.hand_off_late),
        Work(case.CONSENT_EXPIRES, matters, decide.consent_expires),
        Work(case.NEWS, matters, decide.news, look=looks.for_news),
        Work(case.FORGET, matters, decide.forget),
        Work(case.PADDING, matters, decide.padding),
        Work(case.DESK_NEWS, desk, decide.desk_news),
        Work(directory.SERVICE_SEEDED, services, decide.service_seeded, look=for_service),
        Work(crossings.CROSSING_FORGOTTEN, crossing, decide.crossing_forgotten),
    )
