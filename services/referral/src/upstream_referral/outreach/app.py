"""The wiring of the outreach side: what it hears, what it decides, where it keeps it."""

from functools import partial
from pathlib import Path

from upstream_referral.outreach import decide, inlet, store
from upstream_referral.outreach.decide import directory, responses, telling
from upstream_referral.outreach.grantees import grantees
from upstream_referral.outreach.model import HelpAsked, Reference
from upstream_referral.outreach.sealing import OvpKeys, referral_opened
from upstream_referral.outreach.web import Kept, pages
from upstream_referral.outreach.work import due_work
from upstream_runtime import vault
from upstream_runtime.links import Links
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import Aggregate, App, Inlet, Route
from upstream_schemas import crossing, notifier, provider, topics

# A provider's record is about a referral or about the provider itself, and one inlet has one aggregate: it keeps both.
MATTERS = Aggregate("matter", store.load_matters, store.save_matters, resolve=store.referral_ids)
SERVICES = Aggregate("service", store.load_services, store.save_services)
CROSSINGS = Aggregate("crossing", store.load_crossings, store.save_crossings)
DESK = Aggregate("desk", store.load_desks, store.save_desks)

RESPONSES = Inlet(
    family=topics.PROVIDER_RESPONSES,
    aggregate=MATTERS,
    on={
        provider.ProviderAcceptedV1: responses.accepted,
        provider.ProviderDeclinedV1: responses.declined,
        provider.ProviderWaitlistedV1: responses.waitlisted,
        provider.ProviderRedirectedV1: responses.redirected,
        provider.ContactMadeV1: responses.contact_made,
        provider.ContactFailedV1: responses.contact_failed,
        provider.ProviderClosedV1: responses.closed,
        provider.ErasureAttestedV1: responses.erasure_attested,
        provider.CapacityUpdatedV1: directory.capacity_updated,
        provider.TrialReceivedV1: directory.trial_received,
    },
    key=inlet.key,
    screen=inlet.screen,
    prepare=inlet.prepare,
    refuse=inlet.refuse,
)
DELIVERIES = Route(
    topic=topics.OUTREACH_DELIVERIES,
    aggregate=MATTERS,
    on={
        notifier.NoticeSentV1: decide.notice_sent,
        notifier.NoticeFailedV1: decide.notice_not_sent,
        notifier.NoticeSuppressedV1: decide.notice_not_sent,
        notifier.NoticeExpiredV1: decide.notice_not_sent,
    },
    steps=telling.by_referral,
)
HELP_OFFERS = Route(
    topic=topics.CROSSING_HELP_OFFERS,
    aggregate=CROSSINGS,
    on={
        crossing.HelpOfferCrossedV1: decide.help_offer_crossed,
        crossing.LifeSafetyCallCrossedV1: decide.life_safety_call_crossed,
    },
)
AREA_ALERTS = Route(
    topic=topics.CROSSING_AREA_ALERTS,
    aggregate=CROSSINGS,
    on={crossing.AreaAlertCrossedV1: decide.area_alert_crossed},
)


def wiring(settings: Settings) -> App:
    """The process as one table."""
    ovp = OvpKeys(partial(settings.secret, "ovp-keys"))
    links = Links(settings.public_url, settings.secret("link-key"))
    kept = Kept(referrals=MATTERS, providers=MATTERS, crossings=CROSSINGS, desk=DESK)
    asked = Route(topics.INTAKE_REFERRALS, MATTERS, {HelpAsked: decide.help_asked}, steps=referral_opened(ovp))
    return App(
        process="referral-outreach",
        reference=Reference(grantees()),
        routes=(asked, DELIVERIES, HELP_OFFERS, AREA_ALERTS),
        inlets=(RESPONSES,),
        work=due_work(MATTERS, SERVICES, CROSSINGS, DESK, settings.public_url),
        seal=vault.sealer(Path(settings.value("LANE_PUBLIC_KEY"))),
        pages=pages(kept, links, settings.secret("staff-token"), ovp.open),
    )
