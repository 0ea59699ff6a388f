"""Bytes that once lay on a topic are read today and for ever."""

import json
from typing import Any

import pytest
from contracts.stored import CORPUS, stored

from upstream_schemas.codec import class_of, decode, decode_foreign, read_foreign
from upstream_schemas.envelope import from_texts, texts, uuid_of
from upstream_schemas.topic import Topic
from upstream_schemas.topics import events_of, released

RECORDS = [
    pytest.param(topic, record, id=f"{topic.name} {event.TYPE} {number}")
    for topic in released()
    for event in topic.events
    for number, record in enumerate(stored(event))
]


def raw(record: dict[str, Any]) -> list[tuple[str, bytes | None]]:
    return [(name, value.encode()) for name, value in record["headers"]]


@pytest.mark.parametrize(("topic", "record"), RECORDS)
def test_a_stored_record_is_read_by_its_own_topic(topic: Topic, record: dict[str, Any]) -> None:
    envelope = from_texts(texts(raw(record)))
    event = decode(record["value"].encode(), class_of(envelope.type, topic.events))
    assert event.model_dump(mode="json", context={"seal": str})[topic.key] == record["key"]
    assert record["key"] is None or uuid_of(record["key"].encode()) is not None
    assert (envelope.sequence is not None) is (topic.mark is None)


@pytest.mark.parametrize(("topic", "record"), RECORDS)
def test_a_stored_record_would_be_read_if_it_came_from_outside(topic: Topic, record: dict[str, Any]) -> None:
    envelope, document = read_foreign(raw(record), record["value"].encode())
    assert decode_foreign(envelope, document, topic.events)[1] == 0
    assert document == json.loads(record["value"])


def test_every_event_has_stored_bytes_and_no_stored_bytes_are_orphans() -> None:
    assert {path.stem for path in CORPUS.iterdir()} == {event.TYPE for event in events_of()}
