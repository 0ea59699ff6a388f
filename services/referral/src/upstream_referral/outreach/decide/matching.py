"""Who could help: up to three services are shown, and the participant chooses. Pure.

Source: research on referral §6: participant choice first, at most three, explained; the order is deterministic, and equals
take turns, so that nobody is first for ever. Who asked, and where from, plays no part.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from upstream_referral.outreach.decide.case import CHOICE_LATE, Course, Ctx, about_a_referral, moved, tells
from upstream_referral.outreach.decide.letting_go import unmet
from upstream_referral.outreach.model import PROPOSED_MAX, Referral, Service, Stage
from upstream_runtime.decision import Decision, Due, steady_id
from upstream_schemas.outreach import ReferralProposedV1

CHOICE_LATE_AFTER: Final = timedelta(days=3)
ANYTHING: Final = "other"  # somebody whose need is none of the list may be helped by anybody


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to match: what would help, services that take referrals, and those of them that say they are full."""

    needs: tuple[str, ...]
    services: tuple[Service, ...]
    full: frozenset[str] = frozenset()


@about_a_referral
def match(referral: Referral, found: Found | None, ctx: Ctx) -> Decision[Referral]:
    """The participant is asked who of these may be told; where there is nobody, that is an outcome."""
    if referral.stage is not Stage.LOOKING or found is None:
        return Decision()
    best = ranked(referral, found, ctx.secret)[:PROPOSED_MAX]
    if not best:
        return unmet(referral, "nobody-left" if referral.consents else "no-service", ctx).decided()
    choosing = replace(moved(referral, Stage.CHOOSING, ctx), proposed=best)
    event = ReferralProposedV1(referral_id=referral.referral_id, services=best)
    late = Due(CHOICE_LATE, referral.referral_id, ctx.now + CHOICE_LATE_AFTER)
    again = "participant-choose-again.v1" if referral.consents else "participant-choose.v1"
    return Course(choosing, (event,), (late,)).then(tells(again, ctx)).decided()


def ranked(referral: Referral, found: Found, secret: bytes) -> tuple[str, ...]:
    """The services that fit and were not asked before, best first.

    First what a provider said fits better, then who has places, then who helps with more of what is needed.
    """
    suggested = {consent.offer.suggests for consent in referral.consents if consent.offer is not None}
    before = {consent.service for consent in referral.consents}
    fitting = [service for service in found.services if service.code not in before and _fits(service, found.needs)]

    def rank(service: Service) -> tuple[bool, bool, int, int]:
        turn = steady_id(f"turn {referral.referral_id} {service.code}", secret)
        shared = len(set(service.needs) & set(found.needs))
        return service.code not in suggested, service.code in found.full, -shared, turn.int

    return tuple(service.code for service in sorted(fitting, key=rank))


def _fits(service: Service, needs: Iterable[str]) -> bool:
    wanted = set(needs)
    return not wanted or ANYTHING in wanted or not wanted.isdisjoint(service.needs)
