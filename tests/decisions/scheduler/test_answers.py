"""What group and trainers say through their links, in time, late, twice, and about an offer that is gone."""

from datetime import datetime, timedelta

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
    portland,
    say,
    seat,
    session,
    trainer,
    types,
)

from upstream_scheduler import decide
from upstream_scheduler.decide.answers import Answered, Word
from upstream_scheduler.decide.standing import Standing, standing
from upstream_scheduler.model import Held, Session, Stage
from upstream_schemas.scheduler import SessionCancelledV1, SessionConfirmedV1, SlotAcceptedV1, SlotDeclinedV1

TWO = facts(trainer("asha"), trainer("robin"))


def _held(state: Session) -> Held:
    assert state.held is not None
    return state.held


def _other(state: Session) -> str:
    """The trainer of TWO who was not asked."""
    (asked,) = _held(state).trainers
    return "robin" if asked.trainer_id == named("asha") else "asha"


def _asked(state: Session) -> str:
    return "robin" if _other(state) == "asha" else "asha"


def _stands(state: Session, who: str, round_: int = 1, now: datetime = NOW) -> Standing:
    return standing(state, seat(who), round_, now)


def test_one_yes_is_not_enough() -> None:
    decision = say(held(), "group", "accept")
    (accepted,) = decision.events
    assert isinstance(accepted, SlotAcceptedV1)
    assert (accepted.round, accepted.party, decision.answer) == (1, "group", "accepted")
    assert after(decision).stage is Stage.HELD
    assert decision.due == ()


@pytest.mark.parametrize("order", [("group", "asha"), ("asha", "group")])
def test_date_stands_once_everybody_has_said_yes_in_whatever_order(order: tuple[str, str]) -> None:
    first, last = order
    waiting = after(say(held(), first, "accept"))
    decision = say(waiting, last, "accept")
    accepted, announced = decision.events
    assert isinstance(accepted, SlotAcceptedV1)
    assert isinstance(announced, SessionConfirmedV1)
    assert announced.calendar_uid == f"{waiting.session_id}@upstream.example.org"
    assert announced.calendar_sequence == 0
    assert [recipient.answer_link for recipient in announced.recipients] == [
        f"a/{REQUEST}/1/group",
        f"a/{REQUEST}/1/trainer/{named('asha')}",
    ]
    assert (after(decision).stage, decision.answer) == (Stage.CONFIRMED, "confirmed")
    ends_at = _held(waiting).slot.ends_at
    assert due(decision) == {"hold-expires": None, "close-out": ends_at + timedelta(hours=1)}


def test_both_of_two_trainers_must_say_yes() -> None:
    state = held(using=TWO, group_size=40)
    state = after(say(after(say(state, "group", "accept")), "asha", "accept"))
    assert state.stage is Stage.HELD
    assert after(say(state, "robin", "accept")).stage is Stage.CONFIRMED


def test_yes_said_twice_counts_once() -> None:
    state = after(say(held(), "group", "accept"))
    decision = say(state, "group", "accept")
    assert (decision.events, decision.due, decision.answer) == ((), (), "accepted")


def test_yes_said_again_after_confirmation_changes_nothing() -> None:
    decision = say(confirmed(), "asha", "accept")
    assert (decision.events, decision.answer) == ((), "confirmed")


@pytest.mark.parametrize("word", ["accept", "decline"])
def test_answer_after_the_hold_has_ended_is_refused(word: str) -> None:
    state = held()
    decision = say(state, "group", word, _held(state).hold_until)
    assert (decision.events, decision.due, decision.answer) == ((), (), "too-late")
    assert _stands(state, "group", now=_held(state).hold_until) is Standing.EXPIRED


@pytest.mark.parametrize("word", ["accept", "decline"])
def test_answer_in_the_last_moment_of_the_hold_counts(word: str) -> None:
    state = held()
    assert say(state, "group", word, _held(state).hold_until - timedelta(microseconds=1)).events != ()


@pytest.mark.parametrize("word", ["accept", "decline", "cancel"])
def test_answer_to_an_earlier_offer_changes_nothing(word: Word) -> None:
    first = held(using=TWO)
    second = after(decide.place(after(say(first, _asked(first), "decline")), TWO, context()))
    decision = decide.answered(second, Answered(seat("group"), 1, word), context())
    assert (decision.events, decision.due, decision.answer) == ((), (), "not-current")
    assert _stands(second, "group", 1) is Standing.NOT_CURRENT
    assert _stands(second, "group", 2) is Standing.OPEN


@pytest.mark.parametrize("state", [None, session()])
def test_answer_where_nothing_is_offered_changes_nothing(state: Session | None) -> None:
    assert decide.answered(state, Answered(seat("group"), 1, "accept"), context()).answer == "not-current"


def test_trainer_s_no_offers_the_same_time_with_another_trainer() -> None:
    state = held(using=TWO)
    other = _other(state)
    decision = say(state, _asked(state), "decline")
    (declined,) = decision.events
    assert isinstance(declined, SlotDeclinedV1)
    assert (declined.round, declined.party, decision.answer) == (1, "trainer", "declined")
    assert [recipient.answer_link for recipient in declined.recipients] == [None, None]
    assert due(decision) == {"place": NOW, "hold-expires": None, "close-out": None, "refill": NOW}
    second = _held(after(decide.place(after(decision), TWO, context())))
    assert [assigned.trainer_id for assigned in second.trainers] == [named(other)]
    assert (second.round, second.slot) == (2, _held(state).slot)


