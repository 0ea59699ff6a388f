"""What the outreach side keeps of referrals, providers, services and crossings, and the facts its doors hand in.

Frozen records only. Nothing a person wrote stands here in plain text: it is `Locked` before a decision may keep it, and the
keys are saved apart from everything else. Must not do I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from upstream_schemas.enforcement import AlertKind, RetaliationBand, Urgency

ALWAYS: Final = ("needs", "language")  # what every recipient is told; without it nobody can answer
MAY_BE_TOLD: Final = ("name", "contact", "words")  # what a participant ticks, class by class
PROPOSED_MAX: Final = 3
CONSENT_VALID: Final = timedelta(days=90)
DESK_KEY: Final = UUID("07e4c4de-0000-8000-8000-000000000001")  # the coordinator's desk: one in each database

Late = Literal["choice", "hand-off"]
CrossingKind = Literal["help-offer", "life-safety-call", "area-alert"]
Status = Literal["active", "inactive", "defunct", "temporarily closed"]


class Stage(StrEnum):
    """Where a referral stands. `CHOOSING`: the participant is asked who may be told. The last three are ends."""

    LOOKING = "looking"
    CHOOSING = "choosing"
    ASKING = "asking"
    ACCEPTED = "accepted"
    ENGAGED = "engaged"
    UNMET = "unmet"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Became(StrEnum):
    """What became of one recipient, as the participant's page says it (`offer.<value>` of its words)."""

    CHOSEN = "chosen"
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SILENT = "silent"
    WAITLISTED = "waitlisted"
    REDIRECTED = "redirected"
    ENGAGED = "engaged"
    UNREACHABLE = "unreachable"
    CLOSED = "closed"
    TAKEN_BACK = "taken-back"
    NOT_NEEDED = "not-needed"
    ERASED = "erased"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Locked:
    """A text encrypted under a key of its own, both base64. Without the key nothing opens."""

    key: str = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class Person:
    """All that is kept about a participant: what they wrote, and the card that the notifier's lane gets. Both locked."""

    details: Locked | None = None
    contact: Locked | None = None


NOBODY: Final = Person()


@dataclass(frozen=True, slots=True)
class ContentKey:
    """The key that opens one offer. It exists exactly as long as the offer stands, to be sealed anew for a provider that asks.

    Nothing asks yet: a provider that lost its key pair is offered nothing again.
    """

    offer_id: UUID
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """One provider was told. `offer_id` is all that this provider knows the referral by.

    `over` is None while the offer stands: `ended` by an answer or by silence, `withdrawn` by the participant or because
    somebody else said yes. `erase_by` is set once the provider was asked to erase, `erased_at` once it says that it did.
    `suggests` is a service that the provider says fits better. `told` are the classes of things that it was told.
    """

    offer_id: UUID
    slug: str
    offered_at: datetime
    respond_by: datetime
    became: Became = Became.ASKED
    over: Literal["ended", "withdrawn"] | None = None
    unreached: int = 0
    suggests: str | None = None
    erase_by: datetime | None = None
    erased_at: datetime | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consent:
    """One participant allows one recipient to be told these classes of things, for a time. Never grows in place.

    `passed_over`: when its turn came, there was nobody there to be asked.
    """

    consent_id: UUID
    service: str
    classes: tuple[str, ...]
    given_at: datetime
    valid_until: datetime
    ended: Literal["revoked", "expired"] | None = None
    passed_over: bool = False
    offer: Offer | None = None

    @property
    def became(self) -> Became:
        """What became of it, in the participant's eyes."""
        if self.ended == "expired":
            return Became.EXPIRED
        if self.ended == "revoked":
            if self.offer is None:
                return Became.NOT_NEEDED
            return Became.ERASED if self.offer.erased_at else Became.TAKEN_BACK
        if self.offer is None:
            return Became.DECLINED if self.passed_over else Became.CHOSEN
        return self.offer.became

    @property
    def told(self) -> tuple[str, ...]:
        """What its recipient was told, whatever was narrowed since; before it was told, what it would be."""
        return self.offer.told if self.offer is not None and self.offer.told else self.classes

    @property
    def waits(self) -> bool:
        """Allowed, and not asked yet."""
        return self.ended is None and self.offer is None and not self.passed_over


