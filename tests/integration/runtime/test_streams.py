"""A database that was set back numbers on under a new stream: what it sends, and what its readers make of it."""

from dataclasses import replace
from typing import Any

import pytest
from support.engine_kafka import Bus
from support.engine_parts import OneRecord, Running, named, take, until
from support.engine_relay import relay_of, relaying, say

from upstream_runtime import metrics, store_life
from upstream_runtime.clock import fresh_id
from upstream_runtime.database import connection
from upstream_runtime.streams import Ended, Streams

KEY = fresh_id()
PLACE = ("a.topic", 0)


def under(record: OneRecord, sequence: str, previous: str | None = None) -> OneRecord:
    """The same record under another number, and with the streams it names."""
    headers = [(name, sequence.encode() if name == "ce_sequence" else value) for name, value in record.headers]
    return replace(record, headers=[*headers, *([("ce_previoussequence", previous.encode())] if previous else [])])


def told(streams: Streams, n: int, place: tuple[str, int] = PLACE) -> dict[str, str]:
    return {name.removeprefix("ce_"): value.decode() for name, value in streams.of(place)(n)}


# ---- what is sent


def test_without_a_restore_every_record_tells_its_stream_and_nothing_else() -> None:
    assert told(Streams("a"), 7) == {"sequence": "a:7"}


def test_the_first_record_after_a_restore_names_the_old_stream_and_its_last_number_that_counts() -> None:
    streams = Streams("b", (Ended("a", {PLACE: 80}),))
    assert told(streams, 80) == {"sequence": "a:80"}
    assert told(streams, 81) == {"sequence": "b:81", "previoussequence": "a:80"}
    assert told(streams, 82) == {"sequence": "b:82"}
    assert told(streams, 1, ("another.topic", 3)) == {"sequence": "b:1", "previoussequence": "a:0"}


def test_on_a_compacted_topic_every_record_names_it_because_the_first_may_vanish() -> None:
    streams = Streams("b", (Ended("a", {PLACE: 80}),), ("a.top",))
    assert told(streams, 80) == {"sequence": "a:80"}
    assert told(streams, 95) == {"sequence": "b:95", "previoussequence": "a:80"}


def test_of_two_restores_in_a_row_each_names_the_one_before() -> None:
    streams = Streams("c", (Ended("a", {PLACE: 80}), Ended("b", {PLACE: 90})))
    assert told(streams, 80) == {"sequence": "a:80"}
    assert told(streams, 81) == {"sequence": "b:81", "previoussequence": "a:80"}
    assert told(streams, 91) == {"sequence": "c:91", "previoussequence": "b:90"}


def test_a_stream_that_said_nothing_that_counts_is_named_beside_the_one_before_it() -> None:
    streams = Streams("c", (Ended("a", {PLACE: 80}), Ended("b", {PLACE: 80})))
    assert told(streams, 81) == {"sequence": "c:81", "previoussequence": "a:80,b:80"}


# ---- what readers make of it


async def labels_after(one: Running, *records: OneRecord) -> list[str]:
    await one.take(*records)
    return await one.labels(KEY)


def numbered(one: Running, label: str, at: int, sequence: str, previous: str | None = None) -> OneRecord:
    return under(one.raised(1, label, KEY, at=at), sequence, previous)


async def test_a_stream_that_names_the_known_one_goes_on_behind_its_last_number(one: Running, lines: list[Any]) -> None:
    found = await labels_after(
        one,
        *(numbered(one, f"a{n}", n, f"a:{n}") for n in (1, 2)),
        numbered(one, "b3", 3, "b:3", "a:2"),
        numbered(one, "b4", 4, "b:4"),
    )
    assert found == ["a1", "a2", "b3", "b4"]
    assert [line["n"] for line in named(lines, "partition.new-stream")] == [3]
    assert not named(lines, "partition.set-back") and not named(lines, "partition.gap")


async def test_what_a_reader_has_and_its_producer_forgot_raises_the_alarm_and_the_new_stream_is_applied(
    one: Running, lines: list[Any]
) -> None:
    alarms = metrics.SET_BACK.labels(one.topics.raises.name)
    found = await labels_after(
        one,
        *(numbered(one, f"a{n}", n, f"a:{n}") for n in (1, 2, 3, 4)),
        numbered(one, "b3", 5, "b:3", "a:2"),
        numbered(one, "b4", 6, "b:4"),
    )
    assert found == ["a1", "a2", "a3", "a4", "b3", "b4"]
    assert [(line["n"], line["count"]) for line in named(lines, "partition.set-back")] == [(3, 2)]
    assert alarms._value.get() == 1


async def test_a_reader_that_lacks_something_of_the_old_stream_waits_for_it(one: Running, lines: list[Any]) -> None:
    behind = [numbered(one, "b4", 4, "b:4", "a:3"), numbered(one, "b5", 5, "b:5")]
    assert await labels_after(one, numbered(one, "a1", 1, "a:1"), *behind) == ["a1"]
    assert await labels_after(one, numbered(one, "a1", 1, "a:1"), *behind) == ["a1"]
    assert named(lines, "partition.gap")
    missing = [numbered(one, f"a{n}", n + 5, f"a:{n}") for n in (2, 3)]
    assert await labels_after(one, *missing, *behind) == ["a1", "a2", "a3", "b4", "b5"]


