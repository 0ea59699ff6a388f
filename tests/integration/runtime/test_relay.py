"""What was said reaches its topic in the order of its numbers, each number once or again, and none is overtaken or left out."""

import asyncio
import random
import time
from dataclasses import replace
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest
from confluent_kafka.admin import AclOperation, ResourceType
from support.engine_kafka import Bus, user
from support.engine_parts import Running, named, running, until
from support.engine_relay import in_order, numbers, relay_of, relaying, say

from upstream_runtime import metrics, store
from upstream_runtime import relay as relays
from upstream_runtime.clock import fresh_id
from upstream_runtime.database import connection
from upstream_runtime.relay import Relay


async def all_sent(one: Running) -> bool:
    left = (
        "SELECT count(*) FROM runtime.counter c LEFT JOIN runtime.sent s USING (topic, partition) WHERE c.n > coalesce(s.n, 0)"
    )
    return bool(await one.pool.fetchval(left) == 0)


def of_partition(partition: int, count: int) -> list[UUID]:
    """Keys whose records go to this partition of two."""
    found: list[UUID] = []
    while len(found) < count:
        key = fresh_id()
        if crc32(str(key).encode()) % 2 == partition:
            found.append(key)
    return found


@pytest.fixture(autouse=True)
def made(bus: Bus, one: Running) -> None:
    bus.make(one.topics)


async def test_what_is_said_before_and_while_the_relay_runs_arrives_once_in_order_and_is_remembered(
    one: Running, bus: Bus
) -> None:
    for n in range(30):
        await say(one, str(n))
    async with relaying(relay_of(bus, one)):
        await until(lambda: all_sent(one))
        for n in range(100):
            await say(one, str(n))
        await until(lambda: all_sent(one))
    found = numbers(bus, one)
    assert sum(map(len, found.values())) == 130
    assert all(ns == list(range(1, len(ns) + 1)) for ns in found.values())


async def test_a_record_carries_what_its_row_holds(one: Running, bus: Bus) -> None:
    key = fresh_id()
    await say(one, "label", key)
    async with relaying(relay_of(bus, one)):
        await until(lambda: all_sent(one))
    record, row = bus.read(one.topics.shown.name)[0], (await one.outbox(one.topics.shown.name))[0]
    assert (record.key(), record.partition()) == (str(key).encode(), row["partition"])
    assert record.timestamp()[1] == int(one.clock.now().timestamp() * 1000)
    found: Any = record.headers()
    headers = {name: value.decode() for name, value in found}
    assert headers["ce_type"] == "test.counter.shown.v1"
    assert headers["ce_sequence"] == f"{one.engine.mind.stream}:{row['n']}"


async def test_commits_that_are_noticed_in_another_order_or_never_are_sent_in_the_order_of_their_numbers(
    one: Running, bus: Bus
) -> None:
    """Other processes write to the same outbox, commits end with an unknown outcome, and offers cross each other."""
    relay, chance = relay_of(bus, one), random.Random(7)
    held: list[Any] = []

    def offer(said: list[Any]) -> None:
        held.append(said)
        if len(held) < 5:
            return
        chance.shuffle(held)
        for said_before in held[1:]:
            relay.offer(said_before)
        held.clear()

    one.engine._offer = offer
    async with relaying(relay):
        await relay.leads.wait()
        for n in range(200):
            await say(one, str(n))
            if n % 20 == 0:
                await asyncio.sleep(0.02)
        await until(lambda: all_sent(one))
    found = numbers(bus, one)
    assert all(ns == list(range(1, len(ns) + 1)) for ns in found.values())
    assert sum(map(len, found.values())) == 200


