"""How long rows are kept: numbers stay dense behind what is deleted, compacted topics keep the last word on each key."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from support.engine_parts import Running, named, until

from upstream_runtime import housekeeping, store
from upstream_runtime.clock import fresh_id
from upstream_runtime.database import connection
from upstream_runtime.housekeeping import Housekeeping
from upstream_runtime.store import Said

DAY = timedelta(days=1)
KEPT = 7 * DAY
HERE, THERE = fresh_id(), fresh_id()


async def tidied(one: Running, **changed: Any) -> None:
    """The process prunes, with the topic of shown counters as `changed` says."""
    catalogue = tuple(replace(t, **changed) if t == one.topics.shown else t for t in one.app.catalogue)
    await Housekeeping(one.engine, replace(one.app, catalogue=catalogue)).prune()


async def said(one: Running, rows: Sequence[tuple[int, timedelta, UUID, bytes | None]], *, sent: int) -> None:
    """Rows on partition 0 as (number, age, key, value), sent up to a number."""
    topic, now = one.topics.shown.name, one.clock.now()
    async with connection(one.pool) as conn:
        saying = [Said(topic, 0, str(key).encode(), value, b"[]", now - age, n) for n, age, key, value in rows]
        await store.settle(conn, {}, [(topic, 0)])
        await store.say(conn, {(topic, 0): rows[-1][0]}, saying)
        await conn.execute("INSERT INTO runtime.sent VALUES ($1, 0, $2)", topic, sent)


async def left(one: Running) -> list[int]:
    rows = await one.pool.fetch("SELECT n FROM runtime.outbox WHERE topic = $1 ORDER BY n", one.topics.shown.name)
    return [row["n"] for row in rows]


async def test_rows_stay_for_twice_the_retention_of_their_topic(one: Running) -> None:
    ages = [15 * DAY, 14 * DAY + timedelta(seconds=1), 14 * DAY, 8 * DAY, 0 * DAY]
    await said(one, [(n, age, HERE, b"{}") for n, age in enumerate(ages, 1)], sent=5)
    await tidied(one, retention=KEPT)
    assert await left(one) == [3, 4, 5]


async def test_what_was_not_sent_stays_however_old_it_is(one: Running) -> None:
    await said(one, [(n, 90 * DAY, HERE, b"{}") for n in range(1, 6)], sent=2)
    await tidied(one, retention=KEPT)
    assert await left(one) == [3, 4, 5]


async def test_a_row_behind_a_younger_one_stays_so_that_numbers_have_no_hole(one: Running) -> None:
    ages = [90 * DAY, 1 * DAY, 90 * DAY]
    await said(one, [(n, age, HERE, b"{}") for n, age in enumerate(ages, 1)], sent=3)
    await tidied(one, retention=KEPT)
    assert await left(one) == [2, 3]


async def test_more_rows_than_one_transaction_deletes_are_all_deleted(one: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "ROWS_MAX", 10)
    await said(one, [(n, 90 * DAY, HERE, b"{}") for n in range(1, 96)], sent=95)
    await tidied(one, retention=KEPT)
    assert await left(one) == []


async def test_a_compacted_topic_keeps_the_last_row_of_each_key_for_ever(one: Running) -> None:
    rows = [(1, HERE), (2, THERE), (3, HERE), (4, HERE), (5, fresh_id())]
    await said(one, [(n, 400 * DAY, key, b"{}") for n, key in rows], sent=5)
    await tidied(one, retention=None)
    assert await left(one) == [2, 4, 5]


async def test_a_row_of_a_compacted_topic_stays_while_it_is_young_or_not_sent(one: Running) -> None:
    await said(one, [(1, DAY, HERE, b"{}"), (2, 90 * DAY, THERE, b"{}"), (3, 0 * DAY, THERE, b"{}")], sent=1)
    await tidied(one, retention=None)
    assert await left(one) == [1, 2, 3]


async def test_a_tombstone_outlives_what_it_erases_and_then_the_whole_key_goes(one: Running) -> None:
    await said(one, [(1, 15 * DAY, HERE, None), (2, 13 * DAY, HERE, None), (3, 0 * DAY, THERE, b"{}")], sent=3)
    await tidied(one, retention=None)
    assert await left(one) == [2, 3]
    one.clock.forward(2 * DAY.total_seconds())
    await tidied(one, retention=None)
    assert await left(one) == [3]


async def test_the_last_row_of_a_compacted_partition_stays_so_that_a_rebuilt_one_is_sent_to_its_end(one: Running) -> None:
    await said(one, [(1, 90 * DAY, HERE, None)], sent=1)
    await tidied(one, retention=None)
    assert await left(one) == [1]


async def test_answers_are_forgotten_after_the_retention_of_their_topic_and_not_before(one: Running) -> None:
    key = fresh_id()
    await one.take(one.asked(0, "old", "old", key))
    one.clock.forward(29 * DAY.total_seconds())
    await one.take(one.asked(1, "young", "young", key))
    await tidied(one)
    assert await ids(one) == ["old", "young"]
    one.clock.forward(2 * DAY.total_seconds())
    await tidied(one)
    assert await ids(one) == ["young"]


async def test_what_was_set_aside_stays_for_ninety_days(one: Running) -> None:
    await one.take(replace(one.raised(1), value=b"{"))
    one.clock.forward(89 * DAY.total_seconds())
    await tidied(one)
    assert await one.pool.fetchval("SELECT count(*) FROM runtime.set_aside") == 1
    one.clock.forward(2 * DAY.total_seconds())
    await tidied(one)
    assert await one.pool.fetchval("SELECT count(*) FROM runtime.set_aside") == 0


async def test_a_second_replica_leaves_the_tidying_to_the_first(one: Running) -> None:
    await said(one, [(n, 90 * DAY, HERE, b"{}") for n in (1, 2)], sent=2)
    async with one.pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(7153002)")
        await tidied(one, retention=KEPT)
        assert await left(one) == [1, 2]
    await tidied(one, retention=KEPT)
    assert await left(one) == []


async def ids(one: Running) -> list[str]:
    return [row["id"] for row in await one.pool.fetch("SELECT id FROM runtime.inbox ORDER BY id")]


async def test_a_process_prunes_when_it_starts_and_goes_on_when_something_is_in_the_way(
    one: Running, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "EVERY_SECONDS", 0.05)
    await said(one, [(n, 90 * DAY, HERE, b"{}") for n in (1, 2)], sent=2)
    keeping = Housekeeping(one.engine, one.app)
    prune, tries = keeping.prune, count()

    async def in_the_way() -> None:
        if next(tries) == 0:
            raise asyncpg.DeadlockDetectedError
        await prune()

    monkeypatch.setattr(keeping, "prune", in_the_way)
    monkeypatch.setattr(housekeeping, "PRUNED_EVERY_SECONDS", 0)
    running = asyncio.create_task(keeping.run())
    try:
        await until(lambda: _left(one, []))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(named(lines, "housekeeping.gave-way")) == 1


async def _left(one: Running, expected: list[int]) -> bool:
    return await left(one) == expected
