"""The coordinator's page and the staff door, on a real PostgreSQL, through the process's own ASGI application."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.outreach_builders import NOW
from support.outreach_process import STAFF_TOKEN
from support.outreach_site import ALERT, CALL, OFFER, STAFF, choosing, coordinator, help_offer, provider, site

from upstream_schemas import topics


@pytest.fixture
def dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("outreach_pages")


# ---- the coordinator


async def test_coordinator_sees_life_safety_calls_first_and_the_contact_opened(dsn: str, tmp_path: Path) -> None:
    async with choosing(dsn, tmp_path) as found:
        await found.all_crossed()
        page = (await found.client.get(coordinator())).text
        told_in_order = (
            "+15035550100",
            "Call the Ceasefire desk by",
            "Kim &lt;Example&gt;",
            "Was asked to choose",
            "District 1",
        )
        places = [page.index(text) for text in told_in_order]
        assert places == sorted(places)
        assert "\u202e" not in page
        assert "sam@example.org" in page


async def test_what_a_coordinator_acknowledges_is_gone_from_the_list_and_said_to_nobody(dsn: str, tmp_path: Path) -> None:
    async with site(dsn, tmp_path) as found:
        await found.all_crossed()
        said = await found.process.pool.fetchval("SELECT count(*) FROM runtime.outbox")
        page = coordinator()
        for crossing in (CALL, OFFER):
            answer = await found.client.post(f"{page}/acknowledge/{crossing}")
            assert (answer.status_code, answer.headers["location"]) == (303, page)
        left = (await found.client.get(page)).text
        assert re.findall(r"acknowledge/([0-9a-f-]+)", left) == [str(ALERT)]
        assert "Kim" not in left
        assert await found.process.pool.fetchval("SELECT count(*) FROM runtime.outbox") == said
        kept = await found.process.pool.fetchval("SELECT body->>'acknowledged_by' FROM crossing WHERE crossing_id = $1", CALL)
        assert kept == "sample-lead"


async def test_contact_that_opens_with_none_of_our_keys_does_not_hide_the_call(dsn: str, tmp_path: Path) -> None:
    async with site(dsn, tmp_path) as found:
        contact = help_offer(key_id="ovp-0", sealed_contact="c2VhbGVk")
        await found.crossed(topics.CROSSING_HELP_OFFERS.name, contact)
        await found.life_safety_call()
        page = (await found.client.get(coordinator())).text
        assert ("+15035550100" in page, "does not open here" in page) == (True, True)


@pytest.mark.parametrize("token", ["forged", "WyJhIl0.x", "x" * 4000])
async def test_coordinator_s_link_that_was_tampered_with_opens_and_changes_nothing(
    dsn: str, tmp_path: Path, token: str
) -> None:
    async with site(dsn, tmp_path) as found:
        await found.all_crossed()
        shut = await found.client.get(f"/c/{token}")
        assert (shut.status_code, "5550100" in shut.text) == (404, False)
        assert (await found.client.post(f"/c/{token}/acknowledge/{CALL}")).status_code == 404
        assert await found.process.pool.fetchval("SELECT count(*) FROM crossing WHERE waits") == 3


# ---- the staff door


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": STAFF_TOKEN}])
async def test_staff_door_stays_shut_without_the_token(dsn: str, tmp_path: Path, headers: dict[str, str]) -> None:
    async with site(dsn, tmp_path) as found:
        for method, path in (
            ("PUT", "/staff/providers/help"),
            ("GET", "/staff/providers/help"),
            ("DELETE", "/staff/providers/help"),
            ("POST", "/staff/providers/help/trial"),
            ("PUT", "/staff/desk"),
            ("POST", "/staff/coordinator-links"),
        ):
            answer = await found.client.request(method, path, json=provider("help"), headers=headers)
            assert answer.status_code == 401, path


async def test_provider_is_registered_tried_out_and_removed(dsn: str, tmp_path: Path) -> None:
    async with site(dsn, tmp_path) as found:
        assert (await found.registered("help")).json() == {"slug": "help", "answer": "done"}
        fresh = (await found.client.get("/staff/providers/help", headers=STAFF)).json()
        assert fresh == {
            "slug": "help",
            "key_id": "sample-1",
            "services": ["help"],
            "trial_sent_at": None,
            "trial_received_at": None,
        }
        assert (await found.client.post("/staff/providers/help/trial", headers=STAFF)).json()["answer"] == "done"
        tried = (await found.client.get("/staff/providers/help", headers=STAFF)).json()
        assert (tried["trial_sent_at"], tried["trial_received_at"]) == (NOW.isoformat(), None)
        assert (await found.client.delete("/staff/providers/help", headers=STAFF)).status_code == 200
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/trial")):
            answer = await found.client.request(method, f"/staff/providers/help{path}", headers=STAFF)
            assert answer.status_code == 404


async def test_service_takes_referrals_as_soon_as_a_provider_stands_for_it(dsn: str, tmp_path: Path) -> None:
    async with site(dsn, tmp_path) as found:
        before = len(found.process.told(topics.OPEN_DIRECTORY.name))
        await found.registered("help")
        assert len(found.process.told(topics.OPEN_DIRECTORY.name)) == before + 1


async def test_provider_of_a_service_that_the_directory_does_not_have_is_refused(dsn: str, tmp_path: Path) -> None:
    async with site(dsn, tmp_path) as found:
        assert (await found.registered("help", "no-such-service")).status_code == 422
        assert (await found.client.get("/staff/providers/help", headers=STAFF)).status_code == 404
        assert (await found.client.put("/staff/providers/No Slug", json=provider("help"), headers=STAFF)).status_code == 422


async def test_desk_s_address_lies_in_no_table_in_plain(dsn: str, tmp_path: Path) -> None:
    async with site(dsn, tmp_path) as found:
        answer = await found.client.put("/staff/desk", json={"email": "desk@example.org", "language": "en"}, headers=STAFF)
        assert answer.json() == {"answer": "done"}
        tables = await found.process.pool.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'runtime')"
        )
        stored = ""
        for schema, table in tables:
            rows = await found.process.pool.fetch(f'SELECT t::text AS row FROM "{schema}"."{table}" t')
            stored += " ".join(row["row"] for row in rows)
        stored += " ".join(bytes.fromhex(one).decode(errors="replace") for one in re.findall(r"\\x([0-9a-f]+)", stored))
        assert '"contact_id":' in stored, "the outbox was not read"
        assert "desk@example.org" not in stored


async def test_desk_is_told_that_something_waits_and_not_what(dsn: str, tmp_path: Path) -> None:
    async with site(dsn, tmp_path) as found:
        await found.client.put("/staff/desk", json={"email": "desk@example.org"}, headers=STAFF)
        await found.all_crossed()
        await found.process.work_is_done()
        assert found.process.told(topics.OUTREACH_NOTICES.name) == ["notice.requested"]


async def test_link_that_staff_ask_for_opens_the_coordinator_s_page(dsn: str, tmp_path: Path) -> None:
    async with site(dsn, tmp_path) as found:
        made = await found.client.post("/staff/coordinator-links", json={"account": "sample-lead"}, headers=STAFF)
        page = await found.client.get(made.json()["link"])
        assert (page.status_code, "sample-lead" in page.text) == (200, True)
