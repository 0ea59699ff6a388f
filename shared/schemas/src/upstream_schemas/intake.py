"""What intake says about a request, from the first word to the closed case.

No name, address or free text of a person stands in these events: who must be reached is named by `contact_id`, and the
contact itself travels sealed on the contacts topics.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from upstream_schemas.city import Availability
from upstream_schemas.model import Code, Codes, Event, Hash, Id, Language, Line, Moment, Paragraph, Record, Reference
from upstream_schemas.privacy import Open, Personal, Sealed, SealedText

MeetingFormat = Literal["virtual", "in_person", "either"]
TopicCode = Annotated[Code, Open]


class AboutRequest(Event):
    """The fields of every event about one request."""

    request_id: Annotated[Id, Open] = Field(description="The request; also the record's key")


class ForRequester(AboutRequest):
    """An event the requester may be told of."""

    reference: Annotated[Reference, Open] = Field(description="The reference a person is given")
    contact_id: Annotated[Id | None, Open] = Field(None, description="Whom to tell; absent when the request is anonymous")
    language: Annotated[Language, Open] = Field(description="Language to tell them in")


class RequestReceivedV1(ForRequester):
    """A submission was accepted and a request opened for it."""

    TYPE: ClassVar[str] = "intake.request.received.v1"
    source: Annotated[Code, Open] = Field(description="City system it came from")
    channel: Annotated[Code, Open] = Field(description="How it reached the city")
    page_link: SealedText = Field(description="The requester's own page, sealed to the notifier")
    late: Annotated[bool, Open] = Field(description="True when the submission was very old: then no automatic messages")


class RequestAmendedV1(ForRequester):
    """The requester changed what they ask for."""

    TYPE: ClassVar[str] = "intake.request.amended.v1"
    changed: Annotated[Codes, Open] = Field(max_length=30, description="Names of the fields that changed")


class RequestRedirectedV1(Event):
    """Somebody else helps with this; counted as an outcome, nothing of the text is kept."""

    TYPE: ClassVar[str] = "intake.request.redirected.v1"
    request_id: Annotated[Id, Open] = Field(description="A fresh id; also the record's key")
    office: Annotated[Code, Open] = Field(description="Office in intake's directory")
    rule: Annotated[Line, Open] = Field(description="Rule and version that decided")
    emergency: Annotated[bool, Open] = Field(description="True when the words were an emergency")
    source: Annotated[Code, Open] = Field(description="City system it came from")


class RequestTriagedV1(AboutRequest):
    """It is clear what happens next: a rule or a person decided."""

    TYPE: ClassVar[str] = "intake.request.triaged.v1"
    outcome: Annotated[Literal["agreement", "person"], Open] = Field(description="Propose an agreement, or wait for a person")
    reasons: Annotated[Codes, Open] = Field(max_length=10, description="Why, as codes")
    rule: Annotated[Line, Open] = Field(description="Rule and version that decided, or `staff`")


class InformationRequestedV1(ForRequester):
    """A person of the team asks the requester for something."""

    TYPE: ClassVar[str] = "intake.information.requested.v1"
    question: Annotated[Paragraph, Open] = Field(description="What is asked, written by staff: names nobody")
    expires_at: Annotated[Moment | None, Open] = Field(None, description="After this moment the case is closed unanswered")
    page_link: SealedText = Field(description="The requester's own page, sealed to the notifier")


class InformationProvidedV1(AboutRequest):
    """The requester answered; the answer itself stays with intake."""

    TYPE: ClassVar[str] = "intake.information.provided.v1"


class AgreementTerms(Record):
    """What both sides agree to, before any date is looked for."""

    version: Annotated[int, Open] = Field(ge=1, le=100, description="1 for the first proposal; a counter-proposal adds one")
    topic: TopicCode = Field(description="Code of the topic in the catalogue")
    catalogue_version: Annotated[int, Open] = Field(ge=1, le=10_000, description="Version of the catalogue")
    format: Annotated[MeetingFormat, Open] = Field(description="How to meet")
    length_minutes: Annotated[int, Open] = Field(ge=15, le=480, description="Length of the training, minutes")
    language: Annotated[Language, Open] = Field(description="Language of the training")
    group_size: Annotated[int, Open] = Field(ge=1, le=5000, description="How many people come")
    group_duties: Annotated[Codes, Open] = Field(
        max_length=10, description="What the group does, as codes with published texts"
    )
    city_duties: Annotated[Codes, Open] = Field(max_length=10, description="What the city does, as codes with published texts")
    text_hash: Annotated[Hash, Open] = Field(description="SHA-256 of the agreement's text in the requester's language")


class AgreementProposedV1(ForRequester):
    """Intake proposes an agreement; the group accepts, declines or asks for another."""

    TYPE: ClassVar[str] = "intake.agreement.proposed.v1"
    terms: AgreementTerms = Field(description="The agreement as proposed")
    expires_at: Annotated[Moment, Open] = Field(description="After this moment it can no longer be accepted")
    page_link: SealedText = Field(description="The requester's own page, sealed to the notifier")


class AgreementCounteredV1(AboutRequest):
    """The group wants something else; a person of the team takes it up."""

    TYPE: ClassVar[str] = "intake.agreement.countered.v1"
    version: Annotated[int, Open] = Field(ge=1, le=100, description="The version that was answered")


class AgreementAcceptedV1(AboutRequest):
    """The group accepts this version of this text."""

    TYPE: ClassVar[str] = "intake.agreement.accepted.v1"
    version: Annotated[int, Open] = Field(ge=1, le=100, description="The version that was accepted")
    text_hash: Annotated[Hash, Open] = Field(description="SHA-256 of the text that was accepted")
    accepted_at: Annotated[Moment, Open] = Field(description="When")


class AgreementDeclinedV1(ForRequester):
    """The group does not want this training after all."""

    TYPE: ClassVar[str] = "intake.agreement.declined.v1"
    version: Annotated[int, Open] = Field(ge=1, le=100, description="The version that was declined")


class TrainingRequestedV1(ForRequester):
    """Intake's order to the scheduler, once the agreement is accepted. Only this event asks for a date."""

    TYPE: ClassVar[str] = "intake.training.requested.v1"
    terms: AgreementTerms = Field(description="The agreement as accepted")
    connections: Annotated[Codes, Open] = Field(max_length=4, description="How the group belongs to Portland")
    availability: Availability = Field(description="When the group can meet")
    access_needs: Annotated[Codes, Open] = Field((), max_length=10, description="What the group needs: asl, captions, …")
    neighborhood: Annotated[Line | None, Open] = Field(None, description="Neighbourhood, for a training in person")


