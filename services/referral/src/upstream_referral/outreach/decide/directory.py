"""The directory of services, and the providers that stand for them. Pure.

A service is in the directory because the programme names it; it takes referrals through Upstream as soon as a provider with
topics of its own stands for it. What is not known of a service is absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from upstream_referral.outreach.decide.case import Ctx, Said
from upstream_referral.outreach.decide.letting_go import provider_id
from upstream_referral.outreach.decide.replies import confirmed, refused, withdrawn
from upstream_referral.outreach.model import (
    DONE,
    UNKNOWN,
    UNKNOWN_SERVICE,
    Provider,
    ProviderRegistered,
    ProviderRemoved,
    Service,
    TrialAsked,
)
from upstream_runtime.decision import Decision, Due, ErasedFor, To
from upstream_schemas.outreach import ServicePublishedV1
from upstream_schemas.provider import CapacityUpdatedV1, ContentKeyDeliveredV1, TrialReceivedV1, TrialSentV1

SERVICE_SEEDED: Final = "service-seeded"


@dataclass(frozen=True, slots=True)
class Standing:
    """Which provider stands for which service now, by the service's code."""

    slugs: Mapping[str, str]


def service_seeded(service: Service | None, now: Standing, ctx: Ctx) -> Decision[Service]:
    """The service as the programme names it, with who stands for it; published where that is news."""
    seed = ctx.reference.directory.get(ctx.key) if ctx.key is not None else None
    if seed is None:
        return Decision()
    current = replace(seed, slug=now.slugs.get(seed.code))
    if current == service:
        return Decision()
    return Decision(current, (published(current),))


def published(service: Service) -> ServicePublishedV1:
    """The public record of a service."""
    return ServicePublishedV1(
        service_id=service.service_id,
        code=service.code,
        organization_name=service.organization_name,
        name=service.name,
        description=service.description,
        needs=service.needs,
        eligibility_description=service.eligibility_description,
        hours=service.hours,
        url=service.url,
        phone=service.phone,
        status=service.status,
        takes_referrals=service.takes_referrals,
        source=service.source,
    )


def provider_registered(known: Any, fact: ProviderRegistered, ctx: Ctx) -> Decision[Provider]:
    """A provider is there, or has a newer key. What it was told before is sealed to the older one, which it keeps."""
    if any(ctx.reference.service_id(code) is None for code in fact.services):
        return Decision(answer=UNKNOWN_SERVICE)
    fresh = Provider(provider_id(fact.slug, ctx.secret), fact.slug, fact.key_id, fact.public_key, fact.services)
    before: tuple[str, ...] = ()
    if isinstance(known, Provider):
        before = known.services
        fresh = replace(known, key_id=fact.key_id, public_key=fact.public_key, services=fact.services, active=True)
    return Decision(fresh, due=_seen_again((*before, *fact.services), ctx), answer=DONE)


def provider_removed(known: Any, _: ProviderRemoved, ctx: Ctx) -> Decision[Provider]:
    """Nobody is referred to it any more; what it was asked runs out by silence."""
    if not isinstance(known, Provider) or not known.active:
        return Decision(answer=UNKNOWN)
    return Decision(replace(known, active=False), due=_seen_again(known.services, ctx), answer=DONE)


def trial_asked(known: Any, _: TrialAsked, ctx: Ctx) -> Decision[Provider]:
    """A record that says nothing is sent, to see that it arrives."""
    if not isinstance(known, Provider) or not known.active:
        return Decision(answer=UNKNOWN)
    trial_id = ctx.fresh_id()
    sent = replace(known, trial_id=trial_id, trial_sent_at=ctx.now, trial_received_at=None)
    return Decision(sent, (To(known.slug, TrialSentV1(referral_id=trial_id)),), answer=DONE)


def trial_received(known: Any, fact: TrialReceivedV1, ctx: Ctx) -> Decision[Provider]:
    """The trial arrived, and its answer too."""
    if not isinstance(known, Provider) or fact.referral_id != known.trial_id:
        return Decision(answer=withdrawn(fact, ctx))
    received = replace(known, trial_received_at=known.trial_received_at or ctx.now)
    return Decision(received, answer=confirmed(fact, ctx))


def capacity_updated(known: Any, fact: CapacityUpdatedV1, ctx: Ctx) -> Decision[Provider]:
    """How many more a service can take. Who says it is full is shown last, and still shown: such numbers grow old."""
    if not isinstance(known, Provider) or fact.service not in known.services:
        return Decision(answer=refused(fact, ctx, "not-your-service", "/service"))
    others = tuple(place for place in known.places if place[0] != fact.service)
    places = (*others, (fact.service, fact.available))
    return Decision(replace(known, places=places), answer=confirmed(fact, ctx))


def padding(known: Any, _: None, ctx: Ctx) -> Decision[Provider]:
    """One more record behind what was erased, so that the broker cleans it away: a tombstone of a key that never was."""
    if not isinstance(known, Provider):
        return Decision()
    said: tuple[Said, ...] = (ErasedFor(known.slug, ContentKeyDeliveredV1, ctx.fresh_id()),)
    return Decision(events=said)


def _seen_again(codes: tuple[str, ...], ctx: Ctx) -> tuple[Due, ...]:
    """These services are looked at again: who stands for them may have changed."""
    ids = {code: ctx.reference.service_id(code) for code in codes}
    return tuple(Due(SERVICE_SEEDED, found, ctx.now, case=found) for found in ids.values() if found is not None)
