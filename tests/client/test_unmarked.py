"""Personal data where the contract does not expect it: which patterns are seen, in which fields, and what is left alone."""

from time import process_time

import pytest
from support.client_builders import ID, submission

from upstream_client.unmarked import in_attributes, unmarked
from upstream_schemas.city import SubmissionSubmittedV1
from upstream_schemas.examples import example

YEAR = 2026


def found(**changes: object) -> list[tuple[str, str]]:
    return list(unmarked(submission(**changes), SubmissionSubmittedV1, YEAR))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hodan@example.org", "mail-address"),
        ("write to hodan.sample+1@mail.example.org, please", "mail-address"),
        ("+15035550142", "phone-number"),
        ("+252 61 555 0142", "phone-number"),
        ("call (503) 555-0142", "phone-number"),
        ("503.555.0142", "phone-number"),
        ("5035550142", "phone-number"),
        ("1-503-555-0142", "phone-number"),
        ("1990-02-03", "date-of-birth"),
        ("born 2/3/1990", "date-of-birth"),
        ("03.02.1990", "date-of-birth"),
        ("1200 SW Fourth Ave", "street-address"),
        ("17 n sample street, apt. 4", "street-address"),
        ("4 Martin Luther King Blvd", "street-address"),
    ],
)
def test_each_pattern_is_seen_in_an_open_field(text: str, kind: str) -> None:
    assert found(source_reference=text) == [("/source_reference", kind)]


@pytest.mark.parametrize(
    "text",
    [
        "311-0000142",
        "SR-2026-11-21-0042",
        "2026-11-21",
        "2026-11-21T09:29:41Z",
        ID,
        "Safety training",
        "room 12, second floor",
        "97299",
        "0000005035550142",
        "twelve people @ noon",
        "version 1.2.2010-rc1",
        "3 courts",
    ],
)
def test_references_ids_and_moments_are_left_alone(text: str) -> None:
    assert found(source_reference=text) == []


def test_a_field_that_is_marked_personal_may_hold_all_of_it() -> None:
    everything = "hodan@example.org, 503-555-0142, 1990-02-03, 1200 SW Fourth Ave"
    assert found(safety_interest=everything, topic_text=everything, group={"size": 5, "description": everything}) == []


def test_it_is_seen_in_records_and_lists_inside() -> None:
    told = found(
        on_behalf_of={"organisation": "desk@example.org", "agent_ref": "503-555-0142"},
        topics=[{"code": "personal-safety"}, {"code": "503-555-0142"}],
    )
    assert sorted(told) == [("/on_behalf_of/organisation", "mail-address"), ("/topics/1/code", "phone-number")]


def test_a_field_that_nobody_knows_is_told_without_its_name() -> None:
    assert found(phones=[{"home": 5035550142}]) == [("/…", "phone-number")]
    assert found(group={"size": 5, "leader": "hodan@example.org"}) == [("/group/…", "mail-address")]


def test_the_attributes_of_a_cloudevent_are_never_personal() -> None:
    told = in_attributes(
        {"id": "hodan@example.org", "subject": ID, "source": "/city/pdx311", "time": "1990-02-03T00:00:00Z"}, YEAR
    )
    assert list(told) == [("/id", "mail-address")]


def test_a_date_of_the_last_years_is_no_date_of_birth() -> None:
    assert found(source_reference="2022-02-03") == []
    assert found(source_reference="2021-02-03") == [("/source_reference", "date-of-birth")]


@pytest.mark.parametrize("again", ["a", "a@", "1 ", "1 n ", "+1", "1-", "a.", "-'", "1 a  "])
def test_a_long_text_without_an_end_is_looked_at_in_a_time_that_grows_with_its_length(again: str) -> None:
    """Whole minutes where a pattern begins anew at each letter and runs to the end."""
    begun = process_time()
    assert found(source_reference=again * (256 * 1024 // len(again))) == []
    assert process_time() - begun < 10


def test_our_own_example_raises_no_warning() -> None:
    assert list(unmarked(example(SubmissionSubmittedV1), SubmissionSubmittedV1, YEAR)) == []
