"""Sends records and waits for their answers, again and again, until each is answered or time is up.

The place where answers begin is noted before anything is sent, so no answer is too fast. Each round has a producer of its own:
one that was refused a record stays out of order for ever. Must not decide what an answer means, nor keep or print anything.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from upstream_client.broker import Broker, refusal
from upstream_client.outgoing import Outgoing
from upstream_client.pending import Kept
from upstream_client.talk import Answer, Talk
from upstream_client.waiting import Waiting
from upstream_schemas.envelope import Unreadable

FIRST_PAUSE_SECONDS: Final = 5.0
PAUSE_SECONDS_MAX: Final = 60.0
RECONNECT_SECONDS: Final = 1.0
CATCH_UP_SECONDS: Final = 10.0
IN_FLIGHT_MAX: Final = 500  # records handed to one producer at a time


class Listener(Protocol):
    """Who is told how it goes, synchronously and in order."""

    def listening_from(self, offset: int) -> None:
        """Answers cannot lie before this offset of their topic."""

    def sending(self, count: int, attempt: int) -> None:
        """So many records are being sent, for the n-th time."""

    def answered(self, record: Outgoing, answer: Answer) -> None:
        """A record got its answer."""

    def refused(self, record: Outgoing, why: str, *, maybe_arrived: bool) -> None:
        """The broker refused a record. `maybe_arrived` is False where it surely never had it."""

    def trouble(self, error: BaseException) -> None:
        """The broker is away or said something unexpected; it is tried again."""


class Exchange:
    """The exchange of one run. `waiting` is what is left when `run` returns, also where it was cancelled."""

    def __init__(
        self, broker: Broker, talk: Talk, records: Sequence[Outgoing], listener: Listener, earlier: Kept | None = None
    ) -> None:
        """`earlier` says that these records were kept by earlier runs, and where their answers can begin."""
        self.waiting = Waiting(records)
        self._broker = broker
        self._talk = talk
        self._listener = listener
        self._answers_from = earlier.answers_from if earlier else None
        self._maybe_arrived = {record.number for record in earlier.records} if earlier else set[int]()
        self._attempt = 0
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._timeout_seconds = float("inf")
        self._news = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._limit = asyncio.Timeout(None)

    async def run(self, timeout_seconds: float) -> None:
        """Returns when nothing waits any longer, or when nothing was answered for `timeout_seconds`."""
        self._timeout_seconds = timeout_seconds
        try:
            async with self._limit:
                self._heard()
                while self.waiting.unsettled:
                    await self._try()
        except TimeoutError:
            return

    async def _try(self) -> None:
        try:
            await self._session()
        except (KafkaError, OSError) as error:
            why = refusal(error)
            if why is None:
                self._listener.trouble(error)
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                self._refuse(self.waiting.unsettled, why)

    async def _session(self) -> None:
        await self._broker.admit([self._talk.said_on, self._talk.answered_on])
        async with self._broker.reader(self._talk.answered_on) as (consumer, partition):
            end = (await consumer.end_offsets([partition]))[partition]
            await self._listen_from(consumer, partition, end)
            listening = asyncio.create_task(self._listen(consumer, end))
            sending = asyncio.create_task(self._rounds(end))
            try:
                done, _ = await asyncio.wait((listening, sending), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                listening.cancel()
                sending.cancel()
                await asyncio.gather(listening, sending, return_exceptions=True)

    async def _listen_from(self, consumer: AIOKafkaConsumer, partition: Any, end: int) -> None:
        """From the first place noted; from the beginning where the broker has less than that, since it was wiped."""
        if self._answers_from is None:
            self._answers_from = end
            self._listener.listening_from(end)
        if self._answers_from > end:
            await consumer.seek_to_beginning(partition)
        else:
            consumer.seek(partition, self._answers_from)

    async def _listen(self, consumer: AIOKafkaConsumer, end: int) -> None:
        async for record in consumer:
            self._take(record)
            if record.offset + 1 >= end:
                self._caught_up.set()

    def _take(self, record: Any) -> None:
        try:
            found = self._talk.read(record.headers, record.value)
        except Unreadable as error:
            self._listener.trouble(error)
            return
        answered = None if found is None else self.waiting.take(*found)
        if found is not None and answered is not None:
            self._answered(answered, found[1])

    async def _rounds(self, end: int) -> None:
        if self._answers_from is not None and self._answers_from < end:
            await self._catch_up()
        while self.waiting.unsettled:
            self._attempt += 1
            unsettled = self.waiting.unsettled
            self._listener.sending(len(unsettled), self._attempt)
            for first in range(0, len(unsettled), IN_FLIGHT_MAX):
                await self._send(unsettled[first : first + IN_FLIGHT_MAX])
            await self._quiet(self._pause_seconds)
            self._pause_seconds = min(2 * self._pause_seconds, PAUSE_SECONDS_MAX)

    async def _catch_up(self) -> None:
        """What earlier runs sent may be answered by now."""
        try:
            async with asyncio.timeout(CATCH_UP_SECONDS):
                await self._caught_up.wait()
        except TimeoutError:
            return

    async def _quiet(self, seconds: float) -> None:
        """Returns when all is settled, or nothing was answered for so long."""
        while self.waiting.unsettled:
            self._news.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return

    async def _send(self, records: Sequence[Outgoing]) -> None:
        """Everything once, in order. What comes behind a refused record goes through a producer of its own."""
        behind = list(records)
        while behind:
            async with self._broker.producer() as producer:
                behind = await self._send_through(producer, behind)

    async def _send_through(self, producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> list[Outgoing]:
        """Returns what failed behind a refused record; what failed for another reason waits for the next round."""
        under_way: list[tuple[Outgoing, asyncio.Future[Any]]] = []
        for record in records:
            receipt = await self._hand_over(producer, record)
            if receipt is not None:
                under_way.append((record, receipt))
        behind: list[Outgoing] = []
        refused = False
        for record, receipt in under_way:
            try:
                self._sent(record, await receipt)
            except KafkaError as error:
                why = refusal(error)
                if why is not None:
                    refused = True
                    self._refuse([record], why)
                elif refused:
                    behind.append(record)
                else:
                    self._maybe_arrived.add(record.number)
                    self._listener.trouble(error)
        return behind

    async def _hand_over(self, producer: AIOKafkaProducer, record: Outgoing) -> asyncio.Future[Any] | None:
        try:
            receipt: asyncio.Future[Any] = await producer.send(
                self._talk.said_on, record.value, key=record.key, headers=list(record.headers)
            )
        except KafkaError as error:
            why = refusal(error)
            if why is None:
                raise
            self._refuse([record], why)
            return None
        return receipt

    def _sent(self, record: Outgoing, receipt: Any) -> None:
        self._maybe_arrived.add(record.number)
        answer = self.waiting.sent(record, (receipt.partition, receipt.offset))
        if answer is not None:
            self._answered(record, answer)

    def _refuse(self, records: Sequence[Outgoing], why: str) -> None:
        for record in records:
            if self.waiting.settle(record):
                self._heard()
                self._listener.refused(record, why, maybe_arrived=record.number in self._maybe_arrived)

    def _answered(self, record: Outgoing, answer: Answer) -> None:
        self._heard()
        self._listener.answered(record, answer)

    def _heard(self) -> None:
        self._news.set()
        self._limit.reschedule(asyncio.get_running_loop().time() + self._timeout_seconds)
