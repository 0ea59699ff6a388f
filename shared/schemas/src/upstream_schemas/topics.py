# long: one table, whose rows are read beside each other
"""The catalogue of topics: one table, the single source.

Broker topics, every access right, `docs/topics.md`, `docs/asyncapi.json`, `docs/events.html` and the routes of the services are
generated from it or tested against it. Rows marked planned are not created.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from upstream_schemas import city, crossing, enforcement, intake, notifier, operations, outreach, provider, scheduler
from upstream_schemas.model import Event
from upstream_schemas.topic import PARTY_MARKS, Topic, Zone

OUTREACH, ENFORCEMENT, GATEWAY = "referral-outreach", "referral-enforcement", "referral-gateway"
PROCESSES: Final = ("intake", "scheduler", "notifier-public", "notifier-outreach", OUTREACH, ENFORCEMENT, GATEWAY)


DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
FORTNIGHT: Final = timedelta(days=14)

CITY_SUBMISSIONS: Final = Topic(
    name="city.submissions.<source>.v1",
    key="submission_id",
    events=(city.SubmissionSubmittedV1, city.SubmissionAmendedV1, city.SubmissionWithdrawnV1),
    producer="<source>",
    consumers=("intake",),
    zone=Zone.CITY,
    partitions=1,
    retention=WEEK,
    doc="What a city system hands over. Who sent it is known from the topic alone.",
)
CITY_RESULTS: Final = Topic(
    name="city.results.<source>.v1",
    key="submission_id",
    events=(
        city.SubmissionAcceptedV1,
        city.SubmissionDuplicateV1,
        city.SubmissionRedirectedV1,
        city.SubmissionRejectedV1,
        city.SubmissionQuarantinedV1,
    ),
    producer="intake",
    consumers=("<source>",),
    zone=Zone.CITY,
    partitions=1,
    retention=WEEK,
    doc="Exactly one verdict for each record of that source.",
)
INTAKE_REQUESTS: Final = Topic(
    name="intake.requests.v1",
    key="request_id",
    events=(
        intake.RequestReceivedV1,
        intake.RequestAmendedV1,
        intake.RequestRedirectedV1,
        intake.RequestTriagedV1,
        intake.InformationRequestedV1,
        intake.InformationProvidedV1,
        intake.AgreementProposedV1,
        intake.AgreementCounteredV1,
        intake.AgreementAcceptedV1,
        intake.AgreementDeclinedV1,
        intake.TrainingRequestedV1,
        intake.RequestRejectedV1,
        intake.RequestWithdrawnV1,
        intake.RequestExpiredV1,
        intake.FeedbackRequestedV1,
        intake.FeedbackReceivedV1,
        intake.RequestClosedV1,
        intake.RequesterErasedV1,
    ),
    producer="intake",
    consumers=("scheduler", "notifier-public"),
    zone=Zone.CITY,
    doc="The life of a request. Only `intake.training.requested` asks for a date.",
)
INTAKE_CONTACTS: Final = Topic(
    name="intake.contacts.v1",
    key="contact_id",
    events=(intake.ContactUpsertedV1,),
    producer="intake",
    consumers=("notifier-public",),
    zone=Zone.CITY,
    retention=None,
    doc="Sealed contacts of requesters. A tombstone means erased.",
)
INTAKE_SUBSCRIPTIONS: Final = Topic(
    name="intake.subscriptions.v1",
    key="subscription_id",
    events=(),
    producer="intake",
    consumers=("notifier-public",),
    zone=Zone.CITY,
    retention=None,
    planned=True,
    doc="Subscriptions to topics and areas, by double opt-in.",
)
SCHEDULER_SESSIONS: Final = Topic(
    name="scheduler.sessions.v1",
    key="request_id",
    events=(
        scheduler.SessionAcceptedV1,
        scheduler.SlotOfferedV1,
        scheduler.SlotAcceptedV1,
        scheduler.SlotDeclinedV1,
        scheduler.HoldExpiredV1,
        scheduler.SessionConfirmedV1,
        scheduler.SessionCancelledV1,
        scheduler.SessionDeliveredV1,
        scheduler.SessionMissedV1,
        scheduler.SessionLeftWaitingV1,
    ),
    producer="scheduler",
    consumers=("intake", "notifier-public"),
    zone=Zone.CITY,
    doc="The life of a session, in one order for each request.",
)
SCHEDULER_CONTACTS: Final = Topic(
    name="scheduler.contacts.v1",
    key="contact_id",
    events=(scheduler.TrainerContactUpsertedV1,),
    producer="scheduler",
    consumers=("notifier-public",),
    zone=Zone.CITY,
    retention=None,
    doc="Sealed contacts of trainers. A tombstone means erased.",
)
NOTIFIER_REQUESTS: Final = Topic(
    name="notifier.requests.<source>.v1",
    key="notice_request_id",
    events=(),
    producer="<source>",
    consumers=("notifier-public",),
    zone=Zone.CITY,
    partitions=1,
    retention=WEEK,
    planned=True,
    doc="Notices and broadcasts that a city system asks for.",
)
NOTIFIER_RESULTS: Final = Topic(
    name="notifier.results.<source>.v1",
    key="notice_request_id",
    events=(),
    producer="notifier-public",
    consumers=("<source>",),
    zone=Zone.CITY,
    partitions=1,
    retention=WEEK,
    planned=True,
    doc="What became of them.",
)
NOTIFIER_DELIVERIES: Final = Topic(
    name="notifier.deliveries.v1",
    key="notice_id",
    events=(
        notifier.NoticeAcceptedV1,
        notifier.NoticeHeldV1,
        notifier.NoticeSentV1,
        notifier.NoticeOutcomeUnknownV1,
        notifier.NoticeFailedV1,
        notifier.NoticeSuppressedV1,
        notifier.NoticeExpiredV1,
    ),
    producer="notifier-public",
    consumers=("intake",),
    zone=Zone.CITY,
    doc="What became of each notice.",
)


NOTICE_EVENTS: Final = NOTIFIER_DELIVERIES.events

INTAKE_REFERRALS: Final = Topic(
    name="intake.referrals.v1",
    key="referral_id",
    events=(outreach.ReferralReceivedV1,),
    producer="intake",
    consumers=(OUTREACH,),
    zone=Zone.OUTREACH,
    retention=WEEK,
    blanked_after=timedelta(minutes=10),
    doc="Self-referrals, sealed to OVP at the door; intake drops its copy minutes after it is sent.",
)
OUTREACH_REFERRALS: Final = Topic(
    name="outreach.referrals.v1",
    key="referral_id",
    events=(
        outreach.ReferralRequestedV1,
        outreach.ReferralProposedV1,
        outreach.ReferralUnmetV1,
        outreach.ReferralOfferedV1,
        outreach.ReferralAcceptedV1,
        outreach.ReferralDeclinedV1,
        outreach.ReferralWaitlistedV1,
        outreach.ReferralEscalatedV1,
        outreach.ReferralEngagedV1,
        outreach.ReferralClosedV1,
        outreach.ReferralWithdrawnV1,
    ),
    producer=OUTREACH,
    consumers=(),
    zone=Zone.OUTREACH,
    doc="The life of a referral. Nobody reads it but the console's outreach right, which comes later.",
)
OUTREACH_CONSENTS: Final = Topic(
    name="outreach.consents.v1",
    key="consent_id",
    events=(
        outreach.ConsentGivenV1,
        outreach.ConsentNarrowedV1,
        outreach.ConsentRevokedV1,
        outreach.ConsentExpiredV1,
    ),
    producer=OUTREACH,
    consumers=(),
    zone=Zone.OUTREACH,
    doc="Consent given, narrowed, taken back: one recipient each.",
)
OUTREACH_NOTICES: Final = Topic(
    name="outreach.notices.v1",
    key="notice_id",
    events=(outreach.NoticeRequestedV1, outreach.NoticeTakenBackV1),
    producer=OUTREACH,
    consumers=("notifier-outreach",),
    zone=Zone.OUTREACH,
    doc="What participants and the coordinator's desk are to be told.",
)
OUTREACH_CONTACTS: Final = Topic(
    name="outreach.contacts.v1",
    key="contact_id",
    events=(outreach.OutreachContactUpsertedV1,),
    producer=OUTREACH,
    consumers=("notifier-outreach",),
    zone=Zone.OUTREACH,
    retention=None,
    doc="Sealed contacts of participants and of the coordinator's desk. A tombstone means erased.",
)
OUTREACH_DELIVERIES: Final = Topic(
    name="outreach.deliveries.v1",
    key="notice_id",
    events=NOTICE_EVENTS,
    producer="notifier-outreach",
    consumers=(OUTREACH,),
    zone=Zone.OUTREACH,
    doc="What became of each notice of the outreach lane.",
)
PROVIDER_REFERRALS: Final = Topic(
    name="provider.referrals.<slug>.v1",
    key="referral_id",
    events=(
        provider.ReferralOfferMadeV1,
        provider.ReferralOfferConfirmedV1,
        provider.ReferralOfferMissedV1,
        provider.ReferralOfferWithdrawnV1,
        provider.ErasureRequestedV1,
        provider.ResponseRefusedV1,
        provider.TrialSentV1,
    ),
    producer=OUTREACH,
    consumers=("<slug>",),
    zone=Zone.PROVIDER,
    partitions=1,
    retention=WEEK,
    discreet=True,
    doc="Referral offers for one provider, as ciphertext, and what came of its answers.",
)
PROVIDER_KEYS: Final = Topic(
    name="provider.keys.<slug>.v1",
    key="referral_id",
    events=(provider.ContentKeyDeliveredV1,),
    producer=OUTREACH,
    consumers=("<slug>",),
    zone=Zone.PROVIDER,
    partitions=1,
    retention=None,
    discreet=True,
    doc="Content keys, sealed to that provider. A tombstone means destroyed.",
)
PROVIDER_RESPONSES: Final = Topic(
    name="provider.responses.<slug>.v1",
    key="referral_id",
    events=(
        provider.ProviderAcceptedV1,
        provider.ProviderDeclinedV1,
        provider.ProviderWaitlistedV1,
        provider.ProviderRedirectedV1,
        provider.ContactMadeV1,
        provider.ContactFailedV1,
        provider.ProviderClosedV1,
        provider.CapacityUpdatedV1,
        provider.ErasureAttestedV1,
        provider.TrialReceivedV1,
    ),
    producer="<slug>",
    consumers=(OUTREACH,),
    zone=Zone.PROVIDER,
    partitions=1,
    retention=WEEK,
    doc="One provider's answers.",
)
ENFORCEMENT_SUBMISSIONS: Final = Topic(
    name="enforcement.submissions.<agency>.v1",
    key="submission_id",
    events=(enforcement.HelpOfferedV1, enforcement.AreaAlertIssuedV1, enforcement.LifeSafetyCallAskedV1),
    producer="<agency>",
    consumers=(ENFORCEMENT,),
    zone=Zone.ENFORCEMENT,
    partitions=1,
    retention=WEEK,
    doc="What one agency hands over: X1, X2, X3.",
)
ENFORCEMENT_RECEIPTS: Final = Topic(
    name="enforcement.receipts.<agency>.v1",
    key="submission_id",
    events=(enforcement.SubmissionReceivedV1, enforcement.SubmissionInvalidV1),
    producer=ENFORCEMENT,
    consumers=("<agency>",),
    zone=Zone.ENFORCEMENT,
    partitions=1,
    retention=WEEK,
    tick=timedelta(seconds=5),
    doc="X4: one receipt for each submission, from what the agency sent and nothing else, on a clock of its own.",
)
ENFORCEMENT_CROSSINGS: Final = Topic(
    name="enforcement.crossings.v1",
    key="crossing_id",
    events=(
        enforcement.HelpOfferApprovedV1,
        enforcement.AreaAlertApprovedV1,
        enforcement.LifeSafetyCallApprovedV1,
        enforcement.CrossingRefusedV1,
    ),
    producer=ENFORCEMENT,
    consumers=(GATEWAY,),
    zone=Zone.ENFORCEMENT,
    partitions=1,
    retention=WEEK,
    blanked_after=DAY,
    doc="What people approved to cross, and that something was refused.",
)
CROSSING_HELP_OFFERS: Final = Topic(
    name="crossing.help-offers.v1",
    key="crossing_id",
    events=(crossing.HelpOfferCrossedV1, crossing.LifeSafetyCallCrossedV1),
    producer=GATEWAY,
    consumers=(OUTREACH,),
    zone=Zone.CROSSING,
    partitions=1,
    retention=FORTNIGHT,
    discreet=True,
    blanked_after=DAY,
    doc="X1 and X3, for OVP's coordinator.",
)
CROSSING_AREA_ALERTS: Final = Topic(
    name="crossing.area-alerts.v1",
    key="crossing_id",
    events=(crossing.AreaAlertCrossedV1,),
    producer=GATEWAY,
    consumers=(OUTREACH,),
    zone=Zone.CROSSING,
    partitions=1,
    retention=FORTNIGHT,
    discreet=True,
    blanked_after=DAY,
    doc="X2, for OVP's coordinator.",
)
BOUNDARY_COUNTERS: Final = Topic(
    name="oversight.boundary-counters.v1",
    key="period_id",
    events=(crossing.BoundaryCountersPublishedV1,),
    producer=GATEWAY,
    consumers=("oversight",),
    zone=Zone.OVERSIGHT,
    partitions=1,
    doc="X7: what passed the wall, by agency, once a day.",
)
OPEN_DIRECTORY: Final = Topic(
    name="open.directory.v1",
    key="service_id",
    events=(outreach.ServicePublishedV1,),
    producer=OUTREACH,
    consumers=("intake", "oversight"),
    zone=Zone.OPEN,
    partitions=1,
    retention=None,
    doc="The directory of services (HSDS).",
)
ZONE_OF_PROCESS: Final = {
    "notifier-outreach": Zone.OUTREACH,
    OUTREACH: Zone.OUTREACH,
    ENFORCEMENT: Zone.ENFORCEMENT,
    GATEWAY: Zone.ENFORCEMENT,
}


OPERATOR_OF: Final = {
    Zone.CITY: "operator",
    Zone.OPEN: "operator",
    Zone.OVERSIGHT: "operator",
    Zone.OUTREACH: "operator-outreach",
    Zone.PROVIDER: "operator-outreach",
    Zone.CROSSING: "operator-outreach",
    Zone.ENFORCEMENT: "operator-enforcement",
}
"""Who sees the names, rates and lags of a zone's topics. No operator sees both sides of the wall."""


