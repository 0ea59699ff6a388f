"""One record of a provider's referrals topic, read. Must not open what is sealed in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from upstream_schemas.codec import class_of, decode
from upstream_schemas.envelope import Unreadable, from_texts, texts
from upstream_schemas.model import Event
from upstream_schemas.provider import ForProvider, ResponseRefusedV1
from upstream_schemas.topics import PROVIDER_REFERRALS


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
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record that says something. `id` is its own for ever: the same record read again has the same."""

    id: str
    at: datetime
    event: Event
    record: Polled

    @property
    def referral_id(self) -> UUID | None:
        """Which referral it is about; None for a refusal of something that named none."""
        assert isinstance(self.event, ForProvider | ResponseRefusedV1), "the topic holds nothing else"
        return self.event.referral_id


def read_incoming(record: Polled) -> Incoming:
    """Raises Unreadable: damaged, or of a newer contract."""
    envelope = from_texts(texts(record.headers))
    if record.value is None:
        raise Unreadable("empty-value")
    event = decode(record.value, class_of(envelope.type, PROVIDER_REFERRALS.events))
    return Incoming(envelope.id, envelope.time, event, record)
