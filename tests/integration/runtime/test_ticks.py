"""Records of a ticking topic appear on the marks of the wall clock: never before, and hardly after."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Consumer as Reading
from confluent_kafka import TopicPartition
from support.engine_kafka import ADMIN, Bus
from support.engine_parts import OneRecord, Running, named, until
from support.engine_relay import relaying

from upstream_runtime import metrics
from upstream_runtime.apply import Mind
from upstream_runtime.clock import Clock, fresh_id
from upstream_runtime.producing import idempotent_producer
from upstream_runtime.relay import Relay
from upstream_runtime.streams import Streams

TICK = timedelta(seconds=2)
LATE_MAX = timedelta(seconds=0.5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def mark_after(received_at: datetime, tick: timedelta) -> datetime:
    """The first mark that is at least one tick after: said another way than the engine says it."""
    whole = int((received_at - EPOCH) / tick)
    while EPOCH + whole * tick < received_at + tick:
        whole += 1
    return EPOCH + whole * tick


def ticking(one: Running, tick: timedelta = TICK) -> None:
    """The same service, whose answers tick."""
    catalogue = tuple(replace(each, tick=tick) if each == one.topics.answers else each for each in one.app.catalogue)
    one.app = replace(one.app, catalogue=catalogue)
    one.engine.mind = Mind(one.app, one.engine.mind.stream, one.engine.mind.secret)


def received(one: Running, offset: int, at: datetime) -> OneRecord:
    """A record from outside with the broker's own time."""
    return replace(one.asked(offset, f"event-{offset}", "asked", fresh_id()), timestamp=int(at.timestamp() * 1000))


