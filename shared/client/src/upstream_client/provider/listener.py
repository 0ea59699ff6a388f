"""Reads one provider's referrals and hands each record over, in the order of each referral, until told to stop.

A record is done when its sink has it: then, and only then, it is noted in the state folder and the offset is committed. So a
program that dies in between hands over the same record once more, with the same id, and never loses one. A referral whose
key is missing, or which its receiver refuses, holds up itself alone.
"""

import asyncio
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from upstream_client.broker import refusal
from upstream_client.provider.desk import Desk
from upstream_client.provider.handed_over import HandedOver
from upstream_client.provider.handover import Handover, pause_before
from upstream_client.provider.key_reader import KeyReader
from upstream_client.provider.offsets import Offsets
from upstream_client.provider.poison import Poison
from upstream_client.provider.session import Session
from upstream_client.provider.sinks import Sink
from upstream_client.terminal import err, warn
from upstream_client.trouble import Trouble
from upstream_schemas.topics import PROVIDER_KEYS, PROVIDER_REFERRALS


class Listener:
    """One run. Unfinished work of a lost connection is begun again on the next one."""

    def __init__(self, desk: Desk, sink: Sink, *, once: bool) -> None:
        """With `once` it stops when everything is done that lies on the topic as it starts. Raises Trouble."""
        self._desk = desk
        self._sink = sink
        self._once = once
        self._broker = desk.broker()
        self._private_keys = desk.private_keys()
        self._handed_over = HandedOver(desk.folder)
        self._offsets = Offsets(0)
        self._connected = False

    @property
    def left_count(self) -> int:
        """How many records were read and are not done."""
        return len(self._offsets.open)

    async def run(self) -> None:
        """Returns only with `once`. Raises Trouble, and KafkaError where the broker refuses."""
        attempt = 1
        while True:
            self._connected = False
            try:
                await self._session()
                return
            except (KafkaError, OSError) as error:
                if refusal(error):
                    raise
                attempt = 2 if self._connected else attempt + 1
                warn(f"the broker is away ({_told(error)}); again in {pause_before(attempt):.0f} s")
            await asyncio.sleep(pause_before(attempt))

    async def _session(self) -> None:
        provider = self._desk.provider
        referrals, keys = PROVIDER_REFERRALS.for_party(provider), PROVIDER_KEYS.for_party(provider)
        await self._broker.admit([referrals, keys])
        async with AsyncExitStack() as connections:
            key_reader = KeyReader(*await connections.enter_async_context(self._broker.reader(keys)))
            reader = self._broker.reader(referrals, group=f"{provider}.listen")
            consumer, partition = await connections.enter_async_context(reader)
            self._offsets = await self._start(consumer, partition)
            end = (await consumer.end_offsets([partition]))[partition]
            handover = Handover(key_reader, self._private_keys, self._sink, Poison(self._desk.folder))
            session = Session(self._broker, provider, consumer, partition, handover, self._handed_over, self._offsets)
            self._connected = True
            err.print(f"listening for {provider}; Ctrl-C ends it", markup=False)
            try:
                await session.run(end if self._once else None)
            except ExceptionGroup as failed:
                raise _first(failed) from None

    async def _start(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> Offsets:
        """Where the broker and the state folder say, the earlier of the two: another program may have gone further."""
        committed, noted = await consumer.committed(partition), self._handed_over.next_offset
        first = (await consumer.beginning_offsets([partition]))[partition]
        end = (await consumer.end_offsets([partition]))[partition]
        start = first if committed is None else min(committed, committed if noted is None else noted)
        start = start if first <= start <= end else first  # it was wiped, or what it held has gone
        consumer.seek(partition, start)
        return Offsets(start)


def _first(failed: ExceptionGroup) -> Exception:
    """What went wrong, Trouble before anything else."""
    leaves = [_first(error) if isinstance(error, ExceptionGroup) else error for error in failed.exceptions]
    return next((error for error in leaves if isinstance(error, Trouble)), leaves[0])


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__
