"""The participant's page on a real PostgreSQL, through the process's own ASGI application."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.outreach_site import BOTH, PAGE, choosing, coordinator, site, told

from upstream_referral.outreach.model import Became, Stage
from upstream_referral.outreach.texts.page_words import PAGE_WORDS
from upstream_referral.outreach.web.participant import TRIES_MAX
from upstream_schemas.provider import ErasureAttestedV1, ProviderAcceptedV1, ProviderDeclinedV1

WORDS = PAGE_WORDS["en"]


@pytest.fixture
def dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("outreach_pages")


async def test_page_that_nobody_has_and_one_that_has_not_arrived_look_the_same(dsn: str, tmp_path: Path) -> None:
    async with choosing(dsn, tmp_path) as found:
        early, never = [await found.client.get(f"/p/{letter * 43}") for letter in "BC"]
        assert (early.status_code, never.status_code) == (404, 404)
        assert early.text.replace("B" * 43, "") == never.text.replace("C" * 43, "")
        assert WORDS["not-found"] in never.text
        await found.asked("B" * 43)
        assert (await found.client.get(f"/p/{'B' * 43}")).status_code == 200


async def test_reading_any_page_changes_nothing(dsn: str, tmp_path: Path) -> None:
    async with told(dsn, tmp_path) as found:
        before = await found.referral()
        for path in (PAGE, f"{PAGE}/take-back", f"{PAGE}/take-back/help", f"{PAGE}/take-back/help?service=bmit"):
            assert (await found.client.get(path)).status_code == 200
        assert await found.referral() == before


async def test_page_shows_who_could_help_and_nothing_that_the_person_wrote(dsn: str, tmp_path: Path) -> None:
    async with choosing(dsn, tmp_path) as found:
        page = (await found.client.get(PAGE)).text
        assert WORDS["state.choose"] in page
        assert set(re.findall(r'name="tell" value="(\w+)"', page)) == {"help", "bmit"}
        assert not re.search("Sam Example|sam@example|5550111|My brother", page)


async def test_page_is_in_the_language_of_the_form_unless_another_is_asked_for(dsn: str, tmp_path: Path) -> None:
    async with choosing(dsn, tmp_path) as found:
        await found.asked("B" * 43, "so")
        assert '<html lang="so" dir="ltr">' in (await found.client.get(f"/p/{'B' * 43}")).text
        assert '<html lang="ar" dir="rtl">' in (await found.client.get(f"/p/{'B' * 43}?lang=ar")).text


async def test_whom_they_ticked_is_told_in_their_order_and_only_what_they_ticked(dsn: str, tmp_path: Path) -> None:
    async with told(dsn, tmp_path) as found:
        first, second = (await found.referral()).consents
        assert (first.service, first.became) == ("bmit", Became.ASKED)
        assert (second.service, second.became) == ("help", Became.CHOSEN)
        assert first.classes == second.classes == ("needs", "language", "name", "contact")
        page = (await found.client.get(PAGE)).text
        assert "Black Men In Training (B.M.I.T)" in page
        assert page.count("<time datetime=") == 1
        assert WORDS["offer.asked"] in page


@pytest.mark.parametrize(
    ("form", "status", "problem"),
    [
        ({}, 422, "problem.none-chosen"),
        ({"tell": ["eecrc"]}, 422, "problem.changed"),
        ({"tell": ["help", "bmit"], "order-help": "1", "order-bmit": "1"}, 422, "problem.order"),
    ],
)
async def test_choice_that_is_not_clear_tells_nobody_and_is_asked_again(
    dsn: str, tmp_path: Path, form: dict[str, Any], status: int, problem: str
) -> None:
    async with choosing(dsn, tmp_path) as found:
        answer = await found.client.post(f"{PAGE}/choose", data=form)
        assert (answer.status_code, WORDS[problem] in answer.text) == (status, True)
        assert (await found.referral()).stage is Stage.CHOOSING


async def test_choice_that_comes_twice_is_answered_with_where_it_stands(dsn: str, tmp_path: Path) -> None:
    async with told(dsn, tmp_path) as found:
        again = await found.client.post(f"{PAGE}/choose", data=BOTH)
        assert (again.status_code, WORDS["problem.not-now"] in again.text) == (409, True)
        assert len((await found.referral()).consents) == 2


async def test_no_of_the_first_and_yes_of_the_second_stand_on_the_page(dsn: str, tmp_path: Path) -> None:
    async with told(dsn, tmp_path) as found:
        process = found.process
        await process.says("bmit", ProviderDeclinedV1, await process.offer_id(found.key, "bmit"), reason="no-capacity")
        await process.work_is_done()
        await process.says("help", ProviderAcceptedV1, await process.offer_id(found.key, "help"))
        page = (await found.client.get(PAGE)).text
        assert "said yes. They will reach out to you." in page
        assert (await found.became()) == {"bmit": Became.DECLINED, "help": Became.ACCEPTED}


async def test_taking_back_from_one_leaves_the_others_and_is_asked_before(dsn: str, tmp_path: Path) -> None:
    async with told(dsn, tmp_path) as found:
        asked = await found.client.get(f"{PAGE}/take-back/bmit")
        assert f'<form method="post" action="{PAGE}/take-back/bmit?lang=en">' in asked.text
        answer = await found.client.post(f"{PAGE}/take-back/bmit?lang=es")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?lang=es")
        await found.process.work_is_done()
        assert await found.became() == {"bmit": Became.TAKEN_BACK, "help": Became.ASKED}
        assert (await found.client.post(f"{PAGE}/take-back/bmit")).status_code == 409
        assert (await found.client.get(f"{PAGE}/take-back/bmit")).status_code == 409
        assert (await found.client.post(f"{PAGE}/take-back/nobody")).status_code == 409


async def test_taking_everything_back_stops_all_and_shows_who_says_that_they_erased(dsn: str, tmp_path: Path) -> None:
    async with told(dsn, tmp_path) as found:
        offer = await found.process.offer_id(found.key, "bmit")
        assert (await found.client.post(f"{PAGE}/take-back")).status_code == 303
        await found.process.work_is_done()
        page = (await found.client.get(PAGE)).text
        assert WORDS["state.withdrawn"] in page
        assert (WORDS["offer.taken-back"] in page, WORDS["offer.not-needed"] in page) == (True, True)
        assert not re.search('take-back/|action="', page)
        await found.process.says("bmit", ErasureAttestedV1, offer)
        assert WORDS["offer.erased"] in (await found.client.get(PAGE)).text
        assert (await found.client.post(f"{PAGE}/take-back")).status_code == 409


async def test_one_connection_cannot_try_out_many_addresses(dsn: str, tmp_path: Path) -> None:
    async with choosing(dsn, tmp_path) as found:
        tried = [(await found.client.get(f"/p/guess-{n}")).status_code for n in range(TRIES_MAX)]
        assert set(tried) == {404}
        assert (await found.client.get(PAGE)).status_code == 429
        assert (await found.client.post(f"{PAGE}/take-back")).status_code == 429
        found.process.clock.at += timedelta(minutes=1)
        assert (await found.client.get(PAGE)).status_code == 200


@pytest.mark.parametrize("secret", ["%00", "..%2f..%2fstaff", "%22%3E%3Cscript%3E", "%E2%80%AE", "%ff", "x" * 5000])
async def test_address_that_was_made_up_is_answered_like_any_other(dsn: str, tmp_path: Path, secret: str) -> None:
    async with site(dsn, tmp_path) as found:
        answer = await found.client.get(f"/p/{secret}")
        assert answer.status_code == 404
        assert not re.search("<script>|\u202e|\x00", answer.text)


# ---- headers


async def test_pages_carry_the_headers_that_keep_them_to_themselves(dsn: str, tmp_path: Path) -> None:
    async with told(dsn, tmp_path) as found:
        for answer in (
            await found.client.get(PAGE),
            await found.client.get("/p/nobody"),
            await found.client.get(f"{PAGE}/take-back"),
            await found.client.post(f"{PAGE}/choose", data={}),
            await found.client.get("/c/forged"),
            await found.client.get(coordinator()),
        ):
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"


async def test_pages_need_nothing_from_outside_and_no_script(dsn: str, tmp_path: Path) -> None:
    async with choosing(dsn, tmp_path) as found:
        for path in (PAGE, coordinator()):
            page = (await found.client.get(path)).text
            assert re.findall(r'(?:src|href)="(/style[^"]+)', page) == ["/style/page.css"]
            assert not re.search(r"<script|(?:src|href)=.https?:", page)
        assert (await found.client.get("/style/page.css")).headers["content-type"].startswith("text/css")
