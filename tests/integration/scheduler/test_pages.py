"""The answer page and the staff door, on a real PostgreSQL, through the process's own ASGI application."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from support.scheduler_builders import NOW, REQUEST, training_requested
from support.scheduler_process import STAFF_TOKEN, Running, running

from upstream_runtime.links import Links
from upstream_runtime.web import application
from upstream_scheduler import roster, texts
from upstream_scheduler.decide import news
from upstream_scheduler.model import GROUP, Held, Seat, Stage

STAFF = {"Authorization": f"Bearer {STAFF_TOKEN}"}
EVENINGS = [{"weekday": "tuesday", "start": "17:00", "end": "21:00"}]
TRAINER: dict[str, Any] = {
    "name": "Asha Demo",
    "email": "asha.demo@example.org",
    "phone": "+15035550111",
    "language": "en",
    "skills": ["personal-safety"],
    "languages": ["en", "so"],
    "formats": ["virtual"],
    "weekly": EVENINGS,
    "sessions_per_week_max": 2,
}
VENUE = {"name": "Online meeting room 1", "capacity": 40, "formats": ["virtual"]}


@dataclass(slots=True)
class Site:
    """The scheduler's pages, as a browser and as staff see them."""

    process: Running
    client: AsyncClient
    links: Links

    async def registered(self, slug: str = "trainer-01", /, **changed: Any) -> Response:
        return await self.client.put(f"/staff/trainers/{slug}", json={**TRAINER, **changed}, headers=STAFF)

    async def staff(self, path: str, body: object) -> Response:
        return await self.client.post(f"/staff/sessions/{path}", json=body, headers=STAFF)

    async def held(self) -> Held:
        held = (await self.process.session(REQUEST)).state.held
        assert held is not None
        return held

    def page(self, seat: Seat = GROUP, number: int = 1) -> str:
        return self.links.make("a", *news.claims(REQUEST, number, seat)).removeprefix(self.links.base_url)


@asynccontextmanager
async def _site(dsn: str, folder: Path) -> AsyncIterator[Site]:
    async with running(dsn, folder, NOW) as process:
        app = application(process.app, process.engine, dict)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1") as client:
            yield Site(process, client, Links("http://127.0.0.1", "link-key-of-a-test"))


@asynccontextmanager
async def _offered(dsn: str, folder: Path) -> AsyncIterator[Site]:
    async with _site(dsn, folder) as site:
        await site.registered()
        await site.client.put("/staff/venues/virtual-1", json=VENUE, headers=STAFF)
        await site.process.requested(training_requested())
        await site.process.work_is_done()
        yield site


