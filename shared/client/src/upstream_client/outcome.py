"""What became of a record, in the words and exit codes of the command line. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from upstream_client.outgoing import Outgoing
from upstream_client.trouble import NO_ANSWER, REFUSED
from upstream_schemas.city import SubmissionDuplicateV1, Verdict

Word = Literal["accepted", "duplicate", "redirected", "rejected", "quarantined", "no-answer", "refused"]
EXIT_CODES: Final[dict[Word, int]] = {
    "accepted": 0,
    "duplicate": 0,
    "redirected": 3,
    "rejected": 4,
    "quarantined": 5,
    "no-answer": NO_ANSWER,
    "refused": REFUSED,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record. `verdict` is the answer, None where there is none; `why` is the broker's reason to refuse."""

    record: Outgoing
    word: Word
    verdict: Verdict | None = None
    why: str | None = None


def answered(record: Outgoing, verdict: Verdict) -> Outcome:
    """The outcome of a record that got its verdict."""
    return Outcome(record, verdict.verdict, verdict)


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """Of several records the highest; 0 for none."""
    return max((EXIT_CODES[outcome.word] for outcome in outcomes), default=0)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """One JSON object: the record's number and ids, `outcome`, and all fields of the verdict."""
    answer = outcome.verdict.model_dump(mode="json", exclude_none=True) if outcome.verdict else {}
    refusal = {"why": outcome.why} if outcome.why else {}
    record = {
        "record": outcome.record.number,
        "submission_id": outcome.record.submission_id,
        "event_id": outcome.record.event_id,
        "outcome": outcome.word,
        "exit_code": EXIT_CODES[outcome.word],
    }
    return record | refusal | answer


def details(verdict: Verdict) -> str:
    """Everything about a verdict but its word, reference and record, on one line."""
    first = f"first answer: {verdict.first_verdict}" if isinstance(verdict, SubmissionDuplicateV1) else None
    problems = ", ".join(f"{problem.pointer or '/'} {problem.code}" for problem in verdict.problems)
    place = None if verdict.offset is None else f"at partition {verdict.partition}, offset {verdict.offset}"
    parts = (first, verdict.reason_code, problems, place, _redirect(verdict))
    return " · ".join(part for part in parts if part)


def _redirect(verdict: Verdict) -> str | None:
    if verdict.redirect is None:
        return None
    to = verdict.redirect
    wording = " ".join(to.wording.split())
    return " · ".join(part for part in (to.name, wording, to.phone, to.url) if part)


def summary(outcomes: Iterable[Outcome]) -> str:
    """How many of each, in the order of the exit codes."""
    counts = Counter(outcome.word for outcome in outcomes)
    told = ", ".join(f"{counts[word]} {word}" for word in EXIT_CODES if counts[word])
    return f"{counts.total()} records: {told}"
