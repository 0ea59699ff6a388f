"""What the notifier says about each notice: one message to one recipient through one channel.

Never an address, a name or a text: only ids, times, codes.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from upstream_schemas.model import Code, Event, Id, Language, Moment
from upstream_schemas.privacy import Open


class AboutNotice(Event):
    """The fields of every event about one notice."""

    notice_id: Annotated[Id, Open] = Field(description="The notice; also the record's key")
    request_id: Annotated[Id | None, Open] = Field(None, description="The request it is about; absent when it is about none")
    contact_id: Annotated[Id | None, Open] = Field(None, description="Whom it is for; absent when no contact of ours is meant")
    template: Annotated[Code, Open] = Field(description="Template and its version, `<name>.v<N>`")
    language: Annotated[Language, Open] = Field(description="Language it is written in")
    channel: Annotated[Code, Open] = Field(description="How it goes out: email")
    attempt: Annotated[int, Open] = Field(ge=0, le=1000, description="How often sending was tried")


class NoticeAcceptedV1(AboutNotice):
    """The notifier will tell somebody something."""

    TYPE: ClassVar[str] = "notifier.notice.accepted.v1"
    not_before: Annotated[Moment, Open] = Field(description="Sent at this moment or later")
    expires_at: Annotated[Moment, Open] = Field(description="Not sent after this moment")


class NoticeHeldV1(AboutNotice):
    """It cannot go out yet: the contact is not known, or the channel is down."""

    TYPE: ClassVar[str] = "notifier.notice.held.v1"
    reason: Annotated[Code, Open] = Field(description="Why it waits")


class NoticeSentV1(AboutNotice):
    """The next mail server took it over."""

    TYPE: ClassVar[str] = "notifier.notice.sent.v1"
    sent_at: Annotated[Moment, Open] = Field(description="When it was taken over")


class NoticeOutcomeUnknownV1(AboutNotice):
    """Sending was cut off at a point where it may or may not have been taken over."""

    TYPE: ClassVar[str] = "notifier.notice.outcome-unknown.v1"
    tried_again: Annotated[bool, Open] = Field(description="True when it goes out once more with the same Message-ID")


class NoticeFailedV1(AboutNotice):
    """It was not taken over and is not tried again."""

    TYPE: ClassVar[str] = "notifier.notice.failed.v1"
    kind: Annotated[Literal["permanent", "exhausted", "technical"], Open] = Field(description="What kind of failure")
    reason: Annotated[Code, Open] = Field(description="Why, as a code: smtp-550, …")


class NoticeSuppressedV1(AboutNotice):
    """It was not sent on purpose."""

    TYPE: ClassVar[str] = "notifier.notice.suppressed.v1"
    reason: Annotated[Code, Open] = Field(description="Why: contact-erased, no-consent, cancelled, no-address")


class NoticeExpiredV1(AboutNotice):
    """Its time had passed before it could go out."""

    TYPE: ClassVar[str] = "notifier.notice.expired.v1"
    reason: Annotated[Code | None, Open] = Field(None, description="What held it up, as a code")
