"""From the order to the closed case: what the scheduler and the notifier say, what the group says, and how it ends."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from support.intake_builders import (
    NOW,
    SESSION,
    SUBMISSION,
    WORDS,
    agreed,
    context,
    delivered,
    names,
    opened,
    recipient,
    said,
    session_cancelled,
    session_delivered,
    slot,
    state,
)

from upstream_intake.decide import sessions
from upstream_intake.decide.closing import close_came, feedback_given, taken_back
from upstream_intake.decide.deliveries import by_request, notice_not_sent, notice_sent
from upstream_intake.model import STEPS_MAX, GivesFeedback, Request, Step, TakesBack, noted
from upstream_runtime.decision import UNCHANGED, Due
from upstream_schemas.intake import FeedbackReceivedV1, FeedbackRequestedV1, RequestClosedV1
from upstream_schemas.notifier import NoticeFailedV1, NoticeSentV1
from upstream_schemas.scheduler import (
    HoldExpiredV1,
    SessionAcceptedV1,
    SessionConfirmedV1,
    SessionLeftWaitingV1,
    SessionMissedV1,
    SlotAcceptedV1,
    SlotDeclinedV1,
    SlotOfferedV1,
)

ABOUT: dict[str, Any] = {"request_id": SUBMISSION, "session_id": SESSION}
NEWS: dict[str, Any] = {**ABOUT, "reference": "UP-0000-0000", "slot": slot(), "recipients": (recipient(),)}
WHERE = ("2026-12-09T02:00:00+00:00", "Online room one")


def last_step(request: Request) -> tuple[str, tuple[str, ...]]:
    return request.timeline[-1].code, request.timeline[-1].words


def notice(event: type[Any], **more: Any) -> Any:
    return event(
        notice_id=SESSION,
        request_id=SUBMISSION,
        template="agreement-proposed.v1",
        language="so",
        channel="email",
        attempt=1,
        **{"contact_id": agreed().contact_id, **more},
    )


@pytest.mark.parametrize(
    ("decide", "event", "step"),
    [
        (sessions.session_accepted, SessionAcceptedV1(**ABOUT), ("date-looked-for", ())),
        (sessions.slot_offered, SlotOfferedV1(**NEWS, round=1, hold_until=NOW), ("slot-offered", WHERE)),
        (sessions.slot_accepted, SlotAcceptedV1(**ABOUT, round=1, party="trainer"), ("slot-accepted-trainer", ())),
        (sessions.slot_declined, SlotDeclinedV1(**NEWS, round=1, party="group"), ("slot-declined-group", ())),
        (sessions.hold_expired, HoldExpiredV1(**NEWS, round=1), ("hold-expired", ())),
        (
            sessions.session_confirmed,
            SessionConfirmedV1(**NEWS, calendar_uid="one@example.org", calendar_sequence=0),
            ("confirmed", WHERE),
        ),
        (
            sessions.session_left_waiting,
            SessionLeftWaitingV1(**ABOUT, reference="UP-0000-0000", recipient=recipient(), reason="nobody-free"),
            ("left-waiting", ("nobody-free",)),
        ),
        (sessions.session_cancelled, session_cancelled("trainer", again=True), ("cancelled-looking-again", ())),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_the_scheduler_says_becomes_a_line_and_nothing_else(decide: Any, event: Any, step: Any) -> None:
    decision = decide(agreed(), event, context(cause="session"))

    assert last_step(state(decision)) == step
    assert (state(decision).status, decision.events, decision.due) == ("agreed", (), ())


def test_a_cancellation_by_the_group_ends_the_case() -> None:
    decision = sessions.session_cancelled(agreed(), session_cancelled("group"), context(cause="cancelled"))

    assert said(decision, RequestClosedV1).outcome == "cancelled"
    assert state(decision).status == "closed"


@pytest.mark.parametrize("party", ["trainer", "city"])
def test_a_cancellation_by_our_side_is_for_a_person_to_mend(party: str) -> None:
    decision = sessions.session_cancelled(agreed(), session_cancelled(party), context(cause="cancelled"))

    assert decision.events == ()
    assert state(decision).waiting is not None
    assert state(decision).status == "waiting"


def test_a_cancellation_that_follows_a_withdrawal_is_only_noted() -> None:
    gone = state(taken_back(agreed(), TakesBack(), context(cause="gone")))
    decision = sessions.session_cancelled(gone, session_cancelled("group"), context(cause="cancelled"))

    assert (state(decision).status, decision.events) == ("closed", ())


def test_a_training_that_did_not_take_place_waits_for_a_person() -> None:
    decision = sessions.session_missed(agreed(), SessionMissedV1(**ABOUT, reported_by="trainer"), context(cause="missed"))
    waiting = state(decision).waiting

    assert waiting is not None
    assert waiting.reasons == ("session-missed",)


def test_news_of_a_session_for_a_request_we_do_not_have_changes_nothing() -> None:
    decision = sessions.session_delivered(None, session_delivered(), context())

    assert (decision.state, decision.events) == (UNCHANGED, ())


# ---- delivered, feedback, closed


def test_a_delivered_training_asks_the_group_how_it_was() -> None:
    request = agreed()
    decision = sessions.session_delivered(request, session_delivered(), context(cause="delivered"))
    event = said(decision, FeedbackRequestedV1)

    assert (event.contact_id, event.page_link) == (request.contact_id, f"https://intake.example.org/r/{request.id}")
    assert decision.due == (Due("close", request.id, NOW + timedelta(days=14)),)
    assert state(decision).status == "delivered"


def test_delivered_twice_is_delivered_once() -> None:
    decision = sessions.session_delivered(delivered(), session_delivered(), context(cause="again"))

    assert (decision.state, decision.events) == (UNCHANGED, ())


def test_a_case_closed_before_it_was_delivered_stays_closed() -> None:
    gone = state(taken_back(agreed(), TakesBack(), context(cause="gone")))

    assert sessions.session_delivered(gone, session_delivered(), context()).state is UNCHANGED


def test_feedback_is_counted_and_its_words_stay_with_us() -> None:
    request = delivered()
    decision = feedback_given(request, GivesFeedback(4, WORDS), context(cause="feedback"))

    assert said(decision, FeedbackReceivedV1).useful == 4
    assert set(FeedbackReceivedV1.model_fields) == {"request_id", "useful"}
    assert state(decision).person.notes[-1].locked == WORDS
    assert decision.due == (Due("close", request.id, NOW + timedelta(days=3)),)


def test_feedback_without_words_keeps_none() -> None:
    request = delivered()

    assert state(feedback_given(request, GivesFeedback(1, None), context())).person == request.person


def test_feedback_is_given_once_and_only_after_the_training() -> None:
    once = state(feedback_given(delivered(), GivesFeedback(4, None), context(cause="feedback")))

    assert feedback_given(once, GivesFeedback(1, None), context(cause="again")).answer == "not-now"
    assert feedback_given(agreed(), GivesFeedback(1, None), context()).answer == "not-now"


def test_a_case_with_feedback_closes_and_says_that_it_counts() -> None:
    heard = state(feedback_given(delivered(), GivesFeedback(4, None), context(cause="feedback")))
    event = said(close_came(heard, None, context(cause="due")), RequestClosedV1)

    assert (event.outcome, event.what_changed) == ("delivered", "feedback-counted")


def test_a_case_without_feedback_closes_and_blames_nobody() -> None:
    decision = close_came(delivered(), None, context(cause="due"))

    assert said(decision, RequestClosedV1).what_changed == "no-feedback"
    assert (state(decision).status, state(decision).outcome) == ("closed", "delivered")


def test_a_case_is_not_closed_twice() -> None:
    closed = state(close_came(delivered(), None, context(cause="due")))

    assert close_came(closed, None, context(cause="again")).state is UNCHANGED
    assert feedback_given(closed, GivesFeedback(5, None), context()).answer == "closed"


@pytest.mark.parametrize("request_", [opened(), agreed(), opened(topics=None)], ids=["proposed", "agreed", "waiting"])
def test_the_requester_can_take_the_request_back_until_the_training(request_: Request) -> None:
    decision = taken_back(request_, TakesBack(), context(cause="gone"))

    assert names(decision) == ["RequestWithdrawnV1", "RequestClosedV1"]
    assert (state(decision).status, decision.answer) == ("closed", "done")


def test_after_the_training_there_is_nothing_to_take_back() -> None:
    assert taken_back(delivered(), TakesBack(), context()).answer == "closed"


# ---- messages


def test_a_message_is_one_line_with_its_template_and_nothing_else() -> None:
    sent = state(notice_sent(agreed(), notice(NoticeSentV1, sent_at=NOW), context()))
    failed = state(notice_not_sent(agreed(), notice(NoticeFailedV1, kind="permanent", reason="smtp-550"), context()))

    assert last_step(sent) == ("message-sent", ("agreement-proposed.v1",))
    assert last_step(failed) == ("message-not-sent", ("agreement-proposed.v1",))


@pytest.mark.parametrize("request_", [agreed(), opened(requester=None, anonymous=True)], ids=["known", "anonymous"])
def test_what_a_trainer_is_sent_is_no_line_of_the_requesters_story(request_: Request) -> None:
    for_trainer = notice(NoticeSentV1, sent_at=NOW, contact_id=SESSION)

    assert notice_sent(request_, for_trainer, context()).state is UNCHANGED


def test_a_notice_concerns_the_request_it_is_about_and_not_its_own_id() -> None:
    event = notice(NoticeSentV1, sent_at=NOW)

    assert list(by_request(event)) == [(SUBMISSION, event)]
    assert SUBMISSION != event.notice_id == UUID(str(SESSION))


def test_a_notice_that_is_about_no_request_concerns_none() -> None:
    assert list(by_request(notice(NoticeSentV1, sent_at=NOW).model_copy(update={"request_id": None}))) == []


def test_a_session_that_ends_before_it_had_a_date_tells_nothing_new() -> None:
    undated = session_cancelled().model_copy(update={"slot": None, "recipients": ()})

    assert sessions.session_cancelled(agreed(), undated, context()).state is UNCHANGED


def test_the_timeline_keeps_its_beginning_and_its_end_when_it_grows_too_long() -> None:
    timeline: tuple[Step, ...] = ()
    for n in range(STEPS_MAX + 5):
        timeline = noted(timeline, Step(NOW, f"step-{n}"))

    assert len(timeline) == STEPS_MAX
    assert (timeline[0].code, timeline[1].code, timeline[-1].code) == ("step-0", "step-6", f"step-{STEPS_MAX + 4}")
