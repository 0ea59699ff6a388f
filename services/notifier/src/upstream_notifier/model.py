"""What the notifier keeps: the contacts of its lane, still sealed, and one record for each message it owes somebody.

Frozen data only. Nothing here may hold an opened contact: that lives in the errand that sends, and nowhere else.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from upstream_schemas.scheduler import Slot

EMAIL = "email"
Method = Literal["REQUEST", "CANCEL"]


@dataclass(frozen=True, slots=True)
class Contact:
    """A person to be reached. Both texts are ciphertext as they came, and empty once the person was erased."""

    locked: str
    sealed_key: str
    language: str
    erased: bool = False


class Stage(StrEnum):
    """Where a notice stands. `WAITING` has a moment at which it is taken up; `SENDING` has an attempt under way."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    OUTCOME_UNKNOWN = "outcome-unknown"


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a message may print. `link` is sealed to the lane; `words` are staff's own; `code` names a published sentence.

    `reference` is empty where a message must not say what it is about.
    """

    reference: str
    link: str | None = None
    slot: Slot | None = None
    topic: str | None = None
    until: datetime | None = None
    words: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """The calendar entry a message is about. `method` None: the message carries no calendar part, it only speaks of it."""

    uid: str
    sequence: int
    method: Method | None


@dataclass(frozen=True, slots=True)
class NoticeWanted:
    """Somebody is to be told something: what a rule makes of an event.

    `request_id` is the request it is about, or the case of the outreach side. `subject` is the session, else the same.
    `not_before` None means at once, `expires_at` None after a few days.
    """

    notice_id: UUID
    request_id: UUID
    subject: UUID
    contact_id: UUID
    language: str
    template: str
    says: Particulars
    entry: Entry | None
    not_before: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeCancelled:
    """What was to be told is no longer so."""


class Outcome(StrEnum):
    """How one attempt ended. `UNDER_WAY` stands until somebody knows better, `BROKEN` is our own fault."""

    UNDER_WAY = "under-way"
    TAKEN = "taken"
    REFUSED_FOR_NOW = "refused-for-now"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_TRIED = "not-tried"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One go at sending. Its row is committed before the first byte leaves."""

    n: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome = Outcome.UNDER_WAY


@dataclass(frozen=True, slots=True)
class Result:
    """What the errand brought back of attempt `n`; `code` says why it was not taken."""

    n: int
    outcome: Outcome
    code: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one recipient. `wanted.says.link` is dropped once the notice is settled.

    `held_since` is when it first found no contact. `unknown_count` counts attempts that may have reached the person.
    """

    wanted: NoticeWanted
    accepted_at: datetime
    expires_at: datetime
    stage: Stage = Stage.WAITING
    attempt: Attempt | None = None
    held_since: datetime | None = None
    held_by: str | None = None
    unknown_count: int = 0
    cancelled: bool = False

    @property
    def attempts(self) -> int:
        """How often sending was tried."""
        return 0 if self.attempt is None else self.attempt.n

    @property
    def settled(self) -> bool:
        """Nothing more will be done about it."""
        return self.stage not in (Stage.WAITING, Stage.SENDING)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found when a notice came up: its contact, and whether newer calendar news of its subject overtook it."""

    contact: Contact | None
    overtaken: bool
