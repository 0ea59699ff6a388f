"""Which slot is held, for how long, with whom; and why a group waits."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from support.scheduler_builders import (
    NOW,
    REQUEST,
    after,
    booked,
    confirmed,
    context,
    due,
    facts,
    held,
    named,
    on,
    portland,
    say,
    session,
    trainer,
    types,
    venue,
    window,
)

from upstream_scheduler import decide
from upstream_scheduler.decide.candidates import LEAD_MAX, lead_for, trainers_needed
from upstream_scheduler.model import GROUP, ROUNDS_MAX, Away, Facts, Held, Session, Span, Stage, Stretch, Taken, WeekPlace
from upstream_schemas.scheduler import HoldExpiredV1, SessionLeftWaitingV1, SlotOfferedV1


def _slot(state: Session) -> Held:
    assert state.held is not None, f"no slot: {state.waits_because}"
    return state.held


def _start(using: Facts | None = None, now: datetime = NOW, **ordered: Any) -> datetime:
    return _slot(held(now, using, **ordered)).slot.starts_at


def _reason(using: Facts, now: datetime = NOW, **ordered: Any) -> SessionLeftWaitingV1:
    (left,) = decide.place(session(**ordered), using, context(now)).events
    assert isinstance(left, SessionLeftWaitingV1)
    return left


def test_earliest_slot_in_the_group_s_window_is_held_after_four_days() -> None:
    assert _start() == portland(2026, 12, 1, 18)  # Tuesday 24 November is tomorrow: too soon


def test_slot_exactly_four_days_ahead_is_far_enough() -> None:
    friday = (window("friday", "09:00", "21:00"),)
    assert _start(windows=friday, length_minutes=60) == NOW + LEAD_MAX
    assert _start(windows=friday, length_minutes=60, now=NOW + timedelta(minutes=1)) == NOW + LEAD_MAX + timedelta(minutes=30)


def test_group_that_has_less_time_gets_half_of_it_as_notice() -> None:
    latest = NOW + timedelta(days=4)
    assert lead_for(session(latest=latest).order, NOW) == timedelta(days=2)
    everyday = (window("wednesday", "00:00", "23:30"), window("thursday", "00:00", "23:30"))
    slot = _slot(held(latest=latest, windows=everyday))
    assert slot.slot.starts_at == NOW + timedelta(days=2)
    assert slot.hold_until == NOW + timedelta(hours=12)  # a quarter of the two days is for answering


def test_window_of_less_than_a_day_needs_a_person() -> None:
    assert lead_for(session(latest=NOW + timedelta(days=1)).order, NOW) == timedelta(hours=12)
    left = _reason(facts(), latest=NOW + timedelta(hours=23))
    assert left.reason == "window-passed"


def test_slot_is_not_before_the_group_s_earliest_day() -> None:
    assert _start(earliest=NOW + timedelta(days=10)) == portland(2026, 12, 8, 18)


def test_session_ends_within_the_group_s_last_day() -> None:
    left = _reason(facts(), latest=portland(2026, 12, 1, 19, 59))
    assert left.reason == "nobody-free"
    assert _start(latest=portland(2026, 12, 1, 20)) == portland(2026, 12, 1, 18)


def test_hold_lasts_three_days() -> None:
    assert _slot(held()).hold_until == NOW + timedelta(hours=72)


def test_hold_ends_three_days_before_the_start_at_the_latest() -> None:
    slot = _slot(held(windows=(window("friday", "09:00", "21:00"),)))
    assert slot.hold_until == slot.slot.starts_at - timedelta(days=3) == NOW + timedelta(days=1)


def test_everybody_is_asked_with_a_link_of_their_own() -> None:
    decision = decide.place(session(), facts(), context())
    (offered,) = decision.events
    assert isinstance(offered, SlotOfferedV1)
    group, asha = offered.recipients
    assert (group.party, group.contact_id, group.language) == ("group", named("group"), "so")
    assert (asha.party, asha.contact_id, asha.language) == ("trainer", named("contact of asha"), "en")
    assert group.answer_link == f"a/{REQUEST}/1/group"
    assert asha.answer_link == f"a/{REQUEST}/1/trainer/{named('asha')}"
    assert (offered.round, offered.reference) == (1, "UP-0TRY-0001")
    assert (offered.slot.venue, offered.slot.topic) == ("virtual-1", "personal-safety")
    assert due(decision) == {"hold-expires": offered.hold_until}


def test_trainer_is_at_work_for_the_whole_session() -> None:
    late = trainer(weekly=(Stretch(1, time(18, 30), time(21)),))
    assert _start(facts(late)) == portland(2026, 12, 1, 18, 30)
    assert _reason(facts(trainer(weekly=(Stretch(1, time(18, 30), time(20)),)))).reason == "nobody-free"


def test_trainer_who_is_away_that_day_is_not_asked() -> None:
    assert _start(facts(trainer(exceptions=(Away(on(2026, 12, 1)),)))) == portland(2026, 12, 8, 18)


def test_quarter_of_an_hour_stays_free_on_both_sides_of_a_booked_time() -> None:
    taken = (Taken(named("asha"), Span(portland(2026, 12, 1, 18, 45), portland(2026, 12, 1, 19, 15))),)
    assert _start(facts(taken=taken), length_minutes=30) == portland(2026, 12, 1, 18)
    assert _start(facts(taken=taken), length_minutes=60) == portland(2026, 12, 1, 19, 30)
    longer = (Taken(named("asha"), Span(portland(2026, 12, 1, 18, 44), portland(2026, 12, 1, 19, 16))),)
    assert _start(facts(taken=longer), length_minutes=30) == portland(2026, 12, 1, 20)


def test_venue_that_is_taken_is_passed_over_for_a_free_one() -> None:
    taken = Taken(named("virtual-1"), Span(portland(2026, 12, 1, 17), portland(2026, 12, 1, 22)))
    using = facts(venues=(venue("virtual-1"), venue("virtual-2")), taken=(taken,))
    assert _slot(held(using=using)).slot.place.code == "virtual-2"


def test_smallest_venue_that_holds_the_group_is_taken() -> None:
    using = facts(venues=(venue("virtual-1", capacity=500), venue("virtual-2", capacity=12)))
    assert _slot(held(using=using)).slot.place.code == "virtual-2"
    assert _slot(held(using=using, group_size=13)).slot.place.code == "virtual-1"


def test_trainer_with_fewest_sessions_that_week_is_asked() -> None:
    first, second = sorted((named("asha"), named("robin")))
    busy = WeekPlace(first, on(2026, 11, 30), 1)
    slot = _slot(held(using=facts(trainer("asha"), trainer("robin"), week_places=(busy,))))
    assert [assigned.trainer_id for assigned in slot.trainers] == [second]


def test_nothing_is_planned_more_than_half_a_year_ahead() -> None:
    half_a_year = NOW + timedelta(days=180)
    daily = tuple(window(day, "00:00", "23:30") for day in ("friday", "saturday", "sunday"))  # 22 May 2027 is a Saturday
    ordered: dict[str, Any] = {"windows": daily, "latest": half_a_year + timedelta(days=9), "length_minutes": 60}
    assert _start(earliest=half_a_year - timedelta(hours=1), **ordered) == half_a_year - timedelta(hours=1)
    assert _reason(facts(), earliest=half_a_year - timedelta(minutes=30), **ordered).reason == "nobody-free"


def test_sessions_of_another_week_do_not_count_for_fairness() -> None:
    first = min(named("asha"), named("robin"))
    busy = WeekPlace(first, on(2026, 11, 23), 1)
    slot = _slot(held(using=facts(trainer("asha"), trainer("robin"), week_places=(busy,))))
    assert [assigned.trainer_id for assigned in slot.trainers] == [first]


def test_ties_go_to_the_smallest_id_whatever_the_order_of_the_facts() -> None:
    one, two = facts(trainer("asha"), trainer("robin")), facts(trainer("robin"), trainer("asha"))
    assert held(using=one) == held(using=two)


def test_trainer_whose_week_is_full_is_asked_for_the_next() -> None:
    full = tuple(WeekPlace(named("asha"), on(2026, 11, 30), ordinal) for ordinal in (1, 2))
    assert _start(facts(trainer(week_max=2), week_places=full)) == portland(2026, 12, 8, 18)


def test_freed_place_of_a_week_is_used_again() -> None:
    taken = (WeekPlace(named("asha"), on(2026, 11, 30), 2),)
    (assigned,) = _slot(held(using=facts(trainer(week_max=2), week_places=taken))).trainers
    assert (assigned.ordinal, assigned.ordinal_max, assigned.week) == (1, 2, on(2026, 11, 30))


@pytest.mark.parametrize(("size", "needed"), [(5, 1), (30, 1), (31, 2), (100, 2)])
def test_group_of_more_than_thirty_has_two_trainers(size: int, needed: int) -> None:
    assert trainers_needed(size) == needed
    slot = _slot(held(using=facts(trainer("asha"), trainer("robin")), group_size=size))
    assert len(slot.trainers) == needed


def test_two_trainers_are_free_at_the_same_time() -> None:
    evening, day_after = Stretch(1, time(18), time(21)), Stretch(2, time(18), time(21))
    using = facts(trainer("asha", weekly=(evening, day_after)), trainer("robin", weekly=(day_after,)))
    assert _start(using, group_size=40, windows=(window("tuesday"), window("wednesday"))) == portland(2026, 12, 2, 18)


def test_in_person_is_taken_where_no_online_room_is_free_for_either() -> None:
    hall = venue("hall", formats=("in_person",))
    assert _slot(held(using=facts(venues=(hall,)), format="either")).slot.place.code == "hall"
    both = facts(venues=(hall, venue()))
    assert _slot(held(using=both, format="either")).slot.place.code == "virtual-1"


def test_region_of_a_language_does_not_matter() -> None:
    assert _start(facts(trainer(languages=("es",))), language="es-MX") == portland(2026, 12, 1, 18)


@pytest.mark.parametrize(
    ("using", "ordered", "reason", "stands_in_the_way"),
    [
        (Facts((), (venue(),)), {}, "no-trainer-for-topic", ("personal-safety",)),
        (facts(trainer(skills=("cpted",))), {}, "no-trainer-for-topic", ("personal-safety",)),
        (facts(trainer(active=False)), {}, "no-trainer-for-topic", ("personal-safety",)),
        (facts(trainer(languages=("en",))), {}, "no-trainer-for-language", ("personal-safety", "so")),
        (facts(trainer(formats=("in_person",))), {}, "no-trainer-for-format", ("virtual",)),
        (facts(venues=()), {}, "no-venue", ("group-of-12", "virtual")),
        (facts(venues=(venue(capacity=11),)), {}, "no-venue", ("group-of-12", "virtual")),
        (facts(venues=(venue(active=False),)), {}, "no-venue", ("group-of-12", "virtual")),
        (facts(venues=(venue(formats=("in_person",)),)), {}, "no-venue", ("group-of-12", "virtual")),
        (facts(), {"needs": ("captions", "asl")}, "no-venue", ("group-of-12", "virtual", "captions")),
        (facts(trainer(weekly=())), {}, "nobody-free", ("personal-safety", "so")),
        (
            facts(trainer("asha"), trainer("robin", languages=("en",))),
            {"group_size": 31},
            "no-trainer-for-language",
            ("personal-safety", "so", "trainers-needed-2"),
        ),
    ],
)
def test_group_that_waits_is_told_why(
    using: Facts, ordered: dict[str, Any], reason: str, stands_in_the_way: tuple[str, ...]
) -> None:
    left = _reason(using, **ordered)
    assert (left.reason, left.facts) == (reason, stands_in_the_way)
    assert (left.recipient.party, left.recipient.contact_id, left.recipient.answer_link) == (
        "group",
        named("group"),
        None,
    )


def test_venue_that_meets_the_need_is_taken() -> None:
    using = facts(venues=(venue("virtual-1"), venue("virtual-2", access=("captions",))))
    assert _slot(held(using=using, needs=("captions",))).slot.place.code == "virtual-2"


def test_group_that_waits_is_looked_at_again_the_next_day_and_told_once() -> None:
    nobody = facts(venues=())
    first = decide.place(session(), nobody, context())
    assert (after(first).stage, due(first)) == (Stage.WAITING, {"place": NOW + timedelta(days=1)})
    again = decide.place(after(first), nobody, context(NOW + timedelta(days=1)))
    assert types(again) == []
    assert due(again) == {"place": NOW + timedelta(days=2)}
    changed = decide.place(after(again), facts(trainer(weekly=())), context(NOW + timedelta(days=2)))
    assert types(changed) == ["scheduler.session.left-waiting.v1"]


def test_group_that_waited_is_told_again_after_a_slot_came_to_nothing() -> None:
    waiting = after(decide.place(session(), facts(venues=()), context()))
    offered = after(decide.place(waiting, facts(), context()))
    seeking = after(say(offered, "asha", "decline"))
    assert types(decide.place(seeking, facts(venues=()), context())) == ["scheduler.session.left-waiting.v1"]


def test_window_that_has_passed_is_a_matter_for_a_person() -> None:
    decision = decide.place(session(), facts(), context(NOW + timedelta(days=28)))
    assert (after(decision).stage, decision.due) == (Stage.NEEDS_PERSON, ())


def test_after_ten_rounds_a_person_looks_at_it() -> None:
    tried = replace(session(), rounds=ROUNDS_MAX)
    decision = decide.place(tried, facts(), context())
    (left,) = decision.events
    assert isinstance(left, SessionLeftWaitingV1)
    assert left.reason == "too-many-rounds"
    assert (after(decision).stage, decision.due) == (Stage.NEEDS_PERSON, ())
    assert types(decide.place(replace(tried, rounds=ROUNDS_MAX - 1), facts(), context())) == ["scheduler.slot.offered.v1"]


@pytest.mark.parametrize("state", [None, held(), confirmed()])
def test_session_that_looks_for_nothing_is_left_alone(state: Session | None) -> None:
    decision = decide.place(state, facts(), context())
    assert (decision.events, decision.due) == ((), ())


def test_hold_that_runs_out_frees_the_slot_for_others_and_the_next_is_looked_for() -> None:
    state = after(say(held(), "group", "accept"))
    until = _slot(state).hold_until
    decision = decide.hold_expires(state, None, context(until))
    (expired,) = decision.events
    assert isinstance(expired, HoldExpiredV1)
    assert (expired.round, len(expired.recipients)) == (1, 2)
    assert (after(decision).stage, after(decision).held) == (Stage.SEEKING, None)
    assert due(decision) == {"place": until, "hold-expires": None, "close-out": None, "refill": until}


def test_who_was_silent_does_not_get_that_time_again_and_who_answered_may() -> None:
    state = after(say(held(using=facts(trainer("asha"), trainer("robin"))), "group", "accept"))
    (silent,) = _slot(state).trainers
    seeking = after(decide.hold_expires(state, None, context(_slot(state).hold_until)))
    assert [(refusal.seat, refusal.why) for refusal in seeking.refusals] == [(silent.seat, "silent")]
    assert GROUP not in [refusal.seat for refusal in seeking.refusals]


def test_hold_that_has_not_run_out_stands() -> None:
    state = held()
    decision = decide.hold_expires(state, None, context(_slot(state).hold_until - timedelta(microseconds=1)))
    assert (decision.events, decision.due) == ((), ())


@pytest.mark.parametrize("state", [None, session(), confirmed()])
def test_expiry_means_nothing_where_nothing_is_held(state: Session | None) -> None:
    decision = decide.hold_expires(state, None, context(NOW + timedelta(days=30)))
    assert (decision.events, decision.due) == ((), ())


@pytest.mark.parametrize(
    ("now", "windows", "expected"),
    [
        (portland(2026, 10, 20, 9), ("sunday", "01:00", "06:00"), portland(2026, 10, 25, 1)),
        (portland(2026, 10, 26, 9), ("sunday", "01:00", "06:00"), portland(2026, 11, 1, 1)),
        (portland(2027, 3, 8, 9), ("sunday", "01:30", "06:00"), portland(2027, 3, 14, 1, 30)),
        (portland(2027, 3, 8, 9), ("sunday", "02:30", "06:00"), portland(2027, 3, 21, 2, 30)),
    ],
)
def test_slots_on_the_days_when_the_clocks_change(now: datetime, windows: tuple[str, str, str], expected: datetime) -> None:
    slot = _slot(held(now, windows=(window(*windows),), earliest=now, latest=now + timedelta(days=28))).slot
    assert slot.starts_at == expected
    assert slot.ends_at - slot.starts_at == timedelta(hours=2)


def test_those_who_wait_longest_are_looked_at_first() -> None:
    waiting = (named("third"), named("first"), named("second"))
    decision = decide.refill_waiting(None, waiting, context())
    times = [row.at for row in decision.due]
    assert [row.key for row in decision.due] == list(waiting)
    assert times == sorted(times, key=lambda at: at or NOW)
    assert len(set(times)) == 3
    assert max(at for at in times if at) < NOW


def test_bookings_of_others_are_respected_one_after_the_other() -> None:
    first = held(request_id=named("first"))
    taken, places = booked(first)
    second = held(request_id=named("second"), using=facts(taken=taken, week_places=places))
    assert _slot(second).slot.starts_at == portland(2026, 12, 8, 18)
