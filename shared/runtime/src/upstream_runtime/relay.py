"""The relay: the one that sends. Takes what was said, in number order, to the topics.

One leader per database, by lease. Sends n = sent + 1, sent + 2, … of each partition through an idempotent producer, from
memory where what was just committed is next, else from the outbox. After an error that cannot be retried the producer is
closed, and a new one starts again at sent + 1, the refused record first: its partition waits, the others go on. To another
cluster than the one it knows it sends nothing: that one is empty, and its readers wait for what the old one held.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import BrokerResponseError, KafkaError
from asyncpg import Pool

from upstream_runtime import metrics, store, store_life
from upstream_runtime.clock import Clock, fresh_id, jitter
from upstream_runtime.database import connection
from upstream_runtime.failures import Trouble, trouble
from upstream_runtime.marks import ripe
from upstream_runtime.producing import batches, close, cluster_of
from upstream_runtime.refused import RefusedError, RefusedPartitions
from upstream_runtime.store import Partition, Said
from upstream_runtime.streams import Streams
from upstream_runtime.waking import woken

LEASE_SECONDS: Final = 5.0
RENEW_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.25
IN_MEMORY_MAX: Final = 20_000  # records; beyond that the table is read
READ_MAX: Final = 1000  # records of one partition in one read
SEND_SECONDS_MAX: Final = 30.0
SILENT_SECONDS: Final = 6.0
STRANGE_SECONDS: Final = 2.0
log = structlog.get_logger()


class Relay:
    """One process's relay. `offer` is called after each commit; everything else happens in `run`."""

    def __init__(
        self,
        pool: Pool,
        streams: Streams,
        producer: Callable[[], AIOKafkaProducer],
        clock: Clock,
        ticking: tuple[str, ...] = (),
    ) -> None:
        """`ticking` are beginnings of names of topics whose records are published at marks (catalogue: `tick`)."""
        self.leads = asyncio.Event()
        self._pool = pool
        self._streams = streams
        self._make_producer = producer
        self._clock = clock
        self._ticking = ticking
        self._holder: UUID = fresh_id()
        self._epoch: int | None = None
        self._led = 0
        self._renewed_at = 0.0
        self._positions: dict[Partition, int] = {}
        self._saved: dict[Partition, int] = {}
        self._refused = RefusedPartitions()
        self._strange: str | None = None
        self._memory: dict[Partition, list[Said]] = defaultdict(list)
        self._in_memory = 0
        self._wake = asyncio.Event()
        self._look_in_table = True
        self._looked_at = 0.0
        self._saved_at = 0.0
        self._interrupted = False
        self._draining = False
        self._drained = asyncio.Event()

    def offer(self, said: list[Said]) -> None:
        """What was just committed, numbered. Dropped where there is too much: the table has it."""
        if self._epoch is None or self._in_memory + len(said) > IN_MEMORY_MAX:
            self._look_in_table = True
        else:
            for record in said:
                self._memory[record.topic, record.partition].append(record)
            self._in_memory += len(said)
        self._wake.set()

    async def run(self) -> None:
        """Relay until drained or cancelled; on the way out, give the lease back."""
        try:
            while not self._drained.is_set():
                await self._lead()
        finally:
            await self._step_down()

    async def drain(self) -> None:
        """Send what is left, and be done."""
        self._draining = True
        self._wake.set()
        await self._drained.wait()

    async def _lead(self) -> None:
        """Take the lease and send until something breaks."""
        producer: AIOKafkaProducer | None = None
        try:
            if not await self._renew():
                await self._stand_aside(RENEW_SECONDS)
                return
            producer = self._make_producer()
            await producer.start()
            if not await self._knows(await cluster_of(producer)):
                await self._stand_aside(STRANGE_SECONDS)
                return
            await self._begin()
            while not self._drained.is_set() and await self._renew():
                await self._send_next(producer)
        except RefusedError:
            return
        except Exception as error:
            expected = isinstance(error, KafkaError) or trouble(error) is Trouble.INFRASTRUCTURE
            self._tell_interruption(error, expected=expected)
            await asyncio.sleep(jitter(RENEW_SECONDS))
        finally:
            self._stop_leading()
            if producer is not None:
                await close(producer)

    async def _renew(self) -> bool:
        if self._epoch is not None and time.monotonic() - self._renewed_at < RENEW_SECONDS:
            return True
        async with connection(self._pool) as conn:
            epoch = await store.take_lease(conn, self._holder, LEASE_SECONDS)
            oldest = await store.oldest_unsent(conn)
        metrics.OUTBOX_AGE.set((self._clock.now() - oldest).total_seconds() if oldest else 0)
        self._renewed_at = time.monotonic()
        if epoch is not None and self._epoch is not None and epoch != self._epoch:
            return False
        if epoch is not None and epoch != self._led:
            log.info("relay.leads", epoch=epoch)
            self._led = epoch
        self._epoch = epoch
        return epoch is not None

    async def _stand_aside(self, seconds: float) -> None:
        if self._draining:
            self._drained.set()
        else:
            await asyncio.sleep(seconds)

    async def _knows(self, cluster: str) -> bool:
        """Whether this is the cluster that was sent to, or the first one there is. Says once where it is not."""
        async with connection(self._pool) as conn:
            known = await store_life.meet_cluster(conn, self._epoch or 0, cluster)
        if known not in {None, cluster} and self._strange != cluster:
            log.error("relay.strange-cluster", what=cluster, expected=known)
        self._strange = None if known in {None, cluster} else cluster
        metrics.STRANGE_CLUSTER.set(self._strange is not None)
        return known == cluster

    async def _begin(self) -> None:
        async with connection(self._pool) as conn:
            self._positions = await store.sent(conn)
        self._saved = dict(self._positions)
        self._forget_memory()
        self.leads.set()
        metrics.LEADS.set(1)

    def _stop_leading(self) -> None:
        self._epoch = None
        self.leads.clear()
        self._forget_memory()
        metrics.LEADS.set(0)

    def _forget_memory(self) -> None:
        self._memory.clear()
        self._in_memory = 0
        self._look_in_table = True

    # ---- sending

    async def _send_next(self, producer: AIOKafkaProducer) -> None:
        if self._look_in_table or self._draining or time.monotonic() - self._looked_at > POLL_SECONDS:
            ready = await self._from_table()
        else:
            ready = self._from_memory()
        if ready:
            await self._send(producer, ready)
        elif self._draining:
            await self._save_positions()
            self._drained.set()
        else:
            await woken(self._wake, POLL_SECONDS)
        if time.monotonic() - self._saved_at > POLL_SECONDS:
            await self._save_positions()

    def _from_memory(self) -> dict[Partition, list[Said]]:
        """What can be sent next out of memory: of each partition as much as follows without a hole.

        Commits are noticed in any order, or never, when they came from another process or their outcome was unknown: then
        the table has what is next.
        """
        ready: dict[Partition, list[Said]] = {}
        for place, records in self._memory.items():
            sent = self._positions.get(place, 0)
            following = sorted((r for r in records if r.n > sent), key=lambda record: record.n)
            dense = [record for n, record in enumerate(following, sent + 1) if record.n == n]
            self._look_in_table |= len(dense) < len(following)
            if dense and self._refused.may_go(place):
                ready[place] = dense
        ready = ripe(ready, self._ticking, self._clock.wall())
        self._memory.clear()
        self._in_memory = 0
        return ready

    async def _from_table(self) -> dict[Partition, list[Said]]:
        self._forget_memory()  # whatever is in it is in the table
        self._look_in_table = False
        self._looked_at = time.monotonic()
        async with connection(self._pool) as conn:
            rows = await store.unsent(conn, self._positions, READ_MAX)
        ready: dict[Partition, list[Said]] = defaultdict(list)
        for row in rows:
            if self._refused.may_go((row.topic, row.partition)):
                ready[row.topic, row.partition].append(row)
        self._look_in_table |= any(len(records) == READ_MAX for records in ready.values())
        return ripe(ready, self._ticking, self._clock.wall())

    async def _send(self, producer: AIOKafkaProducer, ready: dict[Partition, list[Said]]) -> None:
        sending = [self._send_partition(producer, place, records) for place, records in ready.items()]
        results = await asyncio.gather(*sending, return_exceptions=True)
        failed = {place: error for place, error in zip(ready, results, strict=True) if error is not None}
        if not failed:
            self._tell_back()
            return
        await self._save_positions()
        for place, error in failed.items():
            if not isinstance(error, BrokerResponseError) or error.retriable:
                raise error if isinstance(error, Exception) else ConnectionAbortedError
            self._refused.hold_back(place, self._positions.get(place, 0) + 1, ready[place][-1].n, error)
        raise RefusedError

    async def _send_partition(self, producer: AIOKafkaProducer, place: Partition, records: list[Said]) -> None:
        """One batch after the other: behind a refused one, a fresh producer would let the next one through."""
        topic, partition = place
        async with asyncio.timeout(SEND_SECONDS_MAX):
            count_max = 1 if place in self._refused else READ_MAX
            for batch, count, last in batches(producer, self._streams.of(place), records, count_max):
                silent = asyncio.get_running_loop().call_later(SILENT_SECONDS, self._tell_interruption, TimeoutError())
                try:
                    await (await producer.send_batch(batch, topic, partition=partition))
                finally:
                    silent.cancel()
                self._positions[place] = last
                metrics.SENT.labels(topic).inc(count)
                self._refused.got_through(place, last)

    def _tell_back(self) -> None:
        """Once, as soon as nothing is left without an answer."""
        if self._interrupted:
            log.info("relay.back")
        self._interrupted = False

    def _tell_interruption(self, error: Exception, *, expected: bool = True) -> None:
        """Once. Brokers that lack replicas break no connection: they take nothing, and the producer asks them again for ever."""
        if not self._interrupted or not expected:
            log.log(30 if expected else 40, "relay.interrupted", exc_info=error)
        self._interrupted = True

    async def _save_positions(self) -> None:
        self._saved_at = time.monotonic()
        changed = {place: n for place, n in self._positions.items() if self._saved.get(place) != n}
        if not changed or self._epoch is None:
            return
        async with connection(self._pool) as conn:
            if not await store.move_sent(conn, self._epoch, changed):
                raise ConnectionAbortedError("the lease is another's")
        self._saved |= changed

    async def _step_down(self) -> None:
        try:
            async with asyncio.timeout(2):
                async with connection(self._pool) as conn:
                    await store.give_lease_back(conn, self._holder)
        except (Exception, TimeoutError) as error:
            log.info("relay.lease-kept", exc_info=error)
