"""Records out of what decisions say: envelope, key, partition, time and bytes. Must not number or keep them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID
from zlib import crc32

from pydantic_core import to_json

from upstream_runtime.decision import Cause, Erased, ErasedFor, Fact, To, derived_text
from upstream_runtime.store import Said
from upstream_runtime.wiring import App
from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_pairs
from upstream_schemas.model import EVENT_BYTES_MAX
from upstream_schemas.topic import Topic

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Message = Fact | To | Erased | ErasedFor


class TooLarge(Exception):
    """A decision said an event that no topic takes. Names its type."""


class Voice:
    """How one process says things: in its own name, on the topics that are its own."""

    def __init__(self, app: App, secret: bytes, chance: Callable[[], UUID]) -> None:
        self.source = f"/upstream/{app.process}"
        self._seal = app.seal
        self.secret = secret
        self.chance = chance
        self._topic_of = {event: topic for topic in app.catalogue if topic.producer == app.process for event in topic.events}

    def record(self, said: Message, cause: Cause, about: UUID, ordinal: int, revision: int, *, now: datetime) -> Said:
        """The `ordinal`th record that a decision about a state says, not yet numbered. Raises TooLarge."""
        party, event = _for_party(said)
        erased = isinstance(event, Erased)
        kind = event.event if isinstance(event, Erased) else type(event)
        topic = self._topic_of[kind]  # type: ignore[index]
        whose = str(about)
        key = _key_text(event.key if isinstance(event, Erased) else getattr(event, topic.key), about, whose)
        value = None if erased else self._encoded(event)  # type: ignore[arg-type]
        at = _said_at(topic, cause, now)
        if topic.discreet:
            envelope = Envelope(str(self.chance()), self.source, kind.TYPE, at, key)
        else:
            drawn_from = f"{self.source} {cause.source} {cause.id} {about.hex} {kind.TYPE} {ordinal}"
            event_id = derived_text(cause.at, drawn_from, self.secret)
            counted = None if topic.tick else revision  # how often a state changed is more than a receipt may tell
            correlation = cause.correlation or whose
            envelope = Envelope(event_id, self.source, kind.TYPE, at, key, correlation, cause.id, counted, cause.traceparent)
        key_bytes = None if key is None else key.encode()
        partition = crc32(key_bytes or b"") % topic.partitions
        name = topic.name if party is None else topic.for_party(party)
        pairs = to_pairs(envelope)
        return Said(name, partition, key_bytes, value, to_json(pairs), at, pairs=pairs)

    def _encoded(self, event: Fact) -> bytes:
        value = encode(event, self._seal)  # type: ignore[arg-type]
        if len(value) > EVENT_BYTES_MAX:
            raise TooLarge(event.TYPE)
        return value


def _said_at(topic: Topic, cause: Cause, now: datetime) -> datetime:
    """The time a record bears: now, rounded down where the catalogue asks for it, or the mark at which it is published."""
    if topic.tick is not None:
        earliest = (cause.received_by_wall or now) - EPOCH + topic.tick
        return EPOCH - (-earliest // topic.tick) * topic.tick
    return now.replace(minute=0, second=0, microsecond=0) if topic.discreet else now


def _for_party(said: Message) -> tuple[str | None, Fact | Erased]:
    """Whose own topic something goes to, if it is for one outside party, and what it is."""
    match said:
        case To():
            return said.party, said.event
        case ErasedFor():
            return said.party, Erased(said.event, said.key)
        case _:
            return None, said


def _key_text(key: object, about: UUID, whose: str) -> str | None:
    """Most events are about the state they come from, whose text is at hand."""
    if key == about:
        return whose
    return None if key is None else str(key)