class RequestRejectedV1(ForRequester):
    """A person of the team says no, with a reason. Never said by a rule."""

    TYPE: ClassVar[str] = "intake.request.rejected.v1"
    reason: Annotated[Paragraph, Open] = Field(description="Why, in plain words, written by staff: names nobody")
    reviewer: Annotated[Code, Open] = Field(description="Staff account that decided")


class RequestWithdrawnV1(ForRequester):
    """The requester takes the request back; the scheduler frees what was held for it."""

    TYPE: ClassVar[str] = "intake.request.withdrawn.v1"


class RequestExpiredV1(ForRequester):
    """Nobody answered in time."""

    TYPE: ClassVar[str] = "intake.request.expired.v1"
    waiting_for: Annotated[Literal["agreement", "information"], Open] = Field(description="What was not answered")


class FeedbackRequestedV1(ForRequester):
    """The training took place; the group is asked how it was."""

    TYPE: ClassVar[str] = "intake.feedback.requested.v1"
    page_link: SealedText = Field(description="The requester's own page, sealed to the notifier")


class FeedbackReceivedV1(AboutRequest):
    """The group answered; what it wrote stays with intake."""

    TYPE: ClassVar[str] = "intake.feedback.received.v1"
    useful: Annotated[int, Open] = Field(ge=1, le=5, description="How useful it was, 1 to 5")


class RequestClosedV1(ForRequester):
    """The case is closed, and says what changed because of it."""

    TYPE: ClassVar[str] = "intake.request.closed.v1"
    outcome: Annotated[Literal["delivered", "declined", "withdrawn", "rejected", "expired", "cancelled"], Open] = Field(
        description="How it ended"
    )
    what_changed: Annotated[Code, Open] = Field(description="What changed because of it: code of a published text")
    what_changed_text: Annotated[Paragraph | None, Open] = Field(None, description="In staff's own words: names nobody")


class RequesterErasedV1(AboutRequest):
    """The requester's key is destroyed: nothing about the person opens any more."""

    TYPE: ClassVar[str] = "intake.requester.erased.v1"


class ContactCard(Record):
    """What is inside a locked contact, once its lane has opened it: how to reach somebody, and whether we may."""

    name: Annotated[Line | None, Personal] = Field(None, description="How the person wants to be addressed")
    email: Annotated[str | None, Personal] = Field(None, max_length=254, description="Mail address")
    phone: Annotated[str | None, Personal] = Field(None, max_length=16, description="Telephone number in E.164")
    preferred_contact: Annotated[Literal["email", "phone"], Open] = Field("email", description="Which way to try first")
    consent_contact: Annotated[bool, Open] = Field(description="May we write or call?")


class Contact(Event):
    """A person to be reached: encrypted under the person's own key, with that key sealed to one notifier lane.

    A tombstone on the topic erases the sealed key: the contact no longer opens.
    """

    contact_id: Annotated[Id, Open] = Field(description="The contact; also the record's key")
    contact: Annotated[str, Sealed] = Field(
        max_length=8000, description="Name and addresses as JSON, encrypted under the person's key (XSalsa20-Poly1305), base64"
    )
    key: SealedText = Field(
        description="The person's key, sealed to the lane that reads this topic (X25519 sealed box), base64"
    )
    language: Annotated[Language, Open] = Field(description="Language to write in")


class ContactUpsertedV1(Contact):
    """A requester's contact is new or changed."""

    TYPE: ClassVar[str] = "intake.contact.upserted.v1"
