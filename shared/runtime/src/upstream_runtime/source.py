"""Where records come from: FastStream's subscribers over aiokafka, and how far each partition was read.

The only module that imports FastStream. It keeps the consumers' settings, security and lifecycle; records are taken
with `getmany` from the consumer it starts (docs/decisions/0003), because that path costs less and never sleeps on data.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from typing import Any, Final

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import BrokerResponseError, ConsumerStoppedError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLScram512

from upstream_runtime.clock import jitter
from upstream_runtime.records import Item, Polled, Unread
from upstream_runtime.store import Partition
from upstream_runtime.wiring import App

POLL_SECONDS: Final = 0.5
COMMIT_SECONDS: Final = 0.1
COMMIT_SECONDS_MAX: Final = 5.0
RECONNECT_SECONDS: Final = (0.2, 5.0)
WATCH_SECONDS: Final = 1.0
PING_SECONDS: Final = 2.0
STUCK_SECONDS: Final = 60.0  # longer than a group takes to settle after a broker's return
BATCHES_WAITING_MAX: Final = 4
READ_AT_ONCE: Final = 32  # records; the database's answers wait no longer than reading these takes
# Every default of these is the unsafe one; a test walks the subscribers and fails on any other value.
SAFE: Final[dict[str, Any]] = {
    "ack_policy": AckPolicy.MANUAL,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
    "batch": True,
    "max_records": 500,
    "session_timeout_ms": 6000,
    "heartbeat_interval_ms": 1500,
    "rebalance_timeout_ms": 12_000,  # how long a group stands still for a member that is not coming
    "max_poll_interval_ms": 300_000,
}
UNREACHABLE: Final = (KafkaError, OSError)
Read = Callable[[Sequence[Polled]], list[Item | Unread]]
Apply = Callable[[Sequence[Item | Unread]], Awaitable[None]]
log = structlog.get_logger()


def security(user: str, password: str | None) -> BaseSecurity | None:
    """SCRAM-SHA-512, or nothing for a broker that asks for nothing (the benchmarks' own)."""
    return None if password is None else SASLScram512(username=user, password=password)


def broker(servers: str, user: str, password: str | None) -> KafkaBroker:
    """FastStream's broker with everything set that it would otherwise choose unsafely. `servers` are parted by commas."""
    return KafkaBroker(
        servers.split(","),
        security=security(user, password),
        client_id=user,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        allow_auto_create_topics=False,
        graceful_timeout=5.0,
        apply_types=False,
        logger=None,
        metadata_max_age_ms=1000,
    )


class Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]
    """Knows whether a consumer is between two assignments.

    Nothing may be committed then: the answer to a commit of the old generation makes aiokafka forget the membership that it
    has just got, and the group waits for a member that no longer knows that it is one. A commit on its way is waited for.
    """

    def __init__(self, committing: asyncio.Lock) -> None:
        self.between = True
        self._committing = committing

    async def on_partitions_revoked(self, _: Any) -> None:
        """A rebalance begins."""
        self.between = True
        async with self._committing:
            return

    async def on_partitions_assigned(self, _: Any) -> None:
        """It is over."""
        self.between = False


class AnotherClusterError(Exception):
    """The broker came back as another one, formatted anew: this process must begin again, because offsets mean nothing there."""


class StuckConsumerError(Exception):
    """A consumer had nothing but errors of its own for a minute while the broker answers others: this process must begin again."""


