"""Whatever is placed, answered, expired and cancelled in whatever order: nobody is in two places at once."""

from datetime import datetime, timedelta
from itertools import combinations
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from support.scheduler_builders import NOW, booked, context, named, trainer, training_requested, venue, window

from upstream_runtime.decision import Decision
from upstream_scheduler import decide
from upstream_scheduler.decide.answers import Answered, Word
from upstream_scheduler.model import Facts, Session, Stage
from upstream_schemas.scheduler import SessionConfirmedV1, SlotAcceptedV1

TRAINERS = (trainer("asha", week_max=2), trainer("robin", week_max=1), trainer("samir", languages=("en",), week_max=2))
VENUES = (venue("virtual-1", capacity=20), venue("virtual-2"))
WINDOWS = (window("tuesday"), window("thursday", "17:00", "20:00"))
LATEST = datetime(2026, 12, 14, tzinfo=NOW.tzinfo)


class Requests(RuleBasedStateMachine):
    """Requests come in and are dealt with one fact at a time, each decided on what the database would hold then."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[UUID, Session] = {}
        self.now = NOW
        self.accepted: dict[tuple[UUID, int], set[UUID | None]] = {}

    def _keep(self, key: UUID, decision: Decision[Session]) -> None:
        if isinstance(decision.state, Session):
            self.sessions[key] = decision.state
        for event in decision.events:
            if isinstance(event, SessionConfirmedV1):
                held = self.sessions[key].held
                assert held is not None
                assert self.accepted[key, held.round] == {seat.trainer_id for seat in held.seats}

    def _one(self, pick: int) -> UUID | None:
        return sorted(self.sessions)[pick % len(self.sessions)] if self.sessions else None

    @rule(number=st.integers(0, 7), size=st.sampled_from([5, 25, 35]), language=st.sampled_from(["so", "en"]))
    def request(self, number: int, size: int, language: str) -> None:
        key = named(f"request {number}")
        event = training_requested(
            request_id=key, group_size=size, language=language, windows=WINDOWS, latest=LATEST, length_minutes=90
        )
        self._keep(key, decide.training_requested(self.sessions.get(key), event, context(self.now, str(key))))

    @rule(pick=st.integers(0, 7))
    def place(self, pick: int) -> None:
        if key := self._one(pick):
            taken, places = booked(*(session for other, session in self.sessions.items() if other != key))
            self._keep(key, decide.place(self.sessions[key], Facts(TRAINERS, VENUES, taken, places), context(self.now)))

    @rule(pick=st.integers(0, 7), who=st.integers(0, 2), word=st.sampled_from(["accept", "accept", "decline", "cancel"]))
    def answer(self, pick: int, who: int, word: Word) -> None:
        key = self._one(pick)
        if key is None or (held := self.sessions[key].held) is None:
            return
        seat = held.seats[who % len(held.seats)]
        decision = decide.answered(self.sessions[key], Answered(seat, held.round, word), context(self.now))
        if any(isinstance(event, SlotAcceptedV1) for event in decision.events):
            self.accepted.setdefault((key, held.round), set()).add(seat.trainer_id)
        self._keep(key, decision)

    @rule(pick=st.integers(0, 7))
    def expire(self, pick: int) -> None:
        if key := self._one(pick):
            self._keep(key, decide.hold_expires(self.sessions[key], None, context(self.now)))

    @rule(hours=st.integers(1, 80))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def nobody_is_in_two_places_at_once(self) -> None:
        taken, _ = booked(*self.sessions.values())
        for one, other in combinations(taken, 2):
            assert one.resource_id != other.resource_id or not one.span.overlaps(other.span)

    @invariant()
    def nobody_has_more_sessions_in_a_week_than_agreed(self) -> None:
        _, places = booked(*self.sessions.values())
        assert len(set(places)) == len(places)
        limits = {found.trainer_id: found.week_max for found in TRAINERS}
        assert all(1 <= place.ordinal <= limits[place.trainer_id] for place in places)

    @invariant()
    def whoever_refused_a_time_does_not_hold_it(self) -> None:
        for session in self.sessions.values():
            if session.held is None:
                continue
            for refusal in session.refusals:
                assert refusal.seat not in session.held.seats or not refusal.span.overlaps(session.held.slot.span)

    @invariant()
    def slot_stands_exactly_where_the_stage_says_so(self) -> None:
        for session in self.sessions.values():
            with_slot = session.stage in (Stage.HELD, Stage.CONFIRMED, Stage.DELIVERED, Stage.MISSED)
            assert (session.held is not None) == with_slot


Requests.TestCase.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
TestNobodyTwice = Requests.TestCase
