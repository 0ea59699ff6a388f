"""What city systems send to intake, and the one verdict each record gets back.

Fields of a submission: `submitted_at`, `group`, `topics` and so on follow the contract's table; open vocabularies are
codes checked against versioned catalogues by intake, never enums here.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from upstream_schemas.model import (
    Code,
    Codes,
    Event,
    Id,
    Language,
    Line,
    Moment,
    Offset,
    Paragraph,
    Partition,
    Record,
    Reference,
)
from upstream_schemas.privacy import Open, Personal

VerdictWord = Literal["accepted", "duplicate", "redirected", "rejected", "quarantined"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WallTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Requester(Record):
    """The person who asks, with at least one way to reach them."""

    name: Annotated[Line | None, Personal] = Field(None, description="How the person wants to be addressed")
    email: Annotated[str | None, Personal] = Field(
        None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Mail address"
    )
    phone: Annotated[str | None, Personal] = Field(
        None, pattern=r"^\+[1-9][0-9]{6,14}$", description="Telephone number in E.164"
    )
    preferred_contact: Annotated[Literal["email", "phone"], Open] = Field("email", description="Which way to try first")
    consent_contact: Annotated[bool, Open] = Field(description="May we write or call about this request?")

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.email is None and self.phone is None:
            raise ValueError("a requester needs email or phone")
        return self


class OnBehalfOf(Record):
    """Somebody else fills in the form for the group: a phone agent, a teacher, a caseworker."""

    organisation: Annotated[Line, Open] = Field(description="Name of the organisation that helps")
    agent_ref: Annotated[Line, Personal] = Field(description="The organisation's own reference for the agent")
    updates_to: Annotated[Literal["requester", "agent", "both"], Open] = Field("requester", description="Who is told")


class Group(Record):
    """The people who want to learn together."""

    name: Annotated[Line | None, Personal] = Field(None, description="What the group calls itself")
    size: Annotated[int, Open] = Field(ge=1, le=5000, description="How many people; fewer than five goes to a person")
    connections: Annotated[Codes, Open] = Field(
        max_length=4, description="How the group belongs to Portland: live, work, school, play"
    )
    description: Annotated[Paragraph | None, Personal] = Field(None, description="Anything else about the group")


class Place(Record):
    """Where the group meets or belongs; never needed for a virtual training."""

    kind: Annotated[Code, Open] = Field(description="What sort of place: home, school, workplace, park, other")
    text: Annotated[Line | None, Personal] = Field(None, description="The place in the person's words")
    lat: Annotated[float | None, Personal] = Field(None, ge=-90, le=90, description="Latitude, WGS 84, degrees")
    long: Annotated[float | None, Personal] = Field(None, ge=-180, le=180, description="Longitude, WGS 84, degrees")
    neighborhood: Annotated[Line | None, Open] = Field(None, description="Neighbourhood name")
    postal_code: Annotated[str | None, Open] = Field(None, pattern=r"^[0-9]{5}$", description="Five-digit postal code")


class TopicChoice(Record):
    """One training topic out of the published catalogue."""

    code: Annotated[Code, Open] = Field(description="Code of the topic in the catalogue")
    catalogue_version: Annotated[int, Open] = Field(ge=1, le=10_000, description="Version of the catalogue it was chosen from")


class Window(Record):
    """A weekly stretch of time that suits the group."""

    weekday: Annotated[Weekday, Open] = Field(description="Day of the week")
    start: Annotated[WallTime, Open] = Field(description="Start, HH:MM wall time in the group's time zone")
    end: Annotated[WallTime, Open] = Field(description="End, HH:MM wall time, after the start")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a window ends after it starts")
        return self


class Availability(Record):
    """When the group can meet."""

    windows: tuple[Window, ...] = Field(min_length=1, max_length=50, description="Weekly windows; any one of them will do")
    earliest: Annotated[Moment, Open] = Field(description="Not before this moment")
    latest: Annotated[Moment, Open] = Field(description="Not after this moment")
    timezone: Annotated[Literal["America/Los_Angeles"], Open] = Field("America/Los_Angeles", description="IANA time zone")


class Submission(Record):
    """The fields that a submission and its amendment share."""

    submission_id: Annotated[Id, Open] = Field(description="The submission's id; also the record's key")
    revision: Annotated[int, Open] = Field(ge=1, le=10_000, description="1 when submitted; an amendment adds one")
    channel: Annotated[Code, Open] = Field(description="How it reached the city: web, phone_agent, email, open311, …")
    submitted_at: Annotated[Moment, Open] = Field(description="When the person asked")
    intent: Annotated[Literal["training_request", "question", "unsure"], Open] = Field(description="What the person wants")
    language: Annotated[Language, Open] = Field(description="Language the person chose, BCP 47")
    anonymous: Annotated[bool, Open] = Field(description="True when nobody must be known; then no requester")
    requester: Requester | None = Field(None, description="Who asks; absent when anonymous")
    on_behalf_of: OnBehalfOf | None = Field(None, description="Who fills in for the person, if anybody")
    group: Group | None = Field(None, description="The group that wants a training")
    place: Place | None = Field(None, description="Where the group meets or belongs")
    topics: tuple[TopicChoice, ...] = Field((), max_length=3, description="Topics the group agreed to ask for")
    topic_text: Annotated[Line | None, Personal] = Field(None, description="A topic in the group's own words")
    format: Annotated[Literal["virtual", "in_person", "either"], Open] = Field("either", description="How to meet")
    availability: Availability | None = Field(None, description="When the group can meet")
    access_needs: Annotated[Codes, Open] = Field((), max_length=10, description="What the group needs: asl, captions, …")
    access_needs_text: Annotated[Paragraph | None, Personal] = Field(None, description="Needs in the group's own words")
    safety_interest: Annotated[Paragraph | None, Personal] = Field(None, description="What the group wants to change")
    service_name: Annotated[Line | None, Open] = Field(None, description="The source's own name for what was asked for")
    source_reference: Annotated[str | None, Open] = Field(None, max_length=100, description="The source's reference")

    @model_validator(mode="after")
    def _anonymous_means_nobody(self) -> Self:
        if self.anonymous and self.requester is not None:
            raise ValueError("an anonymous submission names no requester")
        return self


class SubmissionSubmittedV1(Submission, Event):
    """A city system hands over what somebody asked for."""

    TYPE: ClassVar[str] = "city.submission.submitted.v1"


class SubmissionAmendedV1(Submission, Event):
    """The same submission with its fields as they are now; `revision` is the last one plus one."""

    TYPE: ClassVar[str] = "city.submission.amended.v1"


class SubmissionWithdrawnV1(Event):
    """The person no longer asks."""

    TYPE: ClassVar[str] = "city.submission.withdrawn.v1"
    submission_id: Annotated[Id, Open] = Field(description="The submission's id; also the record's key")
    revision: Annotated[int, Open] = Field(ge=1, le=10_000, description="The last revision plus one")
    withdrawn_at: Annotated[Moment, Open] = Field(description="When the person said so")


class Problem(Record):
    """One thing that is wrong with a record, without what stood there."""

    pointer: Annotated[str, Open] = Field(max_length=300, description="JSON pointer to the field; empty for the whole")
    code: Annotated[Code, Open] = Field(description="What is wrong with it")


class Redirect(Record):
    """Where the person should turn instead."""

    office: Annotated[Code, Open] = Field(description="Code of the office in intake's directory")
    name: Annotated[Line, Open] = Field(description="Name of the office")
    wording: Annotated[Paragraph, Open] = Field(description="What to tell the person, in their language where we have it")
    phone: Annotated[str | None, Open] = Field(None, max_length=40, description="Telephone number as it is dialled")
    url: Annotated[str | None, Open] = Field(None, max_length=300, description="Web address")
    hours: Annotated[Line | None, Open] = Field(None, description="Opening hours in words")
    open_now: Annotated[bool | None, Open] = Field(None, description="Is it open at this moment?")


class Verdict(Event):
    """The fields of every verdict; each record from outside gets exactly one."""

    submission_id: Annotated[Id | None, Open] = Field(None, description="From the record's key; absent where unreadable")
    source_event_id: Annotated[str | None, Open] = Field(
        None, max_length=100, description="`ce_id` of the record; absent where unreadable"
    )
    verdict: Annotated[VerdictWord, Open] = Field(description="The verdict in one word")
    reason_code: Annotated[Code | None, Open] = Field(None, description="Why, as a code")
    problems: tuple[Problem, ...] = Field((), max_length=20, description="What exactly is wrong, up to twenty")
    reference: Annotated[Reference | None, Open] = Field(None, description="The reference a person is given")
    rule: Annotated[str | None, Open] = Field(None, max_length=100, description="Rule and version that decided")
    redirect: Redirect | None = Field(None, description="Where to turn instead")
    partition: Annotated[Partition | None, Open] = Field(None, description="Partition of a record that has no key")
    offset: Annotated[Offset | None, Open] = Field(None, description="Offset of a record that has no key")
    processed_at: Annotated[Moment, Open] = Field(description="When intake decided")


class SubmissionAcceptedV1(Verdict):
    """Accepted: a request was opened or changed; `reference` follows it."""

    TYPE: ClassVar[str] = "intake.submission.accepted.v1"
    verdict: Annotated[Literal["accepted"], Open] = Field(description="The verdict in one word")


class SubmissionDuplicateV1(Verdict):
    """The same record again: nothing new happened; carries the first verdict's reference and reason."""

    TYPE: ClassVar[str] = "intake.submission.duplicate.v1"
    verdict: Annotated[Literal["duplicate"], Open] = Field(description="The verdict in one word")
    first_verdict: Annotated[VerdictWord, Open] = Field(description="The verdict that was given the first time")


class SubmissionRedirectedV1(Verdict):
    """Not ours: `redirect` says who helps; nothing of the text was stored."""

    TYPE: ClassVar[str] = "intake.submission.redirected.v1"
    verdict: Annotated[Literal["redirected"], Open] = Field(description="The verdict in one word")


class SubmissionRejectedV1(Verdict):
    """Readable, but it cannot be taken as it is: the sender can mend it."""

    TYPE: ClassVar[str] = "intake.submission.rejected.v1"
    verdict: Annotated[Literal["rejected"], Open] = Field(description="The verdict in one word")


class SubmissionQuarantinedV1(Verdict):
    """Set aside as a dead letter: a person looks at it."""

    TYPE: ClassVar[str] = "intake.submission.quarantined.v1"
    verdict: Annotated[Literal["quarantined"], Open] = Field(description="The verdict in one word")
