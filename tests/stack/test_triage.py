"""What staff see of a case on a terminal, whatever somebody wrote, and what a refusal means."""

import io
import json
from datetime import datetime
from typing import Any

import pytest
from rich.console import Console

from upstream_intake.decide import staff
from upstream_intake.decide.case import CLOSED, NOT_NOW
from upstream_stack.errors import Trouble
from upstream_stack.triage_commands import legible, table_of
from upstream_stack.triage_door import availability, why

HOSTILE = "[/red] [bold]b\u202ec\x1b[2J\x9b2J"
DAY, NEXT = datetime(2026, 12, 1), datetime(2027, 7, 1)  # noqa: DTZ001 - days without a zone, as they are typed


def case(**changes: Any) -> dict[str, Any]:
    whole = {
        "reference": "UP-7K2M-Q9XD",
        "since": "2026-11-21T09:30:00+00:00",
        "reasons": ["small-group"],
        "source": "pdx311",
        "language": "so",
        "group_size": 4,
        "topics": ["personal-safety"],
        "notes": [],
    }
    return {**whole, **changes}


def printed(*waiting: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=400, force_terminal=True, color_system=None)
    console.print(table_of(list(waiting)))
    found: str = console.file.getvalue()  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    "note", [{"kind": "answer", "text": HOSTILE}, {"kind": "submission", "text": {"topic_text": HOSTILE}}]
)
def test_what_somebody_wrote_neither_breaks_the_list_nor_moves_the_cursor(note: dict[str, Any]) -> None:
    shown = printed(case(notes=[note]), case(reference="UP-0000-0001"))
    assert "[/red] [bold]b" in shown
    assert "UP-0000-0001" in shown
    assert not {"\u202e", "\x1b", "\x9b"} & set(shown)


def test_a_submission_is_listed_by_its_fields() -> None:
    shown = printed(case(notes=[{"kind": "submission", "text": {"topic_text": "Bikes", "safety_interest": "Lights"}}]))
    assert "topic_text: Bikes" in shown
    assert "safety_interest: Lights" in shown


def test_one_case_is_json_that_loses_nothing_and_can_be_read_in_any_language() -> None:
    document = {"notes": [HOSTILE, "سؤال"]}
    assert json.loads(legible(document)) == document
    assert "سؤال" in legible(document)
    assert not {"\u202e", "\x1b", "\x9b"} & set(legible(document))


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ("There is no request with this reference.", "There is no request with this reference."),
        ({"reference": "UP-0000-0001", "answer": "closed"}, "the case is closed"),
        ([{"pointer": "/question", "code": "missing"}], "/question missing"),
    ],
)
def test_a_refusal_is_told_in_words(detail: Any, told: str) -> None:
    assert why({"detail": detail}) == told


@pytest.mark.parametrize(
    "code",
    [
        CLOSED,
        NOT_NOW,
        staff.TOPIC_MISSING,
        staff.FORMAT_NOT_OFFERED,
        staff.GROUP_SIZE_MISSING,
        staff.AVAILABILITY_MISSING,
        staff.TOO_MANY_ROUNDS,
    ],
)
def test_every_refusal_of_intakes_decisions_has_words(code: str) -> None:
    assert " " in why({"detail": {"answer": code}})


def test_days_are_portlands_in_winter_and_in_summer() -> None:
    assert availability(["Monday 18:00-20:00"], DAY, NEXT) == {
        "windows": [{"weekday": "monday", "start": "18:00", "end": "20:00"}],
        "earliest": "2026-12-01T00:00:00-08:00",
        "latest": "2027-07-01T00:00:00-07:00",
    }


def test_times_are_given_whole_or_not_at_all() -> None:
    assert availability([], None, None) is None
    with pytest.raises(Trouble, match="go together"):
        availability(["monday 18:00-20:00"], DAY, None)
