"""The look at a record before it is sent."""

import json
from typing import Any

import pytest
from support.client_builders import ID, cloudevent, submission

from upstream_client.check import concerns
from upstream_client.submission_file import records_in


def concerns_about(content: Any) -> tuple[tuple[str, str], ...]:
    [record] = records_in(json.dumps(content).encode(), "pdx311")
    return concerns(record, "pdx311")


@pytest.mark.parametrize(
    "content",
    [
        submission(),
        cloudevent(),
        submission(favourite_colour="a field of a newer contract"),
        {"submission_id": ID, "revision": 2, "withdrawn_at": "2026-11-21T10:00:00Z"},
    ],
)
def test_what_the_contract_allows_raises_no_concern(content: Any) -> None:
    assert concerns_about(content) == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (submission(group={"size": 0, "connections": []}), ("/group/size", "greater-than-equal")),
        (submission(revision=True), ("/revision", "int-type")),
        (submission(safety_interest="a\x00b"), ("", "forbidden-character")),
        (submission(safety_interest="x" * 300_000), ("", "oversize")),
        (cloudevent(source="/city/parks"), ("", "source-mismatch")),
        (cloudevent(type="city.submission.submitted.v2"), ("", "unsupported-version")),
        (cloudevent(data=submission(submission_id=ID.upper().replace("-", ""))), ("", "key-mismatch")),
    ],
)
def test_each_concern_is_a_pointer_and_a_code(content: Any, expected: tuple[str, str]) -> None:
    assert concerns_about(content) == (expected,)
