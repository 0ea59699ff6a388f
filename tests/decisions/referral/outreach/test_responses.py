"""What a provider says: exactly one answer to each record, and nobody learns of what is not theirs."""

from datetime import timedelta
from typing import Any

import pytest
from support.outreach_builders import (
    NOW,
    REFERRAL,
    accepted,
    after,
    choosing,
    context,
    due,
    named,
    offer_of,
    offered,
    offering,
    provider,
    said,
    says,
    takes_back,
    to,
)

from upstream_referral.outreach import decide
from upstream_referral.outreach.decide.offers import next_to_ask
from upstream_referral.outreach.model import Became, Referral, Stage
from upstream_schemas.model import Event
from upstream_schemas.outreach import ReferralClosedV1
from upstream_schemas.provider import (
    ContactFailedV1,
    ContactMadeV1,
    ErasureAttestedV1,
    ForProvider,
    ProviderAcceptedV1,
    ProviderClosedV1,
    ProviderDeclinedV1,
    ProviderRedirectedV1,
    ProviderWaitlistedV1,
    ReferralOfferConfirmedV1,
    ReferralOfferMissedV1,
    ReferralOfferWithdrawnV1,
    ResponseRefusedV1,
)

EVERY: dict[type[ForProvider], dict[str, Any]] = {
    ProviderAcceptedV1: {},
    ProviderDeclinedV1: {"reason": "no-capacity"},
    ProviderWaitlistedV1: {},
    ProviderRedirectedV1: {"to_service": "help"},
    ContactMadeV1: {},
    ContactFailedV1: {},
    ProviderClosedV1: {"outcome": "got-help"},
    ErasureAttestedV1: {},
}
every_word = pytest.mark.parametrize("kind", EVERY)


def confirmed(decision: Any) -> bool:
    return isinstance(decision.answer, ReferralOfferConfirmedV1) and decision.answer.answer_to == "record-1"


def engaged(*codes: str) -> Referral:
    return after(says(accepted(*codes), codes[0], ContactMadeV1))


def test_a_yes_in_time_counts_and_the_hand_off_begins() -> None:
    decision = says(offered("a", "b"), "a", ProviderAcceptedV1)
    assert confirmed(decision)
    assert said(decision) == ["referral.accepted"]
    assert after(decision).stage is Stage.ACCEPTED
    assert due(decision)["hand-off-late"] == NOW + timedelta(days=3)
    assert due(decision)["answer-late"] is None
    assert after(decision).news == "participant-accepted.v1"


def test_whether_it_came_in_time_is_judged_by_the_broker_s_clock() -> None:
    state = offered("a")
    by = offer_of(state, "a").respond_by
    assert confirmed(says(state, "a", ProviderAcceptedV1, by + timedelta(minutes=1), received_at=by))
    for kind in (ProviderAcceptedV1, ProviderDeclinedV1, ProviderWaitlistedV1, ProviderRedirectedV1):
        at = by + timedelta(seconds=1)
        late = says(state, "a", kind, at + timedelta(seconds=1), received_at=at, **EVERY[kind])
        assert isinstance(late.answer, ReferralOfferMissedV1)
        assert late.events == ()


def test_the_same_yes_in_another_record_counts_and_changes_nothing() -> None:
    decision = says(accepted("a"), "a", ProviderAcceptedV1)
    assert confirmed(decision) and decision.events == ()


@every_word
def test_an_id_that_never_was_and_an_offer_of_somebody_else_get_the_same_answer(kind: type[ForProvider]) -> None:
    theirs = offer_of(offered("a"), "a").offer_id
    for state in (None, offered("a"), accepted("a"), engaged("a"), after(takes_back(offered("a"))), provider("b")):
        decision = says(state, "b", kind, about=theirs, **EVERY[kind])  # type: ignore[arg-type]
        assert decision.answer == ReferralOfferWithdrawnV1(referral_id=theirs, answer_to="record-1")
        assert decision.events == () and not isinstance(decision.state, Referral)


@every_word
def test_our_own_id_of_a_referral_is_none_that_a_provider_could_use(kind: type[ForProvider]) -> None:
    decision = says(offered("a"), "a", kind, about=REFERRAL, **EVERY[kind])
    assert isinstance(decision.answer, ReferralOfferWithdrawnV1)


