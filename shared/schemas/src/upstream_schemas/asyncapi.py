"""`docs/asyncapi.json`: the whole catalogue as one AsyncAPI 3.0 document, made and never written by hand.

`python -m upstream_schemas.asyncapi --write` writes it, `--check` fails where it is out of date. Run from the root of the
repository. One document tells of all processes: each operation says in `x-process` whose view it takes. Planned topics are
left out. Payloads are the golden schemas; their records stand once each under `components/schemas`.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from upstream_schemas.asyncapi_headers import SCHEMAS, example_of, kind_of
from upstream_schemas.catalogue_page import data_classes
from upstream_schemas.examples import example
from upstream_schemas.generated_page import GeneratedPage
from upstream_schemas.json_schema import schema_of
from upstream_schemas.model import EVENT_BYTES_MAX, Event
from upstream_schemas.topic import PARTY_MARKS, Topic
from upstream_schemas.topics import (
    CATALOGUE,
    CITY_RESULTS,
    CITY_SUBMISSIONS,
    ENFORCEMENT_RECEIPTS,
    ENFORCEMENT_SUBMISSIONS,
    PROVIDER_REFERRALS,
    PROVIDER_RESPONSES,
    group_reading,
    released,
)

PAGE: Final = Path("docs/asyncapi.json")
PARTIES: Final = {"<source>": "a city system", "<slug>": "a service provider", "<agency>": "a law enforcement agency"}
_ANSWERED_ON: Final = {
    CITY_SUBMISSIONS.name: CITY_RESULTS,
    PROVIDER_RESPONSES.name: PROVIDER_REFERRALS,
    ENFORCEMENT_SUBMISSIONS.name: ENFORCEMENT_RECEIPTS,
}
_BINDING: Final = {"bindingVersion": "0.5.0"}
_ABOUT: Final = f"""What Upstream's services and the parties outside say to each other, on Apache Kafka.
A record is a CloudEvent 1.0 in binary mode: headers `ce_…`, the event's JSON as the value, an opaque id as the key, which is
`ce_subject` too. Values are {EVENT_BYTES_MAX // 1024} KiB at most. Each field carries what it may hold as `x-data-class`: open,
personal, sealed (ciphertext) or enforcement. A released version never changes but for optional fields; readers skip fields
they do not know. Each outside party has topics of its own, which it alone may write or read: who wrote a record is known from
the topic, never from a header."""


def document(catalogue: Iterable[Topic] = CATALOGUE) -> dict[str, Any]:
    """The whole document."""
    topics = released(catalogue)
    messages, schemas = _messages(topics)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Upstream",
            "version": version("upstream-schemas"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"broker": _SERVER},
        "channels": {channel_id(topic): _channel(topic) for topic in topics},
        "operations": {name: operation for topic in topics for name, operation in _operations(topic)},
        "components": {
            "messages": messages,
            "schemas": SCHEMAS | schemas,
            "securitySchemes": {
                "scram": {"type": "scramSha512", "description": "User and password of your credentials file"},
            },
        },
    }


_SERVER: Final = {
    "host": "{bootstrap}",
    "protocol": "kafka-secure",
    "description": "The city's broker. Where it is stands in your credentials file, and whether TLS is spoken.",
    "variables": {"bootstrap": {"description": "`bootstrap.servers` of your credentials file: host and port"}},
    "security": [{"$ref": "#/components/securitySchemes/scram"}],
    "bindings": {"kafka": _BINDING},
}


def text(catalogue: Iterable[Topic] = CATALOGUE) -> str:
    """The document as it stands in the file."""
    return json.dumps(document(catalogue), indent=1, ensure_ascii=False) + "\n"


def channel_id(topic: Topic) -> str:
    """The name of a topic without the brackets around a party's mark."""
    return topic.name.translate({ord("<"): None, ord(">"): None})


def _channel(topic: Topic) -> dict[str, Any]:
    retention = {} if topic.retention is None else {"retention.ms": int(topic.retention.total_seconds() * 1000)}
    settings = {"cleanup.policy": ["compact" if topic.compacted else "delete"], **retention}
    parameters = {} if topic.mark is None else {"parameters": {topic.mark.strip("<>"): {"description": _slug_of(topic.mark)}}}
    return {
        "address": topic.name.replace("<", "{").replace(">", "}"),
        "title": topic.name,
        "description": topic.doc,
        **parameters,
        "messages": {event.TYPE: {"$ref": f"#/components/messages/{event.TYPE}"} for event in topic.events},
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": settings, **_BINDING}},
        "x-zone": topic.zone.value,
        "x-key": topic.key,
        "x-data-classes": list(data_classes(topic)),
        "x-discreet": topic.discreet,
    }


def _slug_of(mark: str) -> str:
    return f"Short name of {PARTIES[mark]}: lower-case letters, digits and single hyphens"


def _operations(topic: Topic) -> Iterator[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{channel_id(topic)}"}
    answered_on = _ANSWERED_ON.get(topic.name)
    reply = {} if answered_on is None else {"reply": {"channel": {"$ref": f"#/channels/{channel_id(answered_on)}"}}}
    yield _operation(topic.producer, "send", topic, channel, reply)
    for consumer in topic.consumers:
        group = _group(consumer, topic)
        yield _operation(consumer, "receive", topic, channel, {"bindings": {"kafka": {"groupId": group, **_BINDING}}, **reply})


def _operation(
    process: str, action: str, topic: Topic, channel: dict[str, str], more: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    who = process.strip("<>")
    words = {"send": "writes", "receive": "reads"}
    told = {"action": action, "channel": channel, "title": f"{PARTIES.get(process, process)} {words[action]} {topic.name}"}
    return f"{who}.{action}.{channel_id(topic)}", {**told, **more, "x-process": process}


def _group(consumer: str, topic: Topic) -> dict[str, str]:
    if consumer in PARTY_MARKS:
        return {"type": "string", "description": "Any that begins with the party's own short name and a dot"}
    return {"type": "string", "const": group_reading(consumer, topic)}


def _messages(topics: Iterable[Topic]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The messages by their type, and the schemas that they mention."""
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for topic in topics:
        for event in topic.events:
            if event.TYPE not in messages:
                messages[event.TYPE] = _message(topic, event, _hoisted(event, schemas))
    return messages, schemas


def _message(topic: Topic, event: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    kind, sample = kind_of(topic), example(event)
    key = sample.get(topic.key)
    ties = {"correlationId": {"location": "$message.header#/ce_correlationid"}} if kind == "headers.ours" else {}
    return {
        "name": event.TYPE,
        "title": event.TYPE,
        "summary": payload.pop("description", ""),
        "contentType": "application/json",
        "headers": {
            "allOf": [{"$ref": f"#/components/schemas/{kind}"}, {"properties": {"ce_type": {"const": event.TYPE}}}],
        },
        "payload": payload,
        **ties,
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid", "description": f"`{topic.key}`"}, **_BINDING}},
        "examples": [{"headers": example_of(topic, event.TYPE, key), "payload": sample}],
    }


def _hoisted(event: type[Event], schemas: dict[str, Any]) -> dict[str, Any]:
    """The payload's schema, with its records moved to `schemas`: `#/$defs/…` would be looked for in the whole document.

    Raises ValueError where two events have different records of one name.
    """
    found = schema_of(event)
    for name in ("$schema", "$id", "title", "examples"):
        found.pop(name)
    for name, record in found.pop("$defs", {}).items():
        moved = _repointed(record)
        if schemas.setdefault(name, moved) != moved:
            raise ValueError(f"{event.TYPE}: another event has a different {name}")
    repointed: dict[str, Any] = _repointed(found)
    return repointed


def _repointed(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _repointed(inner) for name, inner in node.items()}
    if isinstance(node, list):
        return [_repointed(inner) for inner in node]
    return node.replace("#/$defs/", "#/components/schemas/") if isinstance(node, str) else node


_GENERATED: Final = GeneratedPage("upstream_schemas.asyncapi", PAGE, text)
main: Final = _GENERATED.main


if __name__ == "__main__":
    sys.exit(main())
