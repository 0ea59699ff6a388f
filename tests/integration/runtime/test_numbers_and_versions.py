"""Whatever comes together over one key or one partition: nothing is lost, and the numbers are those of the commits."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.engine_parts import Running, running, take, until
from support.engine_relay import say
from support.engine_service import COUNTER, told

from upstream_runtime import metrics, store
from upstream_runtime.apply import Step, only
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Cause, Due
from upstream_runtime.due import DueWork
from upstream_runtime.store import put_due
from upstream_runtime.web import application


async def test_numbers_are_dense_and_in_the_order_of_the_commits(
    one: Running, engine_dsn: str, tmp_path: Path, mark: str
) -> None:
    """Two processes with three connections each; some transactions fail at the very end."""
    chance, order, failed = random.Random(11), [], 0
    async with running(engine_dsn, tmp_path, mark, fresh=False) as other:
        keys = [fresh_id() for _ in range(12)]

        async def writer(engine: Any, name: int) -> None:
            nonlocal failed
            for n in range(25):
                engine._offer = lambda said: order.append((said[0].partition, said[0].n))
                try:
                    label = "unsavable" if chance.random() < 0.2 else f"{name} {n}"
                    step = Step(COUNTER, chance.choice(keys), told, label, Cause(str(fresh_id()), "/test", one.clock.now()))
                    await engine.transact(only(step))
                except Exception:
                    failed += 1

        await asyncio.gather(*(writer(engine, name) for name, engine in enumerate([one.engine, other.engine] * 3)))
    rows = await one.outbox(one.topics.shown.name)
    assert failed > 10
    assert len(rows) == 150 - failed
    for partition in (0, 1):
        assert [row["n"] for row in rows if row["partition"] == partition] == [
            n + 1 for n in range(sum(row["partition"] == partition for row in rows))
        ]
    by_key: dict[str, list[int]] = {}
    for row in rows:
        by_key.setdefault(row["counter_id"], []).append(row["count"])
    assert all(counts == list(range(1, len(counts) + 1)) for counts in by_key.values()), "not the order of the commits"


async def test_a_number_is_seen_only_when_all_before_it_are(one: Running) -> None:
    """A reader that looks all the time never sees n without n - 1, although six transactions commit at once."""
    keys = [fresh_id() for _ in range(6)]
    stop, seen = asyncio.Event(), 0

    async def writer(key: UUID) -> None:
        for n in range(30):
            await say(one, str(n), key)

    async def reader() -> None:
        nonlocal seen
        while not stop.is_set():
            for partition in (0, 1):
                ns = [row["n"] for row in await one.outbox(one.topics.shown.name) if row["partition"] == partition]
                assert ns == list(range(1, len(ns) + 1))
            seen += 1

    watching = asyncio.create_task(reader())
    await asyncio.gather(*(writer(key) for key in keys))
    stop.set()
    await watching
    assert seen > 5


async def test_a_transaction_that_fails_after_it_was_numbered_leaves_no_hole(
    one: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = fresh_id()
    await say(one, "first", key)
    saying = store.say

    async def says_and_fails(*args: Any) -> None:
        await saying(*args)
        raise ZeroDivisionError

    monkeypatch.setattr(store, "say", says_and_fails)
    with pytest.raises(ZeroDivisionError):
        await say(one, "never", key)
    monkeypatch.undo()
    await say(one, "second", key)
    assert [(row["n"], row["label"]) for row in await one.outbox(one.topics.shown.name)] == [(1, "first"), (2, "second")]


@pytest.mark.parametrize("first", ["record", "page", "clock"])
@pytest.mark.parametrize("second", ["record", "page", "clock"])
@pytest.mark.parametrize("exists", [False, True], ids=["its first event", "a key that exists"])
async def test_two_doors_at_once_on_one_key_lose_nothing(one: Running, first: str, second: str, exists: bool) -> None:
    """Both have loaded the state before either saves; the slower one runs again on what the faster one left."""
    key = fresh_id()
    if exists:
        await say(one, "before", key)
    both_loaded, loads = asyncio.Barrier(2), 0
    load = COUNTER.load

    async def loads_together(conn: Any, keys: Any) -> Any:
        nonlocal loads
        found = await load(conn, keys)
        loads += 1
        if loads <= 2:
            async with asyncio.timeout(5):
                await both_loaded.wait()
        return found

    slow = replace(COUNTER, load=loads_together)
    reruns = metrics.RERUNS._value.get()
    await asyncio.gather(enter(one, first, slow, key, 0), enter(one, second, slow, key, 1))
    assert metrics.RERUNS._value.get() > reruns, "nobody was in anybody's way"
    labels = await one.labels(key)
    assert sorted(labels) == sorted(["before"] * exists + [f"{first} 0", f"{second} 1"])
    assert sorted(await one.shown()) == sorted(labels)
    assert [row["count"] for row in await one.outbox(one.topics.shown.name)] == list(range(1, len(labels) + 1))
    assert await one.pool.fetchval("SELECT version FROM counter WHERE id = $1", key) == len(labels)


async def enter(one: Running, door: str, aggregate: Any, key: UUID, number: int) -> None:
    """One effect through one of the doors, on an aggregate that was tampered with."""
    label = f"{door} {number}"
    if door == "record":
        route = replace(one.app.routes[0], aggregate=aggregate)
        consumer = one.another()
        consumer.reader.routes = {route.topic.name: route}
        await take(consumer, [replace(one.raised(1, label, key), partition=number)])
    elif door == "page":
        await one.engine.transact(only(Step(aggregate, key, told, label, Cause(label, "/test", one.clock.now()))))
    else:
        kind = f"clock {number}"
        async with one.pool.acquire() as conn:
            await put_due(conn, [(Due(kind, key, one.clock.now()), "")])
        work = replace(one.app.work[0], kind=kind, aggregate=aggregate, decide=lambda state, _, ctx: told(state, label, ctx))
        worker = DueWork(one.engine, [work])
        while await worker._one():
            pass


async def test_all_three_doors_at_once_on_a_few_keys_end_with_every_effect_once(one: Running) -> None:
    keys = [fresh_id() for _ in range(3)]
    rounds = 12
    web = httpx.AsyncClient(transport=httpx.ASGITransport(application(one.app, one.engine, dict)), base_url="http://test")

    async def records() -> None:
        for n in range(1, rounds + 1):
            await one.take(*(one.raised(3 * (n - 1) + slot + 1, f"record {n}", key) for slot, key in enumerate(keys)))

    async def pages() -> None:
        for n in range(1, rounds + 1):
            for key in keys:
                assert (await web.post(f"/raise/{key}/page {n}")).status_code == 200

    async def clock() -> None:
        for _ in range(rounds):
            async with one.pool.acquire() as conn:
                await put_due(conn, [(Due("remind", key, one.clock.now()), "") for key in keys])
            await until(nothing_due)

    async def nothing_due() -> bool:
        return bool(await one.pool.fetchval("SELECT count(*) FROM runtime.due") == 0)

    async with web, one.working(2):
        await asyncio.gather(records(), pages(), clock())
    for key in keys:
        labels = await one.labels(key)
        assert [label for label in labels if label.startswith("record")] == [f"record {n}" for n in range(1, rounds + 1)]
        assert [label for label in labels if label.startswith("page")] == [f"page {n}" for n in range(1, rounds + 1)]
        assert labels.count("reminded") == rounds
    assert len(await one.shown()) == 3 * 3 * rounds


async def test_two_batches_over_the_same_keys_in_opposite_order_do_not_lock_each_other_out(one: Running) -> None:
    keys = [fresh_id() for _ in range(40)]

    async def batches(partition: int, turned: bool) -> None:
        consumer = one.another()
        for start in range(0, 400, 40):
            order = keys[::-1] if turned else keys
            records = [replace(one.raised(start + n + 1, "x", key), partition=partition) for n, key in enumerate(order)]
            await take(consumer, records)

    await asyncio.gather(batches(0, turned=False), batches(1, turned=True))
    assert [len(await one.labels(key)) for key in keys] == [20] * 40
