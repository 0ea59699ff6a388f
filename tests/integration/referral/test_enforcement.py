"""The enforcement side on a real PostgreSQL: records in, receipts out, and approvers' pages as a browser sees them."""

import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from support.enforcement_builders import (
    AGENCY,
    AGENCY_REFERENCE,
    CONTACT,
    GROUNDS,
    NOW,
    SUBMISSION,
    area_alert_issued,
    help_offered,
    life_safety_call_asked,
    opened,
)
from support.wall_process import SENT_AT, STAFF_TOKEN, Site, enforcement, submitted

from upstream_runtime.clock import fresh_id
from upstream_runtime.settings import MissingSettingError
from upstream_schemas import topics
from upstream_schemas.codec import encode

CROSSINGS = topics.ENFORCEMENT_CROSSINGS.name
RECEIPTS = topics.ENFORCEMENT_RECEIPTS.for_party(AGENCY)
STAFF = {"Authorization": f"Bearer {STAFF_TOKEN}"}
APPROVER = {"role": "agency-approver", "agency": AGENCY, "account": "alex.example"}
DIRECTOR = {"role": "ceasefire-director", "agency": "*", "account": "dana.example"}
SERGEANT = {"role": "duty-sergeant", "agency": "*", "account": "sid.example"}
LIEUTENANT = {"role": "lieutenant", "agency": "*", "account": "lee.example"}
MARK = datetime(2026, 11, 23, 18, 20, 10, tzinfo=UTC)  # the first one at least 5 s after SENT_AT


@pytest.fixture
def dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("enforcement")


@pytest.fixture
def three_dsns(empty_database: Callable[[str], str]) -> list[str]:
    return [empty_database("enforcement") for _ in range(3)]


@asynccontextmanager
async def with_all_three(dsn: str, folder: Path, contact: str = "off") -> AsyncIterator[Site]:
    """An offer, an alert and a call wait."""
    async with enforcement(dsn, folder, NOW, contact=contact) as site:
        events = [help_offered(), area_alert_issued(), life_safety_call_asked()]
        for n, event in enumerate(events):
            named = event.model_copy(update={"submission_id": fresh_id()})
            await site.take(submitted(named, n, f"event-{n}"))
        yield site


async def link(site: Site, who: dict[str, str]) -> str:
    answer = await site.client.post("/staff/approver-links", json=who, headers=STAFF)
    assert answer.status_code == 200
    return str(answer.json()["link"]).removeprefix("http://127.0.0.1")


async def page(site: Site, who: dict[str, str]) -> str:
    answer = await site.client.get(await link(site, who))
    assert answer.status_code == 200
    return unescape(answer.text)


async def waiting(site: Site, who: dict[str, str]) -> list[str]:
    return re.findall(r'name="submission_id" value="([^"]+)"', await page(site, who))


async def press(site: Site, who: dict[str, str], word: str, submission_id: str | None = None) -> Response:
    """Press a button of what waits first."""
    chosen = submission_id or (await waiting(site, who))[0]
    return await site.client.post(await link(site, who), data={"word": word, "submission_id": chosen})


# ---- receipts