def test_trainer_who_said_no_is_not_asked_for_an_overlapping_time() -> None:
    seeking = after(say(held(length_minutes=60), "asha", "decline"))
    assert _held(after(decide.place(seeking, facts(), context()))).slot.starts_at == portland(2026, 12, 1, 19)


def test_group_s_no_takes_the_time_away_for_every_trainer() -> None:
    seeking = after(say(held(using=TWO), "group", "decline"))
    assert _held(after(decide.place(seeking, TWO, context()))).slot.starts_at == portland(2026, 12, 8, 18)


def test_group_is_not_offered_half_an_hour_after_the_time_it_declined() -> None:
    seeking = after(say(held(length_minutes=60), "group", "decline"))
    assert _held(after(decide.place(seeking, facts(), context()))).slot.starts_at == portland(2026, 12, 1, 19)


def test_yes_may_be_taken_back_while_the_others_are_asked() -> None:
    state = after(say(held(), "group", "accept"))
    assert types(say(state, "group", "decline")) == ["scheduler.slot.declined.v1"]


def test_next_offer_needs_everybody_s_yes_again() -> None:
    first = after(say(held(using=TWO), "group", "accept"))
    second = after(decide.place(after(say(first, _asked(first), "decline")), TWO, context()))
    assert _held(second).accepted == ()
    assert types(say(second, _asked(second), "accept")) == ["scheduler.slot.accepted.v1"]


def test_no_after_confirmation_is_a_cancellation_and_must_be_said_as_one() -> None:
    decision = say(confirmed(), "group", "decline")
    assert (decision.events, decision.answer) == ((), "too-late")


def test_cancelling_what_is_only_held_is_not_offered() -> None:
    assert say(held(), "group", "cancel").answer == "too-late"


def test_group_that_cancels_ends_the_matter() -> None:
    decision = say(confirmed(), "group", "cancel")
    (cancelled,) = decision.events
    assert isinstance(cancelled, SessionCancelledV1)
    assert (cancelled.party, cancelled.will_be_rescheduled, cancelled.was_confirmed) == ("group", False, True)
    assert cancelled.calendar_sequence == 1
    assert (after(decision).stage, decision.answer) == (Stage.CANCELLED, "cancelled")
    assert due(decision) == {"hold-expires": None, "close-out": None, "refill": NOW}
    assert _stands(after(decision), "asha") is Standing.CANCELLED


def test_trainer_who_cancels_the_day_before_does_not_cost_the_group_its_training() -> None:
    state = confirmed(using=TWO)
    day_before = _held(state).slot.starts_at - timedelta(days=1)
    decision = say(state, _asked(state), "cancel", day_before)
    (cancelled,) = decision.events
    assert isinstance(cancelled, SessionCancelledV1)
    assert (cancelled.party, cancelled.will_be_rescheduled, cancelled.was_confirmed) == ("trainer", True, True)
    assert {recipient.contact_id for recipient in cancelled.recipients} == {
        named("group"),
        named(f"contact of {_asked(state)}"),
    }
    assert due(decision)["place"] == day_before
    next_slot = _held(after(decide.place(after(decision), TWO, context(day_before))))
    assert next_slot.slot.starts_at == portland(2026, 12, 8, 18)


def test_calendar_sequence_goes_up_with_every_calendar_message() -> None:
    state = confirmed()
    cancelled = say(state, "asha", "cancel")
    again = after(decide.place(after(cancelled), facts(), context()))
    decision = say(after(say(again, "group", "accept")), "asha", "accept")
    sequences = [
        event.calendar_sequence
        for event in (*cancelled.events, *decision.events)
        if isinstance(event, SessionCancelledV1 | SessionConfirmedV1)
    ]
    assert sequences == [1, 2]
    uids = {event.calendar_uid for event in decision.events if isinstance(event, SessionConfirmedV1)}
    assert uids == {f"{state.session_id}@upstream.example.org"}


def test_cancellation_after_the_start_is_refused() -> None:
    state = confirmed()
    decision = say(state, "group", "cancel", _held(state).slot.starts_at)
    assert (decision.events, decision.answer) == ((), "too-late")


def test_page_shows_where_its_reader_stands() -> None:
    state = held()
    assert _stands(state, "group") is Standing.OPEN
    state = after(say(state, "group", "accept"))
    assert (_stands(state, "group"), _stands(state, "asha")) == (Standing.ACCEPTED, Standing.OPEN)
    state = after(say(state, "asha", "accept"))
    assert _stands(state, "asha") is Standing.CONFIRMED
    starts_at = _held(state).slot.starts_at
    assert _stands(state, "asha", now=starts_at - timedelta(seconds=1)) is Standing.CONFIRMED
    assert _stands(state, "asha", now=starts_at) is Standing.UNDER_WAY


def test_page_of_an_offer_that_came_to_nothing_says_why() -> None:
    declined = after(say(held(), "asha", "decline"))
    assert (_stands(declined, "asha"), _stands(declined, "group")) == (Standing.DECLINED, Standing.NOT_CURRENT)
    state = held()
    silent = after(decide.hold_expires(state, None, context(_held(state).hold_until)))
    assert _stands(silent, "asha") is Standing.EXPIRED
    cancelled = after(say(confirmed(), "asha", "cancel"))
    assert (_stands(cancelled, "asha"), _stands(cancelled, "group")) == (Standing.CANCELLED, Standing.NOT_CURRENT)
