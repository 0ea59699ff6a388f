"""Intake's orders: a date is wanted, or no longer."""

from datetime import timedelta
from typing import Any

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
    session,
    training_requested,
    types,
    window,
)

from upstream_scheduler import decide
from upstream_scheduler.decide.ending import CalledOff, OutcomeReported
from upstream_scheduler.model import ROUNDS_MAX, Stage
from upstream_schemas.intake import RequestClosedV1, RequesterErasedV1, RequestRejectedV1, RequestWithdrawnV1
from upstream_schemas.scheduler import SessionAcceptedV1, SessionCancelledV1

ABOUT = {"request_id": REQUEST, "reference": "UP-0TRY-0001", "contact_id": named("group"), "language": "so"}
WITHDRAWN = RequestWithdrawnV1.model_validate(ABOUT)
CLOSED = RequestClosedV1.model_validate({**ABOUT, "outcome": "cancelled", "what_changed": "in-our-words"})


def test_accepted_agreement_opens_a_session_and_a_slot_is_looked_for_at_once() -> None:
    decision = decide.training_requested(None, training_requested(), context())
    (accepted,) = decision.events
    assert isinstance(accepted, SessionAcceptedV1)
    assert accepted.request_id == REQUEST
    assert accepted.session_id == after(decision).session_id
    assert after(decision).stage is Stage.SEEKING
    assert due(decision) == {"place": NOW}


def test_same_order_decides_on_the_same_session() -> None:
    assert session() == session()


def test_order_that_comes_again_while_a_slot_is_held_changes_nothing() -> None:
    decision = decide.training_requested(held(), training_requested(windows=(window("monday"),)), context())
    assert (decision.events, decision.due) == ((), ())
    assert not hasattr(decision.state, "order")


def test_changed_order_counts_while_the_group_still_waits() -> None:
    waiting = after(decide.place(session(), facts(venues=()), context()))
    decision = decide.training_requested(waiting, training_requested(windows=(window("monday"),)), context())
    changed = after(decision)
    assert (changed.stage, changed.session_id) == (Stage.SEEKING, waiting.session_id)
    assert changed.order.windows != waiting.order.windows
    assert due(decision) == {"place": NOW}


@pytest.mark.parametrize("fell_through", ["cancelled", "missed"])
def test_training_that_fell_through_and_is_agreed_on_anew_is_looked_for_again(fell_through: str) -> None:
    first = confirmed()
    assert first.held is not None
    over = (
        after(decide.called_off(first, CalledOff("city", again=False), context()))
        if fell_through == "cancelled"
        else after(decide.outcome_reported(first, OutcomeReported("missed", "city"), context(first.held.slot.ends_at)))
    )
    decision = decide.training_requested(over, training_requested(windows=(window("monday"),)), context())
    again = after(decision)
    assert types(decision) == ["scheduler.session.accepted.v1"]
    assert (again.stage, again.held, again.session_id) == (Stage.SEEKING, None, first.session_id)
    assert (again.rounds, again.rounds_max) == (first.rounds, first.rounds + ROUNDS_MAX)
    assert again.sequence >= first.sequence > 0
    assert due(decision) == {"place": NOW}


def test_virtual_is_tried_first_where_both_will_do() -> None:
    assert session(format="either").order.formats == ("virtual", "in_person")


@pytest.mark.parametrize(
    ("ended", "party"),
    [
        (WITHDRAWN, "group"),
        (RequestRejectedV1.model_validate({**ABOUT, "reason": "Not for us", "reviewer": "staff"}), "city"),
        (CLOSED, "city"),
        (RequesterErasedV1(request_id=REQUEST), "group"),
    ],
    ids=["withdrawn", "rejected", "closed", "erased"],
)
@pytest.mark.parametrize("was_confirmed", [False, True])
def test_request_that_ends_frees_its_slot_and_everybody_is_told(ended: object, party: str, was_confirmed: bool) -> None:
    state = confirmed() if was_confirmed else held()
    decision = decide.request_ended(state, ended, context())  # type: ignore[arg-type]
    (cancelled,) = decision.events
    assert isinstance(cancelled, SessionCancelledV1)
    assert cancelled.party == party
    assert cancelled.slot is not None
    assert not cancelled.will_be_rescheduled
    assert cancelled.was_confirmed is was_confirmed
    assert {recipient.contact_id for recipient in cancelled.recipients} == {named("group"), named("contact of asha")}
    assert (after(decision).stage, after(decision).held) == (Stage.CANCELLED, None)
    assert due(decision) == {"hold-expires": None, "close-out": None, "refill": NOW}


@pytest.mark.parametrize(("ended", "party"), [(WITHDRAWN, "group"), (CLOSED, "city")], ids=["withdrawn", "closed"])
def test_request_that_ends_before_a_slot_was_found_ends_its_session_and_nobody_is_told(ended: Any, party: str) -> None:
    decision = decide.request_ended(session(), ended, context())
    (cancelled,) = decision.events
    assert isinstance(cancelled, SessionCancelledV1)
    assert (cancelled.slot, cancelled.recipients, cancelled.party) == (None, (), party)
    assert after(decision).stage is Stage.CANCELLED
    assert due(decision) == {"place": None}


def test_request_that_ends_after_the_training_began_takes_nothing_back() -> None:
    state = confirmed()
    assert state.held is not None
    decision = decide.request_ended(state, WITHDRAWN, context(state.held.slot.starts_at))
    assert (decision.events, decision.due) == ((), ())


def test_request_may_be_withdrawn_up_to_the_start() -> None:
    state = confirmed()
    assert state.held is not None
    decision = decide.request_ended(state, WITHDRAWN, context(state.held.slot.starts_at - timedelta(seconds=1)))
    assert types(decision) == ["scheduler.session.cancelled.v1"]


def test_withdrawal_of_a_request_without_a_session_means_nothing() -> None:
    assert decide.request_ended(None, WITHDRAWN, context()).events == ()


def test_what_is_over_ends_once() -> None:
    off = after(decide.request_ended(held(), WITHDRAWN, context()))
    assert decide.request_ended(off, WITHDRAWN, context()).events == ()
    assert decide.place(off, facts(), context()).events == ()


def test_training_that_took_place_is_not_looked_for_again() -> None:
    took_place = after(decide.close_out(confirmed(), None, context()))
    decision = decide.training_requested(took_place, training_requested(), context())
    assert (decision.events, decision.due) == ((), ())