@every_word
def test_every_word_gets_exactly_one_answer_wherever_the_offer_stands(kind: type[ForProvider]) -> None:
    declined = after(says(offered("a"), "a", ProviderDeclinedV1, reason="other"))
    waits = after(says(offered("a"), "a", ProviderWaitlistedV1))
    closed = after(says(engaged("a"), "a", ProviderClosedV1, outcome="moved-on"))
    for state in (offered("a"), accepted("a"), engaged("a"), declined, waits, closed, after(takes_back(offered("a")))):
        answer = says(state, "a", kind, **EVERY[kind]).answer
        assert isinstance(answer, Event)
        assert answer.answer_to == "record-1"  # type: ignore[attr-defined]


@every_word
def test_after_it_was_taken_back_the_answer_is_that_the_offer_stands_no_longer(kind: type[ForProvider]) -> None:
    waits = after(says(offered("a"), "a", ProviderWaitlistedV1))
    for before in (offered("a", "b"), accepted("a", "b"), engaged("a"), waits):
        decision = says(after(takes_back(before)), "a", kind, **EVERY[kind])
        if kind is ErasureAttestedV1:
            assert confirmed(decision)
        else:
            assert isinstance(decision.answer, ReferralOfferWithdrawnV1)
            assert decision.events == ()


@pytest.mark.parametrize("kind", [ContactMadeV1, ContactFailedV1, ProviderClosedV1])
def test_nobody_is_in_contact_who_has_not_said_yes(kind: type[ForProvider]) -> None:
    answer = says(offered("a"), "a", kind, **EVERY[kind]).answer
    assert isinstance(answer, ResponseRefusedV1) and answer.code == "not-accepted"


def test_a_no_means_the_next_one_and_who_said_it_must_erase() -> None:
    decision = says(offered("a", "b"), "a", ProviderDeclinedV1, reason="no-capacity")
    assert confirmed(decision)
    assert said(decision) == ["referral.declined", "a ✝content-key.delivered", "a erasure.requested"]
    assert offer_of(after(decision), "a").became is Became.DECLINED
    consent = next_to_ask(after(decision))
    assert consent is not None and consent.service == "b"


def test_a_no_with_advice_is_a_no_that_is_remembered_as_such() -> None:
    decision = says(offered("a", "b"), "a", ProviderRedirectedV1, to_service="d")
    assert confirmed(decision)
    assert said(decision) == ["referral.declined", "a ✝content-key.delivered", "a erasure.requested"]
    assert (offer_of(after(decision), "a").became, offer_of(after(decision), "a").suggests) == (Became.REDIRECTED, "d")


def test_a_no_after_a_yes_means_the_next_one() -> None:
    decision = says(accepted("a", "b"), "a", ProviderDeclinedV1, reason="conflict")
    assert confirmed(decision) and due(decision)["offer"] == NOW
    assert due(decision)["hand-off-late"] is None


def test_a_reason_or_an_outcome_that_nobody_knows_is_refused_with_its_place() -> None:
    unknown = says(offered("a"), "a", ProviderDeclinedV1, reason="bad-person").answer
    assert isinstance(unknown, ResponseRefusedV1)
    assert (unknown.code, unknown.problems[0].pointer) == ("unknown-reason", "/reason")
    unknown = says(engaged("a"), "a", ProviderClosedV1, outcome="arrested").answer
    assert isinstance(unknown, ResponseRefusedV1)
    assert (unknown.code, unknown.problems[0].pointer) == ("unknown-outcome", "/outcome")


def test_who_is_in_contact_closes_and_does_not_decline() -> None:
    for kind in (ProviderDeclinedV1, ProviderRedirectedV1):
        answer = says(engaged("a"), "a", kind, **EVERY[kind]).answer
        assert isinstance(answer, ResponseRefusedV1) and answer.code == "already-in-contact"
    answer = says(accepted("a"), "a", ProviderWaitlistedV1).answer
    assert isinstance(answer, ResponseRefusedV1) and answer.code == "already-accepted"


def test_a_waiting_list_keeps_its_offer_and_the_next_one_is_asked() -> None:
    decision = says(offered("a", "b"), "a", ProviderWaitlistedV1)
    assert said(decision) == ["referral.waitlisted"]
    assert offer_of(after(decision), "a").over is None
    assert len(after(decision).content_keys) == 1
    assert due(decision)["offer"] == NOW


