"""Looks for markers everywhere a running stack leaves bytes, in every disguise that bytes take on the way.

Judges nothing: says where a marker was found, and whose side of the wall the place is on.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import httpx
from support.system_files import bytes_of
from support.system_tables import every_row
from support.system_topics import everything

from upstream_schemas.topic import Zone
from upstream_schemas.topics import CATALOGUE, ZONE_OF_PROCESS
from upstream_stack.kafka_access import admin_client
from upstream_stack.processes import METRICS_TOKEN, SERVICES, Service
from upstream_stack.stack import Stack

FRAGMENT_LETTERS = 10
NUMBERS_ONLY = {".index", ".timeindex"}  # ten megabytes each, of offsets and times


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere bytes lie: `side` is a zone of the catalogue, or a word for what belongs to nobody in particular."""

    side: str
    name: str


def disguises(marker: str) -> Iterator[bytes]:
    """A marker as it may look elsewhere: plain, in other cases, escaped, encoded, hashed, in pieces."""
    plain = marker.encode()
    yield from (plain, marker.lower().encode(), marker.upper().encode(), marker[::-1].encode())
    yield from (quote(marker).encode(), escape(marker).encode(), marker.encode("unicode_escape"))
    yield from (plain.hex().encode(), plain.hex().upper().encode(), marker.encode("utf-16-le"), marker.encode("utf-16-be"))
    for shift in range(3):
        whole = b64encode(b"\0" * shift + plain)
        yield whole[4 if shift else 0 : -4]
    yield from (hashlib.new(name, plain).hexdigest().encode() for name in ("sha256", "sha1", "md5"))
    for start in range(0, len(marker) - FRAGMENT_LETTERS + 1, FRAGMENT_LETTERS // 2):
        yield marker[start : start + FRAGMENT_LETTERS].encode()


def found_in(haystack: bytes, markers: Mapping[str, tuple[bytes, ...]]) -> set[str]:
    """The names of the markers of which any disguise stands in these bytes."""
    return {name for name, forms in markers.items() if any(form in haystack for form in forms)}


def places(stack: Stack) -> Iterator[tuple[Place, bytes]]:
    """Every place of a stack with its bytes: topics, tables, logs, metrics, mail, and every file of the broker."""
    yield from _topics(stack)
    for process, table, text in every_row(stack):
        yield Place(side_of(process), f"{process} {table}"), text.encode()
    for log in stack.layout.logs.rglob("*.log"):
        yield Place(side_of(log.stem), f"log {log.stem}"), log.read_bytes()
    for service in SERVICES:
        yield Place(side_of(service.name), f"metrics {service.name}"), _metrics(stack, service)
    for letter in stack.layout.mail.rglob("*"):
        if letter.is_file():
            yield Place("mail", "mail"), bytes_of(letter)
    for file in stack.layout.kafka.rglob("*"):
        if file.is_file() and file.suffix not in NUMBERS_ONLY:
            yield Place(_side_of_segment(file.parent.name), f"broker file {file.parent.name}"), bytes_of(file)


def side_of(process: str) -> str:
    """The side a process is on; the gateway stands on its own."""
    if process == "referral-gateway":
        return "gateway"
    return ZONE_OF_PROCESS.get(process, Zone.CITY).value


def _metrics(stack: Stack, service: Service) -> bytes:
    token = stack.secret(service.operator, f"{service.name}-{METRICS_TOKEN}")
    return (
        httpx.get(f"{stack.url(service.name)}/metrics", headers={"Authorization": f"Bearer {token}"})
        .raise_for_status()
        .content
    )


def _topics(stack: Stack) -> Iterator[tuple[Place, bytes]]:
    config = stack.kafka_admin_config()
    names = [name for name in admin_client(config).list_topics(timeout=60).topics if not name.startswith("__")]
    for topic, messages in everything(config, names).items():
        for message in messages:
            headers = repr(message.headers()).encode()
            yield Place(zone_of(topic), f"topic {topic}"), b"\n".join((message.key() or b"", message.value() or b"", headers))


def zone_of(name: str) -> str:
    """The zone of a topic by its name on the broker."""
    for topic in CATALOGUE:
        if topic.holds(name):
            return topic.zone.value
    return "broker"


def _side_of_segment(folder: str) -> str:
    name, _, number = folder.rpartition("-")
    return zone_of(name) if number.isdigit() else "broker"


def where(stack: Stack, markers: Iterable[str]) -> dict[str, set[Place]]:
    """Where each marker was found, in whatever disguise."""
    forms = {marker: tuple(disguises(marker)) for marker in markers}
    seen: dict[str, set[Place]] = {marker: set() for marker in forms}
    for place, content in places(stack):
        for marker in found_in(content, forms):
            seen[marker].add(place)
    return seen
