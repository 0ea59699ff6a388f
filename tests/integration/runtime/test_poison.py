"""A record that cannot be decided on parks its key: later ones of that key wait behind it in order, and all others go on."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from support.engine_kafka import Bus, reading
from support.engine_parts import OneRecord, Running, named, take, until

from upstream_runtime import metrics, parking
from upstream_runtime.clock import fresh_id

MANY = 1300  # more than two polls bring, so that the queue of a key grows over several batches


async def parked(one: Running) -> list[tuple[Any, ...]]:
    rows = await one.pool.fetch(
        "SELECT aggregate, key, reason, waiting, tries FROM runtime.parked_key ORDER BY aggregate, key"
    )
    return [tuple(row) for row in rows]


async def waiting(one: Running) -> int:
    found: int = await one.pool.fetchval("SELECT count(*) FROM runtime.parked")
    return found


async def drained(one: Running) -> None:
    """Let the time of every parked key come, and try until none is due."""
    one.clock.forward(parking.TRY_SECONDS_MAX)
    while await one.consumer.parking.once():
        pass


@pytest.mark.parametrize("outside", [True, False], ids=["an outside topic", "our own topic"])
async def test_a_poison_record_parks_its_key_and_goes_on_in_order_when_mended(
    one: Running, bus: Bus, lines: list[Any], outside: bool
) -> None:
    key, other = fresh_id(), fresh_id()

    def record(n: int) -> OneRecord:
        mine = key if n % 2 else other
        return one.asked(n, f"id {n}", str(n), mine) if outside else one.raised(n, str(n), mine)

    bus.make(one.topics)
    one.mood.breaks("3")
    bus.put(*(record(n) for n in range(1, MANY)))
    async with reading(bus, one) as consumer:
        await until(lambda: _has(one, other, range(2, MANY, 2)))
        assert await one.labels(key) == ["1"]
        await until(lambda: _is_waiting(one, len(range(3, MANY, 2))))
        assert await parked(one) == [("counter", key, "ValueError", len(range(3, MANY, 2)), 0)]
        assert not consumer.held
        group = one.app.process + (".partners" if outside else "")
        await until(lambda: _committed(bus, group, record(1).topic, MANY - 1))
        one.mood.mended("3")
        one.clock.forward(parking.FIRST_TRY_SECONDS)
        consumer.parking.wake.set()
        await until(lambda: _has(one, key, range(1, MANY, 2)))
        assert await parked(one) == [] and await waiting(one) == 0
        await until(lambda: _none_parked(consumer))
        assert metrics.PARKED._value.get() == 0
    assert not named(lines, "partition.gap") and not named(lines, "partition.held")
    assert {(line["aggregate"], line["key"]) for line in named(lines, "key.parked")} == {("counter", str(key))}


async def test_what_a_parked_key_waits_for_is_tried_again_ever_later_and_alone(one: Running, lines: list[Any]) -> None:
    key = fresh_id()
    one.mood.breaks("2")
    await one.take(*(one.raised(n, str(n), key) for n in range(1, 5)))
    assert await one.labels(key) == ["1"]
    moments = []
    for _ in range(3):
        moments.append(await one.pool.fetchval("SELECT try_at FROM runtime.parked_key"))
        one.clock.at = moments[-1]
        assert await one.consumer.parking.once()
        assert not await one.consumer.parking.once(), "tried again before its time"
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert waits == [timedelta(seconds=5), timedelta(seconds=10)]
    assert [line["attempt"] for line in named(lines, "key.still-parked")] == [0, 1, 2]
    assert await waiting(one) == 3


async def test_a_second_poison_record_behind_the_first_keeps_the_key_parked_from_there(one: Running) -> None:
    key = fresh_id()
    one.mood.breaks("2")
    one.mood.breaks("4")
    await one.take(*(one.raised(n, str(n), key) for n in range(1, 7)))
    one.mood.mended("2")
    await drained(one)
    assert await one.labels(key) == ["1", "2", "3"]
    assert await waiting(one) == 3
    one.mood.mended("4")
    await drained(one)
    assert await one.labels(key) == [str(n) for n in range(1, 7)]
    assert await parked(one) == []


async def test_a_parked_key_is_parked_for_every_topic_and_every_replica(one: Running) -> None:
    """The queue belongs to the state, not to the topic: whatever reaches it waits behind what came first."""
    key = fresh_id()
    one.mood.breaks("poison")
    await one.take(one.raised(1, "poison", key))
    await take(one.another(), [one.asked(0, "id 0", "asked", key)])
    assert await one.labels(key) == []
    one.mood.mended("poison")
    await drained(one)
    assert await one.labels(key) == ["poison", "asked"]
    assert [answer["verdict"] for answer in await one.answers()] == ["accepted"]


async def test_a_record_that_comes_again_while_its_first_is_parked_gets_the_first_answer(one: Running) -> None:
    key = fresh_id()
    one.mood.breaks("slow")
    await one.take(one.asked(0, "the id", "slow", key), one.asked(1, "the id", "slow", key))
    assert await one.answers() == []
    one.mood.mended("slow")
    await drained(one)
    assert await one.labels(key) == ["slow"]
    assert [answer["verdict"] for answer in await one.answers()] == ["accepted", "duplicate"]


async def test_a_parked_record_keeps_its_bytes(one: Running) -> None:
    record = one.asked(0, "the id", "poison", fresh_id())
    one.mood.breaks("poison")
    await one.take(record)
    row = await one.pool.fetchrow(
        "SELECT topic, partition, position, broker_ms, record_key, value, headers FROM runtime.parked"
    )
    assert tuple(row)[:6] == (record.topic, 0, 0, record.timestamp, record.key, record.value)
    assert json.loads(row["headers"]) == [[name, value.hex()] for name, value in record.headers]


async def test_poison_of_several_keys_in_one_batch_keeps_nobody_else(one: Running, lines: list[Any]) -> None:
    keys = [fresh_id() for _ in range(200)]
    for n in range(0, 200, 50):
        one.mood.breaks(f"row {n}")
    await one.take(*(one.raised(n + 1, f"row {n}", key) for n, key in enumerate(keys)))
    assert sorted(await one.all_labels()) == sorted(f"row {n}" for n in range(200) if n % 50)
    assert len(await parked(one)) == 4
    assert not named(lines, "batch.one-by-one"), "one failing decision is no reason to go record by record"


async def test_more_poison_than_one_batch_takes_goes_record_by_record(one: Running) -> None:
    keys = [fresh_id() for _ in range(40)]
    for n in range(0, 40, 2):
        one.mood.breaks(f"row {n}")
    await one.take(*(one.raised(n + 1, f"row {n}", key) for n, key in enumerate(keys)))
    assert sorted(await one.all_labels()) == sorted(f"row {n}" for n in range(1, 40, 2))
    assert len(await parked(one)) == 20


async def test_one_row_that_the_database_refuses_parks_its_key_and_no_other(one: Running, lines: list[Any]) -> None:
    keys = [fresh_id() for _ in range(20)]
    records = [replace(one.raised(1, f"row {slot}", key), partition=slot) for slot, key in enumerate(keys)]
    records[7] = replace(one.raised(1, "unsavable", keys[7]), partition=7)
    await one.take(*records)
    assert sorted(await one.all_labels()) == sorted(f"row {slot}" for slot in range(20) if slot != 7)
    assert [row[1:4] for row in await parked(one)] == [(keys[7], "CheckViolationError", 1)]
    assert one.positions.paused == [] and not named(lines, "partition.held")


@pytest.mark.parametrize(("error", "stops"), [(ZeroDivisionError, False), (FileNotFoundError, True)])
async def test_a_record_whose_reading_breaks_is_parked_unless_it_is_the_machine_s_fault(
    one: Running, lines: list[Any], error: type[Exception], stops: bool
) -> None:
    key = fresh_id()
    inlet = one.app.inlets[0]

    def breaks(event: Any, cause: Any) -> Any:
        if event.label == "bad":
            raise error
        return event

    one.consumer.reader.app = replace(one.app, inlets=(replace(inlet, prepare=breaks),))
    await one.take(one.asked(0, "a", "good", key), one.asked(1, "b", "bad", key), one.raised(1, "other", fresh_id()))
    assert sorted(await one.all_labels()) == ["good", "other"]
    assert [line["offset"] for line in named(lines, "partition.held")] == ([1] if stops else [])
    assert [row[2] for row in await parked(one)] == ([] if stops else [error.__name__])


async def test_a_full_parking_stops_the_partition_instead_of_emptying_the_topic(
    one: Running, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "KEYS_MAX", 3)
    keys = [fresh_id() for _ in range(5)]
    for n in range(5):
        one.mood.breaks(f"row {n}")
    await one.take(*(replace(one.raised(1, f"row {n}", key), partition=n) for n, key in enumerate(keys)))
    assert len(await parked(one)) == 3
    assert [line["partition"] for line in named(lines, "partition.held")] == [3, 4]
    assert named(lines, "partition.held")[0]["exc_info"].__class__ is parking.ParkingFullError


async def test_a_queue_that_grows_without_end_stops_its_partition(one: Running, lines: list[Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(parking, "WAITING_MAX", 3)
    key = fresh_id()
    one.mood.breaks("1")
    for n in range(1, 6):
        await one.take(one.raised(n, str(n), key))
    assert await waiting(one) == 3
    assert [line["offset"] for line in named(lines, "partition.held")] == [4]


async def test_a_topic_of_ours_that_brings_nothing_readable_stops_instead_of_being_set_aside_whole(
    one: Running, lines: list[Any]
) -> None:
    torn = [replace(one.raised(n, "torn", fresh_id()), value=b"{") for n in range(1, 250)]
    await one.take(*torn)
    assert await one.pool.fetchval("SELECT count(*) FROM runtime.set_aside") == 100
    assert [line["offset"] for line in named(lines, "partition.held")] == [101]


async def test_due_work_and_pages_reach_a_state_whose_records_are_parked(one: Running) -> None:
    """People and the clock do not wait behind a record: only records wait in a queue."""
    key = fresh_id()
    await one.take(one.raised(1, "first", key, due_kind="remind", due_in=0))
    one.mood.breaks("poison")
    await one.take(one.raised(2, "poison", key))
    async with one.working():
        await until(lambda: _has_due(one, key))
    assert await waiting(one) == 1


async def _has_due(one: Running, key: UUID) -> bool:
    return len(await one.labels(key)) == 2


async def _has(one: Running, key: UUID, numbers: range) -> bool:
    return await one.labels(key) == [str(n) for n in numbers]


async def _is_waiting(one: Running, count: int) -> bool:
    return await waiting(one) == count


async def _none_parked(consumer: Any) -> bool:
    return not consumer.parking.some


async def _committed(bus: Bus, group: str, topic: str, offset: int) -> bool:
    return await asyncio.to_thread(bus.committed, group, topic) == offset


async def test_a_record_that_broke_our_reading_is_applied_to_the_keys_it_turns_out_to_concern(one: Running) -> None:
    """Parked under its own key, because nobody knew better; read again by a mended service, it concerns two others."""
    own, first, second = fresh_id(), fresh_id(), fresh_id()
    route = one.app.routes[0]

    def broken(_: Any) -> Any:
        raise ZeroDivisionError

    one.consumer.reader.routes[route.topic.name] = replace(route, steps=broken)
    await one.take(one.raised(1, "to both", own))
    assert [row[1:4] for row in await parked(one)] == [(own, "ZeroDivisionError", 1)]
    one.consumer.reader.routes[route.topic.name] = replace(route, steps=lambda event: [(first, event), (second, event)])
    one.mood.breaks("to the second")
    await one.take(one.asked(0, "an id", "to the second", second))
    await drained(one)
    assert await one.labels(first) == ["to both"]
    assert await one.labels(second) == [], "it overtook what waits there"
    one.mood.mended("to the second")
    await drained(one)
    assert await one.labels(second) == ["to the second", "to both"]
    assert await one.labels(own) == [] and await parked(one) == []


async def test_a_record_that_asks_one_key_for_two_things_waits_whole_and_is_applied_whole(one: Running) -> None:
    key = fresh_id()
    route = one.app.routes[0]

    def twice(event: Any) -> Any:
        return [(key, event.model_copy(update={"label": f"{event.label} {half}"})) for half in ("a", "b")]

    one.consumer.reader.routes[route.topic.name] = replace(route, steps=twice)
    one.mood.breaks("1 b")
    await one.take(one.raised(1, "1", key), one.raised(2, "2", key))
    assert await one.labels(key) == [], "half of it went ahead"
    assert await waiting(one) == 2
    one.mood.mended("1 b")
    await drained(one)
    assert await one.labels(key) == ["1 a", "1 b", "2 a", "2 b"]


async def test_a_key_whose_reading_lacks_something_keeps_no_other_waiting(one: Running) -> None:
    lacking, other = fresh_id(), fresh_id()
    one.mood.breaks("x")
    await one.take(one.asked(0, "a", "x", lacking), one.raised(1, "x", other))
    inlet = one.app.inlets[0]

    def key_file_is_away(*_: Any) -> Any:
        raise FileNotFoundError

    one.mood.mended("x")
    reader = one.consumer.reader
    reader.app = replace(one.app, inlets=(replace(inlet, prepare=key_file_is_away),))
    reader.inlets.clear()
    await drained(one)
    assert await one.labels(other) == ["x"]
    assert [row[1:3] for row in await parked(one)] == [(lacking, "NotReadableNowError")]


async def test_what_another_process_parked_before_it_died_is_drained_by_whoever_lives(one: Running) -> None:
    key = fresh_id()
    one.mood.breaks("poison")
    await take(one.another(), [one.raised(1, "poison", key)])
    one.consumer.parking.some = False
    one.mood.mended("poison")
    one.clock.forward(parking.FIRST_TRY_SECONDS)
    drain = asyncio.create_task(one.consumer.parking.run())
    try:
        await until(lambda: _is_waiting(one, 0))
    finally:
        drain.cancel()
    assert await one.labels(key) == ["poison"]
