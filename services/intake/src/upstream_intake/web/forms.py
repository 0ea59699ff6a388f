"""What a person sent from a page, as a fact for a decision, or the problem with it. Pure but for the keys it draws.

Emergency wording is looked for before anything is kept: on a hit nothing is left of the text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from upstream_intake.decide import agreements, closing, staff
from upstream_intake.inlet import locked
from upstream_intake.model import (
    AcceptsAgreement,
    AnswersQuestion,
    DeclinesAgreement,
    GivesFeedback,
    TakesBack,
    WantsSomethingElse,
)
from upstream_intake.rules.emergency import EmergencyHit, emergency_in_record
from upstream_runtime.decision import Decide

DIGITS_MAX: Final = 4
USEFUL: Final = range(1, 6)
LETTERS_MAX: Final = 8000  # browsers stop at 4,000; line ends and astral letters count more than once on the way
REQUIRED: Final = "required"
TOO_LONG: Final = "too-long"
UNREADABLE: Final = "problem.other"

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Command:
    """A decision to be asked, with its fact."""

    decide: Decide[Any]
    fact: object


Read = Command | EmergencyHit | str


def command(action: str, form: Form) -> Read | None:
    """What a form asks for; a word of the tables for what is wrong with it; None where there is no such form."""
    match action:
        case "accept":
            return Command(agreements.agreement_accepted, AcceptsAgreement(_number(form, "version"), form.get("hash", "")))
        case "decline":
            return Command(agreements.agreement_declined, DeclinesAgreement(_number(form, "version")))
        case "counter":
            return _counter(form)
        case "answer":
            return _answer(form)
        case "feedback":
            return _feedback(form)
        case "withdraw":
            return Command(closing.taken_back, TakesBack())
    return None


def _counter(form: Form) -> Read:
    words = _words(form)
    if words == "":
        return REQUIRED
    wrong = _wrong(words)
    return wrong or Command(agreements.something_else_wanted, WantsSomethingElse(_number(form, "version"), locked(words)))


def _answer(form: Form) -> Read:
    words = _words(form)
    if words == "":
        return REQUIRED
    return _wrong(words) or Command(staff.question_answered, AnswersQuestion(locked(words)))


def _feedback(form: Form) -> Read:
    words, useful = _words(form), _number(form, "useful")
    if useful not in USEFUL:
        return REQUIRED
    wrong = _wrong(words)
    return wrong or Command(closing.feedback_given, GivesFeedback(useful, locked(words) if words else None))


def _words(form: Form) -> str:
    return form.get("words", "").strip()


def _number(form: Form, name: str) -> int:
    """A small number of a form; 0, which no version and no mark has, where it is none."""
    text = form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else 0


def _wrong(words: str) -> EmergencyHit | str | None:
    if len(words) > LETTERS_MAX:
        return TOO_LONG
    if "\x00" in words:
        return UNREADABLE
    return emergency_in_record(words.encode("utf-8", "replace"))
