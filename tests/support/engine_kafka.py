"""A real broker for the engine's tests: topics of one test, records put on them and read back, and the engine reading them."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer as Reading
from confluent_kafka import Message, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from support.engine_parts import OneRecord, Running, consumer_of
from support.engine_service import SOURCE, Topics

from upstream_runtime.consume import Consumer
from upstream_runtime.source import Source, broker
from upstream_stack.kafka_access import admin_client, wait_for
from upstream_stack.kafka_users import lock_out, set_passwords
from upstream_stack.stack import Stack

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Bus:
    """The broker, as its administrator."""

    config: dict[str, str]
    admin: AdminClient

    @property
    def servers(self) -> str:
        return self.config["bootstrap.servers"]

    @property
    def password(self) -> str:
        return self.config["sasl.password"]

    def make(self, topics: Topics, *sources: str) -> None:
        """One test's topics, with those of these outside parties."""
        wanted = {}
        for topic in topics.all:
            for name in {topic.for_party(source) for source in sources or (SOURCE,)}:
                wanted[name] = topic.partitions
        kept = {"retention.ms": "-1"}  # records bear the test's own time, which the broker would find too old one day
        wait_for(self.admin.create_topics([NewTopic(name, count, 1, config=kept) for name, count in wanted.items()]).values())

    def put(self, *records: OneRecord) -> None:
        """Append records as they are, in order."""
        producer = Producer({**self.config, "acks": "all", "enable.idempotence": True, "log_level": 0})
        for record in records:
            headers: Any = list(record.headers)
            producer.produce(record.topic, record.value, record.key, record.partition, headers=headers)
        assert producer.flush(15) == 0

    def read(self, topic: str) -> list[Message]:
        """All that stands on a topic now, each partition in its order."""
        reader = Reading({**self.config, "group.id": "test.reading", "enable.auto.commit": False, "log_level": 0})
        partitions = self.admin.list_topics(topic, timeout=10).topics[topic].partitions
        places = [TopicPartition(topic, partition, 0) for partition in partitions]
        left = sum(reader.get_watermark_offsets(place, timeout=10)[1] for place in places)
        reader.assign(places)
        found: list[Message] = []
        errors: list[str] = []
        deadline = time.monotonic() + 30
        while len(found) < left:
            assert time.monotonic() < deadline, f"{len(found)} of {left} records of {topic}; {errors}"
            record = reader.poll(1)
            if record is not None and record.error() is None:
                found.append(record)
            elif record is not None:
                errors.append(str(record.error()))
        reader.close()
        return found

    def committed(self, group: str, topic: str, partition: int = 0) -> int:
        reader = Reading({**self.config, "group.id": group, "log_level": 0})
        offset = reader.committed([TopicPartition(topic, partition)], timeout=10)[0].offset
        reader.close()
        return int(offset)

    def alter(self, topic: str, name: str, value: str) -> None:
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        change = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        wait_for(self.admin.incremental_alter_configs([change]).values())

    def make_user(self, name: str, password: str) -> None:
        """A user of the broker without any right."""
        set_passwords(self.admin, {name: password})

    def lock_out(self, name: str) -> None:
        lock_out(self.admin, name)

    def allow(self, user: str, what: ResourceType, prefix: str, *operations: AclOperation) -> None:
        """Rights on everything whose name begins like this."""
        rights = [
            AclBinding(what, prefix, ResourcePatternType.PREFIXED, f"User:{user}", "*", operation, AclPermissionType.ALLOW)
            for operation in operations
        ]
        wait_for(self.admin.create_acls(rights).values())

    def allow_service(self, mark: str) -> None:
        """What a service of these tests needs: its own topics and groups."""
        everything = (AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE)
        self.allow(f"test-{mark}", ResourceType.TOPIC, f"test.{mark}.", *everything)
        self.allow(f"test-{mark}", ResourceType.GROUP, f"test-{mark}", AclOperation.READ)


def bus_of(stack: Stack) -> Bus:
    config = stack.kafka_admin_config()
    return Bus(config, admin_client(config))


@asynccontextmanager
async def reading(bus: Bus, one: Running) -> AsyncIterator[Consumer]:
    """The engine of `one` reading its topics, as `run.py` makes it."""
    source = Source(broker(bus.servers, ADMIN, bus.password), one.app, None)
    cluster = await source.connect()
    consumer = consumer_of(one.app, one.engine, one.clock, source, cluster)
    tasks = [
        asyncio.create_task(source.run(consumer.reader.read_all, consumer.apply)),
        asyncio.create_task(consumer.release()),
        asyncio.create_task(consumer.parking.run()),
    ]
    try:
        yield consumer
        assert not any(task.done() for task in tasks), "the reading came to an end"
    finally:
        await source.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def user(bus: Bus, name: str, password: str) -> Iterator[None]:
    """A user of the broker for one test."""
    bus.make_user(name, password)
    try:
        yield
    finally:
        bus.lock_out(name)
