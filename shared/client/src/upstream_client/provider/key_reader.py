"""Follows a provider's keys topic from its beginning, and knows when it has read all there is."""

import asyncio
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from upstream_client.provider.content_keys import ContentKeys, Destroyed
from upstream_client.terminal import warn
from upstream_schemas.envelope import Unreadable
from upstream_schemas.provider import ContentKeyDeliveredV1, ReferralOfferMadeV1

POLL_MS: Final = 200
READ_SECONDS_MAX: Final = 15.0


class KeyReader:
    """The keys of one connection. `follow` must run for `newest_of` to return."""

    def __init__(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        self._consumer = consumer
        self._partition = partition
        self._keys = ContentKeys()
        self._position = 0
        self._polled = asyncio.Condition()
        self._changed = asyncio.Event()

    async def follow(self) -> None:
        """Reads on until cancelled. Raises KafkaError."""
        await self._consumer.seek_to_beginning(self._partition)
        while True:
            found = await self._consumer.getmany(self._partition, timeout_ms=POLL_MS)
            for record in found.get(self._partition, ()):
                try:
                    self._keys.take(record)
                except Unreadable as error:
                    warn(f"a key at offset {record.offset} cannot be read ({error.code}): a newer upstream-client may know it")
            if found:
                self._changed.set()
            async with self._polled:
                self._position = await self._consumer.position(self._partition)
                self._polled.notify_all()

    async def newest_of(self, offer: ReferralOfferMadeV1) -> ContentKeyDeliveredV1 | Destroyed | None:
        """After everything is read that the topic holds now. Raises KafkaError, or TimeoutError where reading stands still."""
        async with asyncio.timeout(READ_SECONDS_MAX):  # a connection that reads nothing more ends, and a new one begins
            end = (await self._consumer.end_offsets([self._partition]))[self._partition]
            async with self._polled:
                await self._polled.wait_for(lambda: self._position >= end)
        return self._keys.of(offer.referral_id)

    async def news(self, within_seconds: float) -> None:
        """Returns when any key came or went, or when the time is up."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                await self._changed.wait()
