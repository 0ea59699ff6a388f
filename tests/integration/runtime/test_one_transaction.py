"""State, outbox, inbox, due rows and watermarks come all together or not at all, wherever the transaction breaks."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.engine_crash import Break, Breaking, Plan, breaking_pool, emptied
from support.engine_parts import Noted, OneRecord, Running, consumer_of, named, running, take
from support.engine_service import COUNTER, told

from upstream_runtime.apply import Step, only
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Cause, Due
from upstream_runtime.due import DueWork
from upstream_runtime.store import put_due

SEEDS = 60
NOTHING: dict[str, list[object]] = {
    name: [] for name in ("state", "outbox", "counter", "inbox", "due", "watermark", "set_aside")
}


@pytest.fixture
async def one(engine_dsn: str, tmp_path: Path) -> AsyncIterator[Running]:
    """The engine on connections that break when told to; `pool` is one that never does."""
    async with running(engine_dsn, tmp_path) as found, breaking_pool(engine_dsn) as pool:
        Breaking.plan = Plan()
        found.engine.pool = pool
        yield found


def everything_at_once(one: Running) -> list[OneRecord]:
    """A batch that writes every table: our own topic, an outside one, a resend, something unreadable, due work."""
    key = fresh_id()
    torn = replace(one.raised(3, "never"), value=b"{", partition=1)
    return [
        one.raised(1, "first", key),
        one.raised(2, "second", key, due_kind="remind", due_in=60),
        torn,
        one.asked(0, "a", "third", key),
        one.asked(1, "b", "elsewhere", fresh_id()),
    ]


async def survive(one: Running, records: Sequence[OneRecord]) -> None:
    """Take a batch; where the process dies on it, nothing may be torn, and the next one takes the batch again."""
    before = await one.dump()
    try:
        await take(consumer_of(one.app, one.engine, one.clock, Noted()), records)
    except asyncio.CancelledError:
        left = await one.dump()
        await take(consumer_of(one.app, one.engine, one.clock, Noted()), records)
        assert left in (before, await one.dump()), "a torn transaction"


@pytest.mark.parametrize("kind", Break)
async def test_wherever_a_batch_breaks_it_ends_as_if_nothing_had_happened(one: Running, kind: Break) -> None:
    batch = everything_at_once(one)
    Breaking.plan = counting = Plan()
    await survive(one, batch)
    expected = await one.dump()
    assert all(expected.values()), "the batch leaves a table empty, so the test would not see it torn"
    for at in range(1, counting.count + 1):
        await emptied(one.pool)
        Breaking.plan = plan = Plan(at, kind)
        await survive(one, batch)
        assert plan.hit is not None
        assert await one.dump() == expected, f"{kind.value}: call {at}, {plan.hit}"


async def test_any_sequence_of_batches_and_breaks_ends_the_same(one: Running) -> None:
    keys = [fresh_id() for _ in range(3)]
    records = [one.raised(n, f"raised {n}", keys[n % 3]) for n in range(1, 9)]
    records += [one.asked(n, f"id {n % 6}", f"asked {n % 6}", keys[n % 3]) for n in range(9)]
    for seed in range(SEEDS):
        chance = random.Random(seed)
        order = sorted(records, key=lambda record: (record.offset, record.topic))
        cuts = sorted(chance.sample(range(1, len(order)), 4))
        batches = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
        await emptied(one.pool)
        for batch in batches:
            Breaking.plan = Plan(chance.randint(1, 12), chance.choice(list(Break)))
            await survive(one, [*batch, *chance.sample(batch, 1)])
        labels = sorted(await one.all_labels())
        assert labels == sorted([f"raised {n}" for n in range(1, 9)] + [f"asked {n}" for n in range(6)]), f"seed {seed}"
        assert len(await one.answers()) == 9, f"seed {seed}"


@pytest.mark.parametrize("kind", Break)
@pytest.mark.parametrize("door", ["the clock", "a page"])
async def test_the_other_doors_break_as_cleanly(one: Running, kind: Break, door: str) -> None:
    key, at = fresh_id(), one.clock.now()
    step = Step(COUNTER, key, told, "told", Cause("the same", "/test", at))

    async def clock() -> None:
        await DueWork(one.engine, one.app.work)._one()

    async def page() -> None:
        await one.engine.transact(only(step))

    act: Callable[[], Awaitable[None]] = clock if door == "the clock" else page
    for call in range(1, 15):
        await emptied(one.pool)
        async with one.pool.acquire() as conn:
            await put_due(conn, [(Due("remind", key, at), "")])
        before = await one.dump()
        Breaking.plan = plan = Plan(call, kind)
        await asyncio.gather(act(), return_exceptions=True)
        after = await one.dump()
        if (after["due"] == before["due"] and door == "the clock") or not after["state"]:
            assert {**after, "due": []} == NOTHING, f"{kind.value}: call {call}, {plan.hit}"
        else:
            assert (len(after["state"]), len(after["outbox"]), len(after["counter"])) == (1, 1, 1), f"call {call}, {plan.hit}"
    assert plan.hit is None, "there are more calls than were broken"


async def test_a_connection_killed_by_the_server_in_the_middle_of_a_batch_costs_one_line_and_nothing_else(
    one: Running, lines: list[Any]
) -> None:
    key = fresh_id()
    batch = [one.raised(n, str(n), key) for n in range(1, 4)]
    blocker = await one.pool.acquire()
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("LOCK TABLE runtime.outbox")
    taking = asyncio.create_task(one.take(*batch))
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(3):
        while (pid := await one.pool.fetchval(waiting)) is None:
            await asyncio.sleep(0.01)
        await one.pool.execute("SELECT pg_terminate_backend($1)", pid)
        while await one.pool.fetchval(waiting) == pid:
            await asyncio.sleep(0.01)
    await transaction.rollback()
    await taking
    await one.pool.release(blocker)
    assert await one.labels(key) == ["1", "2", "3"]
    assert await one.shown() == ["1", "2", "3"]
    assert [line["event"] for line in lines if line["event"].startswith("database")] == [
        "database.unreachable",
        "database.back",
    ]
    assert not named(lines, "partition.held")
