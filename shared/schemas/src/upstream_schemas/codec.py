"""Bytes to events and back: the only JSON code of the contract.

Two ways in: `decode` for our own topics, and `decode_foreign` for what comes from outside, which refuses everything that
pydantic or PostgreSQL would let through or choke on. Neither ever repeats a value in an error.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import to_json

from upstream_schemas.envelope import CONTENT_TYPE, STRUCTURED_CONTENT_TYPE, Envelope, Unreadable, from_texts, texts
from upstream_schemas.model import EVENT_BYTES_MAX, Event, Record

NESTING_MAX: Final = 32
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # an escaped U+0000, not an escaped backslash before `u0000`
Seal = Callable[[str], str]
R = TypeVar("R", bound=Record)


def encode(event: Event, seal: Seal | None = None) -> bytes:
    """The event as JSON; fields that are None are left out. Sealed fields go through `seal`.

    Raises PydanticSerializationError where a seal is missing, ValueError where a string holds U+0000.
    """
    value = to_json(event, exclude_none=True, context=None if seal is None else {"seal": seal})
    if _holds_nul(value):
        raise ValueError(f"U+0000 stands in a string of {event.TYPE}")
    return value


def _holds_nul(value: bytes) -> bool:
    return b"\\u0000" in value and _NUL.search(value) is not None


@cache
def by_type(events: tuple[type[Event], ...]) -> Mapping[str, type[Event]]:
    """Event classes by their name on the wire."""
    return {event.TYPE: event for event in events}


def class_of(type_name: str, events: tuple[type[Event], ...]) -> type[Event]:
    """The class of a type name. Raises Unreadable `unsupported-version` or `unknown-type`."""
    known = by_type(events)
    if type_name in known:
        return known[type_name]
    stem = type_name.rpartition(".v")[0]
    if stem and any(name.rpartition(".v")[0] == stem for name in known):
        raise Unreadable("unsupported-version")
    raise Unreadable("unknown-type")


def decode(value: bytes, event: type[R]) -> R:
    """An event of one of our own topics, or what was locked in one. Unknown fields are skipped. Raises Unreadable."""
    if _holds_nul(value):
        raise Unreadable("forbidden-character")
    try:
        return event.model_validate_json(value, extra="ignore")
    except ValidationError as error:
        raise Unreadable("schema-violation", problems(error)) from None


def read_foreign(headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> tuple[Envelope, Any]:
    """Envelope and JSON document of a record from outside, in binary or structured mode. Raises Unreadable."""
    found = texts(headers)
    if value is None or not value.strip():
        raise Unreadable("empty-value")
    if len(value) > EVENT_BYTES_MAX:
        raise Unreadable("oversize")
    if not found.get("content-type", CONTENT_TYPE).lower().startswith(STRUCTURED_CONTENT_TYPE):
        return from_texts(found), parse(value)
    return _structured(parse(value))


def decode_foreign(envelope: Envelope, document: Any, events: tuple[type[Event], ...]) -> tuple[Event, int]:
    """The event in a document from outside, and how many unknown fields were skipped. Raises Unreadable."""
    event = class_of(envelope.type, events)
    value = json.dumps(document).encode()
    try:
        return event.model_validate_json(value), 0
    except ValidationError as error:
        found = error.errors(include_input=False, include_context=False, include_url=False)
    return decode(value, event), sum(entry["type"] == "extra_forbidden" for entry in found)


def parse(value: bytes) -> Any:
    """A JSON document without anything doubtful in it.

    Raises Unreadable: bad UTF-8, a byte order mark, repeated keys, NaN or infinities, numbers of thousands of digits,
    deep nesting, U+0000 or lone surrogates in a string.
    """
    try:
        text = value.decode()
        document = json.loads(text, object_pairs_hook=_no_repeats, parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Unreadable("malformed-json") from None
    _check(document, NESTING_MAX)
    return document


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("duplicate-key")
    return found


def _no_constant(_: str) -> None:
    raise Unreadable("not-a-number")


def _check(node: Any, depth_left: int) -> None:
    if depth_left == 0:
        raise Unreadable("too-deep")
    if isinstance(node, str):
        _check_text(node)
    elif isinstance(node, float) and node in (float("inf"), float("-inf")):
        raise Unreadable("not-a-number")
    elif isinstance(node, dict):
        for name, inner in node.items():
            _check_text(name)
            _check(inner, depth_left - 1)
    elif isinstance(node, list):
        for inner in node:
            _check(inner, depth_left - 1)


def _check_text(text: str) -> None:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unreadable("forbidden-character")


def _structured(document: Any) -> tuple[Envelope, Any]:
    if not isinstance(document, dict) or "data" not in document:
        raise Unreadable("not-cloudevents")
    attributes = {f"ce_{name}": value for name, value in document.items() if isinstance(value, str)}
    if type(document.get("revision")) is int:  # of the attributes we read, the one that the JSON format writes as a number
        attributes["ce_revision"] = str(document["revision"])
    if "ce_traceparent" in attributes:  # W3C's header, which has no prefix, stands among the attributes here
        attributes["traceparent"] = attributes["ce_traceparent"]
    return from_texts(attributes), document["data"]


def problems(error: ValidationError) -> tuple[tuple[str, str], ...]:
    """What is wrong, as (JSON pointer, code), at most twenty. Names of unknown fields are never repeated."""
    found = error.errors(include_input=False, include_context=False, include_url=False)
    return tuple((_pointer(entry), entry["type"].replace("_", "-")) for entry in found[:20])


def _pointer(entry: Any) -> str:
    path = entry["loc"][:-1] if entry["type"] == "extra_forbidden" else entry["loc"]
    return "".join(f"/{part}" for part in path)[:300]
