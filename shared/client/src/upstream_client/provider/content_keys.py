"""The content keys of a provider's referrals as its keys topic tells them. Pure; opens nothing."""

from typing import Final
from uuid import UUID

from upstream_client.provider.incoming import Polled
from upstream_schemas.codec import class_of, decode
from upstream_schemas.envelope import Unreadable, texts, uuid_of
from upstream_schemas.provider import ContentKeyDeliveredV1
from upstream_schemas.topics import PROVIDER_KEYS


class Destroyed:
    """There was a key, and the participant took the consent back."""


DESTROYED: Final = Destroyed()


class ContentKeys:
    """The last word on each referral's key. Kept in memory alone, so that nothing outlives a key that is destroyed."""

    def __init__(self) -> None:
        self._keys: dict[UUID, ContentKeyDeliveredV1 | Destroyed] = {}

    def take(self, record: Polled) -> None:
        """Raises Unreadable; what was known before stays."""
        referral_id = uuid_of(record.key)
        if referral_id is None:
            raise Unreadable("key-mismatch")
        if record.value is None:
            self._keys[referral_id] = DESTROYED
            return
        kind = class_of(texts(record.headers).get("ce_type", ""), PROVIDER_KEYS.events)
        event = decode(record.value, kind)
        assert isinstance(event, ContentKeyDeliveredV1), "the topic holds nothing else"
        if event.referral_id != referral_id:
            raise Unreadable("key-mismatch")
        self._keys[referral_id] = event

    def of(self, referral_id: UUID) -> ContentKeyDeliveredV1 | Destroyed | None:
        """The key, or that it is destroyed; None where none has come."""
        return self._keys.get(referral_id)
