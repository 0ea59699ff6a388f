"""Street issues reach the office that manages them, at an hour when it can be reached; trainings stay trainings."""

from datetime import UTC, date, datetime

import pytest
from decisions.intake.street_issues import NOT_FOR_ANOTHER_OFFICE, STREET_ISSUES

from upstream_intake.rules.directory import (
    ALWAYS,
    DAY_MINUTES,
    PORTLAND,
    Circumstance,
    Hours,
    office,
    offices_to_name,
    open_at,
    valid_on,
)
from upstream_intake.rules.offices import OFFICES
from upstream_intake.rules.redirect import Redirection, circumstances, redirect, stem
from upstream_intake.rules.redirect_rules import RULES, RULES_VERSION

TODAY = date(2026, 11, 21)
STATED_NUMBERS = {
    "911",
    "988",
    "503-823-4000",
    "503-823-5195",
    "503-823-7350",
    "503-823-3333",
    "503-823-1637",
    "503-234-3000",
    "503-823-7773",
}


def local(hour: int, minute: int = 0, day: int = 21, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PORTLAND)


def named(code: str, moment: datetime, *circumstance: Circumstance) -> list[str]:
    return [row.code for row in offices_to_name(OFFICES, code, moment, frozenset(circumstance))]


def office_of(text: str) -> str | None:
    found = redirect(text, None)
    return found.office_code if found else None


def test_every_street_issue_reaches_its_office() -> None:
    assert [(issue, office_of(issue)) for issue, expected in STREET_ISSUES if office_of(issue) != expected] == []


def test_no_wish_for_a_training_is_sent_away() -> None:
    assert [(wish, office_of(wish)) for wish in NOT_FOR_ANOTHER_OFFICE if office_of(wish)] == []


def test_the_tables_are_as_large_as_promised() -> None:
    assert len({issue for issue, _ in STREET_ISSUES}) >= 40
    assert len(set(NOT_FOR_ANOTHER_OFFICE)) >= 25


def test_upper_case_and_missing_accents_make_no_difference() -> None:
    assert [issue for issue, expected in STREET_ISSUES if office_of(issue.upper()) != expected] == []
    assert redirect("hay un arbol caido", None) == redirect("Hay un árbol caído", None) is not None


def test_singular_and_plural_are_one_word() -> None:
    pairs = (
        "pothole potholes",
        "box boxes",
        "bache baches",
        "city cities",
        "house houses",
        "bus buses",
        "branch branches",
    )
    assert all(stem(one) == stem(many) for one, many in map(str.split, pairs))
    assert stem("rat") != stem("rate")


def test_keyword_inside_another_word_does_not_count() -> None:
    assert redirect("we celebrate democracy and gratitude in the streetcar", None) is None


def test_the_chosen_service_outweighs_the_text_and_the_text_helps_where_the_service_is_unknown() -> None:
    assert redirect("there is graffiti too", "Pothole") == Redirection("street-maintenance", "street-surface")
    assert redirect("there is graffiti", "General enquiry") == Redirection("graffiti", "graffiti")


def test_a_training_asked_for_under_a_street_service_goes_to_a_person() -> None:
    assert redirect("We would like a training for our tenants", "Graffiti Removal") is None


def test_a_tie_is_settled_by_the_order_of_the_rules_and_not_by_the_order_of_the_words() -> None:
    one = redirect("pothole beside an abandoned car", None)
    other = redirect("abandoned car beside a pothole", None)
    assert one == other == Redirection("abandoned-vehicle", "vehicle-left", RULES_VERSION)


def test_a_word_that_belongs_elsewhere_switches_a_rule_off_in_its_sentence_only() -> None:
    assert redirect("the noise of airplanes", None) is None
    assert redirect("The airplanes. The noise of the bar next door.", None) == Redirection("noise", "noise")


def test_other_languages_and_empty_texts_go_to_a_person() -> None:
    assert [redirect(text, None) for text in ("", "Wilde Müllkippe", "رصيف مكسور", "waddo jaban")] == [None] * 4


def test_rule_ids_are_unique_and_every_rule_names_an_office_of_the_directory() -> None:
    assert len({rule.rule_id for rule in RULES}) == len(RULES)
    assert [rule.office_code for rule in RULES if office(OFFICES, rule.office_code, TODAY) is None] == []


def test_every_rule_is_used_by_a_written_issue() -> None:
    used = {found.rule_id for issue, _ in STREET_ISSUES if (found := redirect(issue, None))}
    assert {rule.rule_id for rule in RULES} == used


