"""Exit codes, and what is told about each record."""

import pytest
from support.client_builders import ID, accepted, duplicate, quarantined, record, redirected, rejected

from upstream_client.outcome import EXIT_CODES, Outcome, Word, answered, as_json, details, exit_code, summary
from upstream_schemas.city import Verdict


@pytest.mark.parametrize(
    ("verdict", "code"), [(accepted(), 0), (duplicate(), 0), (redirected(), 3), (rejected(), 4), (quarantined(), 5)]
)
def test_each_verdict_has_its_exit_code(verdict: Verdict, code: int) -> None:
    assert exit_code([answered(record(), verdict)]) == code


@pytest.mark.parametrize(("word", "code"), [("no-answer", 6), ("refused", 7)])
def test_no_answer_and_a_refusal_have_theirs(word: Word, code: int) -> None:
    assert exit_code([Outcome(record(), word)]) == code


def test_of_several_records_the_highest_code_counts() -> None:
    outcomes = [answered(record(), verdict) for verdict in (redirected(), quarantined(), accepted())]

    assert exit_code(outcomes) == 5
    assert exit_code([]) == 0


def test_no_word_shares_the_code_of_wrong_usage() -> None:
    assert 2 not in EXIT_CODES.values()
    assert 1 not in EXIT_CODES.values()


def test_json_holds_the_ids_the_outcome_and_the_whole_verdict() -> None:
    told = as_json(answered(record(number=4), rejected()))

    assert told == {
        "record": 4,
        "submission_id": ID,
        "event_id": "event-1",
        "outcome": "rejected",
        "exit_code": 4,
        "source_event_id": "event-1",
        "verdict": "rejected",
        "reason_code": "schema-violation",
        "problems": [{"pointer": "/group/size", "code": "greater-than-equal"}],
        "processed_at": "2026-11-21T09:30:00Z",
    }


def test_json_of_a_refused_record_says_why() -> None:
    told = as_json(Outcome(record(key=b"no id"), "refused", why="too-large"))

    assert told == {
        "record": 1,
        "submission_id": None,
        "event_id": "event-1",
        "outcome": "refused",
        "exit_code": 7,
        "why": "too-large",
    }


def test_a_redirect_is_told_in_its_own_words_on_one_line() -> None:
    assert details(redirected()) == "not-managed-here · Office of Samples · Please call the Office of Samples. · 503-555-0100"


def test_problems_are_told_as_pointer_and_code() -> None:
    assert details(rejected()) == "schema-violation · /group/size greater-than-equal"


def test_a_duplicate_tells_the_first_answer() -> None:
    assert details(duplicate()) == "first answer: redirected"


def test_a_record_without_a_key_is_told_by_where_it_lies() -> None:
    assert details(quarantined(offset=7)) == "null-header · at partition 0, offset 7"


def test_the_summary_counts_each_outcome() -> None:
    outcomes = [answered(record(), verdict) for verdict in (rejected(), accepted(), accepted())]

    assert summary([*outcomes, Outcome(record(), "no-answer")]) == "4 records: 2 accepted, 1 rejected, 1 no-answer"
