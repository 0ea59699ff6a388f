"""A record that cannot be decided on stops its own partition, visibly, and nobody overtakes it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from support.engine_kafka import Bus, reading
from support.engine_parts import OneRecord, Running, named, until

from upstream_runtime import metrics
from upstream_runtime.clock import fresh_id

MANY = 1300  # more than two polls bring, so that some of it is read before the partition stops


@pytest.mark.parametrize("outside", [True, False], ids=["an outside topic", "our own topic"])
async def test_a_poison_record_holds_its_partition_and_goes_on_in_order_when_mended(
    one: Running, bus: Bus, lines: list[Any], outside: bool
) -> None:
    key, other = fresh_id(), fresh_id()

    def record(n: int) -> OneRecord:
        return one.asked(n, f"id {n}", str(n), key) if outside else one.raised(n, str(n), key)

    bus.make(one.topics)
    one.mood.breaks("3")
    bus.put(*(record(n) for n in range(1, MANY)))
    bus.put(*(replace(one.raised(n, f"other {n}", other), partition=1) for n in range(1, 100)))
    async with reading(bus, one) as consumer:
        await until(lambda: _holds(lines, 2))
        assert await one.labels(key) == ["1", "2"]
        assert await one.labels(other) == [f"other {n}" for n in range(1, 100)], "a healthy partition waits for a held one"
        assert {(line["topic"], line["offset"]) for line in named(lines, "partition.held")} == {(record(1).topic, 2)}
        await asyncio.sleep(0.3)
        assert metrics.HELD.labels("undecidable")._value.get() == 1
        waits = [line["seconds"] for line in named(lines, "partition.held")]
        assert waits == sorted(waits) and waits[1] > waits[0], "no back-off"
        assert bus.committed(one.app.process + (".partners" if outside else ""), record(1).topic) <= 2
        one.mood.mended("3")
        await until(lambda: _has(one, key, MANY - 1))
        assert await one.labels(key) == [str(n) for n in range(1, MANY)]
        assert not consumer.held
        await asyncio.sleep(0.3)
        assert metrics.HELD.labels("undecidable")._value.get() == 0
    assert not named(lines, "partition.gap")


async def test_a_held_partition_is_picked_up_where_it_stood_by_the_next_process(
    one: Running, bus: Bus, lines: list[Any]
) -> None:
    key = fresh_id()
    bus.make(one.topics)
    one.mood.breaks("id 3")
    bus.put(*(one.asked(n, f"id {n}", f"id {n}", key) for n in range(6)))
    async with reading(bus, one):
        await until(lambda: _holds(lines, 1))
    one.mood.mended("id 3")
    async with reading(bus, one):
        await until(lambda: _has(one, key, 6))
    assert await one.labels(key) == [f"id {n}" for n in range(6)]


async def test_one_row_that_the_database_refuses_keeps_no_other_from_being_applied(one: Running, lines: list[Any]) -> None:
    keys = [fresh_id() for _ in range(20)]
    records = [replace(one.raised(1, f"row {slot}", key), partition=slot) for slot, key in enumerate(keys)]
    records[7] = replace(one.raised(1, "unsavable", keys[7]), partition=7)
    await one.take(*records)
    assert sorted(await one.all_labels()) == sorted(f"row {slot}" for slot in range(20) if slot != 7)
    assert [line["partition"] for line in named(lines, "partition.held")] == [7]
    assert one.positions.paused == [(one.topics.raises.name, 7)]


async def test_a_record_whose_reading_breaks_holds_its_partition_too(one: Running, lines: list[Any]) -> None:
    key = fresh_id()
    inlet = one.app.inlets[0]

    def breaks(event: Any, cause: Any) -> Any:
        if event.label == "bad":
            raise ZeroDivisionError
        return event

    one.consumer.reader.app = replace(one.app, inlets=(replace(inlet, prepare=breaks),))
    await one.take(one.asked(0, "a", "good", key), one.asked(1, "b", "bad", key), one.raised(1, "other", key))
    assert sorted(await one.labels(key)) == ["good", "other"]
    assert [line["offset"] for line in named(lines, "partition.held")] == [1]


async def _holds(lines: list[Any], count: int) -> bool:
    return len(named(lines, "partition.held")) >= count


async def _has(one: Running, key: Any, count: int) -> bool:
    return len(await one.labels(key)) == count
