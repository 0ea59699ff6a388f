"""One whole process on real parts, killed, frozen, and told to stop."""

import asyncio
import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Message
from support.engine_kafka import Bus
from support.engine_parts import Running, named, until
from support.engine_process import Launched, Place, launched, prepared_place
from support.engine_relay import in_order, numbers
from support.engine_service import CANARY, ERRAND_PATIENCE

from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Due
from upstream_runtime.store import put_due

KILLS = 8


@pytest.fixture
def place(bus: Bus, one: Running, tmp_path: Path, engine_dsn: str, mark: str) -> Iterator[Place]:
    bus.make(one.topics)
    with prepared_place(bus, tmp_path, engine_dsn, mark) as found:
        yield found


async def all_sent(one: Running) -> bool:
    left = (
        "SELECT count(*) FROM runtime.counter c LEFT JOIN runtime.sent s USING (topic, partition) WHERE c.n > coalesce(s.n, 0)"
    )
    return bool(await one.pool.fetchval(left) == 0)


def verdicts(records: list[Message]) -> dict[str, list[tuple[str, str]]]:
    """The answers on a topic for each id that was asked, each number once."""
    found: dict[str, dict[str, str]] = {}
    for record in records:
        headers: Any = dict(record.headers() or [])
        answers = found.setdefault(headers["ce_causationid"].decode(), {})
        answers[headers["ce_sequence"].decode()] = json.loads(record.value() or b"")["verdict"]
    return {asked: sorted(answers.items()) for asked, answers in found.items()}


