"""The way in for somebody who looks for help, on a real PostgreSQL, through the process's own ASGI application."""

import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from httpx import Response
from support.intake_process import OUTREACH_URL, Site, running

from upstream_intake.texts.page_words import PAGE_WORDS
from upstream_intake.web.help_page import TRIES_MAX
from upstream_intake.web.slip import GOOD_FOR
from upstream_runtime import log
from upstream_runtime.wiring import Tombstone
from upstream_schemas import topics
from upstream_schemas.codec import decode
from upstream_schemas.outreach import ReferralReceivedV1, ServicePublishedV1
from upstream_schemas.sealed import PADDED_BYTES, SelfReferral

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
SERVICE = UUID("01a1fe48-9300-7ddd-8646-2dd24b8e60eb")
FIRST_KEY = "ovp-first-key-of-a-test"
WORDS = PAGE_WORDS["en"]
CANARIES = {
    "name": "Zaynab Canary-Example",
    "email": "zaynab.canary@example.org",
    "phone": "(503) 555-0147",
    "words": "My cousin keeps a purple heron on the balcony",
}
FORM = {"needs": ["staying-safe", "someone-to-talk-to"], "language": "so", **CANARIES}
LINK = re.compile(rf'href="({OUTREACH_URL}/p/([\w-]{{43}}))"')


@pytest.fixture
def intake_dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("intake")


