"""Every subscriber of every service is safe: nothing is acknowledged, skipped or read uncommitted by default.

FastStream's and aiokafka's defaults are the unsafe ones. This walks the subscribers that the services really build.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from architecture.wirings import WIRINGS, wired
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from upstream_runtime.source import Source, broker

BATCH_SECONDS_MAX = 10
STILL_SECONDS_MAX = 15
each_process = pytest.mark.parametrize("process", WIRINGS)


def dangers(subscriber: Any) -> Mapping[str, bool]:
    """Each way in which a subscriber may lose or repeat records, and whether this one does."""
    settings = subscriber._connection_args
    rebalance = settings["rebalance_timeout_ms"]
    return {
        "acknowledges by itself": subscriber.ack_policy is not AckPolicy.MANUAL,
        "commits by itself": settings["enable_auto_commit"] is not False,
        "starts at the end where it knows no position": settings["auto_offset_reset"] != "earliest",
        "reads what was never committed": settings["isolation_level"] != "read_committed",
        "gives a rebalance no longer than a heartbeat": rebalance is None or rebalance < BATCH_SECONDS_MAX * 1000,
        "lets a group stand still for one that is gone": rebalance is None or rebalance > STILL_SECONDS_MAX * 1000,
        "notices a dead member late": settings["session_timeout_ms"] >= 10_000,
        "takes one record at a time": "Batch" not in type(subscriber).__name__,
        "has no group": not subscriber.group_id,
        "has a handler, which decodes before we look": bool(subscriber.calls),
    }


def unsafe(subscriber: Any) -> list[str]:
    return [name for name, present in dangers(subscriber).items() if present]


def broker_dangers(kafka: KafkaBroker) -> list[str]:
    """The same for what the broker object itself would do when it produces or stops."""
    settings = kafka._connection_kwargs
    found = {
        "is content with one copy": settings["acks"] not in {"all", -1},
        "may write twice": settings["enable_idempotence"] is not True,
        "stops without waiting": not kafka.config.graceful_timeout,
    }
    return [name for name, present in found.items() if present]


def source(process: str) -> Source:
    return Source(broker("127.0.0.1:1", process, "a password for tests"), wired(process), member="1")


@each_process
def test_its_subscribers_are_safe_on_every_point(process: str) -> None:
    built = source(process)
    assert set(built.kafka.subscribers) == set(built.subscribers)
    assert {subscriber.group_id: unsafe(subscriber) for subscriber in built.subscribers} == {
        subscriber.group_id: [] for subscriber in built.subscribers
    }
    assert broker_dangers(built.kafka) == []


@each_process
def test_its_subscribers_read_exactly_its_topics_in_groups_of_its_own(process: str) -> None:
    app = wired(process)
    fixed = {route.topic.name for route in app.routes}
    assert {topic.name for subscriber in source(process).subscribers for topic in subscriber.topics} == fixed
    groups = [subscriber.group_id for subscriber in source(process).subscribers]
    assert len(set(groups)) == len(groups)
    assert all(group == process or group.startswith(f"{process}.") for group in groups)
    patterns = [subscriber.pattern for subscriber in source(process).subscribers if subscriber.pattern]
    assert len(patterns) == len(app.inlets)


async def test_a_subscriber_made_with_the_defaults_is_found_unsafe_on_every_point() -> None:
    kafka = KafkaBroker("127.0.0.1:1")
    careless = kafka.subscriber("sample.lamps.v1")

    @careless
    async def handle(body: bytes) -> None:
        """Never called."""

    assert unsafe(careless) == list(dangers(careless))
    assert broker_dangers(kafka) == ["is content with one copy", "may write twice"]
    assert "stops without waiting" in broker_dangers(KafkaBroker("127.0.0.1:1", graceful_timeout=None))
