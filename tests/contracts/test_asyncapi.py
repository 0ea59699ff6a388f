"""The AsyncAPI document: the standard's own schema takes it, it says what the catalogue says, and nothing in it dangles."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from contracts.lamp_history import LampRepairedV1, LampRepairedV2, LampRepairedV3
from support.described import DOCUMENT, MESSAGES, complaints

from upstream_schemas.asyncapi import PAGE, channel_id, document, main, text
from upstream_schemas.json_schema import schema_of
from upstream_schemas.topic import Topic, Zone
from upstream_schemas.topics import CATALOGUE, CITY_RESULTS, CITY_SUBMISSIONS, events_of, released

ROOT = Path(__file__).parents[2]
STANDARD = Path(os.environ.get("UPSTREAM_DATA", ROOT.parent / "shared" / "data")) / "events" / "asyncapi"
needs_the_standard = pytest.mark.skipif(
    not STANDARD.is_dir(), reason="AsyncAPI's schema not found: set UPSTREAM_DATA to the folder that holds events/"
)
each_message = pytest.mark.parametrize("name", MESSAGES)


def standard() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads((STANDARD / "3.0.0-without-id.json").read_bytes()))


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)


def at(pointer: str) -> Any:
    found: Any = DOCUMENT
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return found


@needs_the_standard
def test_the_standards_own_schema_takes_the_document() -> None:
    assert [error.message for error in standard().iter_errors(DOCUMENT)] == []


@needs_the_standard
@pytest.mark.parametrize(
    ("where", "planted"),
    [
        ("asyncapi", "3.1.0"),
        ("operations/intake.receive.city.submissions.source.v1/action", "publish"),
        ("channels/intake.requests.v1/bindings/kafka/partitions", 0),
        ("channels/intake.requests.v1/bindings/kafka/topicConfiguration/cleanup.policy", "compact"),
        ("components/messages/intake.request.received.v1/correlationId/location", "ce_correlationid"),
        ("components/securitySchemes/scram/type", "scram"),
    ],
)
def test_the_standards_schema_finds_what_is_wrong(where: str, planted: object) -> None:
    wrong = json.loads(json.dumps(DOCUMENT))
    *path, last = where.split("/")
    place = wrong
    for part in path:
        place = place[part]
    place[last] = planted
    assert list(standard().iter_errors(wrong))


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > len(MESSAGES)
    assert all(at(reference) is not None for reference in found)


def test_every_released_topic_is_a_channel_with_its_events_and_no_planned_one_is() -> None:
    told = {channel["title"]: set(channel["messages"]) for channel in DOCUMENT["channels"].values()}
    assert told == {topic.name: {event.TYPE for event in topic.events} for topic in released()}
    assert not any(topic.name in text() for topic in CATALOGUE if topic.planned)


def test_who_sends_and_receives_is_what_the_catalogue_grants() -> None:
    told = {(o["x-process"], o["action"], o["channel"]["$ref"].rpartition("/")[2]) for o in DOCUMENT["operations"].values()}
    writes = {(topic.producer, "send", channel_id(topic)) for topic in released()}
    reads = {(reader, "receive", channel_id(topic)) for topic in released() for reader in topic.consumers}
    assert told == writes | reads


def test_a_familys_address_has_a_parameter_for_its_party() -> None:
    for topic, channel in zip(released(), DOCUMENT["channels"].values(), strict=True):
        assert list(channel.get("parameters", {})) == ([topic.mark.strip("<>")] if topic.mark else [])
        assert channel["address"].format(source="x", slug="x", agency="x") == topic.for_party("x")


def test_a_submission_is_answered_on_the_results_topic() -> None:
    submitted = DOCUMENT["operations"][f"source.send.{channel_id(CITY_SUBMISSIONS)}"]
    assert at(submitted["reply"]["channel"]["$ref"])["title"] == CITY_RESULTS.name


def test_what_outside_parties_and_providers_see_carries_no_correlation() -> None:
    ties = [name for name, message in MESSAGES.items() if "correlationId" in message]
    outside = {event.TYPE for topic in released() if topic.discreet or topic.producer == topic.mark for event in topic.events}
    assert set(ties) == {event.TYPE for event in events_of()} - outside


@each_message
def test_the_example_fits_payload_and_headers(name: str) -> None:
    message, (sample,) = MESSAGES[name], MESSAGES[name]["examples"]
    assert complaints(message["payload"], sample["payload"]) == []
    assert complaints(message["headers"], sample["headers"]) == []
    assert complaints(message["headers"], sample["headers"] | {"ce_type": "another.thing.said.v1"})


@each_message
def test_a_payload_says_all_that_the_golden_schema_says(name: str) -> None:
    event = next(event for event in events_of() if name == event.TYPE)
    golden = json.dumps(schema_of(event)["properties"]).replace("#/$defs/", "#/components/schemas/")
    assert MESSAGES[name]["payload"]["properties"] == json.loads(golden)


def test_two_events_may_not_mean_different_records_by_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would stand in one place of the document; the contract has no such pair, and a new one is found here."""
    monkeypatch.setattr("upstream_schemas.asyncapi.schema_of", _with_a_record_of_its_own)
    monkeypatch.setattr("upstream_schemas.asyncapi.example", lambda _: {})
    topic = Topic("sample.lamps.v1", "lamp_id", (LampRepairedV1, LampRepairedV2, LampRepairedV3), "intake", (), Zone.CITY, "")
    with pytest.raises(ValueError, match="has a different Part"):
        document([topic])


def _with_a_record_of_its_own(event: type[Any]) -> dict[str, Any]:
    return {"$schema": "", "$id": "", "title": "", "examples": [], "$defs": {"Part": {"title": event.TYPE}}}


def test_the_document_in_the_repository_is_up_to_date() -> None:
    assert main(["--check"]) == 0
    assert json.loads(PAGE.read_bytes()) == DOCUMENT