def test_a_waiting_list_may_say_yes_later_and_whoever_is_asked_meanwhile_is_asked_no_longer() -> None:
    both = after(offering(after(says(offered("a", "b"), "a", ProviderWaitlistedV1))))
    later = NOW + timedelta(days=20)
    decision = says(both, "a", ProviderAcceptedV1, later)
    assert confirmed(decision)
    assert to(decision, "b") == ["✝content-key.delivered", "referral-offer.withdrawn", "erasure.requested"]
    assert [key.offer_id for key in after(decision).content_keys] == [named("offer to a")]
    assert isinstance(says(after(decision), "b", ProviderAcceptedV1, later).answer, ReferralOfferWithdrawnV1)


def test_a_waiting_list_is_welcome_even_when_nobody_else_was_left() -> None:
    waits = after(says(offered("a"), "a", ProviderWaitlistedV1))
    choosing_again = choosing("b", referral=waits)
    unmet = after(decide.choice_late(after(decide.choice_late(choosing_again, None, context())), None, context()))
    assert unmet.stage is Stage.UNMET
    decision = says(unmet, "a", ProviderAcceptedV1)
    assert confirmed(decision)
    assert (after(decision).stage, after(decision).outcome) == (Stage.ACCEPTED, None)
    assert due(decision)["forget"] is None
    assert after(says(choosing_again, "a", ProviderAcceptedV1)).proposed == ()


def test_a_waiting_list_that_says_no_stops_nobody() -> None:
    both = after(offering(after(says(offered("a", "b"), "a", ProviderWaitlistedV1))))
    decision = says(both, "a", ProviderDeclinedV1, reason="no-capacity")
    assert confirmed(decision)
    assert "offer" not in due(decision) and "match" not in due(decision)
    assert after(decision).asked is not None


def test_contact_made_ends_the_hand_off() -> None:
    decision = says(accepted("a"), "a", ContactMadeV1)
    assert confirmed(decision) and said(decision) == ["referral.engaged"]
    assert due(decision) == {"hand-off-late": None}
    assert says(after(decision), "a", ContactMadeV1).events == ()
    assert confirmed(says(after(decision), "a", ContactFailedV1))


def test_the_third_time_nobody_was_reached_it_goes_back() -> None:
    state = accepted("a", "b")
    for _ in range(2):
        decision = says(state, "a", ContactFailedV1)
        assert confirmed(decision) and decision.events == ()
        state = after(decision)
    decision = says(state, "a", ContactFailedV1)
    assert said(decision) == ["referral.declined", "a ✝content-key.delivered", "a erasure.requested"]
    assert (offer_of(after(decision), "a").became, offer_of(after(decision), "a").unreached) == (Became.UNREACHABLE, 3)
    assert due(decision)["offer"] == NOW


def test_closing_closes_the_loop_to_the_participant_and_to_nobody_else() -> None:
    decision = says(engaged("a"), "a", ProviderClosedV1, outcome="got-help")
    assert confirmed(decision)
    assert said(decision) == ["a ✝content-key.delivered", "referral.closed"]
    event = decision.events[1]
    assert isinstance(event, ReferralClosedV1) and event.outcome == "got-help"
    assert after(decision).news == "participant-closed.v1"
    assert due(decision)["forget"] == NOW + timedelta(days=90)
    assert {kind for kind, at in due(decision).items() if at is None} == {"offer", "match", "answer-late", "hand-off-late"}
    assert after(decision).content_keys == ()
    assert isinstance(says(after(decision), "a", ProviderClosedV1, outcome="got-help").answer, ReferralOfferMissedV1)


def test_that_something_was_erased_is_recorded_once_and_never_while_the_offer_stands() -> None:
    answer = says(offered("a"), "a", ErasureAttestedV1).answer
    assert isinstance(answer, ResponseRefusedV1) and answer.code == "still-stands"
    back = after(takes_back(offered("a")))
    erased = says(back, "a", ErasureAttestedV1)
    assert confirmed(erased)
    assert after(erased).consents[0].became is Became.ERASED
    assert confirmed(says(after(erased), "a", ErasureAttestedV1, NOW + timedelta(days=1)))
