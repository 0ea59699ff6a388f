"""What the outreach side of referral says on its own side of the wall: referrals, consents, notices, contacts, services.

Never a name, an address or a need of a person: ids, codes and times. Nothing here is read by any principal of law
enforcement; only the directory of services is open to everybody.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from upstream_schemas.intake import Contact
from upstream_schemas.model import Code, Codes, Event, Id, Language, Line, Moment, Paragraph
from upstream_schemas.privacy import Open, Sealed, SealedText


class ReferralReceivedV1(Event):
    """Somebody asked for help through a form of the city. The form keeps nothing: all of it is sealed to OVP.

    The type is intake's, because intake writes it; `upstream_schemas.sealed.SelfReferral` is what is inside.
    """

    TYPE: ClassVar[str] = "intake.referral.received.v1"
    referral_id: Annotated[Id, Open] = Field(description="The referral, drawn at random at the form; also the record's key")
    key_id: Annotated[Code, Open] = Field(description="Which of OVP's keys it is sealed to")
    sealed: Annotated[str, Sealed] = Field(
        max_length=16_000, description="A self-referral as JSON, padded to one size, sealed to OVP (X25519 sealed box), base64"
    )


class AboutReferral(Event):
    """The fields of every event about one referral."""

    referral_id: Annotated[Id, Open] = Field(description="The referral; also the record's key")


class ReferralRequestedV1(AboutReferral):
    """A person asked for help, and their words are with the outreach side."""

    TYPE: ClassVar[str] = "outreach.referral.requested.v1"
    origin: Annotated[Literal["self", "agency"], Open] = Field(description="Who asked; never a police-originated offer")


class ReferralProposedV1(AboutReferral):
    """Up to three services are shown to the participant, who ticks who may be told, and in which order."""

    TYPE: ClassVar[str] = "outreach.referral.proposed.v1"
    services: Annotated[Codes, Open] = Field(min_length=1, max_length=3, description="Services that fit, best first")


class ReferralUnmetV1(AboutReferral):
    """Nobody is left who could help: an outcome that is counted."""

    TYPE: ClassVar[str] = "outreach.referral.unmet.v1"
    reason: Annotated[Code, Open] = Field(description="Why, as a code: no-service, nobody-left, not-chosen")


class ReferralOfferedV1(AboutReferral):
    """One provider was told, as the participant allowed."""

    TYPE: ClassVar[str] = "outreach.referral.offered.v1"
    service: Annotated[Code, Open] = Field(description="Service it was put before")
    respond_by: Annotated[Moment, Open] = Field(description="Silence after this moment means the next one")


class ReferralAcceptedV1(AboutReferral):
    """A provider takes it; whoever introduces stays responsible until contact is made (warm hand-off)."""

    TYPE: ClassVar[str] = "outreach.referral.accepted.v1"
    service: Annotated[Code, Open] = Field(description="Service that accepted")


class ReferralDeclinedV1(AboutReferral):
    """A provider does not take it, or was silent past its time."""

    TYPE: ClassVar[str] = "outreach.referral.declined.v1"
    service: Annotated[Code, Open] = Field(description="Service that declined")
    reason: Annotated[Code, Open] = Field(description="Why, as a code; `silent` where nobody answered in time")


class ReferralWaitlistedV1(AboutReferral):
    """A provider would take it, later."""

    TYPE: ClassVar[str] = "outreach.referral.waitlisted.v1"
    service: Annotated[Code, Open] = Field(description="Service with a waiting list")


class ReferralEscalatedV1(AboutReferral):
    """Something took longer than it may; the coordinator sees it."""

    TYPE: ClassVar[str] = "outreach.referral.escalated.v1"
    stage: Annotated[Code, Open] = Field(description="What is late: choice, hand-off")


class ReferralEngagedV1(AboutReferral):
    """The provider and the participant are in contact: the hand-off is done."""

    TYPE: ClassVar[str] = "outreach.referral.engaged.v1"
    service: Annotated[Code, Open] = Field(description="Service in contact")


class ReferralClosedV1(AboutReferral):
    """It ended; the loop closes to the participant and OVP, and nobody else."""

    TYPE: ClassVar[str] = "outreach.referral.closed.v1"
    outcome: Annotated[Code, Open] = Field(description="How it ended, as a code of the published list")


class ReferralWithdrawnV1(AboutReferral):
    """The participant took it back: deliveries stop, keys are destroyed, who was told must erase."""

    TYPE: ClassVar[str] = "outreach.referral.withdrawn.v1"


class AboutConsent(Event):
    """The fields of every event about one consent: one participant, one recipient, one purpose."""

    consent_id: Annotated[Id, Open] = Field(description="The consent; also the record's key")
    referral_id: Annotated[Id, Open] = Field(description="The referral it belongs to")


class ConsentGivenV1(AboutConsent):
    """The participant allows that one provider is told."""

    TYPE: ClassVar[str] = "outreach.consent.given.v1"
    service: Annotated[Code, Open] = Field(description="The one service that may be told")
    classes: Annotated[Codes, Open] = Field(
        max_length=10, description="What may be told: name, contact, needs, words, language"
    )
    valid_until: Annotated[Moment, Open] = Field(description="It ends by itself at this moment")


class ConsentNarrowedV1(AboutConsent):
    """Less may be told from now on; consent never grows in place."""

    TYPE: ClassVar[str] = "outreach.consent.narrowed.v1"
    classes: Annotated[Codes, Open] = Field(max_length=10, description="What may still be told")


class ConsentRevokedV1(AboutConsent):
    """The participant took it back."""

    TYPE: ClassVar[str] = "outreach.consent.revoked.v1"


class ConsentExpiredV1(AboutConsent):
    """Its time is over."""

    TYPE: ClassVar[str] = "outreach.consent.expired.v1"


class NoticeRequestedV1(Event):
    """Somebody is to be told something, by the outreach lane alone. The wording never names a kind of service."""

    TYPE: ClassVar[str] = "outreach.notice.requested.v1"
    notice_id: Annotated[Id, Open] = Field(description="The notice; also the record's key")
    case_id: Annotated[Id, Open] = Field(description="What it is about; an id of the outreach side")
    contact_id: Annotated[Id, Open] = Field(description="Whom to tell")
    language: Annotated[Language, Open] = Field(description="Language to tell them in")
    template: Annotated[Code, Open] = Field(description="Template and its version, `<name>.v<N>`")
    page_link: SealedText | None = Field(None, description="Their own page, sealed to the outreach lane")
    expires_at: Annotated[Moment, Open] = Field(description="Not sent after this moment")


class NoticeTakenBackV1(Event):
    """What was to be told is no longer so."""

    TYPE: ClassVar[str] = "outreach.notice.taken-back.v1"
    notice_id: Annotated[Id, Open] = Field(description="The notice; also the record's key")


class OutreachContactUpsertedV1(Contact):
    """The contact of a participant, or of the coordinator's desk, is new or changed."""

    TYPE: ClassVar[str] = "outreach.contact.upserted.v1"


