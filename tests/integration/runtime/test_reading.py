"""The reading side where aiokafka trips: commits while a group rebalances, connections that close under a call.

A commit of the old generation that is answered after the join makes aiokafka forget its new membership. Two replicas that
did this to each other stood still for minutes (make faults: a replica frozen past its session).
"""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, GroupAuthorizationFailedError, KafkaConnectionError
from support.engine_service import service

from upstream_runtime import source as sources
from upstream_runtime.source import Failing, Source, StuckConsumerError, broker


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


class Refused(Assigned):
    """A consumer whose every poll brings the same error, as aiokafka's does when its heartbeat has ended."""

    async def getmany(self, **_: Any) -> dict[Any, Any]:
        raise KafkaConnectionError


async def test_consumer_that_is_told_of_nothing_but_errors_ends_its_process_which_begins_again(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, lines: list[Any]
) -> None:
    monkeypatch.setattr(sources, "STUCK_SECONDS", 0.1)
    source, _, _ = reading(tmp_path)
    source.ready.set()
    with pytest.raises(StuckConsumerError):
        await source._poll(Refused(), lambda _: [])
    assert [line["event"] for line in lines] == ["poll.interrupted", "poll.stuck"]


async def test_consumer_whose_broker_is_away_is_not_stuck(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "STUCK_SECONDS", 0.1)
    source, _, _ = reading(tmp_path)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.5):
            await source._poll(Refused(), lambda _: [])


def test_failed_polls_count_only_in_a_row(lines: list[Any]) -> None:
    moments = iter((0, 100, 150, 161))
    failing = Failing(lambda: next(moments))
    failing.failed(KafkaConnectionError(), broker_answers=True)
    failing.over(records=False)
    failing.failed(KafkaConnectionError(), broker_answers=True)
    failing.failed(KafkaConnectionError(), broker_answers=True)
    with pytest.raises(StuckConsumerError):
        failing.failed(KafkaConnectionError(), broker_answers=True)
    assert [line["event"] for line in lines] == ["poll.interrupted", "poll.stuck"], "an answer without records is no news"


def test_what_the_broker_refuses_is_an_alarm_and_ends_no_process(lines: list[Any]) -> None:
    moments = iter((0, 61, 122))
    failing = Failing(lambda: next(moments))
    for _ in range(3):
        failing.failed(GroupAuthorizationFailedError(), broker_answers=True)
    assert [line["event"] for line in lines] == ["poll.interrupted", "poll.stuck"]


def test_of_several_brokers_each_has_an_address_of_its_own() -> None:
    several = broker("127.0.0.1:1,127.0.0.1:2,127.0.0.1:3", "test-alone", "a password for tests")
    assert several._connection_kwargs["bootstrap_servers"] == ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
