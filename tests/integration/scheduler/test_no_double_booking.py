"""Nobody is ever booked twice, whatever runs at the same time. On a real PostgreSQL; no broker is needed for this."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncpg import CheckViolationError, ExclusionViolationError, UniqueViolationError
from prometheus_client import REGISTRY
from support.scheduler_builders import NOW, context, facts, named, on, session, trainer, training_requested, venue, window
from support.scheduler_process import Running, running

from upstream_runtime.wiring import Change
from upstream_scheduler import decide, store
from upstream_scheduler.decide.ending import CalledOff
from upstream_scheduler.model import Facts, Session, Stage, WeekPlace

OVERLAPS = """
SELECT count(*) FROM {table} a JOIN {table} b
ON a.{column} = b.{column} AND a.during && b.during AND a.request_id < b.request_id
"""


def _reruns() -> float:
    return REGISTRY.get_sample_value("upstream_reruns_total") or 0.0


async def _overlaps(process: Running) -> int:
    trainers = await process.pool.fetchval(OVERLAPS.format(table="trainer_booking", column="trainer_id"))
    venues = await process.pool.fetchval(OVERLAPS.format(table="venue_booking", column="venue_id"))
    return int(trainers + venues)


def _held(name: str, using: Facts, **ordered: Any) -> Session:
    opened = session(request_id=named(name), **ordered)
    state = decide.place(opened, using, context(cause=name)).state
    assert isinstance(state, Session)
    return state


async def _save(process: Running, state: Session) -> None:
    async with process.pool.acquire() as conn, conn.transaction():
        await store.save_sessions(conn, [Change(state.request_id, 0, 1, state)])


async def test_sixteen_writers_on_ten_trainers_never_book_anybody_twice(scheduler_dsn: str, tmp_path: Path) -> None:
    evenings = tuple(window(day, "16:00", "21:00") for day in ("monday", "tuesday", "wednesday", "thursday"))
    async with running(scheduler_dsn, tmp_path, NOW, connections=16) as process:
        for number in range(10):
            await process.registered(trainer(f"trainer-{number}", week_max=3))
        for number in range(10):
            await process.opened(venue(f"virtual-{number}"))
        requests = [named(f"request {number}") for number in range(120)]
        for request_id in requests:
            await process.requested(
                training_requested(request_id=request_id, windows=evenings, latest=NOW + timedelta(days=21))
            )
        reruns = _reruns()
        await process.work_is_done(workers=8)

        assert _reruns() > reruns, "nobody got in anybody's way: this run proves nothing"
        assert await _overlaps(process) == 0
        stages = [found.stage for found in await process.sessions()]
        # Monday 30 November to Monday 14 December: two whole weeks and a Monday, three places a week for each of ten
        assert stages.count(Stage.HELD) + stages.count(Stage.WAITING) == 120
        assert stages.count(Stage.HELD) >= 60
        assert await process.pool.fetchval("SELECT count(*) FROM trainer_booking") == stages.count(Stage.HELD)
        assert await process.pool.fetchval("SELECT max(ordinal) FROM trainer_booking") <= 3


async def test_second_of_two_who_saw_the_same_free_trainer_is_refused(scheduler_dsn: str, tmp_path: Path) -> None:
    async with running(scheduler_dsn, tmp_path, NOW) as process:
        await _roster(process, venues=2)
        await _save(process, _held("first", facts(trainer(), venues=(venue("virtual-0"),))))
        second_of_the_week = (WeekPlace(named("asha"), on(2026, 11, 30), 1),)
        overlapping = facts(trainer(), venues=(venue("virtual-1"),), week_places=second_of_the_week)
        with pytest.raises(ExclusionViolationError) as refused:
            await _save(process, _held("second", overlapping, windows=(window("tuesday", "19:00", "21:00"),)))
        assert refused.value.constraint_name == "trainer_not_twice"


async def test_trainer_is_not_booked_into_the_quarter_hour_after_a_session(scheduler_dsn: str, tmp_path: Path) -> None:
    async with running(scheduler_dsn, tmp_path, NOW) as process:
        await _roster(process, venues=2)
        await _save(process, _held("first", facts(trainer(), venues=(venue("virtual-0"),))))
        second_of_the_week = (WeekPlace(named("asha"), on(2026, 11, 30), 1),)
        touching = facts(trainer(), venues=(venue("virtual-1"),), week_places=second_of_the_week)
        with pytest.raises(ExclusionViolationError):
            await _save(process, _held("second", touching, windows=(window("tuesday", "20:00", "22:00"),)))


async def test_second_of_two_who_saw_the_same_free_room_is_refused(scheduler_dsn: str, tmp_path: Path) -> None:
    async with running(scheduler_dsn, tmp_path, NOW) as process:
        await _roster(process, trainers=("asha", "robin"))
        await _save(process, _held("first", facts(trainer("asha"), venues=(venue("virtual-0"),))))
        with pytest.raises(ExclusionViolationError) as refused:
            await _save(process, _held("second", facts(trainer("robin"), venues=(venue("virtual-0"),))))
        assert refused.value.constraint_name == "venue_not_twice"


async def test_two_sessions_that_both_saw_the_last_place_of_a_week_do_not_share_it(scheduler_dsn: str, tmp_path: Path) -> None:
    async with running(scheduler_dsn, tmp_path, NOW) as process:
        await _roster(process, venues=2)
        one_place = trainer(week_max=1)
        await _save(process, _held("first", facts(one_place, venues=(venue("virtual-0"),))))
        thursday = (window("thursday"),)
        with pytest.raises(UniqueViolationError) as refused:
            await _save(process, _held("second", facts(one_place, venues=(venue("virtual-1"),)), windows=thursday))
        assert refused.value.constraint_name == "trainer_week_place_once"


async def test_a_place_beyond_the_week_is_refused_by_the_database_itself(scheduler_dsn: str, tmp_path: Path) -> None:
    async with running(scheduler_dsn, tmp_path, NOW) as process:
        await _roster(process)
        await _save(process, _held("first", facts(trainer(week_max=1), venues=(venue("virtual-0"),))))
        with pytest.raises(CheckViolationError):
            await process.pool.execute("UPDATE trainer_booking SET ordinal = 2")


async def test_save_with_an_old_version_books_nobody(scheduler_dsn: str, tmp_path: Path) -> None:
    async with running(scheduler_dsn, tmp_path, NOW) as process:
        await _roster(process)
        state = _held("first", facts(trainer(), venues=(venue("virtual-0"),)))
        async with process.pool.acquire() as conn, conn.transaction():
            assert await store.save_sessions(conn, [Change(state.request_id, 3, 4, state)]) == 0
        assert await process.pool.fetchval("SELECT count(*) FROM trainer_booking") == 0


async def test_what_is_cancelled_goes_to_who_waits(scheduler_dsn: str, tmp_path: Path) -> None:
    week: dict[str, Any] = {"latest": NOW + timedelta(days=9)}  # one Tuesday evening, and room for one session in it
    async with running(scheduler_dsn, tmp_path, NOW) as process:
        await _roster(process)
        for name in ("first", "second"):
            await process.requested(training_requested(request_id=named(name), **week))
            await process.work_is_done()
        assert (await process.session(named("second"))).state.stage is Stage.WAITING
        slot = (await process.session(named("first"))).state.held
        assert slot is not None
        await process.tell(
            process.app.routes[0].aggregate,
            named("first"),
            decide.called_off,
            CalledOff(party="city", again=False),
        )
        await process.work_is_done()
        taken_over = (await process.session(named("second"))).state
        assert taken_over.held is not None
        assert taken_over.held.slot == slot.slot


async def test_state_comes_back_from_the_database_as_it_was(scheduler_dsn: str, tmp_path: Path) -> None:
    async with running(scheduler_dsn, tmp_path, NOW) as process:
        await _roster(process)
        state = _held("first", facts(trainer(), venues=(venue("virtual-0"),)), needs=("captions_wanted",))
        await _save(process, state)
        stored = await process.session(state.request_id)
        assert (stored.version, stored.state) == (1, state)


async def _roster(process: Running, trainers: tuple[str, ...] = ("asha",), venues: int = 1) -> None:
    for name in trainers:
        await process.registered(trainer(name))
    for number in range(venues):
        await process.opened(venue(f"virtual-{number}"))
    await process.work_is_done()