async def test_each_submission_gets_one_receipt_on_its_own_agency_s_topic_at_the_mark(dsn: str, tmp_path: Path) -> None:
    async with enforcement(dsn, tmp_path, NOW) as site:
        await site.take(submitted(help_offered()), submitted(help_offered(), agency="west-precinct"))
        for agency in (AGENCY, "west-precinct"):
            (row,) = await site.said(topics.ENFORCEMENT_RECEIPTS.for_party(agency))
            assert row.headers["ce_type"] == "enforcement.submission.received.v1"
            assert row.body == {
                "submission_id": str(SUBMISSION), "source_event_id": "event-1", "agency_reference": AGENCY_REFERENCE,
            }  # fmt: skip
            assert row.said_at == datetime.fromisoformat(row.headers["ce_time"]) == MARK
            assert timedelta(seconds=5) <= MARK - SENT_AT


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        (b"{not json", "malformed-json", None),
        (b'{"submission_id": 7}', "schema-violation", "/submission_id"),
        (encode(help_offered(callback_desk="patrol-desk")), "unknown-desk", "/callback_desk"),
        (encode(help_offered(contact=CONTACT)), "contact-not-taken", "/contact"),
        (encode(help_offered()).replace(b"true", b'"true"', 1), "schema-violation", "/attestation/not_criminal_justice_information"),
        (encode(help_offered()).replace(b"true", b"false", 1), "schema-violation", "/attestation/not_criminal_justice_information"),
    ],
    ids=["no JSON", "no UUID", "desk", "contact", "text for a statement", "not attested"],
)  # fmt: skip
async def test_what_cannot_be_taken_is_told_so_and_nothing_waits(
    dsn: str, tmp_path: Path, value: bytes, code: str, pointer: str | None
) -> None:
    async with enforcement(dsn, tmp_path, NOW) as site:
        await site.take(submitted(help_offered(), value=value))
        (row,) = await site.said(RECEIPTS)
        assert row.headers["ce_type"] == "enforcement.submission.invalid.v1"
        assert row.body["code"] == code
        assert pointer in {None, *(problem["pointer"] for problem in row.body["problems"])}
        assert row.said_at == MARK
        assert await site.pool.fetchval("SELECT count(*) FROM submission") == 0


async def test_a_contact_that_is_not_taken_is_kept_nowhere(dsn: str, tmp_path: Path) -> None:
    async with enforcement(dsn, tmp_path, NOW) as site:
        await site.take(submitted(help_offered(contact=CONTACT)))
        everything = await site.everything()
        assert [word for word in ("Sam Example", "5550142") if word in everything] == []
        assert AGENCY_REFERENCE.encode().hex() in everything or AGENCY_REFERENCE in everything, "the receipt is there"


async def test_the_same_record_again_is_the_same_receipt_again_and_no_second_offer(dsn: str, tmp_path: Path) -> None:
    async with enforcement(dsn, tmp_path, NOW) as site:
        await site.take(submitted(help_offered()))
        await site.take(submitted(help_offered(), 1))
        first, again = await site.said(RECEIPTS)
        assert again.body == first.body
        assert again.headers["ce_type"] == first.headers["ce_type"]
        assert len(await waiting(site, DIRECTOR)) == 1


async def test_receipts_are_the_same_to_the_byte_whatever_approvers_did_with_what_came_before(
    three_dsns: list[str], tmp_path: Path
) -> None:
    """X4 from the input alone: the same submissions once with everything approved, once with everything declined or left."""

    async def receipts(on: str, words: Sequence[str]) -> list[Any]:
        async with enforcement(on, tmp_path, NOW) as site:
            await site.pool.execute("UPDATE runtime.instance SET secret = 'the same secret in both runs'")
            site.engine.mind.voice.secret = site.consumer.reader.secret = b"the same secret in both runs"
            for n in range(3):
                event = help_offered(submission_id=f"0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b0{n}")
                await site.take(submitted(event, n, f"event-{n}"))
                for who, word in zip((APPROVER, DIRECTOR), words, strict=False):
                    await press(site, who, word)
            return await site.said(RECEIPTS)

    histories: list[Sequence[str]] = [("approve", "approve"), ("decline",), ()]
    approved, declined, left = [await receipts(*each) for each in zip(three_dsns, histories, strict=True)]
    assert len(approved) == 3
    assert approved == declined == left


# ---- approvals


