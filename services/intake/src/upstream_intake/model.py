"""What intake keeps of a request, and the inputs its decisions answer.

Nothing personal stands here in plain text: what a person wrote is `Locked` before a decision may keep it. Must not do I/O.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from upstream_schemas.city import Availability, SubmissionAmendedV1, SubmissionSubmittedV1, TopicChoice
from upstream_schemas.intake import AgreementTerms

Status = Literal["waiting", "question", "proposed", "agreed", "delivered", "closed"]
Intent = Literal["training_request", "question", "unsure"]
MeetingFormat = Literal["virtual", "in_person", "either"]
Outcome = Literal["delivered", "declined", "withdrawn", "rejected", "expired", "cancelled"]
NoteKind = Literal["submission", "answer", "counter", "feedback"]

STEPS_MAX = 200


@dataclass(frozen=True, slots=True)
class Reference:
    """What every decision may look up: `page_link` makes the secret link of a requester's page."""

    page_link: Callable[[UUID], str]


@dataclass(frozen=True, slots=True)
class Locked:
    """A text encrypted under a key of its own, both base64. Without the key nothing opens."""

    key: str = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person wrote, for staff eyes."""

    kind: NoteKind
    at: datetime
    locked: Locked


@dataclass(frozen=True, slots=True)
class Person:
    """All that is kept about whoever asks; the keys stand nowhere else. `contact` is None where nobody must be known."""

    contact: Locked | None = None
    notes: tuple[Note, ...] = ()


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, without a word about a person.

    `may_tell`: the requester consented to hear from us, and the source's own agent does not do the telling.
    `reachable`: we may tell, and there is a mail address.
    """

    intent: Intent
    group_size: int | None
    connections: tuple[str, ...]
    topics: tuple[TopicChoice, ...]
    topic_in_own_words: bool
    format: MeetingFormat
    availability: Availability | None
    access_needs: tuple[str, ...]
    needs_in_own_words: bool
    neighborhood: str | None
    language: str
    may_tell: bool
    reachable: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement as proposed, with the text that `terms.text_hash` binds."""

    terms: AgreementTerms
    text: str
    text_language: str
    expires_at: datetime
    availability: Availability
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person of the team must look: since when, and why, as codes."""

    since: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline: a code with a published text, and the words that go into it."""

    at: datetime
    code: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `quiet` until a person acted on a very old submission: no automatic messages.

    `contact_id` names the contact on the contacts topic; None where nobody must be known or nobody may be told.
    """

    id: UUID
    reference: str
    source: str
    submission_id: UUID
    revision: int
    channel: str
    opened_at: datetime
    quiet: bool
    wish: Wish
    contact_id: UUID | None
    person: Person
    status: Status = "waiting"
    waiting: Waiting | None = None
    question: str | None = None
    agreement: Agreement | None = None
    feedback: int | None = None
    outcome: Outcome | None = None
    what_changed: str | None = None
    what_changed_text: str | None = None
    erased: bool = False
    timeline: tuple[Step, ...] = ()

    @property
    def language(self) -> str:
        """The language the person chose."""
        return self.wish.language

    @property
    def told(self) -> UUID | None:
        """Whom events about this request may reach by a message."""
        return None if self.quiet else self.contact_id

    @property
    def ordered(self) -> bool:
        """True while the scheduler holds an order for this request."""
        return self.status == "agreed"


def noted(timeline: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    """The timeline with one more line; beyond STEPS_MAX the oldest but the very first give way."""
    longer = (*timeline, step)
    return longer if len(longer) <= STEPS_MAX else (longer[0], *longer[2:])


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submission with its person's texts locked."""

    event: SubmissionSubmittedV1
    person: Person


@dataclass(frozen=True, slots=True)
class Amended:
    """An amended submission with its person's texts locked under fresh keys."""

    event: SubmissionAmendedV1
    person: Person


@dataclass(frozen=True, slots=True)
class AcceptsAgreement:
    """The group says yes to this version of this text."""

    version: int
    text_hash: str


@dataclass(frozen=True, slots=True)
class DeclinesAgreement:
    """The group wants no training after all."""

    version: int


@dataclass(frozen=True, slots=True)
class WantsSomethingElse:
    """The group wants another agreement, in its own words."""

    version: int
    words: Locked


@dataclass(frozen=True, slots=True)
class AnswersQuestion:
    """The requester answers what staff asked."""

    words: Locked


@dataclass(frozen=True, slots=True)
class GivesFeedback:
    """How it was: `useful` from 1 to 5, and words where there are any."""

    useful: int
    words: Locked | None


@dataclass(frozen=True, slots=True)
class TakesBack:
    """The requester takes the request back on their page."""


@dataclass(frozen=True, slots=True)
class StaffAsks:
    """A person of the team needs to know something; `question` names nobody."""

    reviewer: str
    question: str


@dataclass(frozen=True, slots=True)
class StaffAccepts:
    """A person of the team proposes an agreement; what is None is taken from the request."""

    reviewer: str
    topic: str | None = None
    format: MeetingFormat | None = None
    length_minutes: int | None = None
    group_size: int | None = None
    language: str | None = None
    connections: tuple[str, ...] | None = None
    availability: Availability | None = None


@dataclass(frozen=True, slots=True)
class StaffRejects:
    """A person of the team says no, with a reason that names nobody."""

    reviewer: str
    reason: str


@dataclass(frozen=True, slots=True)
class StaffCloses:
    """A person of the team ends the case and says what changed because of it, in words that name nobody."""

    reviewer: str
    outcome: Literal["delivered", "declined", "cancelled"]
    what_changed_text: str


@dataclass(frozen=True, slots=True)
class StaffErases:
    """The requester asked that nothing about them opens any more."""

    reviewer: str


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the open directory: what its provider or the city published, and None where nobody did."""

    organization: str
    name: str
    description: str
    needs: tuple[str, ...]
    eligibility: str | None
    hours: str | None
    url: str | None
    phone: str | None
    status: str
    takes_referrals: bool
    source: str
