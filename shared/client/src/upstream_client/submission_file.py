"""What a file holds, made into records: one submission, an array, JSON lines, or CloudEvents in structured form.

Makes the ids and headers that are absent. Judges nothing: what a submission says is for the receiver to judge, and the text
of one that needs no id is sent exactly as it was written.
"""

import base64
import binascii
import json
import sys
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from upstream_client.clock import fresh_id, now
from upstream_client.outgoing import Header, Outgoing, id_in
from upstream_client.trouble import Trouble
from upstream_schemas.city import SubmissionAmendedV1, SubmissionSubmittedV1, SubmissionWithdrawnV1
from upstream_schemas.envelope import CONTENT_TYPE, STRUCTURED_CONTENT_TYPE

TYPES: Final[Mapping[str, str]] = {
    "submitted": SubmissionSubmittedV1.TYPE,
    "amended": SubmissionAmendedV1.TYPE,
    "withdrawn": SubmissionWithdrawnV1.TYPE,
}
_NOT_ATTRIBUTES: Final = frozenset({"data", "data_base64", "datacontenttype"})
_SPACE: Final = " \t\r\n"
_Written = tuple[dict[str, Any], str]  # what an object says, and the very letters it was written in


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in the file: which it is, counted from 1, what it says, and how it was written."""

    number: int
    content: dict[str, Any]
    text: str


def bytes_of(file: str) -> bytes:
    """What the file holds, or standard input where it is called `-`. Raises Trouble."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Trouble(f"{file} cannot be read", why, "name a file that can, or - for standard input") from None


def records_in(content: bytes, source: str, kind: str | None = None) -> list[Outgoing]:
    """The records of a file. `kind` is submitted, amended or withdrawn; None infers it. Raises Trouble where nothing is clear."""
    return [_record(item, source, kind) for item in items_in(content)]


def items_in(content: bytes) -> list[Item]:
    """Everything that a file holds, in order; at least one. Raises Trouble where nothing is clear."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unclear("it is not UTF-8 text") from None
    items = [Item(number, told, written) for number, (told, written) in enumerate(_items(text), start=1)]
    if not items:
        raise _unclear("it is empty")
    return items


def raw_record(value: bytes | None, key: bytes | None, headers: tuple[Header, ...]) -> Outgoing:
    """A record exactly as given: nothing is made, nothing is mended."""
    return Outgoing(1, key, value, headers, id_in(headers) or _id_inside(headers, value))


def _id_inside(headers: tuple[Header, ...], value: bytes | None) -> str | None:
    """The id in a structured CloudEvent, which has none in its headers."""
    if not any(
        name == "content-type" and (text or b"").startswith(STRUCTURED_CONTENT_TYPE.encode()) for name, text in headers
    ):
        return None
    try:
        found = json.loads(value or b"")
    except (ValueError, RecursionError):
        return None
    return found["id"] if isinstance(found, dict) and isinstance(found.get("id"), str) else None


def _items(text: str) -> Iterator[_Written]:
    """Every object in the text, one behind the other or within arrays, each with the very letters it was written in."""
    decoder = json.JSONDecoder(object_pairs_hook=_no_repeats)
    at = _skip(text, 0)
    while at < len(text):
        if text[at] == "[":
            at = yield from _elements(decoder, text, at)
        else:
            item, at = _item(decoder, text, at)
            yield item
        at = _skip(text, at)


def _elements(decoder: json.JSONDecoder, text: str, at: int) -> Generator[_Written, None, int]:
    """The elements of the array that begins at `at`; returns where it ends."""
    at = _skip(text, at + 1)
    while not text.startswith("]", at):
        item, at = _item(decoder, text, at)
        yield item
        at = _skip(text, at)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
        elif not text.startswith("]", at):
            raise _unclear(f"line {_line(text, at)}: the array does not go on")
    return at + 1


def _item(decoder: json.JSONDecoder, text: str, at: int) -> tuple[_Written, int]:
    try:
        content, end = decoder.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _unclear(f"line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError):
        raise _unclear(f"line {_line(text, at)}: a number too long, a name that stands twice, or too many brackets") from None
    if not isinstance(content, dict):
        raise _unclear(f"line {_line(text, at)}: there is a {type(content).__name__} where a submission should be")
    return (content, text[at:end]), end


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _record(item: Item, source: str, kind: str | None) -> Outgoing:
    if "specversion" in item.content:
        return _from_cloudevent(item, source, kind)
    return _from_data(item, source, kind)


def _from_data(item: Item, source: str, kind: str | None) -> Outgoing:
    content, text = item.content, item.text
    if "submission_id" not in content:
        content = {"submission_id": str(fresh_id()), **content}
        text = json.dumps(content)
    return _outgoing(item.number, content, text.encode(), _made(content, source, kind))


def _from_cloudevent(item: Item, source: str, kind: str | None) -> Outgoing:
    """In binary mode: the attributes become headers, so that its id can be read even where its data cannot."""
    given = ((name, _attribute(name, value, item)) for name, value in item.content.items() if name not in _NOT_ATTRIBUTES)
    attributes = {f"ce_{name}": text for name, text in given if text is not None}
    if "datacontenttype" in item.content:
        attributes["content-type"] = str(item.content["datacontenttype"])
    data = item.content.get("data")
    return _outgoing(item.number, data, _value(item), _made(data, source, kind) | attributes)


def _attribute(name: str, value: object, item: Item) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str | int):
        return None if value is None else str(value)
    raise _unclear(f"record {item.number}: the attribute {name} is neither a text nor a whole number")


def _value(item: Item) -> bytes:
    if "data" in item.content:
        return json.dumps(item.content["data"]).encode()
    try:
        return base64.b64decode(item.content.get("data_base64", ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise _unclear(f"record {item.number}: data_base64 is not base64") from None


def _made(data: object, source: str, kind: str | None) -> dict[str, str]:
    """The headers of a record that brings none."""
    return {
        "ce_specversion": "1.0",
        "ce_id": str(fresh_id()),
        "ce_source": f"/city/{source}",
        "ce_type": TYPES[kind or inferred(data)],
        "ce_time": now().isoformat(),
        "content-type": CONTENT_TYPE,
    }


def _outgoing(number: int, data: object, value: bytes, attributes: dict[str, str]) -> Outgoing:
    """The key is the submission's id; only where the data names none, the event's subject."""
    named = data.get("submission_id") if isinstance(data, dict) else None
    key = named if isinstance(named, str) else attributes.get("ce_subject")
    subject = {} if key is None else {"ce_subject": key}
    headers = tuple((name, _bytes(text)) for name, text in (subject | attributes).items())
    return Outgoing(number, None if key is None else _bytes(key), value, headers, id_in(headers))


def inferred(data: object) -> str:
    """Submitted or withdrawn, as one of TYPES: what a submission says that does not tell."""
    return "withdrawn" if isinstance(data, dict) and "withdrawn_at" in data else "submitted"


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")


def _unclear(why: str) -> Trouble:
    return Trouble(
        "The file holds no submissions that can be told apart",
        why,
        "give one JSON object, an array, or one object a line; --raw sends bytes as they are",
    )
