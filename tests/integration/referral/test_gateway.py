"""The gateway on a real PostgreSQL: nothing crosses twice, and nothing in its tables ties what came to what went."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from support.engine_crash import Break, Breaking, Plan
from support.engine_parts import Noted, OneRecord, consumer_of, take
from support.wall_process import STREAM, Site, approved, gateway

from upstream_referral.gateway.model import WALL
from upstream_runtime import parking
from upstream_runtime.clock import random_id
from upstream_runtime.engine import Engine
from upstream_runtime.housekeeping import Housekeeping
from upstream_schemas import topics
from upstream_schemas.enforcement import (
    AreaAlertApprovedV1,
    CrossingRefusedV1,
    HelpOfferApprovedV1,
    LifeSafetyCallApprovedV1,
)

NOW = datetime(2026, 11, 23, 18, 20, 7, 123_456, tzinfo=UTC)
OFFERS, ALERTS, COUNTERS = topics.CROSSING_HELP_OFFERS.name, topics.CROSSING_AREA_ALERTS.name, topics.BOUNDARY_COUNTERS.name
AGENCY = "east-precinct"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TOLD = {"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_dataschema", "content-type", "ce_subject"}


def offer(**changes: Any) -> HelpOfferApprovedV1:
    whole: dict[str, Any] = {
        "crossing_id": random_id(), "agency": AGENCY, "urgency": "today", "respond_by": NOW + timedelta(days=1),
        "language": "so", "callback_desk": "ceasefire-desk", "key_id": "ovp-1", "sealed_contact": "c2VhbGVk",
    }  # fmt: skip
    return HelpOfferApprovedV1(**whole | changes)


def alert() -> AreaAlertApprovedV1:
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    return AreaAlertApprovedV1(
        crossing_id=random_id(), agency=AGENCY, cell="district-1", hour=hour, kind="shooting", retaliation="unknown"
    )


def call() -> LifeSafetyCallApprovedV1:
    return LifeSafetyCallApprovedV1(crossing_id=random_id(), agency=AGENCY, callback_number="+15035550119")


def refused() -> CrossingRefusedV1:
    return CrossingRefusedV1(crossing_id=random_id(), agency=AGENCY, kind="help-offer", reason="expired")


@pytest.fixture
def dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("gateway")


async def counts(site: Site) -> dict[tuple[str, str], int]:
    body = await site.pool.fetchval("SELECT body FROM counters WHERE id = $1", WALL)
    periods = [] if body is None else json.loads(body)["periods"]
    return {(c["kind"], c["outcome"]): c["count"] for period in periods for c in period["counts"]}


async def test_each_crossing_goes_to_its_topic_with_its_fields_and_tells_nothing_of_where_it_came_from(
    dsn: str, tmp_path: Path
) -> None:
    came = [offer(), alert(), call(), refused()]
    async with gateway(dsn, tmp_path, NOW) as site:
        await site.take(*(approved(event, n, TRACE) for n, event in enumerate(came, 1)))
        offers, alerts = await site.said(OFFERS), await site.said(ALERTS)
        assert [row.headers["ce_type"] for row in offers] == [
            "gateway.help-offer.crossed.v1",
            "gateway.life-safety-call.crossed.v1",
        ]
        assert set(offers[0].body) == {
            "crossing_id", "urgency", "respond_by", "language", "callback_desk", "key_id", "sealed_contact",
        }  # fmt: skip
        assert set(offers[1].body) == {"crossing_id", "callback_number"}
        assert set(alerts[0].body) == {"crossing_id", "cell", "hour", "kind", "retaliation"}
        for row in (*offers, *alerts):
            assert set(row.headers) == TOLD
            assert row.key == row.headers["ce_subject"] == row.body["crossing_id"]
            assert (
                row.said_at == datetime.fromisoformat(row.headers["ce_time"]) == NOW.replace(minute=0, second=0, microsecond=0)
            )
        assert await counts(site) == {
            ("help-offer", "crossed"): 1,
            ("area-alert", "crossed"): 1,
            ("life-safety-call", "crossed"): 1,
            ("help-offer", "expired"): 1,
        }


async def test_no_row_ties_what_came_to_what_went(dsn: str, tmp_path: Path) -> None:
    came = [offer(), alert(), call(), refused()]
    async with gateway(dsn, tmp_path, NOW) as site:
        await site.take(*(approved(event, n, TRACE) for n, event in enumerate(came, 1)))
        site.clock.at = NOW + timedelta(days=1)
        await site.work_is_due()
        everything = await site.everything()
        theirs = [str(event.crossing_id) for event in came] + [event.crossing_id.hex for event in came]
        theirs += ["approved-", "the-cause-of-it", "the-case-of-it", TRACE, "0af7651916cd43dd"]
        assert [word for word in theirs if word in everything] == []
        assert STREAM in everything, "the watermark is there to be searched"


async def test_a_record_that_comes_again_makes_no_second_offer(dsn: str, tmp_path: Path) -> None:
    record = approved(offer())
    async with gateway(dsn, tmp_path, NOW) as site:
        await site.take(record)
        once = await site.said(OFFERS)
        await site.take(record)
        await take(site.another(), [record])
        await site.take(record, record)
        assert await site.said(OFFERS) == once
        assert len(once) == 1
        assert await counts(site) == {("help-offer", "crossed"): 1}


def on_breaking_connections(site: Site, pool: Any) -> Site:
    """The same process on connections that break."""
    engine = Engine(pool, site.engine.mind, site.clock, lambda _: None)
    return Site(site.app, engine, pool, site.clock, consumer_of(site.app, engine, site.clock, Noted()), site.client)


async def killed_in_every_place(site: Site, pool: Any, record: OneRecord, kind: Break) -> list[str]:
    """Dies (or loses its connection) at each call of a transaction in turn, and each time comes back until it is through."""
    hit: list[str] = []
    for at in range(1, 100):
        await site.pool.execute("TRUNCATE counters, runtime.outbox, runtime.counter, runtime.watermark")
        Breaking.plan = Plan(at, kind)
        one = on_breaking_connections(site, pool)
        with suppress(asyncio.CancelledError):
            await one.take(record)
        call_hit = Breaking.plan.hit
        Breaking.plan = Plan()
        if call_hit is None:
            return hit
        hit.append(call_hit)
        await on_breaking_connections(site, pool).take(record)
        assert len(await site.said(OFFERS)) == 1, f"after {kind.value}: {call_hit}"
        assert await counts(site) == {("help-offer", "crossed"): 1}
        assert await site.pool.fetchval("SELECT n FROM runtime.watermark") == 1
    raise AssertionError("it never got through")


@pytest.mark.parametrize("kind", [Break.DEATH_BEFORE, Break.DEATH_AFTER, Break.LOST_BEFORE, Break.LOST_AFTER])
async def test_killed_at_any_call_it_comes_back_and_there_is_exactly_one_offer(dsn: str, tmp_path: Path, kind: Break) -> None:
    """The watermark, the outgoing record, its id and the count commit together, or none of them does."""
    async with (
        gateway(dsn, tmp_path, NOW) as site,
        asyncpg.create_pool(dsn, min_size=1, max_size=2, connection_class=Breaking) as pool,
    ):
        hit = await killed_in_every_place(site, pool, approved(offer()), kind)
        pool.terminate()
    calls = " ".join(hit)
    assert "BEGIN" in calls and "COMMIT" in calls and "runtime.outbox" in calls and "counters" in calls


async def test_what_was_rolled_back_crosses_under_another_id_and_the_first_id_is_nowhere(dsn: str, tmp_path: Path) -> None:
    """An id is final only with its commit."""
    drawn: list[str] = []
    async with gateway(dsn, tmp_path, NOW) as site:

        def chance() -> Any:
            fresh = random_id()
            drawn.append(str(fresh))
            return fresh

        site.engine.mind.voice.chance = chance
        await site.pool.execute("ALTER TABLE counters ADD CONSTRAINT refused_for_now CHECK (version < 1)")
        await site.take(approved(offer()))
        assert drawn, "it was decided on"
        assert await site.said(OFFERS) == []
        rolled_back = list(drawn)
        await site.pool.execute("ALTER TABLE counters DROP CONSTRAINT refused_for_now")
        site.clock.at += timedelta(seconds=parking.FIRST_TRY_SECONDS)
        assert await site.consumer.parking.once(), "it waits, and is decided on anew"
        (row,) = await site.said(OFFERS)
        assert row.body["crossing_id"] in drawn[len(rolled_back) :]
        everything = await site.everything()
        assert [each for each in rolled_back if each in everything] == []


async def test_counters_are_published_once_a_day_from_the_first_midnight_on(dsn: str, tmp_path: Path) -> None:
    async with gateway(dsn, tmp_path, NOW) as site:
        due_at = await site.pool.fetchval("SELECT due_at FROM runtime.due WHERE kind = 'publish-counters'")
        assert (due_at.hour, due_at.minute, due_at.second, due_at.microsecond) == (0, 0, 0, 0)
        assert timedelta(0) < due_at - site.clock.wall() <= timedelta(days=1)
        await site.pool.execute("UPDATE runtime.due SET due_at = $1", datetime(2026, 11, 24, tzinfo=UTC))
        await site.take(approved(offer()))
        for day in range(1, 4):
            site.clock.at = NOW + timedelta(days=day)
            await site.work_is_due()
            await site.work_is_due()
        published = await site.said(COUNTERS)
        assert len(published) == 3
        assert len({row.key for row in published}) == 1
        assert published[0].body["counts"] == [{"agency": AGENCY, "kind": "help-offer", "outcome": "crossed", "count": 1}]
        assert {row.headers["ce_correlationid"] for row in published} == {str(WALL)}


async def test_what_crossed_is_blanked_in_its_table_a_day_after_it_was_sent(dsn: str, tmp_path: Path) -> None:
    async with gateway(dsn, tmp_path, NOW) as site:
        await site.take(approved(offer()), approved(alert(), 2))
        await site.pool.execute("INSERT INTO runtime.sent SELECT topic, partition, n FROM runtime.counter")
        site.clock.at = NOW + timedelta(days=1, hours=1)
        await Housekeeping(site.engine, site.app).once()
        assert [row.body for row in (*await site.said(OFFERS), *await site.said(ALERTS))] == [{}, {}]
        assert "c2VhbGVk" not in await site.everything()
