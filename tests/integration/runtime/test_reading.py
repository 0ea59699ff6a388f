"""The reading side where aiokafka trips: commits while a group rebalances, connections that close under a call.

A commit of the old generation that is answered after the join makes aiokafka forget its new membership. Two replicas that
did this to each other stood still for minutes (make faults: a replica frozen past its session).
"""

import asyncio
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaConnectionError
from support.engine_service import service

from upstream_runtime.source import Source, broker


class Assigned:
    """A consumer that has one partition, and notes what is committed."""

    def __init__(self) -> None:
        self.committed: list[dict[Any, int]] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.closed = False

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("topic", 0)}

    async def commit(self, offsets: dict[Any, int]) -> None:
        await self.answers.wait()
        if self.closed:
            raise KafkaConnectionError
        self.committed.append(offsets)

    async def getmany(self, **_: Any) -> dict[Any, Any]:
        if self.closed:
            self.closed = False
            raise KafkaConnectionError
        raise ConsumerStoppedError


def reading(folder: Any) -> tuple[Source, Any, Assigned]:
    source = Source(broker("127.0.0.1:1", "test-alone", "a password for tests"), service("alone", folder), None)
    fixed = source.subscribers[0]
    fixed.consumer = consumer = Assigned()
    return source, source._rebalances[fixed.group_id], consumer


async def test_nothing_is_committed_between_two_assignments_and_everything_after_the_second(tmp_path: Any) -> None:
    source, rebalances, consumer = reading(tmp_path)
    source.done(("topic", 0), 7)
    await source._commit_once()
    assert consumer.committed == []
    await rebalances.on_partitions_assigned(set())
    await source._commit_once()
    assert consumer.committed == [{TopicPartition("topic", 0): 7}]


async def test_rebalance_waits_for_a_commit_that_is_on_its_way(tmp_path: Any) -> None:
    source, rebalances, consumer = reading(tmp_path)
    await rebalances.on_partitions_assigned(set())
    source.done(("topic", 0), 7)
    consumer.answers.clear()
    committing = asyncio.create_task(source._commit_once())
    await asyncio.sleep(0)
    revoking = asyncio.create_task(rebalances.on_partitions_revoked(set()))
    await asyncio.sleep(0.01)
    assert not revoking.done()
    consumer.answers.set()
    await asyncio.gather(committing, revoking)
    assert consumer.committed == [{TopicPartition("topic", 0): 7}]


async def test_commit_on_a_connection_that_was_just_closed_is_made_later(tmp_path: Any) -> None:
    source, rebalances, consumer = reading(tmp_path)
    await rebalances.on_partitions_assigned(set())
    source.done(("topic", 0), 7)
    consumer.closed = True
    await source._commit_once()
    consumer.closed = False
    await source._commit_once()
    assert consumer.committed == [{TopicPartition("topic", 0): 7}]


async def test_connection_that_closes_under_a_poll_does_not_end_the_reading(tmp_path: Any) -> None:
    source, _, consumer = reading(tmp_path)
    consumer.closed = True
    await source._poll(consumer, lambda _: [])
    assert not consumer.closed


def test_of_several_brokers_each_has_an_address_of_its_own() -> None:
    several = broker("127.0.0.1:1,127.0.0.1:2,127.0.0.1:3", "test-alone", "a password for tests")
    assert several._connection_kwargs["bootstrap_servers"] == ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
