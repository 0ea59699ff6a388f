"""The enforcement side of the wall: what an agency hands over, its receipt, and what two people approved to cross.

Fields marked `Enforcement` never leave this side. What may cross is an exhaustive list (docs/separation.md); the approved
events hold its fields and no other.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from upstream_schemas.city import Problem
from upstream_schemas.model import Code, Event, Id, Language, Line, Moment, Offset, Paragraph, Partition, Record
from upstream_schemas.privacy import Enforcement, Open, Sealed

Dialled = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
Urgency = Literal["today", "this-week", "routine"]
AlertKind = Literal["shooting", "homicide"]
RetaliationBand = Literal["unknown", "elevated"]
CrossingKind = Literal["help-offer", "area-alert", "life-safety-call"]


class ByAgency(Event):
    """The fields of everything an agency hands over. There is no room for a case number, a group, a history or free words."""

    submission_id: Annotated[Id, Open] = Field(description="The submission's id; also the record's key")
    agency_reference: Annotated[Line, Enforcement] = Field(description="The agency's own reference; it stands on the receipt")


class OfferContact(Record):
    """Name and one channel of the person who is to be offered help; taken only where the city has switched this on."""

    name: Annotated[Line, Enforcement] = Field(description="How the person is addressed")
    phone: Annotated[Dialled | None, Enforcement] = Field(None, description="Telephone number in E.164")
    email: Annotated[str | None, Enforcement] = Field(None, max_length=254, description="Mail address")


class Attestation(Record):
    """What the submitter states: 28 CFR Part 23 material and criminal-justice information never cross."""

    not_criminal_justice_information: Annotated[Literal[True], Open] = Field(description="It is no such information")
    not_intelligence_derived: Annotated[Literal[True], Open] = Field(description="It comes from no intelligence file")


class HelpOfferedV1(ByAgency):
    """X1: an offer of help to somebody. Two people approve it before it crosses."""

    TYPE: ClassVar[str] = "enforcement.help.offered.v1"
    urgency: Annotated[Urgency, Open] = Field(description="How soon somebody should call")
    respond_by: Annotated[Moment, Open] = Field(description="The desk expects a call before this moment")
    language: Annotated[Language, Open] = Field(description="Language of the person, BCP 47")
    callback_desk: Annotated[Code, Open] = Field(description="Desk to call, a code of the fixed list of desks")
    contact: OfferContact | None = Field(None, description="Absent by default: then the substance is told by voice only")
    attestation: Attestation = Field(description="What the submitter states")


class AreaAlertIssuedV1(ByAgency):
    """X2: something happened in a coarse area. No person, no address. One person approves it."""

    TYPE: ClassVar[str] = "enforcement.area-alert.issued.v1"
    cell: Annotated[Code, Open] = Field(description="Coarse area of at least 1,000 residents, a code of the fixed list")
    hour: Annotated[Moment, Open] = Field(description="Start of the hour in which it happened")
    kind: Annotated[AlertKind, Open] = Field(description="What happened")
    retaliation: Annotated[RetaliationBand, Open] = Field(description="Is more expected?")


class LifeSafetyCallAskedV1(ByAgency):
    """X3: call now, somebody's life is in danger (28 CFR 23.20(e)(2)). The substance is told by voice only."""

    TYPE: ClassVar[str] = "enforcement.life-safety-call.asked.v1"
    callback_number: Annotated[Dialled, Open] = Field(description="Number to call, E.164")
    grounds: Annotated[Paragraph, Enforcement] = Field(
        min_length=1, description="Who asks and why; recorded on this side only"
    )


class Receipt(Event):
    """X4: the fields of a receipt, computed from the submission alone, published on its own clock."""

    submission_id: Annotated[Id | None, Open] = Field(None, description="From the record's key; absent where unreadable")
    source_event_id: Annotated[str | None, Open] = Field(
        None, max_length=100, description="`ce_id` of the record; absent where unreadable"
    )
    agency_reference: Annotated[Line | None, Enforcement] = Field(None, description="The agency's own reference, as it came")


class SubmissionReceivedV1(Receipt):
    """It arrived. Nothing more is told, ever."""

    TYPE: ClassVar[str] = "enforcement.submission.received.v1"


class SubmissionInvalidV1(Receipt):
    """It cannot be taken as it is."""

    TYPE: ClassVar[str] = "enforcement.submission.invalid.v1"
    code: Annotated[Code, Open] = Field(description="What is wrong, as a code")
    problems: tuple[Problem, ...] = Field((), max_length=20, description="What exactly is wrong, up to twenty")
    partition: Annotated[Partition | None, Open] = Field(None, description="Partition of a record that has no key or id")
    offset: Annotated[Offset | None, Open] = Field(None, description="Offset of a record that has no key or id")


class Approved(Event):
    """The fields of every approved crossing. Who approved it stays in the enforcement side's own tables."""

    crossing_id: Annotated[Id, Open] = Field(description="The crossing on this side; it gets another id on the way over")
    agency: Annotated[Code, Open] = Field(description="Agency that handed it over; counted, never passed on")


class HelpOfferApprovedV1(Approved):
    """X1 may cross."""

    TYPE: ClassVar[str] = "enforcement.help-offer.approved.v1"
    urgency: Annotated[Urgency, Open] = Field(description="How soon somebody should call")
    respond_by: Annotated[Moment, Open] = Field(description="The desk expects a call before this moment")
    language: Annotated[Language, Open] = Field(description="Language of the person, BCP 47")
    callback_desk: Annotated[Code, Open] = Field(description="Desk to call")
    key_id: Annotated[Code | None, Open] = Field(None, description="Which of OVP's keys the contact is sealed to")
    sealed_contact: Annotated[str | None, Sealed] = Field(
        None, max_length=4000, description="Name and one channel, padded to one size, sealed to OVP, base64"
    )


class AreaAlertApprovedV1(Approved):
    """X2 may cross."""

    TYPE: ClassVar[str] = "enforcement.area-alert.approved.v1"
    cell: Annotated[Code, Open] = Field(description="Coarse area")
    hour: Annotated[Moment, Open] = Field(description="Start of the hour")
    kind: Annotated[AlertKind, Open] = Field(description="What happened")
    retaliation: Annotated[RetaliationBand, Open] = Field(description="Is more expected?")


class LifeSafetyCallApprovedV1(Approved):
    """X3 may cross."""

    TYPE: ClassVar[str] = "enforcement.life-safety-call.approved.v1"
    callback_number: Annotated[Dialled, Open] = Field(description="Number to call")


class CrossingRefusedV1(Approved):
    """It does not cross: counted, with nothing of what it held."""

    TYPE: ClassVar[str] = "enforcement.crossing.refused.v1"
    kind: Annotated[CrossingKind, Open] = Field(description="What it would have been")
    reason: Annotated[Code, Open] = Field(description="Why, as a code")
