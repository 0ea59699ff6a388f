"""The standard's own library reads what our codec writes, and our codec reads what it writes: every event, both modes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import (
    KafkaMessage,
    from_kafka_event,
    to_binary_event,
    to_structured,
    to_structured_event,
)
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from contracts.wire import to_bytes, written

from upstream_schemas.city import SubmissionSubmittedV1
from upstream_schemas.codec import decode, decode_foreign, read_foreign
from upstream_schemas.envelope import SEQUENCE, Envelope, Unreadable, to_pairs
from upstream_schemas.examples import example
from upstream_schemas.model import Event
from upstream_schemas.topics import events_of

each_event = pytest.mark.parametrize("event", events_of(), ids=lambda event: event.TYPE)
ID = "0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77"
AT = datetime(2026, 11, 21, 9, 30, 0, 250000, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def envelope_of(event: type[Event]) -> Envelope:
    return Envelope(ID, "/upstream/intake", event.TYPE, AT, ID, correlation=ID, causation="pdx311-1", revision=3)


def theirs(event: type[Event]) -> CloudEvent:
    """The event as a program that uses the library makes it."""
    attributes = {
        "id": ID,
        "source": "/upstream/intake",
        "type": event.TYPE,
        "specversion": "1.0",
        "time": AT,
        "subject": ID,
        "datacontenttype": "application/json",
        "correlationid": ID,
        "causationid": "pdx311-1",
        "revision": 3,
    }
    return CloudEvent(attributes, example(event))


def read(message: KafkaMessage) -> tuple[Envelope, Any]:
    return read_foreign(list(message.headers.items()), message.value)


@each_event
def test_the_library_reads_the_record_we_write(event: type[Event]) -> None:
    said = event.model_validate_json(to_bytes(example(event)))
    headers = dict([*to_pairs(envelope_of(event)), (SEQUENCE, b"s1:42")])
    found = from_kafka_event(KafkaMessage(headers, ID.encode(), written(said)))
    assert (found.get_id(), found.get_source(), found.get_type()) == (ID, "/upstream/intake", event.TYPE)
    assert (found.get_specversion(), found.get_time(), found.get_subject()) == ("1.0", AT, ID)
    assert (found.get_datacontenttype(), found.get_dataschema()) == ("application/json", f"urn:upstream:schema:{event.TYPE}")
    extensions = ("correlationid", "causationid", "revision", "sequence")
    assert [found.get_extension(name) for name in extensions] == [ID, "pdx311-1", "3", "s1:42"]
    assert found.get_data() == example(event)


@each_event
@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_we_read_the_record_the_library_writes(event: type[Event], write: Any) -> None:
    envelope, document = read(write(theirs(event)))
    assert envelope == envelope_of(event)
    said, skipped = decode_foreign(envelope, document, (event,))
    assert (said, skipped) == (event.model_validate_json(to_bytes(example(event))), 0)
    assert decode(to_bytes(document), event) == said


@each_event
def test_what_we_write_survives_a_relay_that_hands_it_on_in_the_other_mode(event: type[Event]) -> None:
    said = event.model_validate_json(to_bytes(example(event)))
    passed_on = to_structured_event(from_kafka_event(KafkaMessage(dict(to_pairs(envelope_of(event))), None, written(said))))
    envelope, document = read(passed_on)
    assert (envelope, document) == (envelope_of(event), example(event))


def test_a_trace_is_found_in_both_modes() -> None:
    event = theirs(SubmissionSubmittedV1)
    event.get_attributes()["traceparent"] = TRACE
    assert read(to_structured_event(event))[0].traceparent == TRACE


def structured(without: str = "", **changes: Any) -> list[Any]:
    """A record in structured mode as the library writes it, then altered."""
    whole = json.loads(to_structured(theirs(SubmissionSubmittedV1), JSONFormat()).value) | changes
    whole.pop(without, None)
    return [[("content-type", b"application/cloudevents+json")], to_bytes(whole)]


NARROWER: dict[str, tuple[list[Any], str]] = {
    "no time, which the standard does not ask for": (structured(without="time"), "missing-header"),
    "no data, which an event of the standard may lack": (structured(without="data"), "not-cloudevents"),
    # The emergency check reads the text of what comes in; base64 would hide it.
    "data as base64": (structured(without="data", data_base64="e30="), "not-cloudevents"),
    "a leap second, which RFC 3339 has and datetime has not": (structured(time="2016-12-31T23:59:60Z"), "bad-time"),
    "an id of more than a hundred letters": (structured(id="x" * 101), "bad-id"),
    "the version before": (structured(specversion="0.3"), "not-cloudevents"),
    "another event format": (
        [[("content-type", b"application/cloudevents+avro")], b"\x00"],
        "not-cloudevents",
    ),
}


@pytest.mark.parametrize("case", NARROWER)
def test_where_we_take_less_than_the_standard_the_sender_is_told_by_a_code(case: str) -> None:
    record, code = NARROWER[case]
    with pytest.raises(Unreadable) as refused:
        read_foreign(*record)
    assert refused.value.code == code


@pytest.mark.parametrize("time", ["2026-11-21T09:30:00.250Z", "2026-11-21t09:30:00.25z", "2026-11-21T01:30:00.250-08:00"])
def test_every_way_the_standard_writes_a_moment_is_the_same_moment(time: str) -> None:
    assert read_foreign(*structured(time=time))[0].time == AT


@pytest.mark.parametrize("revision", ["3", 3])
def test_a_revision_is_read_as_a_number_or_a_text(revision: str | int) -> None:
    assert read_foreign(*structured(revision=revision))[0].revision == 3


@pytest.mark.parametrize("revision", [True, -3, 3.0, None, [3]])
def test_what_is_no_revision_is_none_and_crashes_nothing(revision: object) -> None:
    assert read_foreign(*structured(revision=revision))[0].revision is None
