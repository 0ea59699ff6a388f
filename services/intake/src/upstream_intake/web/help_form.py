"""What somebody wrote into the form for help: as they typed it, and as a self-referral or what is wrong with it.

Pure. Nothing of it may be stored, logged or said but the sealed document.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import phonenumbers

from upstream_intake.rules.emergency import EmergencyHit, emergency_in_record
from upstream_schemas.catalogues import languages, needs
from upstream_schemas.sealed import PADDED_BYTES, SelfReferral, TooLongError, padded

NAME_LETTERS_MAX: Final = 200
EMAIL_LETTERS_MAX: Final = 254
WORDS_LETTERS_MAX: Final = 2000  # in every script this fits into the one size that is sealed
SLIP: Final = "slip"
_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-zA-Z\d-]+(\.[a-zA-Z\d-]+)+", re.ASCII)  # as <input type=email>
_HOME: Final = "US"  # a telephone number without a country is one of here

Sent = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as they were typed, so that a form that comes back for a correction has lost nothing."""

    language: str
    needs: frozenset[str] = frozenset()
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: the field to look at, None for the whole form, and its words as a code of the family `help-problem`."""

    field: str | None
    code: str


def emergency_in_form(sent: Sent) -> EmergencyHit | None:
    """The first field that cannot wait. To be asked before anything else is done with a form."""
    texts = (value.encode("utf-8", "replace") for name, value in sent if name != SLIP)
    return next((hit for text in texts if (hit := emergency_in_record(text))), None)


def typed(sent: Sent, reader: str) -> Typed:
    """The form's fields, without what no text holds; what was not asked for is left out."""
    fields = dict(sent)
    language = fields.get("language", "")
    return Typed(
        language=language if language in {known.code for known in languages.LANGUAGES} else reader,
        needs=frozenset(value for name, value in sent if name == "needs" and needs.known(value)),
        name=" ".join(_text(fields, "name").split()),
        email=_text(fields, "email").strip(),
        phone=_text(fields, "phone").strip(),
        words=_text(fields, "words").replace("\r\n", "\n").strip(),
    )


def _text(fields: dict[str, str], name: str) -> str:
    return fields.get(name, "").encode("utf-8", "replace").decode().replace("\x00", "")


def document(form: Typed, page_secret: str) -> str | tuple[Problem, ...]:
    """The self-referral, ready to be sealed: JSON of the one size. Or all that must be put right first, in the form's order."""
    if wrong := tuple(_problems(form)):
        return wrong
    try:
        return padded(_self_referral(form, page_secret).model_dump_json(exclude_none=True), PADDED_BYTES)
    except TooLongError:
        return (Problem("words", "long"),)


def _problems(form: Typed) -> Iterable[Problem]:
    if not form.needs and not form.words:
        yield Problem("needs", "nothing")
    if len(form.name) > NAME_LETTERS_MAX:
        yield Problem("name", "long")
    if form.email and (len(form.email) > EMAIL_LETTERS_MAX or not _EMAIL.fullmatch(form.email)):
        yield Problem("email", "email")
    if form.phone and e164(form.phone) is None:
        yield Problem("phone", "phone")
    if len(form.words) > WORDS_LETTERS_MAX:
        yield Problem("words", "long")


def e164(written: str) -> str | None:
    """A telephone number as it is dialled from anywhere; None where it is none, or leads only to a switchboard."""
    try:
        number = phonenumbers.parse(written, _HOME)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _self_referral(form: Typed, page_secret: str) -> SelfReferral:
    return SelfReferral(
        page_secret=page_secret,
        language=form.language,
        needs=tuple(code for code in needs.NEEDS if code in form.needs) or ("other",),
        name=form.name or None,
        email=form.email or None,
        phone=e164(form.phone) if form.phone else None,
        words=form.words or None,
    )
