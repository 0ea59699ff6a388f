"""The simulated broker: partitions with offsets, an idempotent producer's manners, and what the broker refuses.

Keeps what a real broker keeps and no more: an append is whole and in order, an acknowledgement can be lost, and a batch of a
closed producer can still arrive. Must not know who reads.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, OutOfOrderSequenceNumber
from simulation.faults import Fate, Kind
from simulation.world import World

CLUSTER = "a-cluster"
Place = tuple[str, int]
Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a reader gets it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int

    @property
    def number(self) -> int | None:
        """Its number in its producer's partition, where it has one."""
        found = dict(self.headers).get("ce_sequence")
        return int(found.decode().partition(":")[2]) if found else None

    def header(self, name: str) -> str | None:
        found = dict(self.headers).get(name)
        return found.decode() if found is not None else None


@dataclass(slots=True)
class Batch:
    """Records of one partition that go together, as the producer's own builder takes them."""

    count_max: int
    records: list[tuple[bytes | None, bytes | None, Headers]] = field(default_factory=list)

    def append(self, *, key: bytes | None, value: bytes | None, timestamp: int, headers: Headers) -> object | None:
        del timestamp
        if len(self.records) == self.count_max:
            return None
        self.records.append((key, value, headers))
        return self


@dataclass(slots=True)
class Log:
    """All partitions. `refused` are records that the broker will not take for now; `late` is what is still on its way."""

    world: World
    partitions: dict[Place, list[Record]] = field(default_factory=dict)
    refused: dict[Place, int] = field(default_factory=dict)  # the number it refuses
    late: list[tuple[Place, Batch]] = field(default_factory=list)

    def append(self, place: Place, key: bytes | None, value: bytes | None, headers: Headers) -> Record:
        records = self.partitions[place]
        stamp = int(self.world.now().timestamp() * 1000)
        record = Record(*place, len(records), key, value, tuple(headers), stamp)
        records.append(record)
        return record

    def take(self, place: Place, batch: Batch) -> None:
        for record in batch.records:
            self.append(place, *record)

    def refuses(self, place: Place, batch: Batch) -> bool:
        n = self.refused.get(place)
        return n is not None and any(_number(headers) == n for _, _, headers in batch.records)

    def read(self, place: Place, at: int, count: int) -> list[Record]:
        return self.partitions[place][at : at + count]

    def end(self, place: Place) -> int:
        return len(self.partitions[place])

    def arrive(self) -> None:
        """What a closed producer had sent reaches the broker after all."""
        for place, batch in self.late:
            if not self.refuses(place, batch):
                self.take(place, batch)
        self.late.clear()


class Client:
    """What a producer is connected with: it is asked for the cluster's name."""

    def get_random_node(self) -> int:
        return 0

    async def send(self, node: int, request: object) -> Any:
        del node, request
        return SimpleNamespace(cluster_id=CLUSTER)


class Producer:
    """An idempotent producer, as far as the relay uses one: wedged for good by a refusal (a partition at a time)."""

    def __init__(self, world: World, log: Log, owner: str) -> None:
        self.world = world
        self.log = log
        self.owner = owner
        self.client = Client()
        self._wedged: set[Place] = set()
        self._count_max = world.dice.choice((1, 2, 3, 500))

    async def start(self) -> None:
        await self.world.turn(self.owner, "starts a producer")

    async def stop(self) -> None:
        """What it had on its way stays on its way."""

    def create_batch(self) -> Batch:
        return Batch(self._count_max)

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> Awaitable[None]:
        return self._deliver(batch, (topic, partition))

    async def _deliver(self, batch: Batch, place: Place) -> Any:
        what = f"{place[0]}/{place[1]} {[_number(headers) for _, _, headers in batch.records]}"
        fate = await self.world.turn(self.owner, f"sends {what}", Kind.APPEND)
        if fate is Fate.LOST_BEFORE:
            raise KafkaTimeoutError
        if place in self._wedged:
            raise OutOfOrderSequenceNumber
        if self.log.refuses(place, batch):
            self._wedged.add(place)
            raise MessageSizeTooLargeError
        if fate is Fate.LATE:
            self.log.late.append((place, batch))
            raise KafkaTimeoutError
        self.log.take(place, batch)
        if fate is Fate.LOST_AFTER:
            raise KafkaTimeoutError
        if fate is Fate.DIES_AFTER:
            self.world.dying.append(self.owner)
            await asyncio.get_running_loop().create_future()
        if await self.world.turn(self.owner, f"has sent {what}", Kind.ACK) is Fate.LOST_BEFORE:
            raise KafkaTimeoutError


def _number(headers: Headers) -> int | None:
    found = dict(headers).get("ce_sequence")
    return int(found.decode().partition(":")[2]) if found else None
