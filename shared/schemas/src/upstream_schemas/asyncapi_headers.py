"""The headers of a record as JSON Schema and as an example, for the AsyncAPI document: CloudEvents 1.0, binary mode.

There are three kinds: on our own topics, on discreet ones, and on what outside parties write. Reads and writes no record.
"""

from datetime import UTC, datetime
from typing import Any, Final

from upstream_schemas.envelope import (
    ATTRIBUTE_LENGTH_MAX,
    CONTENT_TYPE,
    ID_LENGTH_MAX,
    PREVIOUS_SEQUENCE,
    SEQUENCE,
    Envelope,
    to_headers,
)
from upstream_schemas.topic import Topic

_AT: Final = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
_ID: Final = "0190c7a2-27d1-7a40-8a6e-3f1d2c4b5a69"
_DISCREET_ID: Final = "5b1f8a52-0c5e-4c1b-9a51-6a7f0f3c2d11"
_CASE: Final = "0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77"
_CAUSE: Final = "0190c7a2-2001-7d55-b3c1-8e9f00112233"
_NUMBERED: Final = {SEQUENCE: "8d0c1f7e-2b1a-4f27-9a53-0c9de1a4b6f2:7"}


def _text(description: str, **bounds: Any) -> dict[str, Any]:
    return {"type": "string", **bounds, "description": description}


_STANDARD: Final = {
    "ce_specversion": _text("CloudEvents version", const="1.0"),
    "ce_id": _text("Unique for one `ce_source`; the same id again is the same event", minLength=1, maxLength=ID_LENGTH_MAX),
    "ce_source": _text("Who says so", minLength=1, maxLength=ATTRIBUTE_LENGTH_MAX),
    "ce_type": _text("Name and version of the event", minLength=1, maxLength=ATTRIBUTE_LENGTH_MAX),
    "ce_time": _text("When it was said, RFC 3339 with its offset", format="date-time"),
    "ce_subject": _text("The record's key", maxLength=ATTRIBUTE_LENGTH_MAX),
    "content-type": _text("How the value is written", const=CONTENT_TYPE),
}
_SCHEMA: Final = {"ce_dataschema": _text("`urn:upstream:schema:` and the type", pattern="^urn:upstream:schema:")}
_NUMBER: Final = {
    SEQUENCE: _text("`<stream>:<n>`, n without a gap on each partition: last + 1 is new, less is a repeat, more is a loss"),
    PREVIOUS_SEQUENCE: _text("After a restore: the streams that this one goes on from, each with its last number"),
}
_TIES: Final = {
    "ce_correlationid": _text("The request's or referral's own id, the same on all that follows from it"),
    "ce_causationid": _text("Id of the event that led to this one; on an answer: your `ce_id`"),
    "ce_revision": _text(
        "How often the subject had changed: orders what one subject says on several topics", pattern="^[0-9]+$"
    ),
    "traceparent": _text("W3C trace context"),
}
_OPTIONAL: Final = {"ce_subject", "ce_revision", "ce_correlationid", "ce_causationid", "traceparent", PREVIOUS_SEQUENCE}


def _schema(summary: str, properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    required = [name for name in properties if name not in _OPTIONAL and name not in optional]
    return {"type": "object", "description": summary, "properties": properties, "required": required}


SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "headers.ours": _schema("On our own topics.", {**_STANDARD, **_SCHEMA, **_TIES, **_NUMBER}),
    "headers.discreet": _schema(
        "On topics that tell nothing of where a record came from: a random id, the time rounded down to the hour, no cause.",
        {**_STANDARD, **_SCHEMA, **_NUMBER},
    ),
    "headers.outside": _schema(
        "What an outside party must send. The structured mode, `application/cloudevents+json`, is read too.",
        {**_STANDARD, "traceparent": _TIES["traceparent"]},
        "content-type",
    ),
}


def kind_of(topic: Topic) -> str:
    """Which of SCHEMAS the records of a topic keep to."""
    if topic.producer == topic.mark:
        return "headers.outside"
    return "headers.discreet" if topic.discreet else "headers.ours"


def example_of(topic: Topic, type_name: str, key: str | None) -> dict[str, str]:
    """The headers of one fictional record, made by the code that writes real ones."""
    kind = kind_of(topic)
    if kind == "headers.outside":
        role = {"<source>": "/city/pdx311", "<slug>": "/provider/ario", "<agency>": "/agency/ppb"}[topic.producer]
        told = dict(to_headers(Envelope("pdx311-0000142-1", role, type_name, _AT, key)))
        return {name: text for name, text in told.items() if name != "ce_dataschema"}
    source = f"/upstream/{topic.producer}"
    if kind == "headers.discreet":
        hour = _AT.replace(minute=0)
        return dict(to_headers(Envelope(_DISCREET_ID, source, type_name, hour, key))) | _NUMBERED
    revision = None if topic.tick else 3
    return dict(to_headers(Envelope(_ID, source, type_name, _AT, key, _CASE, _CAUSE, revision))) | _NUMBERED
