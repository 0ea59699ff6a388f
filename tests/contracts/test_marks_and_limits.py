"""Every field says what it holds and how much of it; our own topics hold nothing personal in plain."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field

from upstream_schemas.json_schema import schema_of
from upstream_schemas.model import Event, Record
from upstream_schemas.operations import DeadLetterRecordedV1
from upstream_schemas.privacy import DataClass, Open, data_class_of, fields_within, records_inside
from upstream_schemas.topics import CATALOGUE, CITY_SUBMISSIONS, events_of

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


def test_our_own_topics_hold_nothing_personal_in_plain_but_copies_of_what_was_set_aside() -> None:
    """Dead letters hold what came in plain text from outside, for the same seven days as the topic it came from."""
    personal = {
        (event, name)
        for topic in CATALOGUE
        if topic is not CITY_SUBMISSIONS
        for event in topic.events
        for record, name in fields_within(event)
        if data_class_of(record, name) is DataClass.PERSONAL
    }
    assert personal == {(DeadLetterRecordedV1, name) for name in ("value", "key", "headers")}
    assert all(topic.retention == CITY_SUBMISSIONS.retention for topic in CATALOGUE if DeadLetterRecordedV1 in topic.events)


def test_nothing_of_the_enforcement_side_stands_in_an_event_of_the_city() -> None:
    marks = {data_class_of(record, name) for event in EVENTS for record, name in fields_within(event)}
    assert DataClass.ENFORCEMENT not in marks
