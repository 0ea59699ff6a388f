"""The city as one provider sees it: its three topics on a real broker, written and read by the administrator."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from nacl.public import PrivateKey, PublicKey
from support.provider_builders import Wire, key_file, payload, sealed_offer, tombstone, wire

from upstream_schemas.codec import class_of, decode
from upstream_schemas.model import Event
from upstream_schemas.provider import ContentKeyDeliveredV1, ForProvider, ReferralOfferMadeV1
from upstream_schemas.topics import PROVIDER_KEYS, PROVIDER_REFERRALS, PROVIDER_RESPONSES
from upstream_stack.kafka_access import admin_client, wait_for
from upstream_stack.stack import Stack


class City:
    """Topics of one provider, made anew for one test."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.config = stack.kafka_admin_config()
        self.provider = f"sample-{uuid4().hex[:8]}"
        self.key_id = f"{self.provider}-1"
        self.private_key = PrivateKey.generate()
        self.credentials = folder / f"{self.provider}.json"
        self._admin: AdminClient = admin_client(self.config)
        self._producer = Producer(self.config)
        families = (PROVIDER_REFERRALS, PROVIDER_KEYS, PROVIDER_RESPONSES)
        self.referrals, self.keys, self.responses = (family.for_party(self.provider) for family in families)
        topics = [
            NewTopic(self.referrals, 1, 1),
            NewTopic(self.keys, 1, 1, config={"cleanup.policy": "compact"}),
            NewTopic(self.responses, 1, 1),
        ]
        wait_for(self._admin.create_topics(topics).values())
        keys = key_file(folder / f"{self.provider}.keys.json", self.private_key, self.key_id)
        self.credentials.write_text(json.dumps(self.config | {"provider": self.provider, "private_key_file": str(keys)}))

    def say(self, event: Event, record_id: str | None = None) -> str:
        """On the referrals topic; returns the record's id."""
        record_id = record_id or str(uuid4())
        self.put(self.referrals, wire(event, record_id))
        return record_id

    def offer(self, name: str = "Robin Example") -> tuple[UUID, str]:
        """A whole offer: the key, then the offer. Returns the referral's id and the record's."""
        offer, key = self.sealed(name)
        self.give_key(key)
        return offer.referral_id, self.say(offer)

    def sealed(self, name: str = "Robin Example") -> tuple[ReferralOfferMadeV1, ContentKeyDeliveredV1]:
        """An offer that nobody has sent yet."""
        public_key: PublicKey = self.private_key.public_key
        return sealed_offer(public_key, payload(uuid4(), name=name), key_id=self.key_id)

    def give_key(self, key: ContentKeyDeliveredV1) -> None:
        self.put(self.keys, wire(key))

    def destroy_key(self, referral_id: UUID) -> None:
        self.put(self.keys, tombstone(referral_id))

    def put(self, topic: str, record: Wire) -> None:
        """A record as it is."""
        self._producer.produce(topic, record.value, record.key, headers=list(record.headers))
        assert self._producer.flush(20) == 0

    def said(self, count_min: int = 1, within_seconds: float = 30.0) -> list[tuple[str, ForProvider]]:
        """What the provider has said, as (id, event), once there is so much."""
        deadline = time.monotonic() + within_seconds
        with self._reading(self.responses) as reader:
            found: list[tuple[str, ForProvider]] = []
            while len(found) < count_min and time.monotonic() < deadline:
                message = reader.poll(0.5)
                if message is not None:
                    headers = {name: str(value, "utf-8") for name, value in _headers(message)}
                    event = decode(message.value() or b"", class_of(headers["ce_type"], PROVIDER_RESPONSES.events))
                    assert isinstance(event, ForProvider)
                    assert headers["ce_source"] == f"/provider/{self.provider}"
                    assert message.key() == str(event.referral_id).encode()
                    found.append((headers["ce_id"], event))
            return found

    def committed(self) -> int:
        """Where the provider's group goes on."""
        reader = Consumer({**self.config, "group.id": f"{self.provider}.listen"})
        try:
            [place] = reader.committed([TopicPartition(self.referrals, 0)], timeout=10)
            return place.offset
        finally:
            reader.close()

    @contextmanager
    def _reading(self, topic: str) -> Iterator[Consumer]:
        reader = Consumer({**self.config, "group.id": f"test.{uuid4()}", "enable.auto.commit": False})
        reader.assign([TopicPartition(topic, 0, 0)])
        yield reader
        reader.close()


def _headers(message: Message) -> list[tuple[str, bytes]]:
    """The library's own annotations allow more than a broker gives back."""
    return cast("list[tuple[str, bytes]]", message.headers() or [])
