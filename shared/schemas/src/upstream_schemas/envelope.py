"""The envelope of a record: CloudEvents 1.0, Kafka binding, binary mode, with Upstream's extensions.

Turns headers into an `Envelope` and back. A record from outside may lack, repeat or mangle any header: that is told as
an `Unreadable` with a code, never as a crash.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from upstream_schemas.model import YEARS_MAX, YEARS_MIN

HEADERS_MAX: Final = 32
ID_LENGTH_MAX: Final = 100
ATTRIBUTE_LENGTH_MAX: Final = 300
ATTRIBUTES: Final = ("ce_source", "ce_type", "ce_subject", "ce_correlationid", "ce_causationid", "traceparent")
CONTENT_TYPE: Final = "application/json"
STRUCTURED_CONTENT_TYPE: Final = "application/cloudevents+json"

SEQUENCE: Final = "ce_sequence"
PREVIOUS_SEQUENCE: Final = "ce_previoussequence"

KEY_LENGTH: Final = 36  # a UUID as text
NUMBER_LENGTH_MAX: Final = 18  # digits of a 63-bit number


class Unreadable(Exception):
    """A record cannot be read. `code` says why; `problems` are (JSON pointer, code) pairs; no value stands in either."""

    def __init__(self, code: str, problems: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.problems = tuple(problems)


class Envelope(NamedTuple):
    """What a record says about itself, beside its event.

    `sequence` is (stream, n) on our own topics and None on others; `revision` orders what one subject says. `previous` are the
    streams whose place this record's stream takes, each with its last number that counts; nobody outside is believed that.
    """

    id: str
    source: str
    type: str
    time: datetime
    subject: str | None = None
    correlation: str | None = None
    causation: str | None = None
    revision: int | None = None
    traceparent: str | None = None
    sequence: tuple[str, int] | None = None
    previous: tuple[tuple[str, int], ...] = ()


def to_headers(envelope: Envelope) -> list[tuple[str, str]]:
    """The headers of a record in binary mode, in order; what is None is left out."""
    return [(name, value.decode()) for name, value in to_pairs(envelope)]


def to_pairs(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The same headers as they stand in a record. Raises UnicodeEncodeError where a text is none."""
    kind, schema = _of_type(envelope.type)
    pairs = [
        _SPECVERSION,
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        kind,
        _at(envelope.time),
        schema,
        _CONTENT,
    ]
    if envelope.subject is not None:
        pairs.append(("ce_subject", envelope.subject.encode()))
    if envelope.correlation is not None:
        pairs.append(("ce_correlationid", envelope.correlation.encode()))
    if envelope.causation is not None:
        pairs.append(("ce_causationid", envelope.causation.encode()))
    if envelope.revision is not None:
        pairs.append(("ce_revision", b"%d" % envelope.revision))
    if envelope.traceparent is not None:
        pairs.append(("traceparent", envelope.traceparent.encode()))
    return pairs


_SPECVERSION: Final = ("ce_specversion", b"1.0")
_CONTENT: Final = ("content-type", CONTENT_TYPE.encode())


@lru_cache(maxsize=100)  # all that one transaction says bears one time
def _at(moment: datetime) -> tuple[str, bytes]:
    return "ce_time", moment.isoformat().encode()


@lru_cache(maxsize=1000)
def _of_type(name: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return ("ce_type", name.encode()), ("ce_dataschema", f"urn:upstream:schema:{name}".encode())


def texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Headers as text. Raises Unreadable where one is null, repeated, not UTF-8, or where there are too many."""
    found: dict[str, str] = {}
    for count, (name, value) in enumerate(headers, start=1):
        if count > HEADERS_MAX:
            raise Unreadable("too-many-headers")
        if value is None:
            raise Unreadable("null-header")
        if name in found:
            raise Unreadable("duplicate-header")
        try:
            found[name] = value.decode()
        except UnicodeDecodeError:
            raise Unreadable("header-not-text") from None
    return found


def from_texts(found: dict[str, str]) -> Envelope:
    """The envelope in the attributes `ce_…`. Raises Unreadable where one is missing or malformed."""
    if found.get("ce_specversion") != "1.0":
        raise Unreadable("not-cloudevents")
    for name in ("ce_id", "ce_source", "ce_type", "ce_time"):
        if not found.get(name):
            raise Unreadable("missing-header")
    if len(found["ce_id"]) > ID_LENGTH_MAX or "\x00" in found["ce_id"]:
        raise Unreadable("bad-id")
    if any(len(found.get(name, "")) > ATTRIBUTE_LENGTH_MAX or "\x00" in found.get(name, "") for name in ATTRIBUTES):
        raise Unreadable("header-not-text")
    return Envelope(
        id=found["ce_id"],
        source=found["ce_source"],
        type=found["ce_type"],
        time=_moment(found["ce_time"]),
        subject=found.get("ce_subject"),
        correlation=found.get("ce_correlationid"),
        causation=found.get("ce_causationid"),
        revision=_number(found.get("ce_revision", "")),
        traceparent=found.get("traceparent"),
        sequence=_sequence(found.get(SEQUENCE)),
        previous=_sequences(found.get(PREVIOUS_SEQUENCE)),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.upper())  # RFC 3339 allows a small z
    except ValueError:
        raise Unreadable("bad-time") from None
    if moment.tzinfo is None or not YEARS_MIN <= moment < YEARS_MAX:
        raise Unreadable("bad-time")
    return moment


def _sequence(text: str | None) -> tuple[str, int] | None:
    stream, _, n = (text or "").partition(":")
    number = _number(n)
    return (stream, number) if stream and number is not None else None


def _sequences(text: str | None) -> tuple[tuple[str, int], ...]:
    if text is None:
        return ()
    found = [_sequence(part) for part in text.split(",")]
    return tuple(sequence for sequence in found if sequence is not None)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_LENGTH_MAX else None


def uuid_of(key: bytes | None) -> UUID | None:
    """The UUID that a record's key spells in its usual form, or None."""
    try:
        text = key.decode() if key is not None and len(key) == KEY_LENGTH else ""
        found = UUID(text)
    except (UnicodeDecodeError, ValueError):
        return None
    return found if str(found) == text.lower() else None