class ServicePublishedV1(Event):
    """One service of the directory: the part of an HSDS 3 service that we know. What is not known is absent."""

    TYPE: ClassVar[str] = "outreach.service.published.v1"
    service_id: Annotated[Id, Open] = Field(description="The service; also the record's key")
    code: Annotated[Code, Open] = Field(description="Short name of the service, as consents and offers name it")
    organization_name: Annotated[Line, Open] = Field(description="HSDS organization.name")
    name: Annotated[Line, Open] = Field(description="HSDS service.name")
    description: Annotated[Paragraph, Open] = Field(description="HSDS service.description")
    needs: Annotated[Codes, Open] = Field(max_length=20, description="What it helps with, as codes of the catalogue of needs")
    eligibility_description: Annotated[Paragraph | None, Open] = Field(
        None, description="HSDS service.eligibility_description"
    )
    hours: Annotated[Line | None, Open] = Field(None, description="HSDS schedule.description")
    url: Annotated[str | None, Open] = Field(None, max_length=300, description="HSDS service.url")
    phone: Annotated[str | None, Open] = Field(None, max_length=40, description="HSDS phone.number")
    status: Annotated[Literal["active", "inactive", "defunct", "temporarily closed"], Open] = Field(
        description="HSDS service.status"
    )
    takes_referrals: Annotated[bool, Open] = Field(description="True when it can be told through Upstream")
    source: Annotated[Line, Open] = Field(description="Where these facts stand, with the date they were read")
