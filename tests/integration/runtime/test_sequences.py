"""On our own topics nothing is skipped: what comes after a hole waits until the hole is filled."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from support.engine_kafka import Bus, reading
from support.engine_parts import OneRecord, Running, named, take, until

from upstream_runtime import metrics
from upstream_runtime.clock import fresh_id

KEY = fresh_id()


def unreadable(record: OneRecord, offset: int) -> OneRecord:
    """The same without any header: nobody can tell its number."""
    return replace(record, offset=offset, headers=())


async def test_a_topic_read_for_the_first_time_starts_at_its_first_number_and_says_so(one: Running, lines: list[Any]) -> None:
    await one.take(one.raised(41, "41", KEY), one.raised(42, "42", KEY))
    assert await one.labels(KEY) == ["41", "42"]
    assert [line["n"] for line in named(lines, "partition.first-read")] == [41]


async def test_numbers_up_to_the_last_are_dropped(one: Running) -> None:
    await one.take(*(one.raised(n, str(n), KEY) for n in (1, 2, 2, 1, 3)))
    await one.take(one.raised(1, "1", KEY, at=9), one.raised(3, "3", KEY, at=10))
    assert await one.labels(KEY) == ["1", "2", "3"]


async def test_a_number_that_comes_again_with_another_event_is_an_alarm(one: Running, lines: list[Any]) -> None:
    topic, reused = one.topics.raises.name, metrics.REUSED.labels(one.topics.raises.name)
    await one.take(*(one.raised(n, str(n), KEY) for n in (1, 2, 3)))
    await one.take(one.raised(2, "2", KEY, at=3))
    assert not named(lines, "number.reused")
    another = one.raised(2, "said again after a database was put back by hand", KEY, at=4)
    headers = [(name, b"another" if name == "ce_id" else value) for name, value in another.headers]
    await one.take(replace(another, headers=headers))
    assert [(line["topic"], line["n"], line["offset"]) for line in named(lines, "number.reused")] == [(topic, 2, 4)]
    assert reused._value.get() == 1
    assert await one.labels(KEY) == ["1", "2", "3"]


async def test_what_waits_in_a_partition_that_is_anothers_by_now_is_not_counted_here(one: Running) -> None:
    place, gauge = (one.topics.raises.name, 0), metrics.HELD.labels("gap")
    for _ in range(2):
        await one.take(one.raised(1, "1", KEY), one.raised(3, "3", KEY))
    releasing = asyncio.create_task(one.consumer.release())
    try:
        await until(lambda: _is(gauge, 1))
        one.positions.others.add(place)
        await until(lambda: _is(gauge, 0))
    finally:
        releasing.cancel()


async def _is(gauge: Any, count: int) -> bool:
    return bool(gauge._value.get() == count)


async def test_what_comes_after_a_hole_is_not_applied_and_is_looked_for_once_from_the_start(
    one: Running, lines: list[Any]
) -> None:
    place = (one.topics.raises.name, 0)
    gaps = metrics.GAPS.labels(place[0])
    await one.take(one.raised(1, "1", KEY), one.raised(3, "3", KEY), one.raised(4, "4", KEY))
    assert await one.labels(KEY) == ["1"]
    assert one.positions.rewinds == [(place, None)]
    assert not named(lines, "partition.gap")
    await one.take(one.raised(1, "1", KEY), one.raised(3, "3", KEY), one.raised(4, "4", KEY))
    assert one.positions.rewinds == [(place, None)]
    assert [(line["expected"], line["n"]) for line in named(lines, "partition.gap")] == [(2, 3)]
    assert gaps._value.get() == 1
    assert one.positions.offsets[place] <= 3, "an offset was committed behind what was not applied"
    await one.take(*(one.raised(n, str(n), KEY) for n in (2, 3, 4)))
    assert await one.labels(KEY) == ["1", "2", "3", "4"]


async def test_a_hole_in_a_batch_that_is_applied_in_two_parts_is_one_hole(one: Running, lines: list[Any]) -> None:
    twice = [one.asked(0, "a", "a", KEY), one.asked(1, "a", "a", KEY)]
    await one.take(one.raised(1, "1", KEY), one.raised(3, "3", KEY), *twice, one.raised(4, "4", KEY))
    assert one.positions.rewinds == [((one.topics.raises.name, 0), None)]
    assert not named(lines, "partition.gap")


async def test_a_stream_that_nobody_announced_holds_the_partition(one: Running, lines: list[Any]) -> None:
    await one.take(one.raised(1, "1", KEY))
    strange = one.raised(2, "strange", KEY)
    headers = [(name, b"another-stream:2" if name == "ce_sequence" else value) for name, value in strange.headers]
    for _ in range(2):
        await one.take(replace(strange, headers=headers))
    assert await one.labels(KEY) == ["1"]
    assert named(lines, "partition.gap")


async def test_holes_of_a_compacted_topic_are_no_loss(one: Running) -> None:
    await one.take(*(one.kept(n, str(n), KEY) for n in (3, 9, 4, 12)))
    assert await one.labels(KEY) == ["3", "9", "12"]
    torn = replace(one.kept(13, "", KEY), value=None)
    await one.take(torn)
    assert await one.labels(KEY) == ["3", "9", "12", "torn"]


@pytest.mark.parametrize("offset", [1, 2, 900])
async def test_a_record_without_a_number_is_set_aside_with_its_bytes_and_is_no_hole(
    one: Running, lines: list[Any], offset: int
) -> None:
    first, torn, second = (
        one.raised(1, "1", KEY),
        unreadable(one.raised(2, "torn", KEY), offset),
        one.raised(2, "2", KEY, at=901),
    )
    await one.take(first, torn, second)
    assert await one.labels(KEY) == ["1", "2"]
    assert not named(lines, "partition.gap")
    rows = await one.pool.fetch("SELECT position, reason, key, value FROM runtime.set_aside")
    assert rows == [(offset, "not-cloudevents", torn.key, torn.value)]
    assert [letter["offset"] for letter in await one.outbox(one.topics.letters.name)] == [offset]


@pytest.mark.parametrize("numbered", [True, False])
async def test_an_unreadable_record_that_comes_again_is_set_aside_once(one: Running, lines: list[Any], numbered: bool) -> None:
    torn = replace(one.raised(1, "torn", KEY), value=b"{") if numbered else unreadable(one.raised(1, "torn", KEY), 0)
    await one.take(torn)
    await one.take(torn, one.raised(2, "2", KEY))
    await take(one.another(), [torn])
    assert await one.pool.fetchval("SELECT count(*) FROM runtime.set_aside") == 1
    assert len(await one.outbox(one.topics.letters.name)) == 1
    assert await one.labels(KEY) == ["2"]
    assert not named(lines, "partition.held")


@pytest.mark.parametrize(("size", "copied"), [(64 * 1024, True), (64 * 1024 + 1, False)])
async def test_a_value_over_64_kib_stands_in_the_table_alone(one: Running, size: int, copied: bool) -> None:
    torn = replace(one.raised(1, "torn", KEY), value=b"{" * size)
    await one.take(torn)
    assert await one.pool.fetchval("SELECT value FROM runtime.set_aside") == torn.value
    letter = (await one.outbox(one.topics.letters.name))[0]
    assert ("value" in letter, letter["value_bytes"]) == (copied, size)


async def test_a_record_as_large_as_it_can_be_in_every_part_is_still_set_aside(one: Running, lines: list[Any]) -> None:
    large = b"x" * 64 * 1024
    wide = one.asked(0, "a", "a", KEY)
    await one.take(replace(wide, key=large, value=large, headers=[*wide.headers, ("more", large[: 31 * 1024])]))
    assert await one.pool.fetchval("SELECT count(*) FROM runtime.set_aside") == 1
    assert not named(lines, "partition.held")


# ---- on a real topic


async def test_a_missing_record_that_comes_after_the_later_ones_is_enough(one: Running, bus: Bus, lines: list[Any]) -> None:
    bus.make(one.topics)
    bus.put(*(one.raised(n, str(n), KEY) for n in (1, 2, 4, 5)))
    async with reading(bus, one):
        await until(lambda: _are(lines, "partition.gap"))
        assert await one.labels(KEY) == ["1", "2"]
        bus.put(one.raised(3, "3", KEY))
        await until(lambda: _labels_are(one, "1 2 3 4 5"))
    assert await one.shown() == ["1", "2", "3", "4", "5"]


async def test_the_producer_may_send_again_from_the_missing_one_on(one: Running, bus: Bus, lines: list[Any]) -> None:
    bus.make(one.topics)
    bus.put(*(one.raised(n, str(n), KEY) for n in (1, 2, 5, 6)))
    async with reading(bus, one):
        await until(lambda: _are(lines, "partition.gap"))
        bus.put(*(one.raised(n, str(n), KEY) for n in (3, 4, 5, 6, 7)))
        await until(lambda: _labels_are(one, "1 2 3 4 5 6 7"))


async def test_a_process_that_ends_before_a_hole_is_filled_finds_what_lies_behind_it(
    one: Running, bus: Bus, lines: list[Any]
) -> None:
    bus.make(one.topics)
    bus.put(*(one.raised(n, str(n), KEY) for n in (1, 2, 4, 5)))
    async with reading(bus, one):
        await until(lambda: _are(lines, "partition.gap"))
        bus.put(*(one.raised(n, str(n), KEY) for n in (1, 2)))
        await until(lambda: _read_to(bus, one, 2))
    bus.put(one.raised(3, "3", KEY))
    async with reading(bus, one):
        await until(lambda: _labels_are(one, "1 2 3 4 5"))


async def test_a_hole_stops_its_own_partition_only_and_a_short_one_raises_no_alarm(
    one: Running, bus: Bus, lines: list[Any]
) -> None:
    other = fresh_id()
    bus.make(one.topics)
    bus.put(*(one.raised(n, str(n), KEY) for n in (1, 3, 4)))
    bus.put(*(replace(one.raised(n, str(n), other), partition=1) for n in range(1, 1501)))
    bus.put(*(one.raised(n, str(n), KEY) for n in (2, 3, *range(4, 1500))))
    async with reading(bus, one):
        await until(lambda: _labels_are(one, " ".join(map(str, range(1, 1500)))))
        await until(lambda: _labels_are(one, " ".join(map(str, range(1, 1501))), other))
    assert not named(lines, "partition.gap")


async def _are(lines: list[Any], event: str) -> bool:
    return bool(named(lines, event))


async def _labels_are(one: Running, labels: str, key: UUID = KEY) -> bool:
    return await one.labels(key) == labels.split()


async def _read_to(bus: Bus, one: Running, offset: int) -> bool:
    return bus.committed(one.app.process, one.topics.raises.name) >= offset