class Failing:
    """How long a consumer's polls have failed, one after the other; while the broker itself is away, none counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._said = False
        self._stuck = False

    def failed(self, error: Exception, *, broker_answers: bool) -> None:
        """One more. Says the first since records came last, and once that it lasts.

        Raises StuckConsumerError where a new process may mend it; what the broker itself answers, such as that we may not
        read a topic, it would be told as well.
        """
        if not self._said:
            log.warning("poll.interrupted", exc_info=error)
        self._said = True
        now = self._clock()
        if self._since is None or not broker_answers:
            self._since = now
        if now - self._since > STUCK_SECONDS and not self._stuck:
            log.error("poll.stuck", exc_info=error)
            self._stuck = True
            if not isinstance(error, BrokerResponseError):
                raise StuckConsumerError

    def over(self, *, records: bool) -> None:
        """A poll was answered, perhaps with records."""
        self._since = None
        self._stuck = False
        self._said = self._said and not records


class Source:
    """Polls one process's topics, reads what came while the batch before is applied, and hands it on, one batch at a time, in order.

    Implements `Positions`. Fixed topics share a consumer; each family of partner topics has one of its own, in a group of
    its own, so that a new partner never makes the fixed topics stop.
    """

    def __init__(self, kafka: KafkaBroker, app: App, member: str | None) -> None:
        self.kafka = kafka
        self.ready = asyncio.Event()
        self._cluster = ""
        self._queue: asyncio.Queue[tuple[int, Sequence[Item | Unread]]] = asyncio.Queue(BATCHES_WAITING_MAX)
        self._taking = asyncio.Lock()
        self._stopping = False
        self._done: dict[Partition, int] = {}
        self._committing = asyncio.Lock()
        self._rebalances: dict[str, Rebalances] = {}
        self._rewinds: dict[Partition, int | None] = {}
        self._turn = 0  # counts the polls that brought something
        self._rewound: dict[Partition, int] = {}  # what was polled up to this turn was read before the rewind
        topics = [route.topic.name for route in app.routes]
        fixed = [inlet.family.name for inlet in app.inlets if inlet.family.mark is None]
        self.subscribers = [self._subscriber(app.process, member, topics + fixed)] if topics + fixed else []
        for inlet in app.inlets:
            if inlet.family.mark is not None:
                pattern = inlet.family.name.replace(".", r"\.").replace(inlet.family.mark, "[a-z0-9-]+")
                self.subscribers.append(self._subscriber(f"{app.process}.partners", member, (), pattern))

    def _subscriber(self, group: str, member: str | None, topics: Sequence[str], pattern: str | None = None) -> Any:
        instance = f"{group}-{member}" if member else None
        self._rebalances[group] = listener = Rebalances(self._committing)
        return self.kafka.subscriber(
            *topics, pattern=pattern, group_id=group, group_instance_id=instance, listener=listener, **SAFE
        )

    # ---- reading

    async def run(self, read: Read, apply: Apply) -> None:
        """Poll, read and have applied until cancelled. Needs `connect` first."""
        async with asyncio.TaskGroup() as tasks:
            for subscriber in self.subscribers:
                tasks.create_task(self._poll(subscriber.consumer, read))
            tasks.create_task(self._commit())
            tasks.create_task(self._hand_over(apply))
            tasks.create_task(self._watch())

    async def connect(self) -> str:
        """Connect, waiting as long as it takes. Returns the id of the cluster."""
        wait, longest = RECONNECT_SECONDS
        said = False
        while True:
            try:
                await self.kafka.start()
                self._cluster = await cluster_of(self.kafka)
            except UNREACHABLE as error:
                if not said:
                    log.warning("broker.unreachable", exc_info=error)
                said = True
                await self.kafka.stop()
                await asyncio.sleep(jitter(wait))
                wait = min(wait * 2, longest)
            else:
                if said:
                    log.info("broker.back")
                self.ready.set()
                return self._cluster

    async def _watch(self) -> None:
        """Says once that the broker is gone, and once that it is back; `ready` follows. The clients reconnect by themselves."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            reachable = await self.kafka.ping(PING_SECONDS)
            if self._stopping:
                return
            if self.ready.is_set() and not reachable:
                log.warning("broker.unreachable")
                self.ready.clear()
            elif reachable and not self.ready.is_set():
                await self._come_back()

    async def _come_back(self) -> None:
        try:
            cluster = await cluster_of(self.kafka)
        except UNREACHABLE:
            return
        if cluster != self._cluster:
            log.error("broker.strange-cluster", what=cluster, expected=self._cluster)
            raise AnotherClusterError
        log.info("broker.back")
        self.ready.set()

    async def _poll(self, consumer: Any, read: Read) -> None:
        failing = Failing()
        while True:
            try:
                self._rewind_now(consumer)
                polled = await consumer.getmany(timeout_ms=int(POLL_SECONDS * 1000), max_records=SAFE["max_records"])
            except ConsumerStoppedError:
                return
            except UNREACHABLE as error:
                failing.failed(error, broker_answers=self.ready.is_set())
                await asyncio.sleep(jitter(1.0))
                continue
            failing.over(records=bool(polled))
            if polled:
                self._turn += 1
                turn = self._turn
                await self._queue.put((turn, await _read_ahead(list(chain.from_iterable(polled.values())), read)))

    async def _hand_over(self, apply: Apply) -> None:
        while True:
            batches = [await self._queue.get()]
            while not self._queue.empty():
                batches.append(self._queue.get_nowait())
            async with self._taking:
                await apply([item for turn, items in batches for item in self._standing(turn, items)])

    def _standing(self, turn: int, items: Sequence[Item | Unread]) -> Sequence[Item | Unread]:
        """What is still next in its partition: not what was polled before a rewind."""
        if not self._rewinds and not self._rewound:
            return items
        return [item for item in items if self._stands(turn, item.place)]

    def _stands(self, turn: int, place: Partition) -> bool:
        return place not in self._rewinds and turn > self._rewound.get(place, 0)

    async def stop(self) -> None:
        """Finish the batch in hand, commit what is done and leave the groups."""
        self._stopping = True
        await self._taking.acquire()
        await self._commit_once()
        await self.kafka.stop()

    # ---- positions

    def rewind(self, place: Partition, offset: int | None) -> None:
        """Read this partition again from `offset`, or from its earliest record."""
        self._rewinds[place] = offset

    def pause(self, place: Partition) -> None:
        """Stop reading this partition."""
        for consumer, partition in self._assigned(place):
            consumer.pause(partition)

    def resume(self, place: Partition) -> None:
        """Read this partition again."""
        for consumer, partition in self._assigned(place):
            consumer.resume(partition)

    def done(self, place: Partition, offset: int) -> None:
        """The next offset to read of this partition; committed beside the work."""
        self._done[place] = offset

    def ours(self, place: Partition) -> bool:
        """Whether one of our consumers has this partition now."""
        return any(self._assigned(place))

    def _rewind_now(self, consumer: Any) -> None:
        for place in list(self._rewinds):
            partition = TopicPartition(*place)
            if partition in consumer.assignment():
                offset = self._rewinds.pop(place)
                self._rewound[place] = self._turn
                consumer.seek(partition, 0 if offset is None else offset)

    def _assigned(self, place: Partition) -> Iterable[tuple[Any, TopicPartition]]:
        partition = TopicPartition(*place)
        consumers = [subscriber.consumer for subscriber in self.subscribers if subscriber.consumer]
        return [(consumer, partition) for consumer in consumers if partition in consumer.assignment()]

    async def _commit(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            await self._commit_once()

    async def _commit_once(self) -> None:
        async with self._committing:
            done, self._done = self._done, {}
            for subscriber in self.subscribers:
                await self._commit_of(subscriber, done)

    async def _commit_of(self, subscriber: Any, done: dict[Partition, int]) -> None:
        """Commit what one consumer did; what could not be committed now is kept for the next time."""
        consumer = subscriber.consumer
        if consumer is None:
            return
        offsets = {TopicPartition(*place): at for place, at in done.items() if TopicPartition(*place) in consumer.assignment()}
        between = self._rebalances[subscriber.group_id].between
        if offsets and (between or not await _committed(consumer, offsets)):
            self._done = {(place.topic, place.partition): at for place, at in offsets.items()} | self._done


async def _read_ahead(records: Sequence[Polled], read: Read) -> list[Item | Unread]:
    """Read a few at a time: what else this process waits for comes between."""
    found = read(records[:READ_AT_ONCE])
    for at in range(READ_AT_ONCE, len(records), READ_AT_ONCE):
        await asyncio.sleep(0)
        found += read(records[at : at + READ_AT_ONCE])
    return found


async def _committed(consumer: Any, offsets: dict[TopicPartition, int]) -> bool:
    try:
        async with asyncio.timeout(COMMIT_SECONDS_MAX):
            await consumer.commit(offsets)
    except (*UNREACHABLE, TimeoutError):
        return False
    return True


async def cluster_of(kafka: KafkaBroker) -> str:
    """The id of the cluster: offsets of outside topics mean something only together with it. Raises KafkaError."""
    described: dict[str, Any] = await kafka.config.admin_client.describe_cluster()
    return str(described["cluster_id"])
