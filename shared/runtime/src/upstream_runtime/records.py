"""One polled record, read: which steps it asks for, or why it cannot be read.

Runs before any transaction and touches nothing but the record. Whatever a record holds, the result is an `Item`; nothing a
record holds makes this raise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Protocol
from uuid import UUID

from pydantic_core import from_json, to_json

from upstream_runtime import metrics
from upstream_runtime.apply import Step
from upstream_runtime.clock import Clock
from upstream_runtime.decision import Cause, Decision
from upstream_runtime.store import Mark, Partition
from upstream_runtime.streams import Follows, Turn, follows_stream
from upstream_runtime.wiring import Aggregate, App, Asked, Inlet, Refusal, Route, Tombstone
from upstream_schemas.codec import class_of, decode, decode_foreign, read_foreign
from upstream_schemas.envelope import ID_LENGTH_MAX, Envelope, Unreadable, from_texts, texts, uuid_of
from upstream_schemas.model import EVENT_BYTES_MAX, Event

AHEAD_MAX: Final = timedelta(minutes=10)  # a time further ahead would win every "latest"
TRACE_LENGTH: Final = 55  # W3C trace context, version 00
QUARANTINED: Final = frozenset(
    {
        "empty-value", "malformed-json", "duplicate-key", "forbidden-character", "not-a-number", "too-deep", "oversize",
        "unknown-type", "unsupported-version", "not-cloudevents", "missing-header", "null-header", "duplicate-header",
        "too-many-headers", "header-not-text", "bad-id", "bad-time", "key-mismatch", "source-mismatch", "id-reuse",
    }
)  # fmt: skip


class Polled(Protocol):
    """A record as the Kafka client hands it over."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
    @property
    def timestamp(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A record out of one of our own tables, as it was polled."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, Any]]


@dataclass(slots=True)
class Item:
    """One record, read. `mark` is the watermark once it is applied; `dense` tells whether its numbers have no holes.

    A record of ours that cannot be read at all has no mark of its own and is set aside (`refusal` says why). `previous` are
    the ends of the streams whose place its stream takes.
    """

    record: Polled
    place: Partition
    mark: Mark
    dense: bool
    steps: Sequence[Step] = ()
    inlet: Inlet | None = None
    party: str = ""
    event_id: str | None = None
    cause: Cause | None = None
    identity: tuple[str, str, bytes] | None = None
    refusal: Refusal | None = None
    previous: Sequence[Mark] = ()

    def asked(self) -> Asked:
        """Where this record from outside stands, for its answer."""
        return Asked(self.party, uuid_of(self.record.key), self.event_id, self.place[1], self.record.offset)

    def follows(self, known: Mark, passed: Mapping[str, int]) -> tuple[Follows, Turn | None]:
        """What this record is to a reader that stands at `known` and has `passed` other streams."""
        stream, n = self.mark
        if self.inlet is not None:
            return (Follows.NEXT if stream != known.stream or n > known.n else Follows.PASSED), None
        if not stream:
            return Follows.NEXT, None
        if stream != known.stream:
            return follows_stream(self.place, self.mark, self.previous, known, passed, dense=self.dense)
        if self.dense and n > known.n + 1:
            return Follows.NOT_YET, None
        return (Follows.NEXT if n > known.n else Follows.PASSED), None


@dataclass(frozen=True, slots=True)
class Unread:
    """A record that our own reading broke over before anybody knew whom it concerns: its partition waits."""

    record: Polled
    place: Partition
    reason: Exception


class Reader:
    """Reads records for one process's wiring."""

    def __init__(self, app: App, cluster: str, clock: Clock, secret: bytes) -> None:
        self.app = app
        self.cluster = cluster
        self.clock = clock
        self.secret = secret
        self.routes = {route.topic.name: route for route in app.routes}
        self.inlets: dict[str, tuple[Inlet, str]] = {}

    def read(self, record: Polled) -> Item:
        """What a record asks for."""
        route = self.routes.get(record.topic)
        return self._own(record, route) if route else self._foreign(record, *self._inlet(record.topic))

    def read_all(self, records: Sequence[Polled]) -> list[Item | Unread]:
        """The same for many. Never raises."""
        found: list[Item | Unread] = []
        for record in records:
            try:
                found.append(self.read(record))
            except Exception as reason:
                found.append(Unread(record, (record.topic, record.partition), reason))
        return found

    def _inlet(self, topic: str) -> tuple[Inlet, str]:
        """The inlet of a topic, and the party whose topic it is."""
        if topic not in self.inlets:
            parties = [(inlet, inlet.family.party_of(topic)) for inlet in self.app.inlets]
            self.inlets[topic] = next((i, party or "") for i, party in parties if party or i.family.name == topic)
        return self.inlets[topic]

    # ---- our own topics

    def _own(self, record: Polled, route: Route) -> Item:
        place, dense = (record.topic, record.partition), not route.topic.compacted
        mark, previous, event_id = Mark("", record.offset), tuple[Mark, ...](), None
        try:
            envelope = from_texts(texts(record.headers))
            if envelope.sequence is None:
                raise Unreadable("missing-header")
            mark, previous = Mark(*envelope.sequence), tuple(Mark(*end) for end in envelope.previous)
            event_id = envelope.id
            cause = _cause(envelope)
            steps = self._steps(record, route, envelope, cause)
        except Unreadable as error:
            refusal = Refusal("quarantined", error.code, error.problems)
            return Item(record, place, mark, dense, event_id=event_id, refusal=refusal, previous=previous)
        return Item(record, place, mark, dense, steps, event_id=event_id, previous=previous)

    def _steps(self, record: Polled, route: Route, envelope: Envelope, cause: Cause) -> tuple[Step, ...]:
        try:
            facts = self._facts(record, route, envelope)
        except Unreadable:
            raise
        except Exception as broken:
            return (_undecidable(route.aggregate, uuid_of(record.key), cause, broken),)
        return tuple(Step(route.aggregate, key, route.on[type(fact)], fact, cause) for key, fact in facts)

    def _facts(self, record: Polled, route: Route, envelope: Envelope) -> list[tuple[UUID, object]]:
        key = uuid_of(record.key)
        if key is None:
            raise Unreadable("key-mismatch")
        if record.value is None:
            return [(key, Tombstone(key))] if Tombstone in route.on else []
        kind = class_of(envelope.type, route.topic.events)
        if kind not in route.on and kind not in self.app.upcasters and route.steps is None:
            return []
        event = self._upcast(decode(record.value, kind), route)
        pairs = route.steps(event) if route.steps else ((key, event),)
        return [(to, fact) for to, fact in pairs if type(fact) in route.on]

    def _upcast(self, event: Event, route: Route) -> Event:
        while type(event) not in route.on and type(event) in self.app.upcasters:
            event = self.app.upcasters[type(event)](event)
        return event

    # ---- topics of outside parties

    def _foreign(self, record: Polled, inlet: Inlet, party: str) -> Item:
        value = record.value or b""
        hit = inlet.screen(value) if len(value) <= EVENT_BYTES_MAX else None  # nothing of a larger one is kept anywhere
        envelope, event, refusal = self._open(record, inlet, party)
        if hit is not None:
            refusal = Refusal("emergency", "emergency", hit=hit)
        event_id = envelope.id if envelope else _readable_id(record)
        identity = (record.topic, event_id, sha256(value).digest()) if event_id else None
        cause = self._cause(party, event_id, envelope, record)
        steps = () if refusal or event is None else (self._step(inlet, event, cause, identity),)
        place, mark = (record.topic, record.partition), Mark(self.cluster, record.offset)
        return Item(record, place, mark, False, steps, inlet, party, event_id, cause, identity, refusal)

    def _open(self, record: Polled, inlet: Inlet, party: str) -> tuple[Envelope | None, Event | None, Refusal | None]:
        """As much of a record as can be read, and why the rest cannot."""
        envelope = None
        try:
            if inlet.read is not None:
                return *inlet.read(record.headers, record.value), None
            envelope, document = read_foreign(record.headers, record.value)
            return envelope, self._checked(record, envelope, document, inlet, party), None
        except Unreadable as error:
            verdict = "quarantined" if error.code in QUARANTINED else "rejected"
            return envelope, None, Refusal(verdict, error.code, error.problems)

    def _checked(self, record: Polled, envelope: Envelope, document: Any, inlet: Inlet, party: str) -> Event:
        if envelope.source.rpartition("/")[2] != party:
            raise Unreadable("source-mismatch")
        if envelope.time > self.clock.now() + AHEAD_MAX:
            raise Unreadable("time-in-future")
        event, unknown = decode_foreign(envelope, document, inlet.family.events)
        if unknown:
            metrics.UNKNOWN_FIELDS.labels(record.topic).inc(unknown)
        key = uuid_of(record.key)
        if key is None or key != getattr(event, inlet.family.key):
            raise Unreadable("key-mismatch")
        return event

    def _cause(self, party: str, event_id: str | None, envelope: Envelope | None, record: Polled) -> Cause:
        if envelope is not None:
            return _cause(envelope, party or None, *self._received(record))
        name = event_id or f"{record.partition}/{record.offset}"
        return Cause(name, f"/{party}", self.clock.now(), None, party or None, None, *self._received(record))

    def _received(self, record: Polled) -> tuple[datetime, datetime]:
        by_wall = record_time(record)
        return self.clock.moved(by_wall), by_wall

    def _step(self, inlet: Inlet, event: Event, cause: Cause, identity: tuple[str, str, bytes] | None) -> Step:
        key = inlet.key(event, cause, self.secret)
        try:
            fact = inlet.prepare(event, cause)
        except OSError:  # a key file that is not there: nobody's record is to blame
            raise
        except Exception as broken:
            return _undecidable(inlet.aggregate, key, cause, broken)
        return Step(inlet.aggregate, key, inlet.on[type(event)], fact, cause, identity)


def _undecidable(aggregate: Aggregate, key: UUID | None, cause: Cause, broken: Exception) -> Step:
    """The step of a record that our own reading broke over: deciding on it fails the same way, so that its key is parked."""

    def decide(*_: object) -> Decision[Any]:
        raise broken

    return Step(aggregate, key or UUID(int=0), decide, None, cause, unread=True)


def record_time(record: Polled) -> datetime:
    """The broker's time of a record, UTC."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


def _cause(
    envelope: Envelope, party: str | None = None, received_at: datetime | None = None, by_wall: datetime | None = None
) -> Cause:
    """From outside nothing but the id, the time and a well-formed trace is believed."""
    trace = envelope.traceparent
    trusted = trace if trace is None or (len(trace) == TRACE_LENGTH and trace.isascii()) else None
    correlation = envelope.correlation if party is None else None
    return Cause(envelope.id, envelope.source, envelope.time, correlation, party, trusted, received_at, by_wall)


def _readable_id(record: Polled) -> str | None:
    """`ce_id` of a record in binary mode, where there is exactly one that a person could read."""
    found = [value for name, value in record.headers if name == "ce_id" and value is not None]
    try:
        text = found[0].decode() if len(found) == 1 else ""
    except UnicodeDecodeError:
        return None
    return text if 0 < len(text) <= ID_LENGTH_MAX and text.isprintable() else None


def as_json(headers: Sequence[tuple[str, Any]]) -> bytes:
    """Headers as JSON pairs with values in hexadecimal, null where there is none, to be kept with a record set aside."""
    return to_json([(name, None if value is None else bytes(value).hex()) for name, value in headers])


def from_kept(headers: bytes | None) -> list[tuple[str, Any]]:
    """Headers out of what `as_json` made of them."""
    return [(name, None if value is None else bytes.fromhex(value)) for name, value in from_json(headers or b"[]")]
