"""What the gateway lets through, what it builds, and how it counts."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstream_referral.gateway import decide
from upstream_referral.gateway.app import at_the_wall
from upstream_referral.gateway.decide.counting import counted, next_midnight, quarter
from upstream_referral.gateway.model import WALL, Count, Counters, Period
from upstream_runtime.clock import random_id
from upstream_runtime.decision import Cause, Context, Decision, Due, Unchanged
from upstream_schemas.crossing import (
    AreaAlertCrossedV1,
    BoundaryCountersPublishedV1,
    HelpOfferCrossedV1,
    LifeSafetyCallCrossedV1,
)
from upstream_schemas.enforcement import (
    AreaAlertApprovedV1,
    CrossingRefusedV1,
    HelpOfferApprovedV1,
    LifeSafetyCallApprovedV1,
)
from upstream_schemas.model import Event

NOW = datetime(2026, 11, 23, 18, 20, 7, tzinfo=UTC)
THEIRS = UUID("7d3f6a90-4a52-4f0e-8f8b-2b9d5a0c1e44")
AGENCY = "east-precinct"
OFFER = HelpOfferApprovedV1(
    crossing_id=THEIRS, agency=AGENCY, urgency="today", respond_by=NOW, language="so", callback_desk="ceasefire-desk",
    key_id="ovp-1", sealed_contact="c2VhbGVk",
)  # fmt: skip
ALERT = AreaAlertApprovedV1(
    crossing_id=THEIRS, agency=AGENCY, cell="district-1", hour=NOW, kind="shooting", retaliation="elevated"
)
CALL = LifeSafetyCallApprovedV1(crossing_id=THEIRS, agency=AGENCY, callback_number="+15035550119")
REFUSED = CrossingRefusedV1(crossing_id=THEIRS, agency=AGENCY, kind="help-offer", reason="approver-declined")
CROSSING: list[tuple[Any, Any, type[Event]]] = [
    (decide.help_offer_approved, OFFER, HelpOfferCrossedV1),
    (decide.area_alert_approved, ALERT, AreaAlertCrossedV1),
    (decide.life_safety_call_approved, CALL, LifeSafetyCallCrossedV1),
]
each_crossing = pytest.mark.parametrize(("rule", "fact", "kind"), CROSSING, ids=["X1", "X2", "X3"])


def context(now: datetime = NOW) -> Context[None]:
    return Context(now, Cause("approved-1", "/upstream/referral-enforcement", now), None, b"a secret", WALL, random_id)


def counters(decision: Decision[Counters]) -> Counters:
    assert not isinstance(decision.state, Unchanged)
    return decision.state


def tally(state: Counters) -> dict[tuple[str, str, str, str], int]:
    return {(p.name, c.agency, c.kind, c.outcome): c.count for p in state.periods for c in p.counts}


@each_crossing
def test_a_crossing_holds_the_approved_fields_without_the_agency_under_an_id_of_its_own(
    rule: Any, fact: Any, kind: type[Event]
) -> None:
    event = rule(None, fact, context()).events[0]
    assert type(event).__name__ == kind.__name__
    assert event.model_dump(exclude={"crossing_id"}) == fact.model_dump(exclude={"crossing_id", "agency"})
    assert event.crossing_id != THEIRS
    assert event.crossing_id.version == 4


@each_crossing
def test_the_same_record_decided_twice_bears_two_ids_so_that_only_the_commit_makes_one_final(
    rule: Any, fact: Any, kind: type[Event]
) -> None:
    first, second = (rule(None, fact, context()).events[0] for _ in range(2))
    assert first.crossing_id != second.crossing_id


@each_crossing
def test_a_crossing_is_counted_for_its_agency_and_nothing_of_it_is_kept(rule: Any, fact: Any, kind: type[Event]) -> None:
    decision = rule(None, fact, context())
    ((key, count),) = tally(counters(decision)).items()
    assert (key[0], key[1], key[3], count) == ("2026-Q4", AGENCY, "crossed", 1)
    (event,) = decision.events
    kept = repr(counters(decision))
    gone = [str(THEIRS), str(event.crossing_id), "c2VhbGVk", "5550119", "district-1", "ceasefire-desk"]
    assert [word for word in gone if word in kept] == []
    assert decision.due == ()


def test_what_was_refused_crosses_in_no_form_and_is_counted_by_its_reason() -> None:
    decision = decide.crossing_refused(None, REFUSED, context())
    assert decision.events == ()
    assert tally(counters(decision)) == {("2026-Q4", AGENCY, "help-offer", "approver-declined"): 1}


def test_every_record_is_about_the_wall_and_about_no_crossing() -> None:
    for fact in (OFFER, ALERT, CALL, REFUSED):
        assert list(at_the_wall(fact)) == [(WALL, fact)]


outcomes = st.tuples(
    st.sampled_from(["east-precinct", "west-precinct"]),
    st.sampled_from(["help-offer", "area-alert", "life-safety-call"]),
    st.sampled_from(["crossed", "expired"]),
)


@given(st.lists(outcomes, max_size=40))
def test_the_counts_add_up_in_any_order(happened: list[Any]) -> None:
    state, turned = Counters(), Counters()
    for agency, kind, outcome in happened:
        state = counted(state, agency, kind, outcome, NOW)
    for agency, kind, outcome in reversed(happened):
        turned = counted(turned, agency, kind, outcome, NOW)
    assert state == turned
    assert sum(tally(state).values()) == len(happened)
    assert all(tally(state)["2026-Q4", *each] == happened.count(each) for each in happened)


def test_at_midnight_the_quarter_s_counts_are_published_and_the_next_midnight_is_set() -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    state = counted(counted(None, AGENCY, "help-offer", "crossed", NOW), AGENCY, "help-offer", "crossed", NOW)
    decision = decide.counters_due(state, None, context(midnight))
    (event,) = decision.events
    assert isinstance(event, BoundaryCountersPublishedV1)
    assert event.period == "2026-Q4"
    assert [count.model_dump() for count in event.counts] == [
        {"agency": AGENCY, "kind": "help-offer", "outcome": "crossed", "count": 2}
    ]
    assert decision.due == (Due("publish-counters", WALL, datetime(2026, 11, 25, tzinfo=UTC)),)
    assert counters(decision) == state


def test_counters_are_published_also_where_nothing_ever_happened() -> None:
    (event,) = decide.counters_due(None, None, context()).events
    assert isinstance(event, BoundaryCountersPublishedV1)
    assert (event.period, event.counts) == ("2026-Q4", ())


def test_the_last_counts_of_a_quarter_are_published_once_more_and_then_no_longer() -> None:
    after = datetime(2027, 1, 1, tzinfo=UTC)
    state = counted(counted(None, AGENCY, "help-offer", "crossed", NOW), AGENCY, "area-alert", "expired", after)
    decision = decide.counters_due(state, None, context(after))
    assert [getattr(event, "period") for event in decision.events] == ["2026-Q4", "2027-Q1"]  # noqa: B009
    assert counters(decision) == Counters((Period("2027-Q1", (Count(AGENCY, "area-alert", "expired", 1),)),))


def test_a_quarter_has_one_id_every_day_and_no_other_quarter_has_it() -> None:
    def period_id(now: datetime) -> Any:
        (event,) = decide.counters_due(None, None, context(now)).events
        return getattr(event, "period_id")  # noqa: B009

    assert period_id(NOW) == period_id(datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert period_id(NOW) != period_id(datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "name"),
    [((2026, 1, 1), "2026-Q1"), ((2026, 3, 31), "2026-Q1"), ((2026, 4, 1), "2026-Q2"), ((2026, 12, 31), "2026-Q4")],
)
def test_a_quarter_begins_with_its_first_day(moment: tuple[int, int, int], name: str) -> None:
    assert quarter(datetime(*moment, tzinfo=UTC)) == name


def test_midnight_itself_waits_for_the_next_one() -> None:
    assert next_midnight(datetime(2026, 12, 31, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
    assert next_midnight(datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
