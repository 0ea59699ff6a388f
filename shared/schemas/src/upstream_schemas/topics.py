"""The catalogue of topics: one table, the single source.

Broker topics, every access right, `docs/topics.md` and the routes of the services are generated from it or tested
against it. Rows marked planned are not created.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from upstream_schemas import city, intake, notifier, operations, scheduler
from upstream_schemas.model import Event


class Zone(StrEnum):
    """Who runs and sees a topic."""

    CITY = "city"
    OUTREACH = "outreach"
    PROVIDER = "provider"
    ENFORCEMENT = "enforcement"
    CROSSING = "crossing"
    OVERSIGHT = "oversight"
    OPEN = "open"


PROCESSES: Final = ("intake", "scheduler", "notifier-public")
PARTY_MARKS: Final = ("<source>", "<slug>", "<agency>")
CITY_SCALE: Final = 6  # partitions; a constant of the catalogue, because the relay hashes keys with it


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, or one family of topics with a party's slug in the name.

    `key` names the field of every event whose value is the record's key. `producer` is the one principal that may write;
    a party mark such as `<source>` stands for that outside party itself. `retention` None means compacted.
    """

    name: str
    key: str
    events: tuple[type[Event], ...]
    producer: str
    consumers: tuple[str, ...]
    zone: Zone
    doc: str
    partitions: int = CITY_SCALE
    retention: timedelta | None = timedelta(days=30)
    planned: bool = False

    @property
    def compacted(self) -> bool:
        """Kept for as long as its key lives: the last record of each key."""
        return self.retention is None

    @property
    def mark(self) -> str | None:
        """The party mark in the name, or None for a topic that stands alone."""
        return next((mark for mark in PARTY_MARKS if mark in self.name), None)

    @property
    def family_prefix(self) -> str | None:
        """The name up to the party mark, which is what a prefixed right grants; None for a topic that stands alone."""
        return None if self.mark is None else self.name[: self.name.index(self.mark)]

    def for_party(self, slug: str) -> str:
        """The name of one party's topic in this family."""
        return self.name if self.mark is None else self.name.replace(self.mark, slug)

    def party_of(self, name: str) -> str | None:
        """The slug in a topic's name, or None where the name is not of this family."""
        if self.mark is None:
            return None
        before, after = self.name.split(self.mark)
        inside = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
        return name[len(before) : len(name) - len(after)] if inside else None


WEEK: Final = timedelta(days=7)

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
    return Topic(
        name=f"{process}.dead-letters.v1",
        key="dead_letter_id",
        events=(operations.DeadLetterRecordedV1,),
        producer=process,
        consumers=("operator",),
        zone=Zone.CITY,
        partitions=1,
        retention=WEEK,
        doc=f"Copies of the records that {process} set aside; its table is the truth.",
    )


DEAD_LETTERS: Final = {process: _dead_letters(process) for process in PROCESSES}

OUTREACH, PROVIDER, ENFORCEMENT = "referral-outreach", "<slug>", "referral-enforcement"
_PLANNED: Final = (
    _planned("intake.referrals.v1", "referral_id", "intake", (OUTREACH,), Zone.OUTREACH, "Sealed self-referrals."),
    _planned("outreach.referrals.v1", "referral_id", OUTREACH, (), Zone.OUTREACH, "The life of a referral."),
    _planned("outreach.consents.v1", "consent_id", OUTREACH, (), Zone.OUTREACH, "Consent given, narrowed, taken back."),
    _planned("outreach.notices.v1", "notice_id", OUTREACH, ("notifier-outreach",), Zone.OUTREACH, "Notices asked for."),
    _planned("outreach.contacts.v1", "contact_id", OUTREACH, ("notifier-outreach",), Zone.OUTREACH, "Sealed contacts.", None),
    _planned("outreach.deliveries.v1", "notice_id", "notifier-outreach", (OUTREACH,), Zone.OUTREACH, "What became of them."),
    _planned(
        "provider.referrals.<slug>.v1", "referral_id", OUTREACH, (PROVIDER,), Zone.PROVIDER, "Referral offers, sealed.", WEEK
    ),
    _planned("provider.keys.<slug>.v1", "referral_id", OUTREACH, (PROVIDER,), Zone.PROVIDER, "Content keys, sealed.", None),
    _planned(
        "provider.responses.<slug>.v1", "referral_id", PROVIDER, (OUTREACH,), Zone.PROVIDER, "A provider's answers.", WEEK
    ),
    _planned(
        "enforcement.submissions.<agency>.v1",
        "submission_id",
        "<agency>",
        (ENFORCEMENT,),
        Zone.ENFORCEMENT,
        "Offers of help.",
        WEEK,
    ),
    _planned(
        "enforcement.receipts.<agency>.v1", "submission_id", ENFORCEMENT, ("<agency>",), Zone.ENFORCEMENT, "Receipts.", WEEK
    ),
    _planned(
        "enforcement.crossings.v1", "crossing_id", ENFORCEMENT, ("referral-gateway",), Zone.ENFORCEMENT, "Approved crossings."
    ),
    _planned("crossing.help-offers.v1", "crossing_id", "referral-gateway", (OUTREACH,), Zone.CROSSING, "X1 and X3."),
    _planned("crossing.area-alerts.v1", "crossing_id", "referral-gateway", (OUTREACH,), Zone.CROSSING, "X2."),
    _planned("oversight.boundary-counters.v1", "period", "referral-gateway", ("oversight",), Zone.OVERSIGHT, "X7."),
    _planned("open.directory.v1", "service_id", OUTREACH, ("intake",), Zone.OPEN, "The directory of services (HSDS).", None),
    _planned("open.reports.v1", "period", OUTREACH, (), Zone.OPEN, "Suppressed totals."),
    *(
        _planned(
            f"audit.{process}.v1",
            "object",
            process,
            ("operator", "auditor"),
            Zone.CITY,
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
