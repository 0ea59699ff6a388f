"""A broker that was formatted anew is another one: nothing is sent to it, and nothing read of it, before somebody says so."""

from typing import Any

import pytest
from support.engine_kafka import ADMIN, Bus
from support.engine_parts import Running, named, until
from support.engine_relay import in_order, numbers, relay_of, relaying, say

from upstream_runtime import metrics, store_life
from upstream_runtime import relay as relays
from upstream_runtime.database import connection
from upstream_runtime.producing import cluster_of, idempotent_producer
from upstream_runtime.source import AnotherClusterError, Source, broker


@pytest.fixture(autouse=True)
def made(bus: Bus, one: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    bus.make(one.topics)
    monkeypatch.setattr(relays, "STRANGE_SECONDS", 0.2)


async def the_cluster(bus: Bus) -> str:
    producer = idempotent_producer(bus.servers, ADMIN, bus.password)
    await producer.start()
    try:
        return await cluster_of(producer)
    finally:
        await producer.stop()


async def count(bus: Bus, one: Running) -> int:
    return sum(map(len, numbers(bus, one).values()))


async def test_a_relay_remembers_the_first_cluster_it_meets(one: Running, bus: Bus) -> None:
    async with relaying(relay_of(bus, one)) as _, connection(one.pool) as conn:
        await until(lambda: _knows(conn, bus))


async def _knows(conn: Any, bus: Bus) -> bool:
    return await store_life.known_cluster(conn) == await the_cluster(bus)


async def test_a_relay_that_meets_another_cluster_sends_nothing_and_says_so_once_until_topics_are_rebuilt(
    one: Running, bus: Bus, lines: list[Any]
) -> None:
    for n in range(20):
        await say(one, str(n))
    await one.pool.execute("UPDATE runtime.lease SET cluster = 'the one before'")
    relay = relay_of(bus, one)
    async with relaying(relay):
        await until(_strange)
        await say(one, "meanwhile")
        assert await count(bus, one) == 0
        assert not relay.leads.is_set()
        async with connection(one.pool) as conn:
            assert await store_life.send_again(conn, await the_cluster(bus)) == 0
        await until(lambda: _sent(bus, one, 21))
        assert relay.leads.is_set()
    (line,) = named(lines, "relay.strange-cluster")
    assert line["expected"] == "the one before"
    assert metrics.STRANGE_CLUSTER._value.get() == 0


async def _strange() -> bool:
    return bool(metrics.STRANGE_CLUSTER._value.get() == 1)


async def _sent(bus: Bus, one: Running, expected: int) -> bool:
    return await count(bus, one) == expected


async def test_everything_kept_is_sent_again_with_its_old_numbers_by_the_relay_that_runs(one: Running, bus: Bus) -> None:
    relay = relay_of(bus, one)
    async with relaying(relay):
        for n in range(20):
            await say(one, str(n))
        await until(lambda: _sent(bus, one, 20))
        epoch = relay._epoch
        async with connection(one.pool) as conn:
            await until(lambda: _moved(one, 20))
            assert await store_life.send_again(conn, None) == 20
        await until(lambda: _sent(bus, one, 40))
        assert relay._epoch != epoch
    found = numbers(bus, one)
    assert all(in_order(ns) for ns in found.values())
    assert sum(len(set(ns)) for ns in found.values()) == 20


async def _moved(one: Running, expected: int) -> bool:
    return bool(await one.pool.fetchval("SELECT sum(n) FROM runtime.sent") == expected)


async def test_numbers_that_an_outbox_has_no_rows_of_any_more_are_not_waited_for(one: Running, bus: Bus) -> None:
    """A compacted topic has holes in its outbox, and an old one has lost its beginning."""
    topic = one.topics.shown.name
    for n in range(30):
        await say(one, str(n))
    relay = relay_of(bus, one)
    async with relaying(relay):
        await until(lambda: _sent(bus, one, 30))
        await until(lambda: _moved(one, 30))
    gone = "DELETE FROM runtime.outbox WHERE topic = $1 AND (n <= 3 OR n % 2 = 0) AND n < (SELECT max(n) FROM runtime.outbox)"
    await one.pool.execute(gone, topic)
    kept = await one.pool.fetch("SELECT partition, n FROM runtime.outbox ORDER BY partition, n")
    async with connection(one.pool) as conn:
        assert await store_life.send_again(conn, None) == len(kept)
    again = relay_of(bus, one)
    async with relaying(again):
        await until(lambda: _sent(bus, one, 30 + len(kept)))
        await say(one, "after")
        await until(lambda: _sent(bus, one, 31 + len(kept)))
        assert metrics.OUTBOX_AGE._value.get() == 0


async def test_a_process_whose_broker_comes_back_as_another_one_ends_because_its_offsets_mean_nothing_there(
    one: Running, bus: Bus, lines: list[Any]
) -> None:
    source = Source(broker(bus.servers, ADMIN, bus.password), one.app, None)
    cluster = await source.connect()
    try:
        await source._come_back()
        source._cluster = "the one before"
        with pytest.raises(AnotherClusterError):
            await source._come_back()
    finally:
        await source.stop()
    (line,) = named(lines, "broker.strange-cluster")
    assert (line["what"], line["expected"]) == (cluster, "the one before")
