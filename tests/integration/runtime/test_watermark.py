"""What was applied is silence when it comes again, whatever the process that reads it believes."""

import asyncio
import random
from typing import Any

import pytest
from support.engine_parts import STREAM, Running, named, take

from upstream_runtime import metrics
from upstream_runtime.clock import fresh_id
from upstream_runtime.store import Mark


async def test_a_batch_that_comes_again_is_silence(one: Running) -> None:
    key = fresh_id()
    batch = [one.raised(1, "one", key), one.raised(2, "two", key), one.asked(0, "a", "asked", key)]
    await one.take(*batch)
    once = await one.dump()
    await one.take(*batch)
    await take(one.another(), batch)
    assert await one.dump() == once
    assert await one.labels(key) == ["one", "two", "asked"]


async def test_a_batch_that_overlaps_the_last_one_applies_only_what_is_new(one: Running) -> None:
    key = fresh_id()
    records = [one.raised(n, str(n), key) for n in range(1, 6)]
    await one.take(*records[:3])
    await one.take(*records[1:])
    assert await one.labels(key) == ["1", "2", "3", "4", "5"]


async def test_a_process_that_was_overtaken_is_rolled_back_and_reads_the_watermark_again(one: Running) -> None:
    key = fresh_id()
    zombie = one.another()
    await one.take(one.raised(1, "1", key), one.asked(0, "a", "asked", key))
    await take(zombie, [one.raised(1, "1", key), one.asked(0, "a", "asked", key)])
    ours = [one.raised(2, "2", key), one.asked(1, "b", "asked again", key), one.raised(3, "3", key)]
    await one.take(*ours)
    reruns = metrics.RERUNS._value.get()
    await take(zombie, [*ours, one.raised(4, "4", key)])
    assert metrics.RERUNS._value.get() > reruns, "the zombie was never refused"
    assert await one.labels(key) == ["1", "asked", "2", "asked again", "3", "4"]
    assert await one.shown() == ["1", "asked", "2", "asked again", "3", "4"]


@pytest.mark.parametrize("believed", [Mark(STREAM, 0), Mark(STREAM, 1), None], ids=["none applied", "one applied", "nothing"])
async def test_a_wrong_watermark_in_memory_never_applies_anything_twice(one: Running, believed: Mark | None) -> None:
    key = fresh_id()
    records = [one.raised(n, str(n), key) for n in range(1, 5)]
    await one.take(*records[:3])
    place = (one.topics.raises.name, 0)
    one.consumer._marks = {} if believed is None else {place: believed}
    await one.take(*records)
    assert await one.labels(key) == ["1", "2", "3", "4"]


async def test_a_watermark_that_is_gone_from_the_database_is_gone_from_memory_too(one: Running, lines: list[Any]) -> None:
    key = fresh_id()
    await one.take(one.raised(1, "1", key))
    await one.pool.execute("DELETE FROM runtime.watermark")
    await one.take(one.raised(2, "2", key))
    assert await one.labels(key) == ["1", "2"]
    assert not named(lines, "partition.held")


async def test_what_another_process_applied_meanwhile_is_no_gap(one: Running, lines: list[Any]) -> None:
    key = fresh_id()
    await one.take(one.raised(1, "1", key))
    await take(one.another(), [one.raised(n, str(n), key) for n in range(2, 6)])
    await one.take(one.raised(6, "6", key))
    assert await one.labels(key) == ["1", "2", "3", "4", "5", "6"]
    assert one.positions.rewinds == []
    assert not named(lines, "partition.gap")


async def test_two_processes_that_both_get_everything_apply_it_once_and_in_order(one: Running) -> None:
    keys = [fresh_id() for _ in range(5)]
    records = [one.raised(n, str(n), keys[n % 5]) for n in range(1, 61)]
    chance = random.Random(20260302)

    async def replica() -> None:
        consumer, at = one.another(), 0
        while at < len(records):
            step = chance.randint(1, 9)
            await take(consumer, records[max(0, at - 3) : at + step])
            at += step

    await asyncio.gather(replica(), replica())
    for slot, key in enumerate(keys):
        assert await one.labels(key) == [str(n) for n in range(1, 61) if n % 5 == slot]
    assert len(await one.shown()) == 60
