"""What the scheduler says about a session: from the order to the training that took place.

Trainers and groups are named by opaque ids; their links are sealed to the notifier.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from upstream_schemas.intake import Contact
from upstream_schemas.model import Code, Codes, Event, Id, Language, Line, Moment, Record, Reference
from upstream_schemas.privacy import Open, SealedText

Party = Literal["group", "trainer", "city"]


class AboutSession(Event):
    """The fields of every event about one session. The key is the request's: one request, one order of events."""

    request_id: Annotated[Id, Open] = Field(description="The request it is for; also the record's key")
    session_id: Annotated[Id, Open] = Field(description="The session")


class Recipient(Record):
    """Somebody of a session who must be told, and how they answer."""

    party: Annotated[Party, Open] = Field(description="On which side they are")
    contact_id: Annotated[Id | None, Open] = Field(None, description="Whom to tell; absent when nobody can be")
    language: Annotated[Language, Open] = Field(description="Language to tell them in")
    answer_link: SealedText | None = Field(None, description="The page where they answer, sealed to the notifier")


class Slot(Record):
    """A time and a place, and what is trained there."""

    starts_at: Annotated[Moment, Open] = Field(description="Start")
    ends_at: Annotated[Moment, Open] = Field(description="End")
    timezone: Annotated[Literal["America/Los_Angeles"], Open] = Field("America/Los_Angeles", description="IANA time zone")
    venue: Annotated[Code, Open] = Field(description="Code of the venue; `virtual-…` for a meeting room online")
    venue_name: Annotated[Line, Open] = Field(description="Name of the venue")
    topic: Annotated[Code, Open] = Field(description="Code of the topic in the catalogue")


class SessionNews(AboutSession):
    """An event that people are told of."""

    reference: Annotated[Reference, Open] = Field(description="The request's reference")
    recipients: tuple[Recipient, ...] = Field(max_length=20, description="Everybody who is told")


class SlotNews(SessionNews):
    """An event about a slot that people are told of."""

    slot: Slot = Field(description="When and where")


class SessionAcceptedV1(AboutSession):
    """The scheduler has the order; a slot is being looked for."""

    TYPE: ClassVar[str] = "scheduler.session.accepted.v1"


class SlotOfferedV1(SlotNews):
    """A slot is held for group and trainers until they have answered or the hold ends."""

    TYPE: ClassVar[str] = "scheduler.slot.offered.v1"
    round: Annotated[int, Open] = Field(ge=1, le=1000, description="1 for the first slot offered to this request")
    hold_until: Annotated[Moment, Open] = Field(description="After this moment the slot is free again")


class SlotAcceptedV1(AboutSession):
    """One party accepted the slot that is held."""

    TYPE: ClassVar[str] = "scheduler.slot.accepted.v1"
    round: Annotated[int, Open] = Field(ge=1, le=1000, description="Which offer was answered")
    party: Annotated[Party, Open] = Field(description="Who accepted")


class SlotDeclinedV1(SlotNews):
    """One party declined the slot that was held; the next one is looked for."""

    TYPE: ClassVar[str] = "scheduler.slot.declined.v1"
    round: Annotated[int, Open] = Field(ge=1, le=1000, description="Which offer was answered")
    party: Annotated[Party, Open] = Field(description="Who declined")


class HoldExpiredV1(SlotNews):
    """Not everybody answered in time; the slot is free again."""

    TYPE: ClassVar[str] = "scheduler.hold.expired.v1"
    round: Annotated[int, Open] = Field(ge=1, le=1000, description="Which offer ran out")


class SessionConfirmedV1(SlotNews):
    """Everybody accepted: the training takes place."""

    TYPE: ClassVar[str] = "scheduler.session.confirmed.v1"
    calendar_uid: Annotated[Line, Open] = Field(description="iCalendar UID, the same for the session's whole life")
    calendar_sequence: Annotated[int, Open] = Field(ge=0, le=10_000, description="iCalendar SEQUENCE")


class SessionCancelledV1(SessionNews):
    """The training does not take place as planned, or, where no slot was held yet, is no longer looked for."""

    TYPE: ClassVar[str] = "scheduler.session.cancelled.v1"
    slot: Slot | None = Field(
        None, description="The slot that is free again; absent when none was held, and then nobody is told"
    )
    party: Annotated[Party, Open] = Field(description="Whose cancellation it was")
    will_be_rescheduled: Annotated[bool, Open] = Field(description="True when another slot is looked for")
    was_confirmed: Annotated[bool, Open] = Field(description="True when people had the date in their calendars")
    calendar_uid: Annotated[Line, Open] = Field(description="iCalendar UID of the session")
    calendar_sequence: Annotated[int, Open] = Field(ge=0, le=10_000, description="iCalendar SEQUENCE of the cancellation")


class SessionDeliveredV1(AboutSession):
    """The training took place."""

    TYPE: ClassVar[str] = "scheduler.session.delivered.v1"
    assumed: Annotated[bool, Open] = Field(description="True when nobody reported and its time has passed")
    ended_at: Annotated[Moment, Open] = Field(description="When it ended")


class SessionMissedV1(AboutSession):
    """The training did not take place although it was confirmed."""

    TYPE: ClassVar[str] = "scheduler.session.missed.v1"
    reported_by: Annotated[Party, Open] = Field(description="Who said so")


class SessionLeftWaitingV1(AboutSession):
    """No slot can be found now; tried again whenever something becomes free."""

    TYPE: ClassVar[str] = "scheduler.session.left-waiting.v1"
    reference: Annotated[Reference, Open] = Field(description="The request's reference")
    recipient: Recipient = Field(description="Who is told why they wait")
    reason: Annotated[Code, Open] = Field(description="Why: no-trainer-for-topic, no-trainer-for-language, nobody-free, …")
    facts: Annotated[Codes, Open] = Field((), max_length=10, description="What stands in the way, as codes")


class TrainerContactUpsertedV1(Contact):
    """A trainer's contact is new or changed."""

    TYPE: ClassVar[str] = "scheduler.contact.upserted.v1"