async def test_x1_crosses_after_two_people_have_pressed_the_button(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        first = await press(site, APPROVER, "approve")
        assert (first.status_code, first.headers["location"].rpartition("?")[2]) == (303, "said=recorded")
        assert await site.said(CROSSINGS) == []
        second = await press(site, DIRECTOR, "approve")
        assert second.headers["location"].endswith("said=crossed")
        (row,) = await site.said(CROSSINGS)
        assert set(row.body) == {"crossing_id", "agency", "urgency", "respond_by", "language", "callback_desk"}
        assert "It has crossed" in (await site.client.get(second.headers["location"])).text
        assert await waiting(site, APPROVER) == await waiting(site, DIRECTOR) == []


async def test_x2_and_x3_cross_after_one_and_a_no_or_silence_is_counted(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        await press(site, SERGEANT, "approve")
        await press(site, LIEUTENANT, "decline")
        site.clock.at = NOW + timedelta(hours=72)
        await site.work_is_due()
        said = {row.headers["ce_type"].removeprefix("enforcement."): row.body for row in await site.said(CROSSINGS)}
        assert set(said["area-alert.approved.v1"]) == {"crossing_id", "agency", "cell", "hour", "kind", "retaliation"}
        refused = [row.body for row in await site.said(CROSSINGS) if row.headers["ce_type"].endswith("refused.v1")]
        assert [(body["kind"], body["reason"], set(body)) for body in refused] == [
            ("life-safety-call", "approver-declined", {"crossing_id", "agency", "kind", "reason"}),
            ("help-offer", "expired", {"crossing_id", "agency", "kind", "reason"}),
        ]


async def test_a_contact_crosses_sealed_to_ovp_and_is_then_gone_from_the_submission(dsn: str, tmp_path: Path) -> None:
    async with enforcement(dsn, tmp_path, NOW, contact="on") as site:
        await site.take(submitted(help_offered(contact=CONTACT)))
        assert "only OVP can open it" in await page(site, APPROVER)
        await press(site, APPROVER, "approve")
        await press(site, DIRECTOR, "approve")
        (row,) = await site.said(CROSSINGS)
        assert opened(row.body["sealed_contact"]) == CONTACT
        assert row.body["sealed_contact"] not in str(await site.pool.fetchval("SELECT body FROM submission"))
        assert "Sam Example" not in await site.everything()


async def test_who_and_when_stand_in_this_database_and_in_nothing_that_is_said(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        await press(site, APPROVER, "approve")
        await press(site, DIRECTOR, "approve")
        await press(site, LIEUTENANT, "approve")
        rows = await site.pool.fetch("SELECT role, account, word, at FROM signature ORDER BY role")
        assert [tuple(row) for row in rows] == [
            ("agency-approver", "alex.example", "approve", NOW),
            ("ceasefire-director", "dana.example", "approve", NOW),
            ("lieutenant", "lee.example", "approve", NOW),
        ]
        outbox = repr([dict(row) for row in await site.pool.fetch("SELECT key, value, headers FROM runtime.outbox")])
        assert [word for word in ("alex", "dana", "lee.", GROUNDS[:12]) if word in outbox] == []


async def test_one_account_cannot_approve_twice_even_if_the_rule_were_wrong(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        submission_id = (await waiting(site, APPROVER))[0]
        await press(site, APPROVER, "approve")
        same = DIRECTOR | {"account": APPROVER["account"]}
        refused = await press(site, same, "approve", submission_id)
        assert refused.status_code == 409
        assert "A second person must approve it" in unescape(refused.text)
        with pytest.raises(Exception, match="two_people_are_two_accounts"):
            await site.pool.execute(
                "INSERT INTO signature SELECT submission_id, 'ceasefire-director', word, account, at FROM signature"
            )


async def test_an_approver_s_no_after_the_own_yes_ends_it_and_both_words_are_on_record(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        await press(site, APPROVER, "approve")
        await press(site, APPROVER, "decline")
        words = await site.pool.fetch("SELECT word FROM signature ORDER BY word")
        assert [row["word"] for row in words] == ["approve", "decline"]
        (row,) = await site.said(CROSSINGS)
        assert row.body["reason"] == "approver-declined"


async def test_grounds_lie_locked_with_their_key_in_one_table_alone_and_the_lieutenant_reads_them(
    dsn: str, tmp_path: Path
) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        assert GROUNDS in await page(site, LIEUTENANT)
        assert GROUNDS not in await page(site, SERGEANT) + await page(site, DIRECTOR)
        everything = await site.everything()
        assert GROUNDS not in everything
        key = await site.pool.fetchval("SELECT key FROM grounds")
        assert everything.count(key) == 1


# ---- doors


async def test_a_link_is_made_for_whoever_holds_the_staff_token_and_nobody_else(dsn: str, tmp_path: Path) -> None:
    async with enforcement(dsn, tmp_path, NOW) as site:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
            answer = await site.client.post("/staff/approver-links", json=DIRECTOR, headers=headers)
            assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        APPROVER | {"agency": "*"},
        DIRECTOR | {"role": "mayor"},
        DIRECTOR | {"account": "Dana Example <script>"},
        DIRECTOR | {"more": "x"},
        {"role": "lieutenant"},
        [],
    ],
)
async def test_a_link_is_made_for_one_known_role_and_account_alone(dsn: str, tmp_path: Path, body: Any) -> None:
    async with enforcement(dsn, tmp_path, NOW) as site:
        answer = await site.client.post("/staff/approver-links", json=body, headers=STAFF)
        assert answer.status_code == 422
        assert "script" not in answer.text and "mayor" not in answer.text


async def test_a_link_that_is_forged_too_old_or_for_another_agency_opens_nothing(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        good, chosen = await link(site, DIRECTOR), (await waiting(site, DIRECTOR))[0]
        other = APPROVER | {"agency": "west-precinct"}
        assert await waiting(site, other) == []
        bodies = set()
        for path in (good[:-3], "/a/nothing", await link(site, other)):
            answer = await site.client.post(path, data={"word": "approve", "submission_id": chosen})
            assert answer.status_code == 404
            bodies.add(answer.text)
        unknown = await site.client.post(good, data={"word": "approve", "submission_id": str(fresh_id())})
        assert {unknown.text} == bodies
        site.clock.at = NOW + timedelta(days=90)
        assert (await site.client.get(good)).status_code == 404
        assert await site.said(CROSSINGS) == []


async def test_only_a_press_of_a_button_changes_anything(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        before = await site.everything()
        path = await link(site, DIRECTOR)
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
            await site.client.request(
                method, f"{path}?word=approve&said=crossed&submission_id={(await waiting(site, DIRECTOR))[0]}"
            )
        for data in ({}, {"word": "maybe"}, {"word": "approve", "submission_id": "17"}):
            assert (await site.client.post(path, data=data)).status_code == 422
        assert await site.everything() == before


async def test_pressing_what_is_over_changes_nothing_and_says_so(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        chosen = (await waiting(site, SERGEANT))[0]
        await press(site, SERGEANT, "approve")
        late = await press(site, SERGEANT, "decline", chosen)
        assert late.status_code == 409
        assert "Nothing was changed" in late.text
        assert len(await site.said(CROSSINGS)) == 1


async def test_the_page_needs_no_script_is_kept_nowhere_and_can_be_read_aloud(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        answer = await site.client.get(await link(site, DIRECTOR))
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        text = answer.text
        assert "<script" not in text and "onclick" not in text and "http" not in re.sub(r"<!doctype[^>]*>", "", text)
        assert text.count("<h1>") == 1 and '<html lang="en"' in text
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', text)) <= set(ids)
        assert (await site.client.get("/style/page.css")).status_code == 200
        assert AGENCY_REFERENCE in text


async def test_it_does_not_start_where_nobody_said_whether_contacts_are_taken(dsn: str, tmp_path: Path) -> None:
    with pytest.raises(MissingSettingError):
        async with enforcement(dsn, tmp_path, NOW, contact="perhaps"):
            pass


async def test_the_rows_hold_what_the_audit_needs_and_the_body_nobody_s_account(dsn: str, tmp_path: Path) -> None:
    async with with_all_three(dsn, tmp_path) as site:
        await press(site, APPROVER, "approve")
        bodies = [json.loads(row["body"]) for row in await site.pool.fetch("SELECT body FROM submission")]
        assert all(body["grounds"] is None and body["signatures"] == [] for body in bodies)
        kinds = await site.pool.fetch("SELECT kind, agency FROM submission ORDER BY kind")
        assert [tuple(row) for row in kinds] == [
            ("area-alert", AGENCY), ("help-offer", AGENCY), ("life-safety-call", AGENCY),
        ]  # fmt: skip
