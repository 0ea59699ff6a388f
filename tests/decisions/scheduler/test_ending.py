"""How sessions end: reported, taken as delivered, or called off by staff."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from support.scheduler_builders import (
    NOW,
    REQUEST,
    after,
    confirmed,
    context,
    due,
    facts,
    held,
    named,
    say,
    seat,
    session,
    trainer,
    training_requested,
    types,
)

from upstream_scheduler import decide
from upstream_scheduler.decide.ending import CalledOff, LookedAgain, OutcomeReported
from upstream_scheduler.decide.standing import Standing, standing
from upstream_scheduler.model import GROUP, ROUNDS_MAX, Held, Session, Stage
from upstream_schemas.scheduler import SessionCancelledV1, SessionDeliveredV1, SessionMissedV1


def _held(state: Session) -> Held:
    assert state.held is not None
    return state.held


def test_training_that_nobody_reports_on_is_taken_as_delivered() -> None:
    state = confirmed()
    ends_at = _held(state).slot.ends_at
    decision = decide.close_out(state, None, context(ends_at + timedelta(hours=1)))
    (delivered,) = decision.events
    assert isinstance(delivered, SessionDeliveredV1)
    assert (delivered.assumed, delivered.ended_at, delivered.request_id) == (True, ends_at, REQUEST)
    assert after(decision).stage is Stage.DELIVERED


@pytest.mark.parametrize("state", [None, session(), held()])
def test_only_a_confirmed_training_is_closed_out(state: Session | None) -> None:
    decision = decide.close_out(state, None, context(NOW + timedelta(days=30)))
    assert (decision.events, decision.due) == ((), ())


def test_trainer_reports_that_it_took_place() -> None:
    state = confirmed()
    ends_at = _held(state).slot.ends_at
    report = OutcomeReported("delivered", "trainer", round=1)
    decision = decide.outcome_reported(state, report, context(ends_at + timedelta(minutes=5)))
    (delivered,) = decision.events
    assert isinstance(delivered, SessionDeliveredV1)
    assert (delivered.assumed, delivered.ended_at, decision.answer) == (False, ends_at, "delivered")
    assert due(decision) == {"close-out": None}
    assert standing(after(decision), seat("asha"), 1, ends_at) is Standing.DELIVERED


def test_training_that_ended_early_ended_when_it_was_reported() -> None:
    state = confirmed()
    early = _held(state).slot.ends_at - timedelta(minutes=20)
    (delivered,) = decide.outcome_reported(state, OutcomeReported("delivered", "trainer", 1), context(early)).events
    assert isinstance(delivered, SessionDeliveredV1)
    assert delivered.ended_at == early


@pytest.mark.parametrize("party", ["trainer", "city"])
def test_training_that_nobody_came_to_is_missed(party: Literal["trainer", "city"]) -> None:
    state = confirmed()
    starts_at = _held(state).slot.starts_at
    decision = decide.outcome_reported(state, OutcomeReported("missed", party), context(starts_at))
    (missed,) = decision.events
    assert isinstance(missed, SessionMissedV1)
    assert missed.reported_by == party
    assert after(decision).stage is Stage.MISSED
    assert standing(after(decision), seat("asha"), 1, starts_at) is Standing.MISSED


def test_missed_training_is_not_delivered_afterwards() -> None:
    state = confirmed()
    ends_at = _held(state).slot.ends_at
    missed = after(decide.outcome_reported(state, OutcomeReported("missed", "trainer", 1), context(ends_at)))
    assert decide.close_out(missed, None, context(ends_at + timedelta(hours=1))).events == ()
    again = decide.outcome_reported(missed, OutcomeReported("delivered", "city"), context(ends_at))
    assert (again.events, again.answer) == ((), "too-late")


def test_outcome_before_the_start_is_refused() -> None:
    state = confirmed()
    just_before = context(_held(state).slot.starts_at - timedelta(seconds=1))
    decision = decide.outcome_reported(state, OutcomeReported("missed", "trainer", 1), just_before)
    assert (decision.events, decision.answer) == ((), "too-early")


@pytest.mark.parametrize("state", [None, session(), replace(confirmed(), held=None)])
def test_outcome_without_a_slot_is_refused(state: Session | None) -> None:
    assert decide.outcome_reported(state, OutcomeReported("missed", "city"), context()).answer == "not-current"


def test_outcome_through_the_link_of_an_earlier_offer_is_refused() -> None:
    state = confirmed()
    report = OutcomeReported("missed", "trainer", round=2)
    assert decide.outcome_reported(state, report, context(_held(state).slot.ends_at)).answer == "not-current"


@pytest.mark.parametrize("was_confirmed", [False, True])
def test_city_calls_a_date_off_for_good(was_confirmed: bool) -> None:
    state = confirmed() if was_confirmed else held()
    decision = decide.called_off(state, CalledOff("city", again=False), context())
    (cancelled,) = decision.events
    assert isinstance(cancelled, SessionCancelledV1)
    assert (cancelled.party, cancelled.will_be_rescheduled) == ("city", False)
    assert (cancelled.was_confirmed, cancelled.calendar_sequence) == (was_confirmed, int(was_confirmed))
    assert (after(decision).stage, decision.answer) == (Stage.CANCELLED, "cancelled")


def test_city_calls_a_date_off_and_another_is_looked_for() -> None:
    decision = decide.called_off(confirmed(), CalledOff("city", again=True), context())
    assert [refusal.seat for refusal in after(decision).refusals] == [GROUP]
    assert after(decision).stage is Stage.SEEKING
    assert due(decision) == {"place": NOW, "hold-expires": None, "close-out": None, "refill": NOW}


def test_trainers_who_ring_up_are_not_asked_for_that_time_again() -> None:
    state = held(using=facts(trainer("asha"), trainer("robin")), group_size=40)
    decision = decide.called_off(state, CalledOff("trainer", again=True), context())
    assert {refusal.seat.trainer_id for refusal in after(decision).refusals} == {named("asha"), named("robin")}
    (cancelled,) = decision.events
    assert isinstance(cancelled, SessionCancelledV1)
    assert cancelled.party == "trainer"


@pytest.mark.parametrize("state", [None, session()])
def test_nothing_can_be_called_off_where_there_is_no_date(state: Session | None) -> None:
    assert decide.called_off(state, CalledOff("city", again=False), context()).answer == "no-slot"


def test_date_that_has_begun_cannot_be_called_off() -> None:
    state = confirmed()
    decision = decide.called_off(state, CalledOff("city", again=False), context(_held(state).slot.starts_at))
    assert (decision.events, decision.answer) == ((), "too-late")


def test_person_gives_a_session_ten_more_rounds() -> None:
    stuck = after(decide.place(replace(session(), rounds=ROUNDS_MAX), facts(), context()))
    decision = decide.looked_again(stuck, LookedAgain(), context())
    assert (after(decision).rounds_max, decision.answer, due(decision)) == (2 * ROUNDS_MAX, "looking", {"place": NOW})
    offered = decide.place(after(decision), facts(), context())
    assert types(offered) == ["scheduler.slot.offered.v1"]
    assert after(offered).rounds == ROUNDS_MAX + 1


@pytest.mark.parametrize("state", [None, session(), held(), confirmed()])
def test_only_a_session_that_waits_is_looked_at_again(state: Session | None) -> None:
    assert decide.looked_again(state, LookedAgain(), context()).answer == "not-waiting"


def test_changed_order_gives_ten_more_rounds_too() -> None:
    stuck = after(decide.place(replace(session(), rounds=ROUNDS_MAX), facts(), context()))
    changed = after(decide.training_requested(stuck, training_requested(), context()))
    assert types(decide.place(changed, facts(), context())) == ["scheduler.slot.offered.v1"]


def test_declining_a_confirmed_training_does_not_end_it() -> None:
    assert say(confirmed(), "asha", "decline").events == ()
