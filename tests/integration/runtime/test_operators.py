"""What operators do about records that wait: put back, go on without, once, dry or for good, and kept with name and reason."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.engine_parts import Running, named, take

from upstream_runtime import operator_door, parking
from upstream_runtime.operators import Operators
from upstream_runtime.records import as_json
from upstream_runtime.web import application

TOKEN = "a-token"
ORDER = {"by": "demo.operator", "reason": "mended in version 2"}
KEY = UUID("0191e0a0-0000-7000-8000-000000000001")


@pytest.fixture
async def door(one: Running) -> AsyncIterator[httpx.AsyncClient]:
    web = application(one.app, one.engine, dict)
    operator_door.put(web, Operators(one.engine, lambda: one.consumer), TOKEN)
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(web), base_url="http://test/operator", headers=headers
    ) as client:
        yield client


async def acts(door: httpx.AsyncClient) -> list[tuple[str, str, str]]:
    return [(act["act"], act["by"], act["reason"]) for act in (await door.get("/acts")).json()["acts"]]


async def drained(one: Running) -> None:
    while await one.consumer.parking.once():
        pass


@pytest.mark.parametrize("path", ["/parked", "/gaps", "/acts", f"/parked/counter/{KEY}"])
async def test_nobody_without_the_token_sees_anything(one: Running, door: httpx.AsyncClient, path: str) -> None:
    for wrong in ({"authorization": "Bearer another"}, {"authorization": ""}):
        assert (await door.get(path, headers=wrong)).status_code == 401
    assert (await door.post(f"/set-aside/{KEY}", json=ORDER, headers={"authorization": ""})).status_code == 401


async def test_a_parked_key_is_shown_without_what_its_records_hold_and_redriven_in_order(
    one: Running, door: httpx.AsyncClient
) -> None:
    one.mood.breaks("poison")
    records = [one.raised(1, "poison", KEY), one.raised(2, "secret words", KEY)]
    await one.take(*records)
    answer = await door.get("/parked")
    (shown,) = answer.json()["parked"]
    assert (shown["aggregate"], shown["key"], shown["reason"], shown["waiting"]) == ("counter", str(KEY), "ValueError", 2)
    where = await door.get(f"/parked/counter/{KEY}")
    assert [(row["offset"], row["bytes"]) for row in where.json()["waiting"]] == [
        (r.offset, len(r.value or b"")) for r in records
    ]
    assert "secret" not in answer.text + where.text
    one.mood.mended("poison")
    await drained(one)
    assert await one.labels(KEY) == [], "it is not due yet"
    assert (await door.post(f"/parked/counter/{KEY}", json=ORDER)).status_code == 200
    await drained(one)
    assert await one.labels(KEY) == ["poison", "secret words"]
    again = await door.post(f"/parked/counter/{KEY}", json=ORDER)
    assert (again.status_code, again.json()["detail"]) == (404, f"counter {KEY} is not parked")
    assert await acts(door) == [("redrive-parked", "demo.operator", "mended in version 2")]


async def test_a_record_set_aside_is_applied_late_and_once(one: Running, door: httpx.AsyncClient, lines: list[Any]) -> None:
    """Its body was right and its type not yet known: today it is."""
    record = one.asked(0, "the id", "late", KEY)
    strange = replace(record, headers=[(n, b"test.raise.asked.v9" if n == "ce_type" else v) for n, v in record.headers])
    await one.take(strange, one.asked(1, "another", "on time", KEY))
    letter = await one.pool.fetchval("SELECT id FROM runtime.set_aside")
    refused = await door.post(f"/set-aside/{letter}", json=ORDER)
    assert (refused.status_code, refused.json()["detail"]) == (409, "it still cannot be read: unsupported-version")
    assert await one.pool.fetchval("SELECT redriven_at FROM runtime.set_aside") is None
    await one.pool.execute("UPDATE runtime.set_aside SET headers = $1", as_json(record.headers))
    dry = await door.post(f"/set-aside/{letter}", json={**ORDER, "dry_run": True})
    assert dry.json() == {"answer": "would say 2 and change 1"}
    assert await one.labels(KEY) == ["on time"] and await acts(door) == []
    (shown,) = (await door.get("/set-aside")).json()["set_aside"]
    assert (shown["id"], shown["reason"], shown["redriven_at"]) == (str(letter), "unsupported-version", None)
    before = await one.pool.fetch("SELECT * FROM runtime.watermark")
    assert (await door.post(f"/set-aside/{letter}", json=ORDER)).json() == {"answer": "applied late; said 2"}
    assert await one.labels(KEY) == ["on time", "late"]
    assert await one.pool.fetch("SELECT * FROM runtime.watermark") == before
    assert [answer["verdict"] for answer in await one.answers()] == ["quarantined", "accepted", "accepted"]
    assert len(named(lines, "record.applied-late")) == 1
    assert (await door.post(f"/set-aside/{letter}", json=ORDER)).status_code == 404
    assert (await door.get("/set-aside")).json()["set_aside"][0]["redriven_at"] is not None
    assert await one.labels(KEY) == ["on time", "late"]
    assert await acts(door) == [("redrive-set-aside", "demo.operator", "mended in version 2")]


async def test_who_sends_a_redriven_record_again_gets_its_last_answer(one: Running, door: httpx.AsyncClient) -> None:
    record = one.asked(0, "the id", "late", KEY)
    await one.take(replace(record, headers=[(n, b"test.raise.asked.v9" if n == "ce_type" else v) for n, v in record.headers]))
    letter = await one.pool.fetchval("SELECT id FROM runtime.set_aside")
    await one.pool.execute("UPDATE runtime.set_aside SET headers = $1", as_json(record.headers))
    await door.post(f"/set-aside/{letter}", json=ORDER)
    await one.take(replace(record, offset=1))
    last = (await one.answers())[-1]
    assert (last["verdict"], last["count"]) == ("duplicate", 1)
    assert await one.labels(KEY) == ["late"]


async def test_a_record_whose_key_is_parked_is_put_back_behind_what_waits(one: Running, door: httpx.AsyncClient) -> None:
    torn = replace(one.raised(1, "late", KEY), headers=one.raised(1, "late", KEY).headers[:-1])
    whole = one.raised(1, "late", KEY)
    await one.take(torn)
    one.mood.breaks("poison")
    await one.take(one.raised(1, "poison", KEY))
    letter = await one.pool.fetchval("SELECT id FROM runtime.set_aside")
    await one.pool.execute("UPDATE runtime.set_aside SET headers = $1", as_json(whole.headers))
    assert (await door.post(f"/set-aside/{letter}", json=ORDER)).status_code == 200
    assert await one.labels(KEY) == []
    one.mood.mended("poison")
    one.clock.forward(parking.TRY_SECONDS_MAX)
    await drained(one)
    assert await one.labels(KEY) == ["poison", "late"]


async def test_another_record_under_an_id_that_was_used_never_takes_the_first_one_s_place(
    one: Running, door: httpx.AsyncClient
) -> None:
    await one.take(one.asked(0, "the id", "genuine", KEY), one.asked(1, "the id", "impostor", KEY))
    letter = await one.pool.fetchval("SELECT id FROM runtime.set_aside")
    refused = await door.post(f"/set-aside/{letter}", json=ORDER)
    assert (refused.status_code, refused.json()["detail"]) == (409, "it still cannot be read: id-reuse")
    await one.take(one.asked(2, "the id", "genuine", KEY))
    assert await one.labels(KEY) == ["genuine"]
    assert [answer["verdict"] for answer in await one.answers()] == ["accepted", "quarantined", "duplicate"]


async def test_a_redrive_wakes_a_drain_that_knew_of_nothing_parked(one: Running, door: httpx.AsyncClient) -> None:
    one.mood.breaks("poison")
    await take(one.another(), [one.raised(1, "poison", KEY)])
    one.mood.mended("poison")
    one.consumer.parking.some = False
    drain = asyncio.create_task(one.consumer.parking.run())
    try:
        await asyncio.sleep(0.1)
        assert (await door.post(f"/parked/counter/{KEY}", json=ORDER)).status_code == 200
        async with asyncio.timeout(2):
            while await one.labels(KEY) != ["poison"]:
                await asyncio.sleep(0.05)
    finally:
        drain.cancel()


async def test_a_gap_is_accepted_by_name_and_reading_goes_on_behind_it(
    one: Running, door: httpx.AsyncClient, lines: list[Any]
) -> None:
    place = (one.topics.raises.name, 0)
    await one.take(one.raised(1, "1", KEY))
    path = f"/gaps/{place[0]}/0"
    assert (await door.post(path, json=ORDER)).status_code == 404, "nothing is missing yet"
    for _ in range(2):
        await one.take(one.raised(5, "5", KEY))
    (gap,) = (await door.get("/gaps")).json()["gaps"]
    assert (gap["topic"], gap["partition"], gap["expected"], gap["n"]) == (place[0], 0, 2, 5)
    assert "would go on" in (await door.post(path, json={**ORDER, "dry_run": True})).json()["answer"]
    assert await one.labels(KEY) == ["1"]
    assert (await door.post(path, json=ORDER)).status_code == 200
    assert one.positions.rewinds[-1] == (place, 5)
    await one.take(one.raised(5, "5", KEY), one.raised(6, "6", KEY))
    assert await one.labels(KEY) == ["1", "5", "6"]
    assert (await door.post(path, json=ORDER)).status_code == 404
    assert (await door.get("/gaps")).json() == {"gaps": []}
    assert await acts(door) == [("accept-gap", "demo.operator", "mended in version 2")]
    assert [(line["expected"], line["n"]) for line in named(lines, "gap.accepted")] == [(2, 5)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"by":"a"}',
        b'{"by":"","reason":"x"}',
        b'{"by":"a b","reason":"x"}',
        b'{"by":"a","reason":"x","more":1}',
        b'{"by":"a","reason":"\\u0000"}',
        b'{"by":"a","reason":"   "}',
        b'{"by":"a","reason":"\\u001b[31m"}',
    ],
)
async def test_an_order_without_name_and_reason_is_refused(one: Running, door: httpx.AsyncClient, body: bytes) -> None:
    assert (await door.post(f"/parked/counter/{KEY}", content=body)).status_code == 422
    assert await acts(door) == []


@pytest.mark.parametrize(
    "path", ["/parked/%00/" + str(KEY), "/parked/a%2Fb/" + str(KEY), "/parked/" + "x" * 500 + f"/{KEY}", "/gaps/%00/0"]
)
async def test_strange_names_are_refused_before_anybody_looks(one: Running, door: httpx.AsyncClient, path: str) -> None:
    assert (await door.post(path, json=ORDER)).status_code in {404, 422}
