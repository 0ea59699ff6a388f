"""The door for agencies: names the submission, seals and locks what is personal before a decision sees it, answers the rest.

Draws the keys that decisions must not draw. Must not keep, count or repeat a contact that is not taken.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from upstream_referral.enforcement.decide.checks import CONTACT_TOO_LONG, wrong_contact
from upstream_referral.enforcement.model import CallAsked, HandedOver, Issued, Locked, Offered, SealedContact
from upstream_referral.enforcement.receipts import About, invalid
from upstream_runtime import vault
from upstream_runtime.decision import Cause, Context, Fact, steady_id
from upstream_runtime.wiring import Asked, Refusal
from upstream_schemas.codec import decode
from upstream_schemas.enforcement import (
    AreaAlertIssuedV1,
    HelpOfferedV1,
    LifeSafetyCallAskedV1,
    OfferContact,
    Receipt,
    SubmissionInvalidV1,
    SubmissionReceivedV1,
)
from upstream_schemas.envelope import Unreadable
from upstream_schemas.model import Event
from upstream_schemas.sealed import CONTACT_PADDED_BYTES, TooLongError, padded

Prepare = Callable[[Event, Cause], HandedOver]


def key(event: Event, cause: Cause, secret: bytes) -> UUID:
    """The submission that a record concerns: an agency's own id of it, told from every other agency's."""
    return steady_id(f"submission {cause.party} {event.submission_id}", secret)  # type: ignore[attr-defined]


def nothing_to_screen(_: bytes) -> None:
    """No record of an agency is answered before it is read."""


def preparing(seal: vault.NamedSeal, *, takes_contact: bool) -> Prepare:
    """What turns a record into its decision's input. `seal` is asked only where a contact is taken, and may raise OSError."""

    def prepare(event: Event, _: Cause) -> HandedOver:
        match event:
            case HelpOfferedV1():
                return _offered(event, _contact(event.contact, seal, takes_contact=takes_contact))
            case AreaAlertIssuedV1():
                return _issued(event)
            case LifeSafetyCallAskedV1():
                return _asked(event)
        raise TypeError(type(event).__name__)

    return prepare


def refuse(refusal: Refusal, asked: Asked, _: Context[Any]) -> Sequence[Fact]:
    """The receipt of a record that was not decided on. The same record again gets its first receipt again."""
    if refusal.first is not None:
        return (_as_before(refusal.first),)
    place = None if asked.key and asked.event_id else (asked.partition, asked.offset)
    about = About(asked.key, asked.event_id, None, place)
    return (invalid(about, refusal.code, refusal.problems),)


def _as_before(first: bytes) -> Receipt:
    """A receipt out of its bytes; the two kinds differ by the code, which only one of them has."""
    try:
        return decode(first, SubmissionInvalidV1)
    except Unreadable:
        return decode(first, SubmissionReceivedV1)


def _offered(event: HelpOfferedV1, contact: SealedContact | str | None) -> Offered:
    return Offered(
        submission_id=event.submission_id,
        agency_reference=event.agency_reference,
        urgency=event.urgency,
        respond_by=event.respond_by,
        language=event.language,
        callback_desk=event.callback_desk,
        contact=contact,
    )


def _issued(event: AreaAlertIssuedV1) -> Issued:
    return Issued(
        submission_id=event.submission_id,
        agency_reference=event.agency_reference,
        cell=event.cell,
        hour=event.hour,
        alert=event.kind,
        retaliation=event.retaliation,
    )


def _asked(event: LifeSafetyCallAskedV1) -> CallAsked:
    return CallAsked(
        submission_id=event.submission_id,
        agency_reference=event.agency_reference,
        callback_number=event.callback_number,
        grounds=_locked(event.grounds),
    )


def _contact(given: OfferContact | None, seal: vault.NamedSeal, *, takes_contact: bool) -> SealedContact | str | None:
    """Sealed to OVP in one size, or the code of why it is not taken."""
    if given is None:
        return None
    if wrong := wrong_contact(given, takes_contact=takes_contact):
        return wrong
    try:
        return SealedContact(*seal(padded(given.model_dump_json(exclude_none=True), CONTACT_PADDED_BYTES)))
    except TooLongError:
        return CONTACT_TOO_LONG


def _locked(text: str) -> Locked:
    return Locked(*vault.locked(text))