@pytest.fixture
def as_in_a_process(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Log as the running process does, for this test alone; what was logged so far."""
    before, handlers = structlog.get_config(), logging.root.handlers[:]
    log.configure("intake")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(), cache_logger_on_first_use=False)
    yield lambda: "".join(capfd.readouterr())
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    logging.root.handlers[:] = handlers


class Form:
    """A form as a browser has it open, with OVP's private key to look into what was sent."""

    def __init__(self, site: Site, open_sealed: Callable[[str], str]) -> None:
        self.site = site
        self.open_sealed = open_sealed
        self.slip = ""

    async def opened(self, reader: str = "en") -> Response:
        answer = await self.site.client.get(f"/help?lang={reader}")
        self.slip = slip_in(answer)
        return answer

    async def sent(self, reader: str = "en", **changed: Any) -> Response:
        return await self.site.client.post(f"/help?lang={reader}", data={**FORM, "slip": self.slip, **changed})

    def said(self) -> list[ReferralReceivedV1]:
        return [decode(said.value or b"", ReferralReceivedV1) for said in self.site.said]

    def inside(self) -> SelfReferral:
        document = self.open_sealed(self.said()[-1].sealed)
        assert len(document.encode()) == PADDED_BYTES
        return decode(document.encode(), SelfReferral)


@asynccontextmanager
async def open_form(dsn: str, folder: Path) -> AsyncIterator[Form]:
    async with running(dsn, folder, NOW) as site:
        form = Form(site, site.new_ovp_key(FIRST_KEY))
        await form.opened()
        yield form


def slip_in(answer: Response) -> str:
    (slip,) = re.findall(r'name="slip" value="([^"]+)"', answer.text)
    return str(slip)


def published(**changed: Any) -> ServicePublishedV1:
    given: dict[str, Any] = {
        "code": "insight-alliance",
        "organization_name": "Insight <Alliance>",
        "name": "Understanding the mind",
        "description": "Works in prisons and in the community.",
        "needs": ("someone-to-talk-to",),
        "status": "active",
        "takes_referrals": True,
        "source": "portland.gov, Spring 2022",
        **changed,
    }
    return ServicePublishedV1(service_id=SERVICE, **given)


# ---- asking


async def test_what_somebody_writes_is_said_sealed_and_they_get_a_page_of_their_own(intake_dsn: str, tmp_path: Path) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        answer = await form.sent()

        found = LINK.search(answer.text)
        assert answer.status_code == 200 and found is not None
        assert WORDS["help.page-warning"] in answer.text
        (said,) = form.said()
        assert (said.key_id, form.site.said[0].topic) == (FIRST_KEY, "intake.referrals.v1")
        assert form.site.said[0].key == str(said.referral_id).encode()
        assert form.inside() == SelfReferral(
            page_secret=found[2],
            language="so",
            needs=("someone-to-talk-to", "staying-safe"),
            name=CANARIES["name"],
            email=CANARIES["email"],
            phone="+15035550147",
            words=CANARIES["words"],
        )


async def test_not_a_word_of_the_form_stands_in_any_table_or_log(
    intake_dsn: str, tmp_path: Path, as_in_a_process: Callable[[], str]
) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        secret = LINK.findall((await form.sent()).text)[0][1]
        await form.sent(phone="not a number")
        await form.sent(slip="forged")
        form.site.ovp_public_key.unlink()
        assert (await form.sent()).status_code == 503
        form.site.ovp_public_key.write_text("ovp-2 broken")
        assert (await form.sent()).status_code == 500

        for text in (*CANARIES.values(), "+15035550147", "staying-safe", secret):
            assert await form.site.tables_with(text) == [], text
        assert await form.site.tables_with(FIRST_KEY) == ["runtime.outbox"]
        assert await form.site.pool.fetchval("SELECT count(*) FROM request") == 0
        logged = as_in_a_process()
        assert "page.failed" in logged and "page.unavailable" in logged
        assert [text for text in (*CANARIES.values(), "5550147", "not a number", secret) if text in logged] == []


async def test_the_form_sent_twice_is_one_referral_with_one_page(intake_dsn: str, tmp_path: Path) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        first, second = await form.sent(), await form.sent()

        assert LINK.findall(first.text) == LINK.findall(second.text)
        assert len({said.referral_id for said in form.said()}) == 1
        assert len({said.sealed for said in form.said()}) == 2


async def test_another_form_is_another_referral_with_another_page(intake_dsn: str, tmp_path: Path) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        first = await form.sent()
        await form.opened()
        second = await form.sent()

        assert LINK.findall(first.text) != LINK.findall(second.text)
        assert len({said.referral_id for said in form.said()}) == 2


async def test_a_form_that_was_open_too_long_comes_back_as_it_was_typed_and_belongs_to_nobody_else(
    intake_dsn: str, tmp_path: Path
) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        old = form.slip
        form.site.clock.at += GOOD_FOR
        answer = await form.sent()

        assert (answer.status_code, form.said()) == (409, [])
        assert WORDS["help-problem.old"] in answer.text and CANARIES["words"] in answer.text
        form.slip = slip_in(answer)
        assert form.slip != old
        assert (await form.sent()).status_code == 200


@pytest.mark.parametrize("slip", ["", "forged", "WyJhIl0.signature"])
async def test_a_slip_that_is_not_ours_sends_nothing(intake_dsn: str, tmp_path: Path, slip: str) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        assert (await form.sent(slip=slip)).status_code == 409
        assert form.said() == []


async def test_a_correction_keeps_the_form_and_what_was_typed(intake_dsn: str, tmp_path: Path) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        answer = await form.sent(email="zaynab@", phone="12")

        assert (answer.status_code, form.said(), slip_in(answer)) == (422, [], form.slip)
        assert 'href="#email"' in answer.text and 'id="phone-wrong"' in answer.text
        assert CANARIES["words"] in answer.text and 'value="staying-safe" checked' in answer.text


@pytest.mark.parametrize("field", ["name", "email", "phone", "words", "something-else"])
@pytest.mark.parametrize("slip", [None, "forged"])
async def test_an_emergency_in_any_field_is_answered_first_and_nothing_is_sent(
    intake_dsn: str, tmp_path: Path, field: str, slip: str | None
) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        answer = await form.sent(**{field: "He has a gun", "slip": slip or form.slip})

        assert (answer.status_code, form.said()) == (200, [])
        assert "911" in answer.text and CANARIES["words"] not in answer.text
        assert "/p/" not in answer.text and "a gun" not in answer.text


async def test_one_connection_sends_only_so_many_forms_a_minute_but_an_emergency_is_always_answered(
    intake_dsn: str, tmp_path: Path
) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        answers = [(await form.sent()).status_code for _ in range(TRIES_MAX)]
        busy = await form.sent()

        assert set(answers) == {200}
        assert (busy.status_code, len(form.said())) == (429, TRIES_MAX)
        assert WORDS["help-problem.busy"] in busy.text and CANARIES["words"] in busy.text
        assert WORDS["emergency"] in (await form.sent(words="He has a gun")).text
        form.site.clock.at += timedelta(minutes=1)
        assert (await form.sent()).status_code == 200


async def test_a_new_key_of_ovp_is_used_without_a_restart(intake_dsn: str, tmp_path: Path) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        await form.sent()
        form.open_sealed = form.site.new_ovp_key("ovp-2")
        await form.sent()

        assert [said.key_id for said in form.said()] == [FIRST_KEY, "ovp-2"]
        assert form.inside().name == CANARIES["name"]


async def test_what_is_said_names_the_referral_and_nothing_else(intake_dsn: str, tmp_path: Path) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        await form.sent()
        (said,) = form.site.said
        assert set(json.loads(said.value or b"")) == {"referral_id", "key_id", "sealed"}


# ---- looking


async def test_looking_who_could_help_needs_no_form_and_leaves_nothing(intake_dsn: str, tmp_path: Path) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        site = form.site
        await site.hear(topics.OPEN_DIRECTORY, SERVICE, published(url="https://insight.example.org", phone="503-555-0100"))
        before = await site.pool.fetchval("SELECT count(*) FROM runtime.outbox")
        page = (await site.client.get("/help/services?lang=so")).text

        assert "Insight &lt;Alliance&gt;" in page and PAGE_WORDS["so"]["need.someone-to-talk-to"] in page
        assert 'href="tel:5035550100"' in page and 'href="https://insight.example.org"' in page
        assert "<form" not in page
        assert (site.said, await site.pool.fetchval("SELECT count(*) FROM runtime.outbox")) == ([], before)


async def test_the_directory_shows_the_last_word_and_forgets_what_was_taken_off_it(intake_dsn: str, tmp_path: Path) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        site = form.site
        await site.hear(topics.OPEN_DIRECTORY, SERVICE, published())
        await site.hear(topics.OPEN_DIRECTORY, SERVICE, published(name="Another name"))
        page = (await site.client.get("/help/services")).text
        assert "Another name" in page and "Understanding the mind" not in page

        await site.hear(topics.OPEN_DIRECTORY, SERVICE, Tombstone(SERVICE))
        assert WORDS["services.none"] in (await site.client.get("/help/services")).text
        assert await site.tables_with("Another name") == []

        await site.hear(topics.OPEN_DIRECTORY, SERVICE, published())
        assert "Understanding the mind" in (await site.client.get("/help/services")).text


@pytest.mark.parametrize("path", ["/help", "/help/services"])
async def test_the_pages_for_help_are_never_kept_and_load_nothing_from_elsewhere(
    intake_dsn: str, tmp_path: Path, path: str
) -> None:
    async with open_form(intake_dsn, tmp_path) as form:
        page = await form.site.client.get(path)
        assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert re.findall(r'<link[^>]+href="([^"]+)"', page.text) == ["/style/page.css"]
        assert "<script" not in page.text