async def test_reading_the_page_changes_nothing(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        before = await site.process.session(REQUEST)
        page = await site.client.get(site.page())
        assert page.status_code == 200
        assert await site.process.session(REQUEST) == before


async def test_group_and_trainer_accept_and_later_the_trainer_cancels(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        trainer = (await site.held()).trainers[0].seat
        for seat in (GROUP, trainer):
            answer = await site.client.post(site.page(seat), data={"word": "accept"})
            assert (answer.status_code, answer.headers["location"]) == (303, site.page(seat))
        assert (await site.process.session(REQUEST)).state.stage is Stage.CONFIRMED
        assert texts.TEXTS["en"]["confirmed"] in (await site.client.get(site.page(trainer))).text

        await site.client.post(site.page(trainer), data={"word": "cancel"})
        await site.process.work_is_done()
        again = (await site.process.session(REQUEST)).state
        assert (again.stage, again.rounds) == (Stage.HELD, 2)
        assert texts.TEXTS["en"]["cancelled"] in (await site.client.get(site.page(trainer))).text


async def test_late_yes_is_answered_in_plain_words_and_changes_nothing(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        site.process.clock.at = (await site.held()).hold_until
        answer = await site.client.post(site.page(), data={"word": "accept"}, follow_redirects=True)
        assert texts.TEXTS["so"]["expired"] in answer.text
        assert (await site.held()).accepted == ()


@pytest.mark.parametrize("language", ["en", "es", "so", "ar"])
async def test_page_speaks_its_reader_s_language(scheduler_dsn: str, tmp_path: Path, language: str) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        page = (await site.client.get(f"{site.page()}?lang={language}")).text
        assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
        assert texts.TEXTS[language]["open-group"] in page
        assert texts.slot_text((await site.held()).slot, language) in page


async def test_page_of_the_group_is_in_the_group_s_language_unless_it_asks_for_another(
    scheduler_dsn: str, tmp_path: Path
) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        assert '<html lang="so"' in (await site.client.get(site.page())).text
        trainer = (await site.held()).trainers[0].seat
        assert '<html lang="en"' in (await site.client.get(site.page(trainer))).text


async def test_page_carries_the_headers_that_keep_it_to_itself(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        for answer in (
            await site.client.get(site.page()),
            await site.client.get("/a/forged"),
            await site.client.post(site.page(), data={"word": "accept"}),
        ):
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"


async def test_page_needs_nothing_from_outside_and_no_script(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        page = (await site.client.get(site.page())).text
        assert re.findall(r'(?:src|href)="([^"?]+)', page) == ["/style/page.css"]
        assert "<script" not in page
        assert (await site.client.get("/style/page.css")).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("change", ["x", ""])
async def test_link_that_was_tampered_with_opens_nothing(scheduler_dsn: str, tmp_path: Path, change: str) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        path = site.page()[:-1] + change
        assert (await site.client.get(path)).status_code == 404
        assert (await site.client.post(path, data={"word": "accept"})).status_code == 404
        assert (await site.held()).accepted == ()


async def test_group_cannot_report_the_outcome_and_the_trainer_can(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        held = await site.held()
        for seat in held.seats:
            await site.client.post(site.page(seat), data={"word": "accept"})
        site.process.clock.at = held.slot.ends_at
        assert "<form" not in (await site.client.get(site.page())).text
        await site.client.post(site.page(), data={"word": "missed"})
        assert (await site.process.session(REQUEST)).state.stage is Stage.CONFIRMED
        await site.client.post(site.page(held.trainers[0].seat), data={"word": "missed"})
        assert (await site.process.session(REQUEST)).state.stage is Stage.MISSED


async def test_training_closes_by_itself_an_hour_after_its_end(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        held = await site.held()
        for seat in held.seats:
            await site.client.post(site.page(seat), data={"word": "accept"})
        site.process.clock.at = held.slot.ends_at + timedelta(hours=1)
        await site.process.work_is_done()
        assert (await site.process.session(REQUEST)).state.stage is Stage.DELIVERED
        assert await site.process.pool.fetchval("SELECT status FROM trainer_booking") == "done"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": STAFF_TOKEN}])
async def test_staff_door_stays_shut_without_the_token(scheduler_dsn: str, tmp_path: Path, headers: dict[str, str]) -> None:
    async with _site(scheduler_dsn, tmp_path) as site:
        for answer in (
            await site.client.get("/staff/trainers", headers=headers),
            await site.client.get("/staff/sessions", headers=headers),
            await site.client.put("/staff/trainers/x", json=TRAINER, headers=headers),
            await site.client.delete("/staff/trainers/x", headers=headers),
            await site.client.put("/staff/venues/x", json=VENUE, headers=headers),
            await site.client.post("/staff/sessions/UP-0TRY-0001/cancel", json={}, headers=headers),
        ):
            assert answer.status_code == 401


async def test_trainer_s_name_and_addresses_lie_in_no_table_in_plain(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _site(scheduler_dsn, tmp_path) as site:
        assert (await site.registered()).json() == {"slug": "trainer-01", "answer": "registered"}
        tables = await site.process.pool.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'runtime')"
        )
        stored = ""
        for schema, table in tables:
            rows = await site.process.pool.fetch(f'SELECT t::text AS row FROM "{schema}"."{table}" t')
            stored += " ".join(row["row"] for row in rows)
        stored += " ".join(bytes.fromhex(found).decode(errors="replace") for found in re.findall(r"\\x([0-9a-f]+)", stored))
        assert '"contact_id":' in stored, "the outbox was not read"
        assert not re.search("Asha Demo|asha[.]demo@|5550111", stored)
        (shown,) = (await site.client.get("/staff/trainers", headers=STAFF)).json()
        contact = {"name": "Asha Demo", "email": "asha.demo@example.org", "phone": "+15035550111"}
        assert shown["contact"] == {**contact, "preferred_contact": "email", "consent_contact": True}
        assert shown["weekly"] == EVENINGS


async def test_erased_trainer_s_contact_opens_nowhere(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _site(scheduler_dsn, tmp_path) as site:
        await site.registered()
        assert (await site.client.delete("/staff/trainers/trainer-01", headers=STAFF)).json()["answer"] == "erased"
        (shown,) = (await site.client.get("/staff/trainers", headers=STAFF)).json()
        assert (shown["contact"], shown["active"]) == (None, False)
        said = await site.process.pool.fetch(
            "SELECT value FROM runtime.outbox WHERE topic = 'scheduler.contacts.v1' ORDER BY n"
        )
        assert [row["value"] for row in said] == [None, None], "the contact, blanked where it was said, and its tombstone"
        assert (await site.client.delete("/staff/trainers/trainer-01", headers=STAFF)).status_code == 404


async def test_trainer_whom_somebody_counts_on_is_not_erased(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        answer = await site.client.delete("/staff/trainers/trainer-01", headers=STAFF)
        assert (answer.status_code, answer.json()["detail"]["references"]) == (409, ["UP-0TRY-0001"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("skills", ["no-such-topic"]),
        ("languages", ["xx"]),
        ("email", "nobody"),
        ("sessions_per_week_max", "3"),
        ("sessions_per_week_max", 0),
        ("weekly", [{"weekday": "tuesday", "start": "21:00", "end": "17:00"}]),
        ("exceptions", [{"day": "2026-12-24", "hours": [{"start": "12:00", "end": "12:00"}]}]),
        ("surprise", 1),
    ],
)
async def test_trainer_that_is_written_down_wrongly_is_refused_without_repeating_it(
    scheduler_dsn: str, tmp_path: Path, field: str, value: object
) -> None:
    async with _site(scheduler_dsn, tmp_path) as site:
        answer = await site.registered(**{field: value})
        assert answer.status_code == 422
        assert "asha.demo" not in answer.text
        assert await site.process.pool.fetchval("SELECT count(*) FROM trainer") == 0


async def test_staff_see_sessions_and_call_one_off(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        (shown,) = (await site.client.get("/staff/sessions?stage=held", headers=STAFF)).json()
        assert (shown["reference"], shown["stage"], shown["slot"]["trainers"]) == (
            "UP-0TRY-0001",
            "held",
            ["trainer-01"],
        )
        body = {"party": "trainer", "reschedule": True}
        assert (await site.staff("UP-0TRY-0001/cancel", body)).json()["answer"] == "cancelled"
        assert (await site.staff("UP-0TRY-0001/cancel", body)).status_code == 409
        assert (await site.staff("UP-0TRY-0002/cancel", body)).status_code == 404
        assert (await site.staff("UP-0TRY-0001/outcome", {"outcome": "missed"})).status_code == 409
        assert (await site.staff("UP-0TRY-0001/look-again", None)).status_code == 409


async def test_trainer_who_comes_is_offered_to_who_waits(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _site(scheduler_dsn, tmp_path) as site:
        await site.client.put("/staff/venues/virtual-1", json=VENUE, headers=STAFF)
        await site.process.requested(training_requested())
        await site.process.work_is_done()
        assert (await site.process.session(REQUEST)).state.waits_because == "no-trainer-for-topic"
        await site.registered()
        await site.process.work_is_done()
        assert [found.trainer_id for found in (await site.held()).trainers] == [roster.trainer_id("trainer-01")]


async def test_answer_links_leave_the_database_sealed(scheduler_dsn: str, tmp_path: Path) -> None:
    async with _offered(scheduler_dsn, tmp_path) as site:
        said = await site.process.pool.fetch("SELECT value FROM runtime.outbox WHERE value IS NOT NULL")
        assert len(said) == 3
        assert not [row for row in said if b"127.0.0.1/a/" in row["value"]]