def _planned(  # noqa: PLR0917 - the rows below read as a table
    name: str,
    key: str,
    producer: str,
    consumers: tuple[str, ...],
    zone: Zone,
    doc: str,
    retention: timedelta | None = timedelta(days=30),
) -> Topic:
    return Topic(name, key, (), producer, consumers, zone, doc, partitions=1, retention=retention, planned=True)


def _dead_letters(process: str) -> Topic:
    zone = ZONE_OF_PROCESS.get(process, Zone.CITY)
    return Topic(
        name=f"{process}.dead-letters.v1",
        key="dead_letter_id",
        events=(operations.DeadLetterRecordedV1,),
        producer=process,
        consumers=(OPERATOR_OF[zone],),
        zone=zone,
        partitions=1,
        retention=WEEK,
        doc=f"Copies of the records that {process} set aside; its table is the truth.",
    )


DEAD_LETTERS: Final = {process: _dead_letters(process) for process in PROCESSES}
_PLANNED: Final = (
    _planned("open.reports.v1", "period", OUTREACH, (), Zone.OPEN, "Suppressed totals."),
    *(
        _planned(
            f"audit.{process}.v1",
            "object",
            process,
            (OPERATOR_OF[ZONE_OF_PROCESS.get(process, Zone.CITY)], "auditor"),
            ZONE_OF_PROCESS.get(process, Zone.CITY),
            f"Who did or read what in {process}, chained by hash.",
        )
        for process in PROCESSES
    ),
)