async def test_the_first_record_of_a_new_stream_cannot_be_left_out(one: Running) -> None:
    await one.take(numbered(one, "a1", 1, "a:1"), numbered(one, "b3", 3, "b:3", "a:1"))
    assert await one.labels(KEY) == ["a1"]


@pytest.mark.parametrize("previous", [None, "", "x:1", "a:", "a:1x", "a", ":1", "a:99"])
async def test_a_stream_that_names_no_known_one_holds_the_partition(one: Running, lines: list[Any], previous: str) -> None:
    for _ in range(2):
        await one.take(numbered(one, "a1", 1, "a:1"), numbered(one, "b2", 2, "b:2", previous))
    assert await one.labels(KEY) == ["a1"]
    assert named(lines, "partition.gap")


async def test_records_of_passed_streams_are_dropped_when_everything_is_sent_again(one: Running, lines: list[Any]) -> None:
    chain = [
        numbered(one, "a1", 1, "a:1"),
        numbered(one, "a2", 2, "a:2"),
        numbered(one, "b2", 3, "b:2", "a:1"),
        numbered(one, "c3", 4, "c:3", "b:2"),
    ]
    await one.take(*chain)
    again = [chain[0], *chain[2:], numbered(one, "c4", 5, "c:4")]
    await one.take(*again)
    await take(one.another(), again)
    assert await one.labels(KEY) == ["a1", "a2", "b2", "c3", "c4"]
    assert not named(lines, "partition.gap")
    passed = await one.pool.fetch("SELECT stream, n FROM runtime.passed_stream ORDER BY stream")
    assert [tuple(row) for row in passed] == [("a", 2), ("b", 2)]


async def test_the_same_backup_put_back_twice_is_followed_from_any_stream_that_was_known(
    one: Running, lines: list[Any]
) -> None:
    """The second restore knows the backup's stream alone: readers that went on with the first restore have passed that one."""
    await one.take(numbered(one, "a1", 1, "a:1"), numbered(one, "b2", 2, "b:2", "a:1"), numbered(one, "b3", 3, "b:3"))
    await one.take(numbered(one, "a1", 4, "a:1"), numbered(one, "c2", 5, "c:2", "a:1"), numbered(one, "c3", 6, "c:3"))
    assert await one.labels(KEY) == ["a1", "b2", "b3", "c2", "c3"]
    assert len(named(lines, "partition.set-back")) == 1


async def test_on_a_compacted_topic_a_later_record_of_the_new_stream_is_enough(one: Running) -> None:
    await one.take(under(one.kept(3, "a3", KEY), "a:3"))
    await one.take(under(one.kept(9, "b9", KEY), "b:9", "a:5"), under(one.kept(12, "b12", KEY), "b:12", "a:5"))
    assert await one.labels(KEY) == ["a3", "b9", "b12"]


async def test_nobody_outside_is_believed_that_a_stream_follows(one: Running) -> None:
    asked = one.asked(0, "a", "asked", KEY)
    await one.take(replace(asked, headers=[*asked.headers, ("ce_previoussequence", b"one-cluster:0")]))
    assert one.consumer.reader.read(asked).previous == ()
    assert await one.labels(KEY) == ["asked"]


# ---- on real parts


async def sequences(bus: Bus, one: Running) -> list[str]:
    found = []
    for record in bus.read(one.topics.shown.name):
        headers: Any = record.headers()
        texts = {name: value.decode() for name, value in headers}
        found.append(" after ".join(texts[n] for n in ("ce_sequence", "ce_previoussequence") if n in texts))
    return found


async def test_a_database_that_was_set_back_twice_sends_its_chain_of_streams(one: Running, bus: Bus) -> None:
    bus.make(one.topics)
    names: list[str] = []
    for _ in range(3):
        async with connection(one.pool) as conn:
            names.append((await store_life.streams(conn)).current)
            for _ in range(2):
                await say(one, "label", KEY)
            await store_life.begin_stream(conn)
    async with connection(one.pool) as conn:
        streams = await store_life.streams(conn)
    await say(one, "label", KEY)
    relay = relay_of(bus, one)
    relay._streams = streams
    async with relaying(relay):
        await until(lambda: _are(bus, one, 7))
    a, b, c, d = *names, streams.current
    assert await sequences(bus, one) == [
        f"{a}:1", f"{a}:2", f"{b}:3 after {a}:2", f"{b}:4", f"{c}:5 after {b}:4", f"{c}:6", f"{d}:7 after {c}:6",
    ]  # fmt: skip


async def _are(bus: Bus, one: Running, count: int) -> bool:
    return len(await sequences(bus, one)) == count
