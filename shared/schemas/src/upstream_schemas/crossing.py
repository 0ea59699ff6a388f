"""What comes out of the gateway: the crossings themselves, built field by field with fresh ids, and its counters.

Nothing of these says who handed it over, when exactly, or what it was on the other side.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from upstream_schemas.enforcement import AlertKind, CrossingKind, Dialled, RetaliationBand, Urgency
from upstream_schemas.model import Code, Event, Id, Language, Line, Moment, Record
from upstream_schemas.privacy import Open, Sealed


class Crossed(Event):
    """The field of every crossing."""

    crossing_id: Annotated[Id, Open] = Field(description="Fresh and random, drawn at the gateway; also the record's key")


class HelpOfferCrossedV1(Crossed):
    """X1: OVP's coordinator is asked to offer help. Without a contact: call the desk."""

    TYPE: ClassVar[str] = "gateway.help-offer.crossed.v1"
    urgency: Annotated[Urgency, Open] = Field(description="How soon somebody should call")
    respond_by: Annotated[Moment, Open] = Field(description="The desk expects a call before this moment")
    language: Annotated[Language, Open] = Field(description="Language of the person, BCP 47")
    callback_desk: Annotated[Code, Open] = Field(description="Desk to call, a code of the fixed list of desks")
    key_id: Annotated[Code | None, Open] = Field(None, description="Which of OVP's keys the contact is sealed to")
    sealed_contact: Annotated[str | None, Sealed] = Field(
        None, max_length=4000, description="Name and one channel, padded to one size, sealed to OVP, base64"
    )


class LifeSafetyCallCrossedV1(Crossed):
    """X3: call this number now."""

    TYPE: ClassVar[str] = "gateway.life-safety-call.crossed.v1"
    callback_number: Annotated[Dialled, Open] = Field(description="Number to call, E.164")


class AreaAlertCrossedV1(Crossed):
    """X2: for the outreach duty desk."""

    TYPE: ClassVar[str] = "gateway.area-alert.crossed.v1"
    cell: Annotated[Code, Open] = Field(description="Coarse area of at least 1,000 residents, a code of the fixed list")
    hour: Annotated[Moment, Open] = Field(description="Start of the hour in which it happened")
    kind: Annotated[AlertKind, Open] = Field(description="What happened")
    retaliation: Annotated[RetaliationBand, Open] = Field(description="Is more expected?")


class BoundaryCount(Record):
    """How often one thing happened at the wall."""

    agency: Annotated[Code, Open] = Field(description="Agency that handed it over")
    kind: Annotated[CrossingKind, Open] = Field(description="What it was")
    outcome: Annotated[Code, Open] = Field(description="`crossed`, or why it was refused, as a code")
    count: Annotated[int, Open] = Field(ge=0, le=1_000_000, description="How often")


class BoundaryCountersPublishedV1(Event):
    """X7: what passed the wall in a period, by agency, from facts of the enforcement side alone."""

    TYPE: ClassVar[str] = "gateway.boundary-counters.published.v1"
    period_id: Annotated[Id, Open] = Field(description="The period; also the record's key")
    period: Annotated[Line, Open] = Field(description="The quarter, such as 2026-Q4")
    counts: tuple[BoundaryCount, ...] = Field(max_length=200, description="So far in this period")
