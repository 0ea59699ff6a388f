"""Bytes for tests of the contract: documents as JSON, headers of a record, and places inside a document."""

import json
from collections.abc import Iterator
from typing import Any

from upstream_schemas.codec import encode
from upstream_schemas.model import Event

Path = tuple[str | int, ...]
HEADERS = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"sample-1"),
    ("ce_source", b"/city/pdx311"),
    ("ce_type", b"city.submission.submitted.v1"),
    ("ce_time", b"2026-11-21T09:30:00Z"),
    ("content-type", b"application/json"),
]


def headers(**changes: bytes | None) -> list[tuple[str, bytes | None]]:
    """The headers of one record; `ce_id=b"…"` replaces or adds one."""
    return list((dict(HEADERS) | changes).items())


def to_bytes(document: Any) -> bytes:
    return json.dumps(document).encode()


def written(event: Event) -> bytes:
    """The event as its writer puts it on the wire; the seal is transparent, so that texts stay comparable."""
    return encode(event, seal=lambda text: text)


def leaves(node: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value in a document that holds no further values, and of every list and record."""
    if path:
        yield path
    inner: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in inner:
        yield from leaves(value, (*path, name))


def records(node: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every JSON object in a document, the document itself included."""
    if isinstance(node, dict):
        yield path
        for name, value in node.items():
            yield from records(value, (*path, name))
    if isinstance(node, list):
        for index, value in enumerate(node):
            yield from records(value, (*path, index))


def replaced(document: Any, path: Path, value: Any) -> Any:
    """A copy of the document with another value at one place."""
    copy = json.loads(json.dumps(document))
    target = copy
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return copy
