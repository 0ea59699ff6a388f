"""What a consumer commits while its group rebalances: nothing, and it is not forgotten.

A commit of the old generation that is answered after the join makes aiokafka forget its new membership. Two replicas that
did this to each other stood still for minutes (make faults: a replica frozen past its session).
"""

import asyncio
from typing import Any

from aiokafka import TopicPartition
from support.engine_service import service

from upstream_runtime.source import Source, broker


class Assigned:
    """A consumer that has one partition, and notes what is committed."""

    def __init__(self) -> None:
        self.committed: list[dict[Any, int]] = []
        self.answers = asyncio.Event()
        self.answers.set()

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("topic", 0)}

    async def commit(self, offsets: dict[Any, int]) -> None:
        await self.answers.wait()
        self.committed.append(offsets)


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