async def test_a_partition_whose_records_are_only_in_the_table_is_not_starved_by_busy_ones(one: Running, bus: Bus) -> None:
    relay = relay_of(bus, one)
    busy, quiet = of_partition(0, 1)[0], of_partition(1, 1)[0]
    async with relaying(relay):
        await relay.leads.wait()
        one.engine._offer = lambda _: None
        await say(one, "unnoticed", quiet)
        one.engine._offer = relay.offer
        stop = time.monotonic() + 1.5
        while time.monotonic() < stop:
            await say(one, "busy", busy)
        assert 1 in numbers(bus, one), "it waits until the others are silent"
        await until(lambda: all_sent(one))


async def test_the_next_relay_goes_on_behind_what_was_sent(one: Running, bus: Bus) -> None:
    for _ in range(3):
        relay = relay_of(bus, one)
        async with relaying(relay):
            for n in range(20):
                await say(one, str(n))
            await until(lambda: all_sent(one))
    found = numbers(bus, one)
    assert sum(map(len, found.values())) == 60
    assert all(ns == list(range(1, len(ns) + 1)) for ns in found.values())


async def test_a_refused_record_goes_first_when_it_may_and_holds_its_own_partition_only(
    one: Running, bus: Bus, lines: list[Any]
) -> None:
    bus.alter(one.topics.shown.name, "max.message.bytes", "20000")
    refused, healthy = of_partition(0, 12), of_partition(1, 12)
    await say(one, "before", refused[0])
    await say(one, "large", refused[1], padding=200_000)
    for key in refused[2:]:
        await say(one, "after", key, padding=15_000)
    async with relaying(relay_of(bus, one)):
        for key in healthy:
            await say(one, "healthy", key)
            await asyncio.sleep(0.1)
        await until(lambda: _partition_has(bus, one, 1, 12), 5)
        await asyncio.sleep(3)
        found = numbers(bus, one)
        assert found.get(0) == [1], "something overtook the refused record, or what stands before it is kept back too"
        assert found[1] == list(range(1, 13)), "the healthy partition is sent again and again"
        sent = await one.pool.fetchval("SELECT n FROM runtime.sent WHERE partition = 1 AND topic = $1", one.topics.shown.name)
        assert sent == 12
        bus.alter(one.topics.shown.name, "max.message.bytes", "1048588")
        await until(lambda: all_sent(one))
    assert in_order(numbers(bus, one)[0])
    assert [line["n"] for line in named(lines, "partition.refused")] == [2]
    assert len(named(lines, "partition.accepted")) == 1


async def _partition_has(bus: Bus, one: Running, partition: int, count: int) -> bool:
    return len(numbers(bus, one).get(partition, [])) >= count


async def test_a_right_that_comes_later_lets_the_records_out_in_order(one: Running, bus: Bus, mark: str) -> None:
    name, password = f"test-{mark}", "a-password-for-one-test"
    with user(bus, name, password):
        bus.allow(name, ResourceType.TOPIC, f"test.{mark}.letters", AclOperation.WRITE, AclOperation.DESCRIBE)
        for n in range(20):
            await say(one, str(n))
        await one.take(replace(one.raised(1, "torn"), value=b"{"))
        async with relaying(relay_of(bus, one, name, password)):
            await until(lambda: _letters_are(bus, one, 1))
            assert numbers(bus, one) == {}
            bus.allow(name, ResourceType.TOPIC, f"test.{mark}.shown", AclOperation.WRITE, AclOperation.DESCRIBE)
            await until(lambda: all_sent(one), 40)
    found = numbers(bus, one)
    assert all(in_order(ns) for ns in found.values())
    assert sum(len(set(ns)) for ns in found.values()) == 20


async def _letters_are(bus: Bus, one: Running, count: int) -> bool:
    return len(bus.read(one.topics.letters.name)) >= count