async def test_killed_again_and_again_it_applies_everything_once_and_in_order(one: Running, bus: Bus, place: Place) -> None:
    chance = random.Random(2026)
    keys = [fresh_id() for _ in range(4)]
    total = 400
    for round_ in range(KILLS):
        chunk = range(round_ * total // KILLS + 1, (round_ + 1) * total // KILLS + 1)
        bus.put(*(one.raised(n, f"raised {n}", keys[n % 4]) for n in chunk))
        bus.put(*(one.asked(n, f"asked {n}", f"asked {n}", keys[n % 4]) for n in chunk))
        with launched(place) as process:
            await process.ready()
            await asyncio.sleep(chance.uniform(0, 0.4))
            process.kill()
    with launched(place):
        await until(lambda: _effects_are(one, 2 * total), 40)
        await until(lambda: all_sent(one), 40)
    for slot, key in enumerate(keys):
        labels, mine = await one.labels(key), [n for n in range(1, total + 1) if n % 4 == slot]
        assert [label for label in labels if label.startswith("raised")] == [f"raised {n}" for n in mine]
        assert [label for label in labels if label.startswith("asked")] == [f"asked {n}" for n in mine]
    assert all(in_order(ns) for ns in numbers(bus, one).values())
    answers = verdicts(bus.read(one.topics.answered))
    assert {asked: [verdict for _, verdict in found] for asked, found in answers.items()} == {
        f"asked {n}": ["accepted"] for n in range(1, total + 1)
    }


async def _effects_are(one: Running, count: int) -> bool:
    return len(await one.all_labels()) == count


async def test_killed_on_an_errand_it_leaves_the_row_that_resolves_the_matter(one: Running, place: Place) -> None:
    key = fresh_id()
    async with one.pool.acquire() as conn:
        await put_due(conn, [(Due("errand", key, one.clock.now()), "a-case")])
    with launched(place) as process:
        await until(lambda: _exists(place.folder / "errand-begun"))
        process.kill()
    assert await one.labels(key) == ["begun"]
    with launched(place, "two") as process:
        await process.ready()
        await asyncio.sleep(1)
        assert await one.labels(key) == ["begun"]
        place.move_clock(ERRAND_PATIENCE.total_seconds() + 60)
        await until(lambda: _labels_are(one, key, ["begun", "unknown"]))


async def _exists(path: Path) -> bool:
    return path.exists()


async def _labels_are(one: Running, key: Any, labels: list[str]) -> bool:
    return await one.labels(key) == labels


async def test_frozen_past_its_lease_and_woken_it_gives_readers_nothing_that_they_did_not_have(
    one: Running, bus: Bus, place: Place
) -> None:
    keys = [fresh_id() for _ in range(4)]

    def put(*chunk: int) -> None:
        bus.put(*(one.raised(n, str(n), keys[n % 4]) for n in chunk))

    with launched(place, "one", member=None) as first:
        await first.ready()
        put(*range(1, 50))
        await until(lambda: _epoch_is(one, 1))
        with launched(place, "two", member=None) as second:
            await second.ready()
            put(*range(50, 200))
            first.signal(signal.SIGSTOP)
            put(*range(200, 300))
            await until(lambda: _epoch_is(one, 2), 30)
            await until(lambda: _effects_are(one, 299), 40)
            first.signal(signal.SIGCONT)
            put(*range(300, 400))
            await until(lambda: _effects_are(one, 399), 40)
            await until(lambda: all_sent(one), 40)
            await asyncio.sleep(1)
        assert named(second.lines(), "relay.leads")[-1]["epoch"] == 2
    for slot, key in enumerate(keys):
        assert await one.labels(key) == [str(n) for n in range(1, 400) if n % 4 == slot]
    found = numbers(bus, one)
    assert all(in_order(ns) for ns in found.values())
    assert sum(len(set(ns)) for ns in found.values()) == 399


async def _epoch_is(one: Running, epoch: int) -> bool:
    return bool(await one.pool.fetchval("SELECT epoch FROM runtime.lease") == epoch)


async def test_told_to_stop_it_finishes_what_is_in_hand_and_gives_the_lease_back(one: Running, bus: Bus, place: Place) -> None:
    key = fresh_id()
    async with one.pool.acquire() as conn:
        await put_due(conn, [(Due("errand", fresh_id(), one.clock.now()), "a-case")])
    with launched(place) as process:
        await process.ready()
        await until(lambda: _exists(place.folder / "errand-begun"))
        bus.put(*(one.raised(n, str(n), key) for n in range(1, 301)))
        async with one.pool.acquire() as conn, httpx.AsyncClient(timeout=10) as client:
            transaction = conn.transaction()
            await transaction.start()
            await conn.execute("LOCK TABLE counter IN EXCLUSIVE MODE")
            asking = asyncio.create_task(client.post(f"{process.url}/raise/{key}/asked"))
            await asyncio.sleep(1)
            stopped_at = time.monotonic()
            process.signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            assert process.popen.poll() is None
            await transaction.rollback()
            (place.folder / "errand-may-end").touch()
            assert (await asking).status_code == 200
        assert await asyncio.to_thread(process.ends, 10) == 0
        assert time.monotonic() - stopped_at < 10
    applied = await one.labels(key)
    assert "asked" in applied
    raised = [label for label in applied if label != "asked"]
    assert raised == [str(n) for n in range(1, len(raised) + 1)], "the batch in hand is torn"
    assert raised, "the batch in hand was given up"
    assert bus.committed(one.app.process, one.topics.raises.name) == len(raised)
    assert sorted(await one.all_labels())[-2:] == ["begun", "ended"]
    assert await all_sent(one)
    assert await one.pool.fetchval("SELECT expires_at < now() FROM runtime.lease")
    events = [line["event"] for line in process.lines() if line["event"] != "partition.first-read"]  # the batch in hand may be
    assert events[-2:] == ["process.draining", "process.stopped"], events
    assert not {"text", "broker.unreachable", "poll.interrupted", "relay.interrupted", "library"} & set(events), events


async def test_told_to_stop_while_the_database_answers_nothing_it_still_ends_in_time(
    one: Running, bus: Bus, place: Place
) -> None:
    with launched(place) as process:
        await process.ready()
        async with one.pool.acquire() as conn:
            locking = asyncio.create_task(conn.execute("BEGIN; LOCK TABLE counter, runtime.lease; SELECT pg_sleep(60)"))
            await asyncio.sleep(0.3)
            bus.put(one.raised(1, "1", fresh_id()))
            await asyncio.sleep(1)
            process.signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.ends, 10) == 0
            await one.pool.execute("SELECT pg_terminate_backend($1)", conn.get_server_pid())
            await asyncio.gather(locking, return_exceptions=True)
    assert named(process.lines(), "drain.cut-short")
    with launched(place):
        await until(lambda: _effects_are(one, 1))


async def test_nothing_that_goes_wrong_puts_a_value_or_a_secret_into_the_log(one: Running, bus: Bus, place: Place) -> None:
    key = fresh_id()
    for label in ("bad", "reminded", "asked"):
        place.mood.breaks(label)
    async with one.pool.acquire() as conn:
        await put_due(conn, [(Due("remind", key, one.clock.now()), "a-case")])
    bus.put(one.raised(1, "bad", key), one.raised(2, "unsavable", fresh_id()))
    with launched(place) as process:
        await process.ready()
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{process.url}/raise/{key}/asked")
            assert answer.status_code == 500
            assert CANARY not in answer.text
        await until(lambda: _logged(process, "key.parked"))
        await until(lambda: _logged(process, "due.failed"))
        await one.pool.execute("DROP SCHEMA runtime CASCADE")
        assert await asyncio.to_thread(process.ends, 20) == 1
    failed = named(process.lines(), "process.failed")
    assert [line["error"] for line in failed] == ["UndefinedTableError"]
    assert not named(process.lines(), "text"), "something is printed beside the log"
    text = process.log.read_text()
    for secret in (CANARY, "unsavable", (place.folder / "database-password").read_text(), "a-password-for-one-test"):
        assert secret not in text


async def _logged(process: Launched, event: str) -> bool:
    return bool(named(process.lines(), event))
