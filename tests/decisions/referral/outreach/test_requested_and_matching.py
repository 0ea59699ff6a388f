"""Somebody asks for help, and is shown who could help: at most three, and nobody is told anything yet."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.outreach_builders import (
    DIRECTORY,
    NOW,
    REFERRAL,
    SECRET,
    after,
    asked,
    choosing,
    context,
    due,
    found,
    named,
    offered,
    requested,
    said,
    says,
    service,
)

from upstream_referral.outreach import decide
from upstream_referral.outreach.decide.matching import Found, ranked
from upstream_referral.outreach.model import Stage
from upstream_schemas.outreach import ReferralProposedV1, ReferralUnmetV1
from upstream_schemas.provider import ProviderDeclinedV1, ProviderRedirectedV1


def test_a_referral_begins_with_a_look_for_who_could_help() -> None:
    decision = decide.help_asked(None, asked(), context())
    assert said(decision) == ["referral.requested", "contact.upserted"]
    assert due(decision) == {"match": NOW}
    assert after(decision).stage is Stage.LOOKING


def test_without_a_mail_address_nobody_else_gets_a_contact() -> None:
    decision = decide.help_asked(None, asked(mail=False), context())
    assert said(decision) == ["referral.requested"]
    assert after(decision).contact_id is None


def test_the_same_referral_twice_is_one() -> None:
    assert decide.help_asked(requested(), asked(), context()).events == ()


def test_at_most_three_are_shown_and_nobody_is_told() -> None:
    decision = decide.match(requested(), found("a", "b", "c", "d"), context())
    assert said(decision) == ["referral.proposed"]
    event = decision.events[0]
    assert isinstance(event, ReferralProposedV1) and len(event.services) == 3
    assert due(decision) == {"choice-late": NOW + timedelta(days=3), "news": NOW}
    assert after(decision).news == "participant-choose.v1"


def test_who_shares_more_needs_is_shown_first() -> None:
    both = service("both", "youth-support", "staying-safe")
    one = service("one", "youth-support")
    facts = Found(("youth-support", "staying-safe"), (one, both))
    assert ranked(requested(), facts, SECRET) == ("both", "one")


def test_who_says_that_it_is_full_is_shown_last_and_still_shown() -> None:
    assert ranked(requested(), found("full", "free", full=["full"]), SECRET) == ("free", "full")


def test_equals_take_turns_from_one_referral_to_the_next() -> None:
    firsts = {ranked(replace(requested(), referral_id=named(str(n))), found("a", "b"), SECRET)[0] for n in range(20)}
    assert firsts == {"a", "b"}


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_does_not_hang_on_how_services_are_read(codes: list[str]) -> None:
    assert ranked(requested(), found(*codes), SECRET) == ranked(requested(), found("a", "b", "c", "d"), SECRET)


def test_a_service_that_helps_with_nothing_of_it_is_not_shown() -> None:
    assert ranked(requested(), Found(("staying-safe",), (service("a", "youth-support"),)), SECRET) == ()


def test_somebody_whose_need_is_none_of_the_list_is_shown_everybody() -> None:
    assert ranked(requested(), Found(("other",), (service("a", "youth-support"),)), SECRET) == ("a",)


def test_where_nobody_fits_that_is_an_outcome_and_a_person_sees_it() -> None:
    decision = decide.match(requested(), found(), context())
    assert said(decision) == ["referral.unmet"]
    event = decision.events[0]
    assert isinstance(event, ReferralUnmetV1) and event.reason == "no-service"
    assert due(decision)["desk-news"] == NOW
    assert due(decision)["forget"] == NOW + timedelta(days=90)


def test_after_a_no_from_everybody_chosen_somebody_else_is_shown() -> None:
    left = after(says(offered("a"), "a", ProviderDeclinedV1, reason="no-capacity"))
    decision = decide.match(left, found("a", "b"), context())
    assert after(decision).proposed == ("b",)
    assert after(decision).news == "participant-choose-again.v1"


def test_when_everybody_was_asked_nobody_is_left() -> None:
    left = after(says(offered("a"), "a", ProviderDeclinedV1, reason="other"))
    event = decide.match(left, found("a"), context()).events[0]
    assert isinstance(event, ReferralUnmetV1) and event.reason == "nobody-left"


def test_whom_a_provider_recommends_is_shown_first_and_the_participant_still_chooses() -> None:
    left = after(says(offered("a"), "a", ProviderRedirectedV1, to_service="d"))
    assert ranked(left, found("b", "c", "d", full=["d"]), SECRET)[0] == "d"
    assert after(decide.match(left, found("b", "c", "d"), context())).stage is Stage.CHOOSING


def test_a_match_that_comes_too_late_changes_nothing() -> None:
    assert decide.match(choosing("a"), found("b"), context()).events == ()
    assert decide.match(None, found("b"), context()).answer == "unknown"
    assert decide.match(requested(), None, context()).events == ()


def test_the_seeds_hold_the_five_grantees_and_nothing_that_is_not_known() -> None:
    assert {one.code for one in DIRECTORY.values()} == {"ario", "insight-alliance", "bmit", "help", "eecrc"}
    assert all(one.phone is None and one.url is None and not one.takes_referrals for one in DIRECTORY.values())
    assert REFERRAL not in DIRECTORY
