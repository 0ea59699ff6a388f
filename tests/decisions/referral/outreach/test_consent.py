"""Who may be told, what, in which order: the participant's word, for ninety days, one recipient each."""

from datetime import timedelta

import pytest
from support.outreach_builders import (
    ALL,
    NOW,
    accepted,
    after,
    allowed,
    choosing,
    context,
    due,
    found,
    offer_of,
    offered,
    offering,
    requested,
    said,
    says,
    to,
)

from upstream_referral.outreach import decide
from upstream_referral.outreach.model import CHANGED, CHOSEN, NOT_NOW, Became, Chosen, Stage
from upstream_schemas.outreach import ConsentGivenV1, ReferralUnmetV1
from upstream_schemas.provider import ContactMadeV1, ProviderAcceptedV1, ProviderDeclinedV1, ProviderWaitlistedV1

EXPIRED = NOW + timedelta(days=90)


def test_each_recipient_gets_a_consent_of_its_own_and_the_first_is_asked_at_once() -> None:
    decision = decide.chosen(choosing("a", "b"), Chosen(("b", "a"), ("name",)), context())
    assert decision.answer == CHOSEN
    assert said(decision) == ["consent.given", "consent.given"]
    assert [consent.service for consent in after(decision).consents] == ["b", "a"]
    assert due(decision)["offer"] == NOW
    assert due(decision)["choice-late"] is None
    assert due(decision)["consent-expires"] == EXPIRED
    event = decision.events[0]
    assert isinstance(event, ConsentGivenV1)
    assert (event.classes, event.valid_until) == (("needs", "language", "name"), EXPIRED)


def test_what_was_not_filled_in_cannot_be_allowed() -> None:
    state = after(decide.match(requested(gave=("name",)), found("a"), context()))
    chosen = after(decide.chosen(state, Chosen(("a",), ("name", "contact", "words")), context()))
    assert chosen.consents[0].classes == ("needs", "language", "name")


@pytest.mark.parametrize("codes", [(), ("elsewhere",), ("a", "elsewhere")])
def test_whoever_is_not_proposed_cannot_be_chosen(codes: tuple[str, ...]) -> None:
    decision = decide.chosen(choosing("a"), Chosen(codes, ()), context())
    assert (decision.answer, decision.events) == (CHANGED, ())


def test_a_choice_is_made_once() -> None:
    assert decide.chosen(allowed("a"), Chosen(("a",), ()), context()).answer == NOT_NOW


def test_who_chooses_late_is_late_no_more_and_nothing_is_left_to_choose() -> None:
    late = after(decide.choice_late(choosing("a"), None, context(NOW + timedelta(days=3))))
    state = after(decide.chosen(late, Chosen(("a",), ()), context(NOW + timedelta(days=4))))
    assert (state.late, state.since, state.proposed) == (None, NOW + timedelta(days=4), ())


def test_choosing_nobody_for_three_days_is_seen_by_a_person_and_after_two_weeks_it_ends() -> None:
    late = decide.choice_late(choosing("a"), None, context(NOW + timedelta(days=3)))
    assert said(late) == ["referral.escalated"]
    assert after(late).late == "choice"
    assert due(late) == {"desk-news": NOW + timedelta(days=3), "choice-late": NOW + timedelta(days=14)}
    ended = decide.choice_late(after(late), None, context(NOW + timedelta(days=14)))
    event = ended.events[0]
    assert isinstance(event, ReferralUnmetV1) and event.reason == "not-chosen"
    assert (after(ended).outcome, after(ended).proposed, after(ended).news) == ("not-chosen", (), "participant-unmet.v1")
    assert decide.choice_late(allowed("a"), None, context()).events == ()


def test_less_ticked_the_second_time_holds_for_everybody_allowed_before() -> None:
    left = after(says(offered("a"), "a", ProviderWaitlistedV1))
    again = after(decide.match(left, found("b"), context()))
    decision = decide.chosen(again, Chosen(("b",), ("name",)), context())
    assert said(decision) == ["consent.narrowed", "consent.given"]
    assert {consent.classes for consent in after(decision).consents} == {("needs", "language", "name")}
    assert after(decision).consents[0].told == ("needs", "language", *ALL), "what was told was told, and the page says so"


def test_less_ticked_the_second_time_changes_nothing_of_who_said_no() -> None:
    left = after(says(offered("a"), "a", ProviderDeclinedV1, reason="other"))
    again = after(decide.match(left, found("b"), context()))
    assert said(decide.chosen(again, Chosen(("b",), ("name",)), context())) == ["consent.given"]


def test_less_ticked_narrows_each_that_was_allowed_more() -> None:
    first = after(says(offered("a", "b"), "a", ProviderWaitlistedV1))
    both = after(says(after(offering(first)), "b", ProviderWaitlistedV1))
    again = after(decide.match(both, found("c"), context()))
    decision = decide.chosen(again, Chosen(("c",), ()), context())
    assert said(decision) == ["consent.narrowed", "consent.narrowed", "consent.given"]


def test_more_ticked_the_second_time_tells_nobody_more_of_those_before() -> None:
    left = after(says(offered("a"), "a", ProviderDeclinedV1, reason="other"))
    again = after(decide.match(left, found("b"), context()))
    decision = decide.chosen(again, Chosen(("b",), ("name", "contact", "words")), context())
    assert "consent.narrowed" not in said(decision)


def test_a_consent_ends_by_itself_and_whoever_has_not_been_asked_is_not_asked_any_more() -> None:
    decision = decide.consent_expires(allowed("a"), None, context(EXPIRED))
    assert said(decision) == ["consent.expired"]
    assert after(decision).consents[0].became is Became.EXPIRED
    assert due(decision)["match"] == EXPIRED


def test_who_was_asked_under_a_consent_that_ended_must_erase() -> None:
    waits = after(says(offered("a", "b"), "a", ProviderWaitlistedV1))
    decision = decide.consent_expires(waits, None, context(EXPIRED))
    assert to(decision, "a") == ["✝content-key.delivered", "referral-offer.withdrawn", "erasure.requested"]
    assert after(decision).content_keys == ()


def test_who_is_in_contact_when_the_time_is_over_keeps_what_it_knows_and_the_loop_closes() -> None:
    engaged = after(says(accepted("a"), "a", ContactMadeV1))
    decision = decide.consent_expires(engaged, None, context(EXPIRED))
    assert to(decision, "a") == ["✝content-key.delivered"]
    assert (after(decision).stage, after(decision).outcome) == (Stage.CLOSED, "unknown")
    assert after(decision).content_keys == ()


def test_a_later_consent_outlives_an_earlier_one() -> None:
    left = after(says(offered("a"), "a", ProviderDeclinedV1, reason="other"))
    later = NOW + timedelta(days=5)
    again = after(decide.match(left, found("b"), context(later)))
    both = after(decide.chosen(again, Chosen(("b",), ()), context(later)))
    yes = after(says(after(offering(both, later)), "b", ProviderAcceptedV1, later))
    decision = decide.consent_expires(yes, None, context(EXPIRED))
    assert said(decision) == ["consent.expired"]
    assert due(decision) == {"consent-expires": EXPIRED + timedelta(days=5)}
    assert after(decision).stage is Stage.ACCEPTED
    assert offer_of(after(decision), "b").over is None


def test_a_look_before_the_time_only_looks_again_later() -> None:
    decision = decide.consent_expires(offered("a"), None, context(EXPIRED - timedelta(seconds=1)))
    assert (decision.events, due(decision)) == ((), {"consent-expires": EXPIRED})