@dataclass(frozen=True, slots=True)
class Referral:
    """One person's way to help. `consents` stand in the order in which recipients are asked; one for each service.

    `page_hash` is the SHA-256 of the secret in the address of the person's page, in hexadecimal. `gave` are the classes of
    MAY_BE_TOLD that the person filled in. `since` is when the stage was reached, `late` what takes too long. `news` is the
    template of a message that waits to go out. `outcome` is how it ended, as a code. `notice_id` is the last message, as long as
    nobody knows what became of it; `mailed` is what became of the one before.
    """

    referral_id: UUID
    page_hash: str | None
    language: str
    gave: tuple[str, ...]
    person: Person
    contact_id: UUID | None
    asked_at: datetime
    since: datetime
    stage: Stage = Stage.LOOKING
    proposed: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = ()
    content_keys: tuple[ContentKey, ...] = ()
    late: Late | None = None
    outcome: str | None = None
    news: str | None = None
    notice_id: UUID | None = None
    mailed: Literal["sent", "not-sent"] | None = None

    @property
    def ended(self) -> bool:
        """Nothing more happens, but for a provider's word that it erased."""
        return self.stage in {Stage.UNMET, Stage.CLOSED, Stage.WITHDRAWN}

    @property
    def asked(self) -> Consent | None:
        """Whoever has been asked and may still answer in time."""
        return self._with(Became.ASKED)

    @property
    def taken_by(self) -> Consent | None:
        """Whoever said yes: about to reach out, or in contact."""
        return self._with(Became.ACCEPTED, Became.ENGAGED)

    def consent(self, service: str) -> Consent | None:
        """The consent for this service, if there ever was one."""
        return next((consent for consent in self.consents if consent.service == service), None)

    def _with(self, *became: Became) -> Consent | None:
        standing = [consent for consent in self.consents if consent.offer is not None and consent.offer.over is None]
        return next((consent for consent in standing if consent.offer is not None and consent.offer.became in became), None)


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the directory, as far as it is known (HSDS 3). Taken through Upstream where a provider stands for it.

    `slug` is that provider.
    """

    service_id: UUID
    code: str
    organization_name: str
    name: str
    description: str
    needs: tuple[str, ...]
    source: str
    eligibility_description: str | None = None
    hours: str | None = None
    url: str | None = None
    phone: str | None = None
    status: Status = "active"
    slug: str | None = None

    @property
    def takes_referrals(self) -> bool:
        """Can it be told through Upstream?"""
        return self.slug is not None


@dataclass(frozen=True, slots=True)
class Provider:
    """An organisation with topics of its own. `public_key` is the newest of its keys, base64; `services` are codes.

    `places` is how many more a service can take, by the provider's own word; absent where it never said.
    """

    provider_id: UUID
    slug: str
    key_id: str
    public_key: str
    services: tuple[str, ...]
    active: bool = True
    places: tuple[tuple[str, int], ...] = ()
    trial_id: UUID | None = None
    trial_sent_at: datetime | None = None
    trial_received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HelpOffer:
    """X1: a desk to call, or a name and one channel sealed to OVP."""

    urgency: Urgency
    respond_by: datetime
    language: str
    callback_desk: str
    key_id: str | None = None
    sealed_contact: str | None = None
    kind: Literal["help-offer"] = "help-offer"


@dataclass(frozen=True, slots=True)
class LifeSafetyCall:
    """X3: a number to call now."""

    callback_number: str
    kind: Literal["life-safety-call"] = "life-safety-call"


@dataclass(frozen=True, slots=True)
class AreaAlert:
    """X2: something happened in an area of many."""

    cell: str
    hour: datetime
    alert: AlertKind
    retaliation: RetaliationBand
    kind: Literal["area-alert"] = "area-alert"


@dataclass(frozen=True, slots=True)
class Crossing:
    """What came through the wall. `what` is None once it is forgotten; who acknowledged it is told to nobody."""

    crossing_id: UUID
    kind: CrossingKind
    received_at: datetime
    what: HelpOffer | LifeSafetyCall | AreaAlert | None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The coordinator's desk: the mailbox, locked, and the language to write in."""

    contact_id: UUID
    contact: Locked
    language: str


@dataclass(frozen=True, slots=True)
class Reference:
    """What every decision may look up: the directory as it is seeded, by service id."""

    directory: Mapping[UUID, Service]

    def service_id(self, code: str) -> UUID | None:
        """The id of a service by its code."""
        return next((service.service_id for service in self.directory.values() if service.code == code), None)


# ---- what the doors hand in


@dataclass(frozen=True, slots=True)
class HelpAsked:
    """A self-referral, opened and locked again under fresh keys. Answers nothing; the form keeps nothing."""

    referral_id: UUID
    page_hash: str
    language: str
    gave: tuple[str, ...]
    person: Person


@dataclass(frozen=True, slots=True)
class Chosen:
    """The participant allows these services to be told, first first, and these classes. Answers CHOSEN, CHANGED or NOT_NOW."""

    services: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The participant takes it back: from one service, or all of it (None). Answers TAKEN_BACK or NOT_NOW."""

    service: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A coordinator has seen a crossing and acts on it. Answers DONE or UNKNOWN."""

    account: str


@dataclass(frozen=True, slots=True)
class ProviderRegistered:
    """A provider's newest key, and which services of the directory it stands for. Answers DONE or UNKNOWN_SERVICE."""

    slug: str
    key_id: str
    public_key: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProviderRemoved:
    """Nobody is referred to this provider any more. Answers DONE or UNKNOWN."""


@dataclass(frozen=True, slots=True)
class TrialAsked:
    """A provider wants to see that records arrive. Answers DONE or UNKNOWN."""


@dataclass(frozen=True, slots=True)
class DeskSet:
    """Where the coordinator's desk is told that something new waits; the card is locked already. Answers DONE."""

    contact: Locked
    language: str


CHOSEN: Final = "chosen"
TAKEN_BACK: Final = "taken-back"
CHANGED: Final = "changed"  # one of these is not proposed (any more): look again
NOT_NOW: Final = "not-now"  # things have moved on
DONE: Final = "done"
UNKNOWN: Final = "unknown"
UNKNOWN_SERVICE: Final = "unknown-service"
