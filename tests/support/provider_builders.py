"""A fictional provider's keys, and what the outreach side would write for it, as records. Sealed with PyNaCl alone."""

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox
from nacl.utils import random

from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.model import Event
from upstream_schemas.provider import (
    ContentKeyDeliveredV1,
    ErasureRequestedV1,
    ForProvider,
    ReferralOfferConfirmedV1,
    ReferralOfferMadeV1,
    ReferralOfferWithdrawnV1,
    ResponseRefusedV1,
)
from upstream_schemas.sealed import PADDED_BYTES, OfferPayload, padded

PROVIDER = "sample-help"
KEY_ID = f"{PROVIDER}-1"
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
FAR = datetime(2090, 1, 1, tzinfo=UTC)
NAME = "Robin Example"


@dataclass(frozen=True)
class Wire:
    """A record as a reader gets it."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    offset: int = 0
    topic: str = f"provider.referrals.{PROVIDER}.v1"
    partition: int = 0


def wire(event: Event, record_id: str | None = None, offset: int = 0) -> Wire:
    envelope = Envelope(record_id or str(uuid4()), "/referral-outreach", event.TYPE, AT)
    key = getattr(event, "referral_id", None)
    headers = tuple((name, text.encode()) for name, text in to_headers(envelope))
    return Wire(None if key is None else str(key).encode(), encode(event, seal=lambda text: text), headers, offset)


def tombstone(referral_id: UUID) -> Wire:
    return Wire(str(referral_id).encode(), None)


def key_file(path: Path, private_key: PrivateKey, key_id: str = KEY_ID) -> Path:
    """As the stack writes it for a provider."""
    content = {"current": key_id, "keys": {key_id: b64encode(bytes(private_key)).decode()}}
    path.write_text(json.dumps(content))
    return path


def payload(referral_id: UUID, **changes: Any) -> OfferPayload:
    told = {
        "needs": ("youth-support",),
        "language": "so",
        "name": NAME,
        "phone": "+15035550142",
        "words": "Please call\nafter six.",
        "terms": "Pass it on to nobody.",
    }
    return OfferPayload(referral_id=referral_id, **(told | changes))


def sealed_offer(
    public_key: PublicKey, told: OfferPayload, respond_by: datetime = FAR, key_id: str = KEY_ID
) -> tuple[ReferralOfferMadeV1, ContentKeyDeliveredV1]:
    """An offer and its key, as two topics carry them."""
    content_key = random(SecretBox.KEY_SIZE)
    text = padded(told.model_dump_json(exclude_none=True), PADDED_BYTES)
    sealed = b64encode(SecretBox(content_key).encrypt(text.encode())).decode()
    sealed_key = b64encode(SealedBox(public_key).encrypt(b64encode(content_key))).decode()
    offer = ReferralOfferMadeV1(referral_id=told.referral_id, service="ario", sealed=sealed, respond_by=respond_by)
    return offer, ContentKeyDeliveredV1(referral_id=told.referral_id, key_id=key_id, sealed_key=sealed_key)


def withdrawn(referral_id: UUID) -> ReferralOfferWithdrawnV1:
    return ReferralOfferWithdrawnV1(referral_id=referral_id, answer_to=None)


def erasure(referral_id: UUID) -> ErasureRequestedV1:
    return ErasureRequestedV1(referral_id=referral_id, attest_by=AT + timedelta(days=7))


def confirmed(referral_id: UUID, answer_to: str) -> ReferralOfferConfirmedV1:
    return ReferralOfferConfirmedV1(referral_id=referral_id, answer_to=answer_to)


def not_taken(event: ForProvider, answer_to: str) -> ResponseRefusedV1:
    return ResponseRefusedV1(referral_id=event.referral_id, answer_to=answer_to, code="unknown-referral")
