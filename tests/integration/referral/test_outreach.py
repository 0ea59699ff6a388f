"""The outreach side on a real PostgreSQL: from a sealed form to a closed loop, and nothing left that opens once it is taken back."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from nacl.public import PrivateKey
from support.outreach_process import Company, Running, running, write_ovp_keys, wrote

from upstream_referral.outreach import decide, store
from upstream_referral.outreach.app import MATTERS
from upstream_referral.outreach.model import CHOSEN, TAKEN_BACK, Became, Chosen, Stage, TakenBack
from upstream_runtime.vault import opener, unlock
from upstream_schemas import topics
from upstream_schemas.crossing import AreaAlertCrossedV1, HelpOfferCrossedV1
from upstream_schemas.outreach import NoticeRequestedV1, OutreachContactUpsertedV1
from upstream_schemas.provider import (
    CapacityUpdatedV1,
    ContactMadeV1,
    ErasureAttestedV1,
    ForProvider,
    ProviderAcceptedV1,
    ProviderClosedV1,
    ProviderDeclinedV1,
    ProviderWaitlistedV1,
    TrialReceivedV1,
)

MARKS = ("Sam Example", "sam@example.org", "+15035550111", "My brother", "A" * 43)
TABLES = "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'runtime')"
KEYS_OF = "SELECT offer_id FROM content_key WHERE referral_id = $1"
PERSON = "SELECT owner_id FROM person_key WHERE owner_id = $1"
SENT_KEYS = "SELECT n, value FROM runtime.outbox WHERE topic = $1 AND key = $2 ORDER BY n"
TOLD_AND_BACK = ["referral-offer.withdrawn", "erasure.requested"]


@asynccontextmanager
async def _with_two(dsn: str, folder: Path) -> AsyncIterator[tuple[Running, Company, Company]]:
    """Two providers stand for the two services that help young people."""
    async with running(dsn, folder) as process:
        yield process, await process.registers("first", "help"), await process.registers("second", "bmit")


@asynccontextmanager
async def _asked(dsn: str, folder: Path) -> AsyncIterator[tuple[Running, UUID, Company]]:
    """The first of two was told of a referral."""
    async with _with_two(dsn, folder) as (process, first, _):
        referral = await process.help_is_asked()
        await process.work_is_done()
        assert await process.chooses(referral, "help", "bmit") == CHOSEN
        yield process, referral, first


async def test_from_the_form_to_the_closed_loop(outreach_dsn: str, tmp_path: Path) -> None:
    async with _with_two(outreach_dsn, tmp_path) as (process, first, _):
        referral = await process.help_is_asked()
        await process.work_is_done()
        assert set((await process.referral(referral)).proposed) == {"help", "bmit"}
        assert process.told("provider.referrals.first.v1") == []

        await process.chooses(referral, "help", "bmit", classes=("name",))
        offer = await process.offer_id(referral, "help")
        told = first.opens(process.heard, offer)
        assert told is not None
        assert (told.referral_id, told.name, told.needs) == (offer, "Sam Example", ("youth-support",))
        assert (told.email, told.phone, told.words) == (None, None, None)

        assert await process.says("first", ProviderAcceptedV1, offer) == "referral-offer.confirmed"
        await process.work_is_done()
        assert await process.says("first", ContactMadeV1, offer) == "referral-offer.confirmed"
        assert await process.says("first", ProviderClosedV1, offer, outcome="got-help") == "referral-offer.confirmed"
        await process.work_is_done()
        assert (await process.referral(referral)).stage is Stage.CLOSED
        assert process.told("outreach.referrals.v1") == [
            f"referral.{word}" for word in ("requested", "proposed", "offered", "accepted", "engaged", "closed")
        ]
        notices = [one.event.template for one in process.heard if isinstance(one.event, NoticeRequestedV1)]
        assert notices == ["participant-choose.v1", "participant-accepted.v1", "participant-closed.v1"]
        assert first.opens(process.heard, offer) is None


async def test_two_providers_cannot_tell_that_they_were_asked_about_the_same_person(outreach_dsn: str, tmp_path: Path) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, _):
        offer = await process.offer_id(referral, "help")
        await process.says("first", ProviderDeclinedV1, offer, reason="no-capacity")
        await process.work_is_done()
        other = await process.offer_id(referral, "bmit")
        assert len({offer, other, referral}) == 3
        assert {offer.version, other.version} == {4}
        rows = await process.rows("SELECT headers, said_at FROM runtime.outbox WHERE topic LIKE 'provider.%'")
        for row in rows:
            names = {name for name, _ in json.loads(row["headers"])}
            assert names.isdisjoint({"ce_correlationid", "ce_causationid", "ce_revision", "traceparent"})
            assert (row["said_at"].minute, row["said_at"].second) == (0, 0)
            assert str(referral) not in row["headers"].decode()


async def test_declined_by_one_and_by_the_next_and_nobody_is_left(outreach_dsn: str, tmp_path: Path) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, first):
        offer = await process.offer_id(referral, "help")
        assert await process.says("first", ProviderDeclinedV1, offer, reason="no-capacity") == "referral-offer.confirmed"
        assert first.opens(process.heard, offer) is None
        await process.work_is_done()
        other = await process.offer_id(referral, "bmit")
        await process.says("second", ProviderDeclinedV1, other, reason="not-eligible")
        await process.work_is_done()
        ended = await process.referral(referral)
        assert (ended.stage, ended.outcome) == (Stage.UNMET, "nobody-left")
        assert await process.rows(KEYS_OF, referral) == []


async def test_silence_means_the_next_one_and_a_later_yes_is_too_late(outreach_dsn: str, tmp_path: Path) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, first):
        offer = await process.offer_id(referral, "help")
        await process.passes(days=2, hours=1)
        assert (await process.referral(referral)).consents[0].became is Became.SILENT
        assert first.opens(process.heard, offer) is None
        assert await process.says("first", ProviderAcceptedV1, offer) == "referral-offer.missed"
        assert (await process.referral(referral)).asked is not None


async def test_where_nobody_fits_it_is_unmet_and_counted(outreach_dsn: str, tmp_path: Path) -> None:
    async with _with_two(outreach_dsn, tmp_path) as (process, _, __):
        referral = await process.help_is_asked(needs=("support-after-violence",))
        await process.work_is_done()
        assert (await process.referral(referral)).outcome == "no-service"


STAGES: dict[str, tuple[str, ...]] = {
    "choosing": (),
    "asked": ("choose",),
    "accepted": ("choose", "accept"),
    "engaged": ("choose", "accept", "contact"),
    "waitlisted": ("choose", "wait"),
    "closed": ("choose", "accept", "contact", "close"),
}


WORDS: dict[str, tuple[type[ForProvider], dict[str, str]]] = {
    "accept": (ProviderAcceptedV1, {}),
    "contact": (ContactMadeV1, {}),
    "wait": (ProviderWaitlistedV1, {}),
    "close": (ProviderClosedV1, {"outcome": "moved-on"}),
}


async def _reach(process: Running, referral: UUID, words: tuple[str, ...]) -> None:
    for word in words:
        if word == "choose":
            await process.chooses(referral, "help", "bmit")
            continue
        offer = await process.offer_id(referral, "help")
        kind, fields = WORDS[word]
        assert await process.says("first", kind, offer, **fields) == "referral-offer.confirmed"
        await process.work_is_done()


@pytest.mark.parametrize("words", STAGES.values(), ids=STAGES)
async def test_after_everything_is_taken_back_nothing_opens_any_more(
    outreach_dsn: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    async with _with_two(outreach_dsn, tmp_path) as (process, first, second):
        referral = await process.help_is_asked()
        await process.work_is_done()
        await _reach(process, referral, words)
        offers = {(row["offer_id"], "first") for row in await process.rows("SELECT offer_id FROM offer")}

        assert await process.takes_back(referral) == TAKEN_BACK
        gone = await process.referral(referral)
        assert gone.stage is Stage.WITHDRAWN
        assert await process.rows(KEYS_OF, referral) == await process.rows(PERSON, referral) == []
        assert await process.rows("SELECT 1 FROM referral WHERE details IS NOT NULL OR contact IS NOT NULL") == []
        for offer, _ in offers:
            consent = next(c for c in gone.consents if c.offer is not None and c.offer.offer_id == offer)
            company, slug = (first, "first") if consent.service == "help" else (second, "second")
            assert company.opens(process.heard, offer) is None
            sent = await process.rows(SENT_KEYS, f"provider.keys.{slug}.v1", str(offer).encode())
            assert len(sent) == 2
            assert all(row["value"] is None for row in sent)
            assert process.to(slug)[-2:] == TOLD_AND_BACK
        contacts = await process.rows("SELECT value FROM runtime.outbox WHERE topic = 'outreach.contacts.v1'")
        assert [row["value"] for row in contacts] == [None, None]


async def test_taken_back_in_the_very_moment_of_an_offer_leaves_no_key_either(outreach_dsn: str, tmp_path: Path) -> None:
    async with _with_two(outreach_dsn, tmp_path) as (process, first, _):
        people = [await process.help_is_asked() for _ in range(12)]
        await process.work_is_done()
        for person in people:
            assert await process.tell(MATTERS, person, decide.chosen, Chosen(("help",), ("name",))) == CHOSEN
        back = (process.tell(MATTERS, person, decide.taken_back, TakenBack()) for person in people)
        await asyncio.gather(process.work_is_done(), *back)
        await process.work_is_done()
        assert {(await process.referral(person)).stage for person in people} == {Stage.WITHDRAWN}
        assert await process.rows("SELECT 1 FROM content_key") == await process.rows("SELECT 1 FROM person_key") == []
        assert (
            await process.rows("SELECT 1 FROM runtime.outbox WHERE topic LIKE 'provider.keys.%' AND value IS NOT NULL") == []
        )
        offers = [row["offer_id"] for row in await process.rows("SELECT offer_id FROM offer")]
        assert [offer for offer in offers if first.opens(process.heard, offer) is not None] == []


async def test_behind_an_erased_key_goes_one_more_record_a_little_later(outreach_dsn: str, tmp_path: Path) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, _):
        await process.takes_back(referral)
        assert process.told("provider.keys.first.v1") == ["content-key.delivered", "✝content-key.delivered"]
        await process.passes(minutes=11)
        keys = [one.key for one in process.heard if one.topic == "provider.keys.first.v1"]
        assert len(keys) == 3 and keys[2] not in keys[:2]


async def test_taken_back_from_one_the_next_one_is_asked(outreach_dsn: str, tmp_path: Path) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, first):
        offer = await process.offer_id(referral, "help")
        assert await process.takes_back(referral, "help") == TAKEN_BACK
        assert first.opens(process.heard, offer) is None
        other = await process.offer_id(referral, "bmit")
        assert [row["offer_id"] for row in await process.rows(KEYS_OF, referral)] == [other]
        assert await process.says("first", ProviderAcceptedV1, offer) == "referral-offer.withdrawn"
        assert await process.says("first", ErasureAttestedV1, offer) == "referral-offer.confirmed"
        assert (await process.referral(referral)).consents[0].became is Became.ERASED
        assert await process.says("second", ProviderAcceptedV1, other) == "referral-offer.confirmed"


async def test_an_unknown_id_and_somebody_else_s_offer_get_the_same_answer_and_change_nothing(
    outreach_dsn: str, tmp_path: Path
) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, _):
        before = await process.referral(referral)
        theirs = await process.offer_id(referral, "help")
        for about in (uuid4(), theirs, referral, process.provider_id("first")):
            assert await process.says("second", ProviderAcceptedV1, about) == "referral-offer.withdrawn"
        assert await process.referral(referral) == before


async def test_the_same_record_again_gets_no_second_answer_and_another_under_its_id_is_refused(
    outreach_dsn: str, tmp_path: Path
) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, _):
        offer = await process.offer_id(referral, "help")
        assert await process.says("first", ProviderAcceptedV1, offer, "one") == "referral-offer.confirmed"
        assert await process.says("first", ProviderAcceptedV1, offer, "one") == ""
        assert await process.says("first", ProviderDeclinedV1, offer, "one", reason="other") == "response.refused"


async def test_a_value_that_does_not_open_is_set_aside_and_the_next_one_goes_on(outreach_dsn: str, tmp_path: Path) -> None:
    async with running(outreach_dsn, tmp_path) as process:
        await process.help_is_asked(by=PrivateKey.generate())
        await process.help_is_asked(key_id="ovp-9")
        good = await process.help_is_asked()
        rows = await process.rows("SELECT reason, value FROM runtime.set_aside")
        assert [row["reason"] for row in rows] == ["cannot-open", "cannot-open"]
        assert (await process.referral(good)).referral_id == good
        assert process.told("referral-outreach.dead-letters.v1") == ["dead-letter.recorded"] * 2


async def test_a_key_that_was_rotated_in_opens_without_a_restart(outreach_dsn: str, tmp_path: Path) -> None:
    async with running(outreach_dsn, tmp_path) as process:
        newer = PrivateKey.generate()
        write_ovp_keys(tmp_path, ovp_1=process.ovp, ovp_2=newer)
        referral = await process.help_is_asked("ovp-2", by=newer)
        assert (await process.referral(referral)).language == "so"
        assert (await process.referral(await process.help_is_asked())).language == "so"


async def test_nothing_that_was_written_lies_in_the_database_in_plain(outreach_dsn: str, tmp_path: Path) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, _):
        await process.says("first", ProviderAcceptedV1, await process.offer_id(referral, "help"))
        await process.work_is_done()
        tables = await process.rows(TABLES)
        texts = [str(row) for table in tables for row in await process.rows(f"SELECT t::text FROM {table['name']} AS t")]
        everything = "".join(texts)
        control = f"{referral}"  # an id, which may be found: as a text, and in what is kept as bytes
        assert control in everything and control.encode().hex() in everything
        assert [mark for mark in MARKS if mark in everything or mark.encode().hex() in everything] == []
        bodies = "".join(str(row["body"]) for row in await process.rows("SELECT body FROM referral"))
        assert "youth-support" not in bodies


async def test_the_link_in_a_message_and_the_card_open_for_the_lane_alone(outreach_dsn: str, tmp_path: Path) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, _, __):
        lane = opener(b64encode(bytes(process.lane)).decode())
        notice = next(one.event for one in process.heard if isinstance(one.event, NoticeRequestedV1))
        assert lane(notice.page_link or "") == f"http://127.0.0.1/p/{wrote().page_secret}"
        card = next(one.event for one in process.heard if isinstance(one.event, OutreachContactUpsertedV1))
        assert "sam@example.org" in unlock(b64decode(lane(card.key)), card.contact)


async def test_the_five_grantees_are_published_and_again_when_a_provider_stands_for_one(
    outreach_dsn: str, tmp_path: Path
) -> None:
    async with running(outreach_dsn, tmp_path) as process:
        assert len(process.told("open.directory.v1")) == 5
        await process.registers("first", "help", "bmit")
        takes = [one.event.code for one in process.heard if one.topic == "open.directory.v1" and one.event.takes_referrals]
        assert sorted(takes) == ["bmit", "help"]
        await process.removes("first")
        directory = await process.engine.ask(store.directory)
        assert len(directory) == 5
        assert not any(one.takes_referrals for one in directory.values())


async def test_a_trial_and_places_are_answered_and_noted(outreach_dsn: str, tmp_path: Path) -> None:
    async with running(outreach_dsn, tmp_path) as process:
        await process.registers("first", "help")
        await process.tries("first")
        trial = (await process.provider("first")).trial_id
        assert trial is not None
        assert await process.says("first", TrialReceivedV1, trial) == "referral-offer.confirmed"
        assert (await process.provider("first")).trial_received_at is not None
        answer = await process.says("first", CapacityUpdatedV1, uuid4(), service="help", available=0)
        assert answer == "referral-offer.confirmed"
        assert await process.says("first", CapacityUpdatedV1, uuid4(), service="ario", available=3) == "response.refused"
        assert (await process.engine.ask(store.taking_referrals))[1] == {"help"}


async def test_a_provider_that_left_is_passed_over(outreach_dsn: str, tmp_path: Path) -> None:
    async with _with_two(outreach_dsn, tmp_path) as (process, _, __):
        referral = await process.help_is_asked()
        await process.work_is_done()
        await process.removes("first")
        await process.chooses(referral, "help", "bmit")
        found = await process.referral(referral)
        assert [consent.became for consent in found.consents] == [Became.DECLINED, Became.ASKED]


async def test_what_crosses_the_wall_waits_until_somebody_acts_or_it_is_forgotten(outreach_dsn: str, tmp_path: Path) -> None:
    async with running(outreach_dsn, tmp_path) as process:
        now, gateway = process.clock.now(), "/upstream/referral-gateway"
        offer = HelpOfferCrossedV1(
            crossing_id=uuid4(), urgency="today", respond_by=now, language="en", callback_desk="ceasefire-desk",
            key_id="ovp-1", sealed_contact="c2VhbGVk",
        )  # fmt: skip
        alert = AreaAlertCrossedV1(crossing_id=uuid4(), cell="district-1", hour=now, kind="shooting", retaliation="unknown")
        await process.takes(topics.CROSSING_HELP_OFFERS.name, offer, gateway)
        await process.takes(topics.CROSSING_AREA_ALERTS.name, alert, gateway)
        waiting = await process.engine.ask(store.crossings_waiting)
        assert {one.crossing_id for one in waiting} == {offer.crossing_id, alert.crossing_id}
        await process.passes(days=14)
        assert await process.rows("SELECT 1 FROM crossing WHERE body::text LIKE '%c2VhbGVk%'") == []
        assert await process.engine.ask(store.crossings_waiting) == []


async def test_a_coordinator_sees_open_choices_late_hand_offs_and_who_was_not_helped(
    outreach_dsn: str, tmp_path: Path
) -> None:
    async with _with_two(outreach_dsn, tmp_path) as (process, _, __):
        late = await process.help_is_asked()
        await process.work_is_done()
        await process.chooses(late, "help")
        await process.says("first", ProviderAcceptedV1, await process.offer_id(late, "help"))
        await process.passes(days=3)
        unmet = await process.help_is_asked(needs=("support-after-violence",))
        choosing = await process.help_is_asked()
        await process.work_is_done()
        waiting = await process.engine.ask(lambda conn: store.referrals_waiting(conn, process.clock.now()))
        assert {one.referral_id for one in waiting} == {late, unmet, choosing}


async def test_the_page_is_found_by_the_hash_of_its_secret_until_it_is_forgotten(outreach_dsn: str, tmp_path: Path) -> None:
    async with _asked(outreach_dsn, tmp_path) as (process, referral, _):
        page_hash = (await process.referral(referral)).page_hash or ""
        found = await process.engine.ask(lambda conn: store.referral_by_page(conn, page_hash))
        assert found is not None and found.referral_id == referral
        await process.takes_back(referral)
        await process.passes(days=90)
        assert await process.engine.ask(lambda conn: store.referral_by_page(conn, page_hash)) is None
