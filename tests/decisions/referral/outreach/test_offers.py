"""One provider at a time is told the least that the consent covers; silence means the next one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.outreach_builders import (
    ALL,
    NOW,
    accepted,
    after,
    allowed,
    context,
    details,
    due,
    offer_of,
    offered,
    offering,
    requested,
    said,
    sealed_for,
    takes_back,
)

from upstream_referral.outreach import decide
from upstream_referral.outreach.decide.case import full_hour_after
from upstream_referral.outreach.decide.offers import NobodyThere, document, next_to_ask, payload
from upstream_referral.outreach.model import Became, Stage
from upstream_runtime.decision import To
from upstream_schemas.provider import ReferralOfferMadeV1
from upstream_schemas.sealed import PADDED_BYTES

OFFER = UUID("2f1c2a9e-6f0a-4f6e-9a55-0d4c1a0b7e11")


def test_the_first_chosen_is_told_by_an_id_of_its_own_and_gets_the_key_apart() -> None:
    decision = offering(allowed("a", "b"))
    assert said(decision) == ["a content-key.delivered", "a referral-offer.made", "referral.offered"]
    made = decision.events[1]
    assert isinstance(made, To) and isinstance(made.event, ReferralOfferMadeV1)
    assert made.event.referral_id == offer_of(after(decision), "a").offer_id != after(decision).referral_id
    assert [key.offer_id for key in after(decision).content_keys] == [made.event.referral_id]
    assert due(decision) == {"answer-late": made.event.respond_by + timedelta(minutes=1)}


def test_what_a_provider_is_told_of_times_stands_on_the_hour() -> None:
    offer = offer_of(offered("a"), "a")
    assert offer.respond_by == datetime(2026, 11, 25, 18, tzinfo=UTC)
    assert offer.respond_by - NOW >= timedelta(days=2)


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_full_hour_is_the_next_one_and_never_an_earlier_one(later: timedelta) -> None:
    moment = NOW + later
    hour = full_hour_after(moment)
    assert moment <= hour < moment + timedelta(hours=1)
    assert (hour.minute, hour.second, hour.microsecond) == (0, 0, 0)


def test_only_one_is_asked_at_a_time() -> None:
    assert next_to_ask(offered("a", "b")) is None
    assert decide.offer(offered("a", "b"), sealed_for(allowed("a")), context()).events == ()


def test_silence_past_the_time_means_the_next_one_and_the_key_is_gone() -> None:
    asked = offered("a", "b")
    late = offer_of(asked, "a").respond_by + timedelta(minutes=1)
    decision = decide.answer_late(asked, None, context(late))
    assert said(decision) == ["referral.declined", "a ✝content-key.delivered", "a erasure.requested"]
    assert offer_of(after(decision), "a").became is Became.SILENT
    assert after(decision).content_keys == ()
    assert due(decision)["offer"] == late
    assert due(decision)["padding"] == late + timedelta(minutes=11)
    consent = next_to_ask(after(decision))
    assert consent is not None and consent.service == "b"


def test_nobody_is_silent_before_their_time_is_over() -> None:
    asked = offered("a")
    assert decide.answer_late(asked, None, context(offer_of(asked, "a").respond_by)).events == ()
    assert decide.answer_late(accepted("a"), None, context(NOW + timedelta(days=9))).events == ()


def test_what_was_sealed_for_somebody_who_may_not_be_told_any_more_goes_nowhere() -> None:
    sealed = sealed_for(allowed("a", "b"))
    decision = decide.offer(after(takes_back(allowed("a", "b"), "a")), sealed, context())
    assert (decision.events, due(decision)) == ((), {"offer": NOW})


def test_where_nobody_is_there_to_be_asked_the_next_one_is_asked() -> None:
    decision = decide.offer(allowed("a", "b"), NobodyThere("a"), context())
    assert said(decision) == ["referral.declined"]
    assert after(decision).consents[0].became is Became.DECLINED
    consent = next_to_ask(after(decision))
    assert consent is not None and consent.service == "b"


def test_when_the_last_one_is_not_there_somebody_else_is_looked_for() -> None:
    decision = decide.offer(allowed("a"), NobodyThere("a"), context())
    assert (after(decision).stage, due(decision)["match"]) == (Stage.LOOKING, NOW)


def test_a_hand_off_that_takes_too_long_is_seen_by_a_person_once() -> None:
    decision = decide.hand_off_late(accepted("a"), None, context(NOW + timedelta(days=3)))
    assert said(decision) == ["referral.escalated"]
    assert after(decision).late == "hand-off"
    assert decide.hand_off_late(after(decision), None, context(NOW + timedelta(days=4))).events == ()
    assert decide.hand_off_late(offered("a"), None, context()).events == ()


def test_without_a_consent_nothing_but_needs_and_language_is_told() -> None:
    told = payload(details(), ("needs", "language"), OFFER)
    assert (told.needs, told.language) == (("youth-support",), "so")
    assert (told.name, told.email, told.phone, told.words) == (None, None, None, None)


@pytest.mark.parametrize(("ticked", "fields"), [("name", {"name"}), ("contact", {"email", "phone"}), ("words", {"words"})])
def test_each_class_tells_its_own_fields_and_no_other(ticked: str, fields: set[str]) -> None:
    told = payload(details(), ("needs", "language", ticked), OFFER)
    personal = {"name", "email", "phone", "words"}
    assert {name for name in personal if getattr(told, name) is not None} == fields


def test_the_page_s_secret_is_never_in_a_payload() -> None:
    assert "A" * 43 not in document(payload(details(), ("needs", "language", *ALL), OFFER))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4000))
def test_every_payload_has_one_size_whatever_was_written(words: str) -> None:
    assert len(document(payload(details(words=words), ("words",), OFFER)).encode()) == PADDED_BYTES


def test_words_that_do_not_fit_lose_their_end_and_say_so() -> None:
    text = document(payload(details(words="ሰላም" * 1000), ("words",), OFFER))
    assert len(text.encode()) == PADDED_BYTES
    assert "…" in text


def test_a_referral_that_nobody_was_allowed_on_offers_nothing() -> None:
    assert next_to_ask(requested()) is None
    assert decide.offer(allowed("a"), None, context()).events == ()
