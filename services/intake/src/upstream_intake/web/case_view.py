"""What a page shows of a request: only words for people, chosen here and tested without a browser.

Pure. Must show no name, address or text of a person, so that the same view serves whoever holds the link or the reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from upstream_intake.model import Agreement, Request, Step
from upstream_intake.texts import written_language
from upstream_intake.texts.agreement import Draft, agreement_text
from upstream_intake.texts.moments import moment_text
from upstream_intake.texts.page_words import in_family, words
from upstream_schemas.catalogues import training_topics

_DATED = "confirmed"
_UNDATED = frozenset({"cancelled", "cancelled-looking-again", "missed"})
_WITH_MOMENT = frozenset({"slot-offered", "confirmed"})
_ABOUT_A_MESSAGE = frozenset({"message-sent", "message-not-sent"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline: when (text and ISO) and what."""

    when: str
    iso: str
    what: str


@dataclass(frozen=True, slots=True)
class AgreementView:
    """The agreement as it binds, and, where the reader chose another language, the same text as a help."""

    version: int
    text_hash: str
    text: str
    text_language: str
    help: str | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case in one reader's language."""

    reference: str
    state: str
    timeline: tuple[Line, ...]
    agreement: AgreementView | None
    can_answer_agreement: bool
    question: str | None
    asks_feedback: bool
    can_withdraw: bool
    outcome: str | None
    changed: str | None
    changed_text: str | None
    erased: bool


def case_view(request: Request, reader: str) -> CaseView:
    """The view of a request for a reader of this language."""
    table = words(reader)
    return CaseView(
        reference=request.reference,
        state=_state(request, table, reader),
        timeline=tuple(_line(step, table, reader) for step in request.timeline),
        agreement=_agreement(request.agreement, reader) if request.agreement else None,
        can_answer_agreement=request.status == "proposed",
        question=request.question,
        asks_feedback=request.status == "delivered" and request.feedback is None,
        can_withdraw=request.status not in ("delivered", "closed"),
        outcome=table[f"outcome.{request.outcome}"] if request.outcome else None,
        changed=in_family(table, "changed", request.what_changed) if request.what_changed else None,
        changed_text=request.what_changed_text,
        erased=request.erased,
    )


def _state(request: Request, table: Mapping[str, str], reader: str) -> str:
    if request.status == "proposed" and request.agreement:
        return table["state.proposed"].format(until=moment_text(request.agreement.expires_at, reader))
    if request.status == "delivered" and request.feedback is not None:
        return table["state.thanked"]
    date = _date(request) if request.status == "agreed" else None
    if date is not None:
        return table["state.dated"].format(when=moment_text(datetime.fromisoformat(date[0]), reader), where=date[1])
    return table[f"state.{request.status}"]


def _date(request: Request) -> tuple[str, ...] | None:
    """When and where, if the training has a date that still stands."""
    last = next((step for step in reversed(request.timeline) if step.code == _DATED or step.code in _UNDATED), None)
    return last.words if last is not None and last.code == _DATED else None


def _line(step: Step, table: Mapping[str, str], reader: str) -> Line:
    what = in_family(table, "step", step.code).format(*_spoken(step, table, reader))
    return Line(moment_text(step.at, reader), step.at.isoformat(), what)


def _spoken(step: Step, table: Mapping[str, str], reader: str) -> tuple[str, ...]:
    if step.code in _WITH_MOMENT:
        return (moment_text(datetime.fromisoformat(step.words[0]), reader), *step.words[1:])
    if step.code == "left-waiting":
        return (in_family(table, "waits", step.words[0]),)
    if step.code in _ABOUT_A_MESSAGE:
        return (in_family(table, "message", step.words[0].rpartition(".v")[0]),)
    return (table[f"outcome.{step.words[0]}"],) if step.code == "closed" else step.words


def _agreement(agreement: Agreement, reader: str) -> AgreementView:
    shown = written_language(reader)
    return AgreementView(
        version=agreement.terms.version,
        text_hash=agreement.terms.text_hash,
        text=agreement.text,
        text_language=agreement.text_language,
        help=None if shown == agreement.text_language else _in_other_words(agreement, shown),
    )


def _in_other_words(agreement: Agreement, reader: str) -> str | None:
    terms = agreement.terms
    topic = training_topics.topic(terms.topic, terms.catalogue_version)
    if topic is None:
        return None
    draft = Draft(
        version=terms.version,
        topic=topic,
        format=terms.format,
        length_minutes=terms.length_minutes,
        language=terms.language,
        group_size=terms.group_size,
        group_duties=terms.group_duties,
        city_duties=terms.city_duties,
    )
    return agreement_text(draft, reader)