CATALOGUE: Final[tuple[Topic, ...]] = (
    CITY_SUBMISSIONS,
    CITY_RESULTS,
    INTAKE_REQUESTS,
    INTAKE_CONTACTS,
    INTAKE_SUBSCRIPTIONS,
    SCHEDULER_SESSIONS,
    SCHEDULER_CONTACTS,
    NOTIFIER_REQUESTS,
    NOTIFIER_RESULTS,
    NOTIFIER_DELIVERIES,
    INTAKE_REFERRALS,
    OUTREACH_REFERRALS,
    OUTREACH_CONSENTS,
    OUTREACH_NOTICES,
    OUTREACH_CONTACTS,
    OUTREACH_DELIVERIES,
    PROVIDER_REFERRALS,
    PROVIDER_KEYS,
    PROVIDER_RESPONSES,
    ENFORCEMENT_SUBMISSIONS,
    ENFORCEMENT_RECEIPTS,
    ENFORCEMENT_CROSSINGS,
    CROSSING_HELP_OFFERS,
    CROSSING_AREA_ALERTS,
    BOUNDARY_COUNTERS,
    OPEN_DIRECTORY,
    *DEAD_LETTERS.values(),
    *_PLANNED,
)


def released(catalogue: Iterable[Topic] = CATALOGUE) -> tuple[Topic, ...]:
    """The rows that exist on the broker."""
    return tuple(topic for topic in catalogue if not topic.planned)


def events_of(catalogue: Iterable[Topic] = CATALOGUE) -> tuple[type[Event], ...]:
    """Every event of these topics once, in their order."""
    return tuple(dict.fromkeys(event for topic in catalogue for event in topic.events))


def group_reading(process: str, topic: Topic) -> str:
    """The consumer group with which a process reads a topic: one for its fixed topics, one for what outside parties write.

    They are apart so that a new party's topic makes nobody else stop and share out partitions again.
    """
    return f"{process}.partners" if topic.producer in PARTY_MARKS else process


def consumer_groups(process: str, catalogue: Iterable[Topic] = CATALOGUE) -> tuple[str, ...]:
    """The consumer groups of a process."""
    read = {group_reading(process, topic) for topic in released(catalogue) if process in topic.consumers}
    return tuple(sorted({process, *read}))
