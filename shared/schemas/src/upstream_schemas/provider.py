"""What stands between the outreach side and one provider: offers and their keys one way, answers the other way.

Each provider has topics of its own and an id of its own for each referral. What is offered is ciphertext; its key travels
apart, sealed to the provider, and is destroyed when the participant takes the consent back.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from upstream_schemas.city import Problem
from upstream_schemas.model import Code, Event, Id, Moment
from upstream_schemas.privacy import Open, Sealed

AnswerTo = Annotated[str, Open]


class ForProvider(Event):
    """The fields of everything about one referral between us and one provider."""

    referral_id: Annotated[Id, Open] = Field(description="This provider's own id of the referral; also the record's key")


class ReferralOfferMadeV1(ForProvider):
    """A referral is put before this provider. It opens with the content key on the keys topic."""

    TYPE: ClassVar[str] = "outreach.referral-offer.made.v1"
    service: Annotated[Code, Open] = Field(description="Which of the provider's services")
    sealed: Annotated[str, Sealed] = Field(
        max_length=16_000,
        description="What the participant allows to be told, as JSON padded to one size, under the content key, base64",
    )
    respond_by: Annotated[Moment, Open] = Field(description="An answer after this moment is too late")


class ReferralOfferConfirmedV1(ForProvider):
    """The provider's answer counts."""

    TYPE: ClassVar[str] = "outreach.referral-offer.confirmed.v1"
    answer_to: AnswerTo = Field(max_length=100, description="`ce_id` of the provider's record")


class ReferralOfferMissedV1(ForProvider):
    """Too late: the offer had ended before the answer came."""

    TYPE: ClassVar[str] = "outreach.referral-offer.missed.v1"
    answer_to: AnswerTo = Field(max_length=100, description="`ce_id` of the provider's record")


class ReferralOfferWithdrawnV1(ForProvider):
    """The offer stands no longer. What was opened must be erased; the erasure is asked for in a record of its own."""

    TYPE: ClassVar[str] = "outreach.referral-offer.withdrawn.v1"
    answer_to: AnswerTo | None = Field(
        None, max_length=100, description="`ce_id` of the record it answers, where it answers one"
    )


class ErasureRequestedV1(ForProvider):
    """Erase what you have of this referral, and say so."""

    TYPE: ClassVar[str] = "outreach.erasure.requested.v1"
    attest_by: Annotated[Moment, Open] = Field(description="Say that it is done before this moment")


class ResponseRefusedV1(Event):
    """A record of the provider could not be taken as it is."""

    TYPE: ClassVar[str] = "outreach.response.refused.v1"
    referral_id: Annotated[Id | None, Open] = Field(None, description="From the record's key; absent where unreadable")
    answer_to: AnswerTo | None = Field(None, max_length=100, description="`ce_id` of the record; absent where unreadable")
    code: Annotated[Code, Open] = Field(description="What is wrong, as a code")
    problems: tuple[Problem, ...] = Field((), max_length=20, description="What exactly is wrong, up to twenty")


class TrialSentV1(ForProvider):
    """Nothing but a try: whoever listens says `provider.trial.received`."""

    TYPE: ClassVar[str] = "outreach.trial.sent.v1"


class ContentKeyDeliveredV1(ForProvider):
    """The content key of one offer, sealed to the provider. A tombstone means destroyed."""

    TYPE: ClassVar[str] = "outreach.content-key.delivered.v1"
    key_id: Annotated[Code, Open] = Field(description="Which of the provider's keys it is sealed to")
    sealed_key: Annotated[str, Sealed] = Field(max_length=400, description="The key (X25519 sealed box), base64")


class ProviderAcceptedV1(ForProvider):
    """We take it, and reach out."""

    TYPE: ClassVar[str] = "provider.referral.accepted.v1"


class ProviderDeclinedV1(ForProvider):
    """We cannot take it."""

    TYPE: ClassVar[str] = "provider.referral.declined.v1"
    reason: Annotated[Code, Open] = Field(description="Why, as a code: no-capacity, not-eligible, conflict, other")


class ProviderWaitlistedV1(ForProvider):
    """We would take it, later."""

    TYPE: ClassVar[str] = "provider.referral.waitlisted.v1"


class ProviderRedirectedV1(ForProvider):
    """Somebody else fits better."""

    TYPE: ClassVar[str] = "provider.referral.redirected.v1"
    to_service: Annotated[Code, Open] = Field(description="Service of the directory that fits better")


class ContactMadeV1(ForProvider):
    """We spoke with the person: the hand-off is done."""

    TYPE: ClassVar[str] = "provider.contact.made.v1"


class ContactFailedV1(ForProvider):
    """We could not reach the person."""

    TYPE: ClassVar[str] = "provider.contact.failed.v1"


class ProviderClosedV1(ForProvider):
    """It ended."""

    TYPE: ClassVar[str] = "provider.referral.closed.v1"
    outcome: Annotated[Code, Open] = Field(
        description="How: got-help, partially, not-eligible, no-capacity, declined-by-participant, unreachable, moved-on, unknown"
    )


class CapacityUpdatedV1(ForProvider):
    """How many more we can take. About no referral: its id is a fresh one."""

    TYPE: ClassVar[str] = "provider.capacity.updated.v1"
    service: Annotated[Code, Open] = Field(description="Which service")
    available: Annotated[int, Open] = Field(ge=0, le=10_000, description="Places free now")


class ErasureAttestedV1(ForProvider):
    """What we had of it is erased."""

    TYPE: ClassVar[str] = "provider.erasure.attested.v1"


class TrialReceivedV1(ForProvider):
    """The trial arrived."""

    TYPE: ClassVar[str] = "provider.trial.received.v1"
