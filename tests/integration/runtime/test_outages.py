"""The database goes away under everything at once: each door waits, says so once, and nothing is lost or doubled."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from support.engine_kafka import Bus
from support.engine_parts import Running, named, take, until
from support.engine_relay import in_order, numbers, relay_of, relaying

from upstream_runtime import due, engine
from upstream_runtime.apply import Plan
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Due
from upstream_runtime.store import put_due

KILL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = $1
"""


@pytest.fixture
async def killer(engine_dsn: str) -> AsyncIterator[Any]:
    """Connections that are not killed."""
    async with asyncpg.create_pool(engine_dsn, min_size=1, max_size=3) as pool:
        yield pool


async def test_connections_killed_at_any_moment_cost_nothing(
    one: Running, bus: Bus, lines: list[Any], killer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "POLL_SECONDS", 0.05)
    bus.make(one.topics)
    chance, keys, rounds = random.Random(5), [fresh_id() for _ in range(3)], 150
    killed, done = 0, False

    async def kills() -> None:
        nonlocal killed
        while not done:
            killed += await killer.fetchval(KILL, one.app.process)
            await asyncio.sleep(chance.uniform(0.05, 0.3))

    async def records() -> None:
        for n in range(rounds):
            await one.take(
                *(one.raised(3 * n + slot + 1, f"raised {n}", key) for slot, key in enumerate(keys)),
                one.asked(n, f"id {n}", f"asked {n}", keys[n % 3]),
            )

    async def reminders() -> None:
        for _ in range(20):
            async with killer.acquire() as conn:
                await put_due(conn, [(Due("remind", key, one.clock.now()), "") for key in keys])
            await until(nothing_due)

    async def nothing_due() -> bool:
        return bool(await killer.fetchval("SELECT count(*) FROM runtime.due") == 0)

    async with relaying(relay_of(bus, one)), one.working(2):
        killing = asyncio.create_task(kills())
        await records()
        await asyncio.wait_for(reminders(), 60)
        done = True
        await killing
        await until(lambda: all_sent(killer))
    assert killed > 20
    one.pool = killer
    for slot, key in enumerate(keys):
        labels = await one.labels(key)
        assert [label for label in labels if label.startswith("raised")] == [f"raised {n}" for n in range(rounds)]
        assert [label for label in labels if label.startswith("asked")] == [
            f"asked {n}" for n in range(rounds) if n % 3 == slot
        ]
        assert labels.count("reminded") == 20
    assert [answer["verdict"] for answer in await one.answers()] == ["accepted"] * rounds
    assert all(in_order(ns) for ns in numbers(bus, one).values())
    assert not named(lines, "partition.held")
    assert not named(lines, "partition.gap")
    gone_and_back = [line["event"] for line in lines if line["event"].startswith("database.")]
    assert gone_and_back == ["database.unreachable", "database.back"] * (len(gone_and_back) // 2)


async def all_sent(conn: Any) -> bool:
    left = (
        "SELECT count(*) FROM runtime.counter c LEFT JOIN runtime.sent s USING (topic, partition) WHERE c.n > coalesce(s.n, 0)"
    )
    return bool(await conn.fetchval(left) == 0)


async def test_every_connection_in_use_makes_the_next_one_wait_and_nothing_stops(one: Running) -> None:
    """Three connections are all there are: three slow readers, and everything else comes after them."""
    key = fresh_id()
    slow = [asyncio.create_task(one.engine.ask(lambda conn: conn.execute("SELECT pg_sleep(0.7)"))) for _ in range(3)]
    await asyncio.sleep(0.1)
    async with one.working(2), asyncio.timeout(5):
        await one.take(one.raised(1, "1", key))
    await asyncio.gather(*slow)
    assert await one.labels(key) == ["1"]


async def test_a_batch_that_is_cancelled_in_its_transaction_leaves_nothing_and_no_connection_behind(one: Running) -> None:
    key = fresh_id()
    async with one.pool.acquire() as conn, conn.transaction():
        await conn.execute("LOCK TABLE runtime.outbox")
        tasks = [asyncio.create_task(take(one.another(), [one.raised(1, "1", key)])) for _ in range(2)]
        await asyncio.sleep(0.3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await one.labels(key) == []
    held = [await asyncio.wait_for(one.pool.acquire(), 2) for _ in range(3)]
    assert not any(conn.is_in_transaction() for conn in held)
    for conn in held:
        await one.pool.release(conn)
    await one.take(one.raised(1, "1", key))
    assert await one.labels(key) == ["1"]


async def test_transaction_that_gets_no_answer_is_said_once_and_taken_back_once(
    one: Running, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that swallows everything breaks no connection: nothing fails, and nothing comes back either."""
    monkeypatch.setattr(engine, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(engine, "WATCH_SECONDS", 0.02)
    answer = asyncio.Event()

    async def silent(_: Any, __: Any) -> Plan:
        await answer.wait()
        return Plan()

    async def unreachable() -> bool:
        return not one.engine.reachable

    watching = asyncio.create_task(one.engine.watch())
    hanging = asyncio.create_task(one.engine.patiently(lambda: one.engine.transact(silent)))
    await until(unreachable)
    await asyncio.sleep(0.1)
    answer.set()
    await hanging
    watching.cancel()
    assert one.engine.reachable
    assert len(named(lines, "database.unreachable")) == len(named(lines, "database.back")) == 1