def milliseconds(moment: datetime) -> datetime:
    """As the broker keeps it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@asynccontextmanager
async def relay(bus: Bus, one: Running) -> AsyncIterator[Relay]:
    producer = partial(idempotent_producer, bus.servers, ADMIN, bus.password)
    found = Relay(one.pool, Streams(one.engine.mind.stream), producer, one.clock, (one.topics.answers.family_prefix or "",))
    one.engine._offer = found.offer
    async with relaying(found):
        await found.leads.wait()
        yield found


class Watch:
    """Reads a topic as its party does and notes when each record appears."""

    def __init__(self, bus: Bus, topic: str) -> None:
        config = {
            **bus.config,
            "group.id": "test.watching",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 10,
            "log_level": 0,
        }
        self._reader = Reading(config)
        self._reader.assign([TopicPartition(topic, 0, 0)])
        self._reader.poll(1)

    async def next(self, seconds: float = 12) -> tuple[datetime, Any]:
        async with asyncio.timeout(seconds):
            while True:
                record = await asyncio.to_thread(self._reader.poll, 0.05)
                if record is not None and record.error() is None:
                    return Clock.wall(), record

    async def nothing(self, seconds: float) -> bool:
        try:
            await self.next(seconds)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self._reader.close()


@pytest.fixture
def watch(bus: Bus, one: Running) -> Any:
    bus.make(one.topics)
    found = Watch(bus, one.topics.answered)
    yield found
    found.close()


def missed(one: Running) -> float:
    return float(metrics.MARKS_MISSED.labels(one.topics.answered)._value.get())


# ---- which mark


@pytest.mark.parametrize(
    ("second", "mark"),
    [(0, 5), (0.001, 10), (2.5, 10), (4.999, 10), (5, 10), (5.001, 15)],
)
async def test_the_mark_is_the_first_one_at_least_one_tick_after_the_broker_got_it(
    one: Running, second: float, mark: float
) -> None:
    ticking(one, timedelta(seconds=5))
    minute = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
    at = minute + timedelta(seconds=second)
    await one.take(received(one, 0, at))
    row = await one.pool.fetchrow("SELECT said_at, headers FROM runtime.outbox WHERE topic = $1", one.topics.answered)
    assert row["said_at"] == minute + timedelta(seconds=mark) == mark_after(at, timedelta(seconds=5))
    assert row["said_at"].isoformat() in row["headers"].decode(), "ce_time is the mark, too"


async def test_a_refusal_s_answer_has_the_same_mark_as_any_other(one: Running) -> None:
    ticking(one)
    at = milliseconds(Clock.wall())
    good = received(one, 0, at)
    await one.take(good, replace(received(one, 1, at), value=b"{not json"), replace(good, offset=2))
    rows = await one.pool.fetch("SELECT said_at FROM runtime.outbox WHERE topic = $1", one.topics.answered)
    assert {row["said_at"] for row in rows} == {mark_after(at, TICK)}
    assert len(rows) == 3


async def test_how_long_it_took_to_decide_moves_no_mark(one: Running) -> None:
    ticking(one)
    at = milliseconds(Clock.wall())
    await one.take(received(one, 0, at))
    one.clock.forward(86_400)
    await one.take(received(one, 1, at))
    rows = await one.pool.fetch("SELECT said_at FROM runtime.outbox WHERE topic = $1", one.topics.answered)
    assert [row["said_at"] for row in rows] == [mark_after(at, TICK)] * 2


# ---- when it appears


@pytest.mark.parametrize("tick", [TICK, timedelta(seconds=5)])
async def test_an_answer_appears_on_its_mark_never_before_and_within_half_a_second(
    one: Running, bus: Bus, watch: Watch, tick: timedelta
) -> None:
    ticking(one, tick)
    async with relay(bus, one):
        for n in range(3 if tick == TICK else 1):
            await asyncio.sleep(0.37 * n)
            at = milliseconds(Clock.wall())
            await one.take(received(one, n, at))
            appeared, record = await watch.next()
            mark = mark_after(at, tick)
            assert timedelta(0) <= appeared - mark <= LATE_MAX, f"{appeared - mark} after its mark"
            assert record.timestamp()[1] == int(mark.timestamp() * 1000), "and bears the mark, not the moment"
    assert missed(one) == 0


async def test_all_that_came_within_one_tick_appears_together_in_its_order(one: Running, bus: Bus, watch: Watch) -> None:
    ticking(one)
    async with relay(bus, one):
        begin = mark_after(Clock.wall(), TICK)
        await asyncio.sleep((begin - Clock.wall()).total_seconds() + 0.05)
        ats = []
        for n in range(4):
            ats.append(milliseconds(Clock.wall()))
            await one.take(received(one, n, ats[-1]))
            await asyncio.sleep(0.3)
        assert len({mark_after(at, TICK) for at in ats}) == 1
        appeared = [await watch.next() for _ in range(4)]
    assert appeared[-1][0] - appeared[0][0] < timedelta(seconds=0.3)
    ids = [dict(record.headers())["ce_causationid"].decode() for _, record in appeared]
    assert ids == [f"event-{n}" for n in range(4)]


@pytest.mark.parametrize("moved", [timedelta(days=400), timedelta(days=-400)])
async def test_the_marks_are_the_wall_s_and_nobody_moves_them(one: Running, bus: Bus, watch: Watch, moved: timedelta) -> None:
    """The clock that tests and the demo move moves no mark: what appears early or late would tell that it was moved."""
    ticking(one)
    one.clock.at = Clock.wall() + moved
    async with relay(bus, one):
        at = milliseconds(Clock.wall())
        await one.take(received(one, 0, at))
        appeared, _ = await watch.next()
    assert timedelta(0) <= appeared - mark_after(at, TICK) <= LATE_MAX


async def test_other_topics_wait_for_no_mark(one: Running, bus: Bus, watch: Watch) -> None:
    ticking(one, timedelta(seconds=60))
    async with relay(bus, one):
        await one.take(received(one, 0, Clock.wall()))

        async def shown() -> bool:
            return len(bus.read(one.topics.shown.name)) == 1

        await until(shown, 5)
        assert await watch.nothing(1.0)


async def test_what_was_unripe_when_its_relay_ended_is_published_on_its_mark_by_the_next_one(
    one: Running, bus: Bus, watch: Watch
) -> None:
    ticking(one)
    at = milliseconds(Clock.wall())
    async with relay(bus, one):
        await one.take(received(one, 0, at))
        await asyncio.sleep(0.3)  # it looks at it, and leaves it
    async with relay(bus, one):
        appeared, _ = await watch.next()
    assert timedelta(0) <= appeared - mark_after(at, TICK) <= LATE_MAX


async def test_a_relay_that_drains_publishes_nothing_before_its_mark(one: Running, bus: Bus, watch: Watch) -> None:
    ticking(one, timedelta(seconds=60))
    producer = partial(idempotent_producer, bus.servers, ADMIN, bus.password)
    found = Relay(one.pool, Streams(one.engine.mind.stream), producer, one.clock, (one.topics.answers.family_prefix or "",))
    running = asyncio.create_task(found.run())
    await found.leads.wait()
    await one.take(received(one, 0, Clock.wall()))
    await asyncio.wait_for(found.drain(), 5)
    await running
    assert await watch.nothing(0.5)


# ---- a mark that was missed


async def test_a_missed_mark_is_counted_and_logged_and_the_record_goes_out_all_the_same(
    one: Running, bus: Bus, watch: Watch, lines: list[Any]
) -> None:
    ticking(one)
    at = milliseconds(Clock.wall() - timedelta(seconds=30))
    await one.take(received(one, 0, at), received(one, 1, at))
    async with relay(bus, one):
        appeared = [await watch.next() for _ in range(2)]
    assert missed(one) == 2
    (line,) = named(lines, "mark.missed")
    assert (line["topic"], line["partition"], line["n"], line["count"]) == (one.topics.answered, 0, 1, 2)
    assert line["log_level"] == "error"
    assert {record.timestamp()[1] for _, record in appeared} == {int(mark_after(at, TICK).timestamp() * 1000)}


async def test_a_mark_that_was_met_is_no_alarm(one: Running, bus: Bus, watch: Watch, lines: list[Any]) -> None:
    ticking(one)
    async with relay(bus, one):
        await one.take(received(one, 0, milliseconds(Clock.wall())))
        await watch.next()
    assert missed(one) == 0
    assert not named(lines, "mark.missed")
