"""What must be looked at again fires at its time, once, and one that cannot be decided keeps no other waiting."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.engine_parts import Running, named, running, until
from support.engine_service import ERRAND_PATIENCE

from upstream_runtime import due as clock_door
from upstream_runtime import metrics
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Due
from upstream_runtime.due import POLL_SECONDS, DueWork
from upstream_runtime.store import claim_due, put_due
from upstream_runtime.waking import woken


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_door, "POLL_SECONDS", 0.05)


async def put(one: Running, *rows: Due) -> None:
    async with one.pool.acquire() as conn:
        await put_due(conn, [(row, "a-case") for row in rows])


async def left(one: Running) -> list[tuple[str, UUID]]:
    rows = await one.pool.fetch("SELECT kind, key FROM runtime.due ORDER BY due_at")
    return [(row["kind"], row["key"]) for row in rows]


async def has(one: Running, key: UUID, *labels: str) -> bool:
    return await one.labels(key) == list(labels)


async def test_it_fires_at_its_time_and_not_before_and_once(one: Running) -> None:
    key = fresh_id()
    await one.take(one.raised(1, "raised", key, due_kind="remind", due_in=600))
    async with one.working(2):
        one.clock.forward(599)
        await asyncio.sleep(0.3)
        assert await has(one, key, "raised")
        one.clock.forward(1)
        await until(lambda: has(one, key, "raised", "reminded"))
        one.clock.forward(10_000)
        await asyncio.sleep(0.3)
    assert await has(one, key, "raised", "reminded")
    assert await left(one) == []


async def test_saying_it_again_moves_it_and_saying_it_without_a_time_takes_it_back(one: Running) -> None:
    moved, taken = fresh_id(), fresh_id()
    await one.take(*(one.raised(n, "x", key, due_kind="remind", due_in=60) for n, key in enumerate((moved, taken), 1)))
    await one.take(
        one.raised(3, "later", moved, due_kind="remind", due_in=600), one.raised(4, "not at all", taken, due_kind="remind")
    )
    async with one.working():
        one.clock.forward(120)
        await asyncio.sleep(0.3)
        assert await has(one, moved, "x", "later")
        one.clock.forward(480)
        await until(lambda: has(one, moved, "x", "later", "reminded"))
    assert await has(one, taken, "x", "not at all")
    assert await left(one) == []


async def test_two_processes_fire_each_of_many_once(one: Running, engine_dsn: str, tmp_path: Path, mark: str) -> None:
    keys = [fresh_id() for _ in range(120)]
    await put(one, *(Due("remind", key, one.clock.now()) for key in keys))
    async with running(engine_dsn, tmp_path, mark, fresh=False) as other, one.working(2), other.working(2):
        await until(lambda: _none_left(one))
    assert [await one.labels(key) for key in keys] == [["reminded"]] * 120
    assert len(await one.shown()) == 120


async def _none_left(one: Running) -> bool:
    return not await left(one)


async def test_work_that_another_process_has_claimed_is_passed_over(one: Running) -> None:
    first, second = fresh_id(), fresh_id()
    await put(one, Due("remind", first, one.clock.now()), Due("remind", second, one.clock.now() + timedelta(seconds=1)))
    one.clock.forward(5)
    async with one.pool.acquire() as conn, conn.transaction():
        claimed = await claim_due(conn, one.clock.now(), ["remind"])
        assert claimed is not None and claimed.key == first
        async with asyncio.timeout(2):
            assert await DueWork(one.engine, one.app.work)._one()
            assert not await DueWork(one.engine, one.app.work)._one()
    assert await has(one, second, "reminded")


async def test_work_that_waits_for_a_key_is_woken_by_an_event_of_that_key(one: Running) -> None:
    waiting, awaited, other = fresh_id(), fresh_id(), fresh_id()
    await one.take(one.raised(1, "waits", waiting, due_kind="remind", due_in=3600, waits_for=awaited))
    async with one.working():
        await one.take(one.raised(2, "somebody else", other))
        await asyncio.sleep(0.3)
        assert await has(one, waiting, "waits")
        await one.take(one.raised(3, "here", awaited))
        await until(lambda: has(one, waiting, "waits", "reminded"))


async def test_poison_work_is_put_off_further_each_time_and_keeps_no_other_waiting(one: Running, lines: list[Any]) -> None:
    bad, good = fresh_id(), fresh_id()
    one.mood.breaks("reminded")
    failed = metrics.DUE_FAILED.labels("remind")._value.get()
    await put(one, Due("remind", bad, one.clock.now()))
    async with one.working():
        await until(lambda: _attempts_are(one, bad, 1))
        one.mood.mended("reminded")
        await put(one, Due("remind", good, one.clock.now()))
        await until(lambda: has(one, good, "reminded"))
        one.mood.breaks("reminded")
        assert await one.labels(bad) == []
        for attempts in range(2, 5):
            await until(lambda n=attempts: _attempts_are(one, bad, n - 1))
            one.clock.forward(5 * 2 ** (attempts - 2))
        await until(lambda: _attempts_are(one, bad, 4))
        row = await one.pool.fetchrow("SELECT attempts, due_at FROM runtime.due WHERE key = $1", bad)
        assert (row["attempts"], row["due_at"] - one.clock.now()) == (4, timedelta(seconds=40))
        one.mood.mended("reminded")
        one.clock.forward(40)
        await until(lambda: has(one, bad, "reminded"))
    assert metrics.DUE_FAILED.labels("remind")._value.get() == failed + 4
    assert {(line["kind"], line["key"]) for line in named(lines, "due.failed")} == {("remind", str(bad))}


async def _attempts_are(one: Running, key: UUID, count: int) -> bool:
    return bool(await one.pool.fetchval("SELECT attempts FROM runtime.due WHERE key = $1", key) == count)


async def _failed(lines: list[Any], count: int) -> bool:
    return len(named(lines, "due.failed")) >= count


async def test_work_that_always_breaks_a_unique_rule_is_put_off_like_any_poison(one: Running, lines: list[Any]) -> None:
    """It looks like contention each time, and must neither end the process nor be tried for ever."""
    bad, good = fresh_id(), fresh_id()
    await one.pool.execute("CREATE UNIQUE INDEX ON counter ((1)) WHERE labels LIKE '%reminded%' AND labels NOT LIKE '%first%'")
    await one.pool.execute("""INSERT INTO counter VALUES (gen_random_uuid(), 1, '["reminded"]')""")
    await one.take(one.raised(1, "first", good))
    await put(one, Due("remind", bad, one.clock.now()), Due("remind", good, one.clock.now()))
    async with one.working(1):
        await until(lambda: _failed(lines, 1), 30)
        await until(lambda: has(one, good, "first", "reminded"))
    assert await left(one) == [("remind", bad)]


async def test_an_errand_is_run_between_two_transactions(one: Running) -> None:
    key = fresh_id()
    await put(one, Due("errand", key, one.clock.now()))
    async with one.working():
        await until(lambda: _begun(one))
        assert await has(one, key, "begun"), "the first half is not committed before the errand runs"
        assert await left(one) == [("errand", key)]
        (one.mood.folder / "errand-may-end").touch()
        await until(lambda: has(one, key, "begun", "ended"))
    assert await left(one) == []
    assert await one.shown() == ["begun", "ended"]


async def _begun(one: Running) -> bool:
    return (one.mood.folder / "errand-begun").exists()


async def test_an_errand_that_nobody_came_back_from_is_picked_up_by_what_it_left_behind(one: Running) -> None:
    key = fresh_id()
    await put(one, Due("errand", key, one.clock.now()))
    loop = asyncio.create_task(DueWork(one.engine, one.app.work).run())
    await until(lambda: _begun(one))
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    async with one.working():
        await asyncio.sleep(0.3)
        assert await has(one, key, "begun")
        one.clock.forward(ERRAND_PATIENCE.total_seconds())
        await until(lambda: has(one, key, "begun", "unknown"))


@pytest.mark.parametrize("broken", ["the errand", "its outcome"])
async def test_an_errand_that_breaks_ends_nothing_but_itself(one: Running, lines: list[Any], broken: str) -> None:
    key, other = fresh_id(), fresh_id()
    (one.mood.folder / "errand-may-end").touch()
    one.mood.breaks("ended" if broken == "its outcome" else "errand")
    await put(one, Due("errand", key, one.clock.now()), Due("remind", other, one.clock.now()))
    async with one.working():
        await until(lambda: has(one, other, "reminded"))
        await until(lambda: _said(lines, "errand.failed"))
        one.clock.forward(ERRAND_PATIENCE.total_seconds())
        await until(lambda: has(one, key, "begun", "unknown"))


async def _said(lines: list[Any], event: str) -> bool:
    return bool(named(lines, event))


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand(one: Running) -> None:
    key = fresh_id()
    await put(one, Due("errand", key, one.clock.now()))
    work = DueWork(one.engine, one.app.work)
    loop = asyncio.create_task(work.run())
    await until(lambda: _begun(one))
    stopping = asyncio.create_task(work.drain())
    await asyncio.sleep(0.2)
    assert not stopping.done()
    await put(one, Due("remind", fresh_id(), one.clock.now()))
    (one.mood.folder / "errand-may-end").touch()
    async with asyncio.timeout(5):
        await stopping
        await loop
    assert await has(one, key, "begun", "ended")
    assert len(await left(one)) == 1, "it took up something new"


async def test_a_worker_that_is_woken_and_cancelled_in_one_moment_ends(one: Running) -> None:
    """Python 3.11's `wait_for` returns as if nothing had been said, and whoever waits for the worker waits for ever."""
    sleeping = asyncio.create_task(woken(one.engine.due_came, POLL_SECONDS))
    await asyncio.sleep(0.01)
    one.engine.due_came.set()
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
