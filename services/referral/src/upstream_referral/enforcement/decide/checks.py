"""What makes a submission invalid although it is well-formed: a code and where it is wrong. Pure.

Judged by what the agency sent and when the broker got it, so that a receipt tells nothing else.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from upstream_referral.enforcement.model import Issued, Offered
from upstream_schemas.catalogues import desks, languages
from upstream_schemas.enforcement import OfferContact

CONTACT_NOT_TAKEN: Final = "contact-not-taken"
CONTACT_NOT_ONE_CHANNEL: Final = "contact-not-one-channel"
CONTACT_NOT_AN_ADDRESS: Final = "contact-not-an-address"
CONTACT_TOO_LONG: Final = "contact-too-long"
UNKNOWN_DESK: Final = "unknown-desk"
UNKNOWN_LANGUAGE: Final = "unknown-language"
RESPOND_BY_PASSED: Final = "respond-by-passed"
RESPOND_BY_TOO_FAR: Final = "respond-by-too-far"
UNKNOWN_AREA: Final = "unknown-area"
NOT_ON_THE_HOUR: Final = "not-on-the-hour"
HOUR_TO_COME: Final = "hour-to-come"

Wrong = tuple[tuple[str, str], ...]  # (JSON pointer, code)
RESPOND_WITHIN: Final = timedelta(days=30)
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def to_the_minute(moment: datetime) -> datetime:
    """A deadline as people say it, in UTC: seconds or an offset of its own would be a key that both sides of the wall share."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def plain_language(tag: str) -> str:
    """The language without its subtags, which are free text."""
    found = languages.language(tag)
    return found.code if found else tag


def wrong_contact(contact: OfferContact, *, takes_contact: bool) -> str | None:
    """Why a contact is not taken: the city has not switched it on, or it is not a name and one channel."""
    if not takes_contact:
        return CONTACT_NOT_TAKEN
    if (contact.phone is None) == (contact.email is None):
        return CONTACT_NOT_ONE_CHANNEL
    if contact.email is not None and not _ADDRESS.fullmatch(contact.email):
        return CONTACT_NOT_AN_ADDRESS
    return None


def wrong_offer(offer: Offered, received_at: datetime) -> Wrong:
    """X1: a desk and a language that we know, and still time to call."""
    wrong = (
        ("/callback_desk", UNKNOWN_DESK if not desks.known_desk(offer.callback_desk) else None),
        ("/language", UNKNOWN_LANGUAGE if not languages.known(offer.language) else None),
        ("/respond_by", RESPOND_BY_PASSED if to_the_minute(offer.respond_by) <= received_at else None),
        ("/respond_by", RESPOND_BY_TOO_FAR if offer.respond_by > received_at + RESPOND_WITHIN else None),
        ("/contact", offer.contact if isinstance(offer.contact, str) else None),
    )
    return tuple((pointer, code) for pointer, code in wrong if code is not None)


def wrong_alert(alert: Issued, received_at: datetime) -> Wrong:
    """X2: an area of the fixed list, and the start of an hour that has begun."""
    hour = alert.hour.astimezone(UTC)
    wrong = (
        ("/cell", UNKNOWN_AREA if not desks.known_area(alert.cell) else None),
        ("/hour", NOT_ON_THE_HOUR if (hour.minute, hour.second, hour.microsecond) != (0, 0, 0) else None),
        ("/hour", HOUR_TO_COME if hour > received_at else None),
    )
    return tuple((pointer, code) for pointer, code in wrong if code is not None)
