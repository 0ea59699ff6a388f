"""What the enforcement side keeps of a submission, and the inputs its decisions answer.

Who approved what, and when, stands here and crosses to nobody. Grounds are `Locked` and contacts sealed to OVP before a
decision sees them. Must not do I/O.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from upstream_schemas.enforcement import AlertKind, CrossingKind, RetaliationBand, Urgency

Role = Literal["agency-approver", "ceasefire-director", "duty-sergeant", "lieutenant"]
Word = Literal["approve", "decline"]
Ended = Literal["approved", "declined", "expired"]
ANY_AGENCY = "*"


@dataclass(frozen=True, slots=True)
class Reference:
    """What every decision may look up: whether the city takes a name and a channel with an offer of help."""

    takes_contact: bool


@dataclass(frozen=True, slots=True)
class Locked:
    """A text encrypted under a key of its own, both base64. Without the key nothing opens."""

    key: str = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class SealedContact:
    """A name and one channel, of one size whatever they are, which OVP alone can open."""

    key_id: str
    sealed: str


@dataclass(frozen=True, slots=True)
class HelpOffer:
    """X1: exactly what would cross."""

    urgency: Urgency
    respond_by: datetime
    language: str
    callback_desk: str
    contact: SealedContact | None = None
    kind: Literal["help-offer"] = "help-offer"


@dataclass(frozen=True, slots=True)
class AreaAlert:
    """X2: exactly what would cross."""

    cell: str
    hour: datetime
    alert: AlertKind
    retaliation: RetaliationBand
    kind: Literal["area-alert"] = "area-alert"


@dataclass(frozen=True, slots=True)
class LifeSafetyCall:
    """X3: exactly what would cross."""

    callback_number: str
    kind: Literal["life-safety-call"] = "life-safety-call"


What = HelpOffer | AreaAlert | LifeSafetyCall


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody at their page: their role, the agency they answer for (ANY_AGENCY: all), and their account."""

    role: Role
    agency: str
    account: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One word of one approver: who, in which role, when."""

    role: Role
    account: str
    word: Word
    at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """One thing an agency handed over. Nothing but `what` may cross. `grounds` are who asks for a call, and why."""

    id: UUID
    agency: str
    submission_id: UUID
    agency_reference: str
    received_at: datetime
    expires_at: datetime
    what: What
    grounds: Locked | None = None
    signatures: tuple[Signature, ...] = ()
    ended: Ended | None = None

    @property
    def kind(self) -> CrossingKind:
        """What it would be on the other side."""
        return self.what.kind

    @property
    def approvals(self) -> tuple[Signature, ...]:
        """Who said yes so far."""
        return tuple(signature for signature in self.signatures if signature.word == "approve")


# ---- what the doors hand in


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What every submission says about itself."""

    submission_id: UUID
    agency_reference: str


@dataclass(frozen=True, slots=True)
class Offered(HandedOver):
    """X1. `contact` is sealed already, or the code of why none is taken: then nothing of it is left here."""

    urgency: Urgency
    respond_by: datetime
    language: str
    callback_desk: str
    contact: SealedContact | str | None


@dataclass(frozen=True, slots=True)
class Issued(HandedOver):
    """X2."""

    cell: str
    hour: datetime
    alert: AlertKind
    retaliation: RetaliationBand


@dataclass(frozen=True, slots=True)
class CallAsked(HandedOver):
    """X3, with its grounds locked already."""

    callback_number: str
    grounds: Locked


@dataclass(frozen=True, slots=True)
class Approves:
    """An approver says yes. Answers one of `decide.approvals`' words."""

    approver: Approver


@dataclass(frozen=True, slots=True)
class Declines:
    """An approver says no, which ends it. Answers one of `decide.approvals`' words."""

    approver: Approver
