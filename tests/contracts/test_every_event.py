"""What holds for every event of the contract, one by one."""

import json
import re
import traceback
from typing import Any, get_args

import pytest
from contracts.instances import instances
from contracts.wire import leaves, records, replaced, to_bytes, written
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import PlainSerializer, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError

from upstream_schemas.codec import decode, decode_foreign, encode
from upstream_schemas.envelope import Unreadable, from_texts
from upstream_schemas.examples import example
from upstream_schemas.json_schema import schema_of
from upstream_schemas.model import Event
from upstream_schemas.privacy import DataClass, data_class_of, fields_within
from upstream_schemas.topics import events_of

EVENTS = events_of()
CANARY = "canary-5b1f"
each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)


def foreign(event: type[Event], document: Any) -> tuple[Event, int]:
    attributes = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/x", "ce_type": event.TYPE}
    return decode_foreign(from_texts(attributes | {"ce_time": "2026-11-21T09:30:00Z"}), document, (event,))


@each_event
def test_its_example_is_read_strictly_and_written_back_unchanged(event: type[Event]) -> None:
    found = event.model_validate_json(to_bytes(example(event)))
    assert json.loads(written(found)) == example(event)


@each_event
def test_its_example_keeps_to_its_published_schema(event: type[Event]) -> None:
    schema = schema_of(event)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(example(event))


@each_event
def test_the_people_in_its_example_are_fictional(event: type[Event]) -> None:
    text = json.dumps(example(event))
    assert all(host.endswith("example.org") for host in re.findall(r"@([\w.-]+)", text))
    assert all(re.search(r"555-?01\d\d$", phone) for phone in re.findall(r'"phone": "([^"]+)"', text))
    assert all(name.rpartition(" ")[2] in {"Example", "Demo"} for name in re.findall(r'"requester": {"name": "([^"]+)"', text))


@each_event
def test_what_a_writer_may_write_a_reader_reads_equal(event: type[Event]) -> None:
    @settings(max_examples=20, deadline=None)
    @given(instances(schema_of(event)))
    def read_back(document: Any) -> None:
        said = event.model_validate_json(to_bytes(document))
        assert decode(written(said), event) == said

    read_back()


@each_event
def test_a_reader_skips_fields_that_a_later_edition_added_at_any_depth(event: type[Event]) -> None:
    @settings(max_examples=10, deadline=None)
    @given(instances(schema_of(event)), st.data())
    def skipped(document: Any, data: st.DataObject) -> None:
        said = event.model_validate_json(to_bytes(document))
        place = data.draw(st.sampled_from(list(records(document))))
        later = replaced(document, (*place, "added_later"), {"anything": [1]})
        assert decode(to_bytes(later), event) == said
        assert foreign(event, later) == (said, 1)
        with pytest.raises(ValidationError):
            event.model_validate_json(to_bytes(later))

    skipped()


@each_event
def test_refusing_it_never_shows_what_stood_in_any_field(event: type[Event]) -> None:
    whole = event.model_validate_json(to_bytes(example(event)))
    document = example(event) | {name: None for name in type(whole).model_fields if name not in example(event)}
    for place in leaves(document):
        spoilt = replaced(document, place, {CANARY: [CANARY, CANARY * 3000]})
        with pytest.raises(Unreadable) as own:
            decode(to_bytes(spoilt), event)
        with pytest.raises(Unreadable) as outside:
            foreign(event, spoilt | {CANARY: CANARY})
        with pytest.raises(ValidationError) as writer:
            event.model_validate_json(to_bytes(replaced(document, place, {"x": [CANARY]})))
        for refused in (own.value, outside.value):
            assert CANARY not in f"{refused!r} {refused.problems} {''.join(traceback.format_exception(refused))}"
            assert refused.problems
        assert CANARY not in f"{writer.value} {writer.value!r}"


def sealed_by_its_writer(event: type[Event]) -> bool:
    """Whether a field is sealed as it is written; others that are marked sealed hold ciphertext already in memory."""
    return any(
        data_class_of(record, name) is DataClass.SEALED and serializers(record.model_fields[name])
        for record, name in fields_within(event)
    )


def serializers(field: FieldInfo) -> list[object]:
    inside = [field.annotation, *get_args(field.annotation)]
    marks = [*field.metadata, *(mark for kind in inside for mark in getattr(kind, "__metadata__", ()))]
    return [mark for mark in marks if isinstance(mark, PlainSerializer)]


@each_event
def test_it_is_written_without_a_seal_only_where_nothing_is_left_to_seal(event: type[Event]) -> None:
    said = event.model_validate_json(to_bytes(example(event)))
    if sealed_by_its_writer(event):
        with pytest.raises(PydanticSerializationError):
            encode(said)
    else:
        assert encode(said) == written(said)


def test_contacts_and_links_are_sealed_by_their_writer_and_payloads_come_sealed() -> None:
    sealing = {event.TYPE for event in EVENTS if sealed_by_its_writer(event)}
    assert {"intake.contact.upserted.v1", "outreach.contact.upserted.v1", "outreach.notice.requested.v1"} <= sealing
    assert not {"intake.referral.received.v1", "gateway.help-offer.crossed.v1"} & sealing