def test_no_number_stands_in_the_directory_that_no_source_states() -> None:
    assert {row.phone for row in OFFICES if row.phone} == STATED_NUMBERS
    assert all(row.source and row.verified_on <= TODAY and not row.confirmed_by_city for row in OFFICES)


def test_at_most_one_row_of_a_code_holds_on_any_day_and_somebody_can_always_be_reached() -> None:
    for day in (date(2023, 1, 1), date(2025, 9, 30), date(2025, 10, 1), TODAY):
        held = [row.code for row in OFFICES if valid_on(row, day)]
        assert len(held) == len(set(held))
    assert all(row.phone or row.instead for row in OFFICES)


def test_hours_are_whole_days_or_parts_of_one() -> None:
    for row in OFFICES:
        for hours in row.hours or ():
            assert 0 <= hours.first_weekday <= hours.last_weekday <= 6
            assert 0 <= hours.opens_minutes < hours.closes_minutes <= DAY_MINUTES


def test_row_changes_on_its_first_day() -> None:
    before, after = (office(OFFICES, "portland-street-response", day) for day in (date(2025, 9, 30), date(2025, 10, 1)))
    assert before is not None
    assert after is not None
    assert (before.phone, after.phone) == (None, "503-823-7773")
    assert open_at(before, local(23, day=30, month=9, year=2025)) is False
    assert open_at(after, local(23, day=1, month=10, year=2025)) is True


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"), [(6, 59, False), (7, 0, True), (19, 59, True), (20, 0, False), (0, 0, False)]
)
def test_311_is_open_from_seven_to_eight_in_the_evening(hour: int, minute: int, *, is_open: bool) -> None:
    row = office(OFFICES, "pdx-311", TODAY)
    assert row is not None
    assert open_at(row, local(hour, minute)) is is_open


def test_hours_are_portland_wall_time_whatever_zone_the_moment_comes_in() -> None:
    row = office(OFFICES, "pdx-311", TODAY)
    assert row is not None
    assert open_at(row, datetime(2026, 11, 21, 15, 0, tzinfo=UTC)) is True
    assert open_at(row, datetime(2026, 11, 21, 14, 59, tzinfo=UTC)) is False
    assert open_at(row, datetime(2026, 7, 21, 14, 0, tzinfo=UTC)) is True


def test_weekdays_are_counted_from_monday() -> None:
    working_days = Hours(0, 4, 600, 1080)
    assert working_days.hold(local(10, day=20)) is True
    assert working_days.hold(local(10, day=21)) is False


def test_911_and_988_are_open_at_any_minute() -> None:
    assert all(row.hours == ALWAYS for row in OFFICES if row.kind in {"emergency", "crisis"})
    assert ALWAYS[0].hold(local(0)) is ALWAYS[0].hold(local(23, 59)) is True


def test_unknown_hours_are_not_open_but_the_office_is_still_named() -> None:
    row = office(OFFICES, "noise", TODAY)
    assert row is not None
    assert row.hours is None
    assert open_at(row, local(12)) is False
    assert named("noise", local(12)) == ["noise"]


def test_street_response_is_named_by_day_and_911_and_988_by_night() -> None:
    assert named("portland-street-response", local(6)) == ["portland-street-response"]
    assert named("portland-street-response", local(23, 59)) == ["portland-street-response"]
    assert named("portland-street-response", local(5, 59)) == ["emergency-911", "crisis-988"]
    assert named("portland-street-response", local(0)) == ["emergency-911", "crisis-988"]


@pytest.mark.parametrize("circumstance", ["weapon", "violence", "active-suicidality", "private-residence", "in-traffic"])
def test_street_response_is_not_named_where_it_does_not_go(circumstance: Circumstance) -> None:
    assert named("portland-street-response", local(12), circumstance) == ["emergency-911", "crisis-988"]
    assert named("graffiti", local(12), circumstance) == ["graffiti"]


def test_unknown_code_names_nobody() -> None:
    assert named("department-of-magic", local(12)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A man in crisis walks in the middle of the road", {"in-traffic"}),
        ("He is in crisis inside the apartment", {"private-residence"}),
        ("in a mental health crisis and threatening people", {"violence"}),
        ("in crisis, holding a machete", {"weapon"}),
        ("she is in crisis and suicidal", {"active-suicidality"}),
        ("crisis de salud mental en medio de la calle", {"in-traffic"}),
        ("talking to himself at the bus stop", set()),
    ],
)
def test_circumstances_are_read_from_the_text(text: str, expected: set[str]) -> None:
    assert circumstances(text) == expected