async def test_of_two_relays_one_leads_and_the_other_takes_over_under_a_higher_epoch(
    one: Running, bus: Bus, engine_dsn: str, tmp_path: Any, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "LEASE_SECONDS", 1.5)
    monkeypatch.setattr(relays, "RENEW_SECONDS", 0.3)
    async with running(engine_dsn, tmp_path, mark, fresh=False) as other:
        first, second = relay_of(bus, one), relay_of(bus, other)
        async with relaying(second):
            async with relaying(first):
                for n in range(50):
                    await say(one if n % 2 else other, str(n))
                await until(lambda: all_sent(one))
                assert first.leads.is_set() != second.leads.is_set()
            await say(one, "after")
            await until(lambda: all_sent(one))
            assert second.leads.is_set()
    found = numbers(bus, one)
    assert all(ns == list(range(1, len(ns) + 1)) for ns in found.values())


async def test_a_relay_that_slept_past_its_lease_moves_nothing_and_readers_see_only_numbers_they_had(
    one: Running, bus: Bus, engine_dsn: str, tmp_path: Any, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own thread and loop stand still as under SIGSTOP: between two of its steps the lease passes to another."""
    monkeypatch.setattr(relays, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(relays, "RENEW_SECONDS", 0.2)
    async with running(engine_dsn, tmp_path, mark, fresh=False) as other:
        sleeper, successor = relay_of(bus, one), relay_of(bus, other)
        asleep, woken = asyncio.Event(), asyncio.Event()
        send = sleeper._send

        async def send_after_a_sleep(*args: Any) -> None:
            asleep.set()
            await woken.wait()
            await send(*args)

        async with relaying(sleeper):
            await sleeper.leads.wait()
            for n in range(10):
                await say(one, str(n))
            await until(lambda: all_sent(one))
            epoch = sleeper._epoch
            monkeypatch.setattr(sleeper, "_send", send_after_a_sleep)
            for n in range(10):
                await say(one, str(n))
            await asleep.wait()
            async with relaying(successor):
                for n in range(10):
                    await say(other, str(n))
                await until(lambda: all_sent(one))
                assert epoch is not None and successor._epoch == epoch + 1
                woken.set()
                await asyncio.sleep(1)
                assert not sleeper.leads.is_set()
                for n in range(5):
                    await say(other, str(n))
                await until(lambda: all_sent(one))
    found = numbers(bus, one)
    assert all(in_order(ns) for ns in found.values())
    assert sum(len(set(ns)) for ns in found.values()) == 35
    assert sum(map(len, found.values())) > 35, "the sleeper sent nothing again, so nothing was shown"


async def test_a_position_is_moved_under_the_current_epoch_only_and_never_back(one: Running) -> None:
    place = ("a topic", 0)
    async with connection(one.pool) as conn:
        first = await store.take_lease(conn, fresh_id(), -1.0)
        second = await store.take_lease(conn, fresh_id(), 5.0)
        assert first is not None and second == first + 1
        assert await store.take_lease(conn, fresh_id(), 5.0) is None
        assert await store.move_sent(conn, second, {place: 7})
        assert not await store.move_sent(conn, first, {place: 9})
        assert await store.move_sent(conn, second, {place: 3})
        assert await store.sent(conn) == {place: 7}


async def test_a_broker_that_is_away_is_said_once_and_everything_arrives_when_it_is_back(
    one: Running, bus: Bus, lines: list[Any]
) -> None:
    away = replace(bus, config={**bus.config, "bootstrap.servers": "127.0.0.1:1"})
    relay = relay_of(away, one)
    async with relaying(relay):
        for n in range(20):
            await say(one, str(n))
        await asyncio.sleep(3)
        assert [line["event"] for line in lines if line["event"] == "relay.interrupted"] == ["relay.interrupted"]
        relay._make_producer = relay_of(bus, one)._make_producer
        one.engine._offer = relay.offer
        await until(lambda: all_sent(one))
        assert len(named(lines, "relay.back")) == 1
    assert all(ns == list(range(1, len(ns) + 1)) for ns in numbers(bus, one).values())


async def test_brokers_that_acknowledge_nothing_are_said_once_and_taken_back_once(
    one: Running, bus: Bus, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they lack replicas the producer asks them again for ever, and no connection breaks: nobody else would say so."""
    monkeypatch.setattr(relays, "SILENT_SECONDS", 1.0)
    enough, relay = asyncio.Event(), relay_of(bus, one)
    make = relay._make_producer

    def lacking() -> Any:
        producer = make()
        send = producer.send_batch

        async def later(*batch: Any, **where: Any) -> Any:
            await enough.wait()
            return await send(*batch, **where)

        producer.send_batch = later
        return producer

    relay._make_producer = lacking
    await say(one, "waits")
    async with relaying(relay):
        await until(lambda: _said(lines, "relay.interrupted"))
        await asyncio.sleep(1.5)
        enough.set()
        await until(lambda: all_sent(one))
        assert await _said(lines, "relay.back")
    assert len(named(lines, "relay.interrupted")) == len(named(lines, "relay.back")) == 1


async def test_a_partition_that_nobody_answers_for_is_not_back_because_another_is(
    one: Running, bus: Bus, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Round after round the other one is acknowledged, and this one is not."""
    monkeypatch.setattr(relays, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(relays, "SEND_SECONDS_MAX", 1.0)
    enough, relay, tries = asyncio.Event(), relay_of(bus, one), [0]
    stuck, make = (one.topics.shown.name, 0), relay._make_producer

    def lacking() -> Any:
        producer = make()
        send = producer.send_batch

        async def perhaps(batch: Any, topic: str, *, partition: int) -> Any:
            if (topic, partition) == stuck:
                tries[0] += 1
                await enough.wait()
            return await send(batch, topic, partition=partition)

        producer.send_batch = perhaps
        return producer

    relay._make_producer = lacking
    for n in range(12):
        await say(one, f"waits {n}")
    assert len(await _places(one)) > 1, "all records went to one partition: nothing to compare"
    async with relaying(relay):
        await until(lambda: _said(lines, "relay.interrupted"))
        for n in range(12):
            await say(one, f"comes meanwhile {n}")
        tried = tries[0]
        await until(lambda: _tried(tries, tried + 2))
        assert not named(lines, "relay.back")
        enough.set()
        await until(lambda: all_sent(one))
        await until(lambda: _said(lines, "relay.back"))
    assert len(named(lines, "relay.interrupted")) == len(named(lines, "relay.back")) == 1


async def _tried(tries: list[int], count: int) -> bool:
    return tries[0] >= count


async def _places(one: Running) -> list[Any]:
    return list(await one.pool.fetch("SELECT topic, partition FROM runtime.counter WHERE topic = $1", one.topics.shown.name))


async def _said(lines: list[Any], event: str) -> bool:
    return bool(named(lines, event))


async def test_the_age_of_what_waits_is_shown_while_the_broker_is_away(one: Running, bus: Bus) -> None:
    relay = relay_of(replace(bus, config={**bus.config, "bootstrap.servers": "127.0.0.1:1"}), one)
    await say(one, "waits")
    one.clock.forward(90)
    async with relaying(relay):
        await asyncio.sleep(2)
        assert metrics.OUTBOX_AGE._value.get() == 90
        relay._make_producer = relay_of(bus, one)._make_producer
        await until(lambda: all_sent(one))
        await asyncio.sleep(1.5)
        assert metrics.OUTBOX_AGE._value.get() == 0


async def test_what_is_left_when_the_relay_is_told_to_stop_is_sent_and_the_lease_given_back(one: Running, bus: Bus) -> None:
    relay: Relay = relay_of(bus, one)
    task = asyncio.create_task(relay.run())
    await relay.leads.wait()
    one.engine._offer = lambda _: None
    for n in range(2500):
        await say(one, str(n), of_partition_zero)
    await relay.drain()
    await task
    assert numbers(bus, one) == {0: list(range(1, 2501))}
    assert await all_sent(one)
    assert await one.pool.fetchval("SELECT expires_at < now() FROM runtime.lease")


of_partition_zero = of_partition(0, 1)[0]
