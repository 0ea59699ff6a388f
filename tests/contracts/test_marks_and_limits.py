"""Every field says what it holds and how much of it; our own topics hold nothing personal in plain."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field

from upstream_schemas.json_schema import schema_of
from upstream_schemas.model import Event, Record
from upstream_schemas.operations import DeadLetterRecordedV1
from upstream_schemas.privacy import DataClass, Open, data_class_of, fields_within, records_inside
from upstream_schemas.topic import PARTY_MARKS, Topic, Zone
from upstream_schemas.topics import (
    CATALOGUE,
    CITY_SUBMISSIONS,
    ENFORCEMENT_CROSSINGS,
    ENFORCEMENT_SUBMISSIONS,
    events_of,
    released,
)

EVENTS = events_of()
each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
# Endless where a pattern already counts its letters.
PATTERNS_WITH_AN_END = ("{0,63}$", "{64}$", "{6,14}$", "{5}$", "{4}$", "){0,3}$", "[0-5][0-9]$", "[+-][0-9]{2}:[0-9]{2})$")


class Careless(Record):
    """A record that says nothing about its fields: what the tests below must catch."""

    name: str
    count: int
    parts: tuple[Annotated[str, Open], ...] = Field(max_length=3, description="Bounded list of unbounded texts")


class CarelessV1(Event):
    TYPE: ClassVar[str] = "sample.field.forgotten.v1"
    inner: Careless


def unmarked(event: type[Event]) -> list[str]:
    return [
        name
        for record, name in fields_within(event)
        if data_class_of(record, name) is None and not records_inside(record.model_fields[name].annotation)
    ]


def undescribed(event: type[Event]) -> list[str]:
    return [name for record, name in fields_within(event) if not record.model_fields[name].description]


def boundless(node: Any, path: str = "") -> Iterator[str]:
    """Places in a JSON Schema where something may be of any size."""
    if isinstance(node, list):
        for inner in node:
            yield from boundless(inner, path)
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    bounded = {
        "string": bool({"maxLength", "format", "enum", "const"} & node.keys())
        or node.get("pattern", "").endswith(PATTERNS_WITH_AN_END),
        "integer": {"minimum", "maximum"} <= node.keys(),
        "number": {"minimum", "maximum"} <= node.keys(),
        "array": "maxItems" in node,
    }
    if isinstance(kind, str) and not bounded.get(kind, True):
        yield path
    for name, inner in node.items():
        if name != "examples":
            yield from boundless(inner, f"{path}/{name}")


@each_event
def test_every_field_carries_a_data_class_and_a_description(event: type[Event]) -> None:
    assert unmarked(event) == []
    assert undescribed(event) == []
    assert event.__doc__


@each_event
def test_every_text_has_a_longest_every_number_a_range_and_every_list_a_most(event: type[Event]) -> None:
    assert list(boundless(schema_of(event))) == []


def test_a_careless_event_would_be_caught_on_every_point() -> None:
    assert unmarked(CarelessV1) == ["name", "count"]
    assert undescribed(CarelessV1) == ["inner", "name", "count"]
    places = set(boundless(CarelessV1.model_json_schema()))
    fields = "/$defs/Careless/properties"
    assert places == {f"{fields}/name", f"{fields}/count", f"{fields}/parts/items"}


def marks_on(topic: Topic) -> set[DataClass]:
    found = {data_class_of(record, name) for event in topic.events for record, name in fields_within(event)}
    return {mark for mark in found if mark is not None}


def test_our_own_topics_hold_nothing_personal_in_plain_but_copies_of_what_was_set_aside() -> None:
    """Dead letters hold what came in plain text from outside, for the same seven days as the topic it came from."""
    personal = {
        (event, name)
        for topic in CATALOGUE
        if topic.producer not in PARTY_MARKS
        for event in topic.events
        for record, name in fields_within(event)
        if data_class_of(record, name) is DataClass.PERSONAL
    }
    assert personal == {(DeadLetterRecordedV1, name) for name in ("value", "key", "headers")}
    assert all(topic.retention == CITY_SUBMISSIONS.retention for topic in CATALOGUE if DeadLetterRecordedV1 in topic.events)
    assert [topic for topic in CATALOGUE if DataClass.PERSONAL in marks_on(topic) and topic.compacted] == []


@pytest.mark.parametrize("topic", released(), ids=lambda topic: topic.name)
def test_what_is_marked_as_the_enforcement_side_s_stands_on_no_topic_of_another_zone(topic: Topic) -> None:
    if DataClass.ENFORCEMENT in marks_on(topic):
        assert topic.zone is Zone.ENFORCEMENT
        assert DataClass.PERSONAL not in marks_on(topic), "one mark each: what is the enforcement side's is not the city's"


def test_the_agency_s_own_words_are_marked_and_what_two_people_approved_holds_none_of_them() -> None:
    handed_over = {name for event in ENFORCEMENT_SUBMISSIONS.events for record, name in fields_within(event)}
    marked = {
        name
        for event in ENFORCEMENT_SUBMISSIONS.events
        for record, name in fields_within(event)
        if data_class_of(record, name) is DataClass.ENFORCEMENT
    }
    assert marked == {"agency_reference", "name", "phone", "email", "grounds"}
    assert marked < handed_over
    assert DataClass.ENFORCEMENT not in marks_on(ENFORCEMENT_CROSSINGS)


CROSSING_FIELDS = {
    "gateway.help-offer.crossed.v1": {"urgency", "respond_by", "language", "callback_desk", "key_id", "sealed_contact"},
    "gateway.life-safety-call.crossed.v1": {"callback_number"},
    "gateway.area-alert.crossed.v1": {"cell", "hour", "kind", "retaliation"},
}


def test_a_crossing_has_exactly_the_fields_of_the_page_that_says_what_crosses() -> None:
    """Written by hand from docs/separation.md: a new field on a crossing is a change of that page first."""
    found = {
        event.TYPE: {name for _, name in fields_within(event)} - {"crossing_id"}
        for topic in CATALOGUE
        if topic.zone is Zone.CROSSING
        for event in topic.events
    }
    assert found == CROSSING_FIELDS
