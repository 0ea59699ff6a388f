"""From the wish to tell somebody to what became of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.notifier_builders import (
    CONTACT,
    KNOWN,
    NOW,
    REQUESTER,
    STARTS,
    UNKNOWN,
    confirmed,
    context,
    due,
    notice,
    offered,
    received,
    result,
    state,
    types,
    wanted,
)

from upstream_notifier import decide
from upstream_notifier.model import Attempt, Contact, Looked, Notice, NoticeCancelled, Outcome, Stage
from upstream_runtime.decision import Decision, Due
from upstream_schemas import notifier

NOTHING: Decision[Notice] = Decision()
MINUTE = timedelta(minutes=1)
ERASED = Looked(Contact("", "", "so", erased=True), overtaken=False)
REMINDER = "session-reminder"


def sending(n: int = 1, **fields: Any) -> Notice:
    return replace(notice(stage=Stage.SENDING, attempt=Attempt(n, NOW)), **fields)


# ---- accepted


def test_a_notice_is_accepted_and_due_at_once() -> None:
    decision = decide.notice_wanted(None, wanted(received()), context())
    assert types(decision) == ["accepted"]
    assert decision.due == (Due("send", wanted(received()).notice_id, NOW),)
    assert state(decision).stage is Stage.WAITING


def test_a_notice_that_is_wanted_again_changes_nothing() -> None:
    assert decide.notice_wanted(notice(), wanted(received()), context()) == NOTHING


def test_a_notice_without_a_time_limit_of_its_own_is_kept_for_three_days() -> None:
    decision = decide.notice_wanted(None, wanted(received()), context())
    assert state(decision).expires_at == NOW + timedelta(days=3)


def test_a_notice_with_a_time_limit_keeps_to_it() -> None:
    assert state(decide.notice_wanted(None, wanted(offered()), context())).expires_at == NOW + timedelta(hours=72)


def test_a_reminder_is_due_a_day_before_the_session() -> None:
    decision = decide.notice_wanted(None, wanted(confirmed(), REMINDER), context())
    row = due(decision, "send")
    assert row is not None
    assert row.at == STARTS - timedelta(hours=24)


def test_a_session_confirmed_less_than_a_day_ahead_needs_no_reminder() -> None:
    late = STARTS - timedelta(hours=24)
    decision = decide.notice_wanted(None, wanted(confirmed(), REMINDER), context(late))
    assert types(decision) == ["accepted", "suppressed"]


def test_a_reminder_is_kept_when_only_the_consumer_was_late() -> None:
    decision = decide.notice_wanted(
        None, wanted(confirmed(), REMINDER), context(STARTS - timedelta(hours=23), STARTS - timedelta(hours=25))
    )
    row = due(decision, "send")
    assert row is not None
    assert row.at == STARTS - timedelta(hours=23)


def test_a_topic_read_again_from_the_start_writes_to_nobody() -> None:
    decision = decide.notice_wanted(None, wanted(confirmed()), context(NOW, NOW - timedelta(days=7, seconds=1)))
    assert types(decision) == ["accepted", "expired"]
    assert due(decision, "send") == Due("send", wanted(confirmed()).notice_id, None)


def test_news_of_a_week_ago_is_still_told() -> None:
    assert types(decide.notice_wanted(None, wanted(confirmed()), context(NOW, NOW - timedelta(days=7)))) == ["accepted"]


def test_what_comes_after_its_time_is_recorded_and_not_sent() -> None:
    decision = decide.notice_wanted(None, wanted(offered()), context(NOW + timedelta(hours=72), NOW))
    assert types(decision) == ["accepted", "expired"]


# ---- its moment


def test_the_attempt_is_recorded_before_anything_is_sent_with_a_look_back_after_a_minute() -> None:
    decision = decide.send(notice(), KNOWN, context())
    assert state(decision).stage is Stage.SENDING
    assert state(decision).attempt == Attempt(1, NOW)
    assert decision.due == (Due("unresolved", notice().wanted.notice_id, NOW + MINUTE),)


def test_a_notice_waits_for_a_contact_that_is_not_there_yet_and_says_so_once() -> None:
    decision = decide.send(notice(), UNKNOWN, context())
    assert types(decision) == ["held"]
    assert decision.due == (Due("send", notice().wanted.notice_id, NOW + MINUTE, waits_for=REQUESTER),)
    again = decide.send(state(decision), UNKNOWN, context(NOW + MINUTE))
    assert types(again) == []
    assert due(again, "send") == Due("send", notice().wanted.notice_id, NOW + 2 * MINUTE, waits_for=REQUESTER)


def test_a_contact_that_does_not_come_within_a_day_ends_the_notice() -> None:
    held = notice(held_since=NOW, held_by="contact-unknown")
    assert types(decide.send(held, UNKNOWN, context(NOW + timedelta(hours=24)))) == ["expired"]
    assert types(decide.send(held, UNKNOWN, context(NOW + timedelta(hours=24) - MINUTE))) == []


def test_an_expired_notice_names_what_held_it_up() -> None:
    held = notice(offered(), held_since=NOW, held_by="contact-unknown")
    (said,) = decide.send(held, KNOWN, context(NOW + timedelta(hours=72))).events
    assert isinstance(said, notifier.NoticeExpiredV1)
    assert said.reason == "contact-unknown"


def test_nothing_is_sent_to_somebody_who_was_erased() -> None:
    (said,) = decide.send(notice(), ERASED, context()).events
    assert isinstance(said, notifier.NoticeSuppressedV1)
    assert said.reason == "contact-erased"


def test_an_invitation_that_later_news_has_overtaken_is_not_sent() -> None:
    decision = decide.send(notice(confirmed()), Looked(CONTACT, overtaken=True), context())
    assert types(decision) == ["suppressed"]
    assert state(decision).stage is Stage.SUPPRESSED


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.WAITING])
def test_only_a_waiting_notice_is_taken_up(stage: Stage) -> None:
    assert decide.send(notice(stage=stage, attempt=Attempt(1, NOW)), KNOWN, context()) == NOTHING


# ---- cancelled


def test_a_reminder_of_a_cancelled_session_is_not_sent() -> None:
    planned = notice(confirmed(), REMINDER)
    decision = decide.notice_cancelled(planned, NoticeCancelled(), context())
    assert types(decision) == ["suppressed"]
    assert due(decision, "send") == Due("send", planned.wanted.notice_id, None)
    assert decide.send(state(decision), KNOWN, context(STARTS - timedelta(hours=24))) == NOTHING


def test_taking_back_what_was_never_wanted_changes_nothing() -> None:
    assert decide.notice_cancelled(None, NoticeCancelled(), context()) == NOTHING


def test_taking_back_what_was_sent_changes_nothing() -> None:
    assert decide.notice_cancelled(notice(stage=Stage.SENT), NoticeCancelled(), context()) == NOTHING


def test_what_is_taken_back_under_way_and_refused_is_not_tried_again() -> None:
    taken_back = state(decide.notice_cancelled(sending(), NoticeCancelled(), context()))
    decision = decide.attempt_ended(taken_back, result(Outcome.REFUSED_FOR_NOW, code="smtp-451"), context())
    assert types(decision) == ["suppressed"]


def test_what_is_taken_back_under_way_and_lost_sight_of_is_not_tried_again() -> None:
    decision = decide.unresolved(sending(cancelled=True), None, context())
    assert types(decision) == ["outcome-unknown"]
    assert state(decision).stage is Stage.OUTCOME_UNKNOWN


# ---- what became of it


def test_a_message_that_was_taken_is_sent_and_nothing_is_due_any_more() -> None:
    decision = decide.attempt_ended(sending(), result(Outcome.TAKEN), context(NOW + MINUTE))
    assert types(decision) == ["sent"]
    assert state(decision).attempt == Attempt(1, NOW, NOW + MINUTE, Outcome.TAKEN)
    assert {row.at for row in decision.due} == {None}


def test_the_sealed_link_is_dropped_once_the_notice_is_settled() -> None:
    assert notice().wanted.says.link is not None
    assert state(decide.attempt_ended(sending(), result(Outcome.TAKEN), context())).wanted.says.link is None


def test_a_refusal_for_good_fails_with_the_servers_code() -> None:
    (said,) = decide.attempt_ended(sending(), result(Outcome.REFUSED, code="smtp-552"), context()).events
    assert isinstance(said, notifier.NoticeFailedV1)
    assert (said.kind, said.reason) == ("permanent", "smtp-552")


def test_a_contact_that_does_not_open_is_a_technical_failure() -> None:
    (said,) = decide.attempt_ended(sending(), result(Outcome.BROKEN, code="cannot-open"), context()).events
    assert isinstance(said, notifier.NoticeFailedV1)
    assert said.kind == "technical"


@pytest.mark.parametrize("code", ["no-consent", "no-address"])
def test_somebody_who_may_not_or_cannot_be_written_to_is_not(code: str) -> None:
    (said,) = decide.attempt_ended(sending(), result(Outcome.NOT_TRIED, code=code), context()).events
    assert isinstance(said, notifier.NoticeSuppressedV1)
    assert said.reason == code


def waits(n: int) -> timedelta:
    decision = decide.attempt_ended(sending(n), result(Outcome.REFUSED_FOR_NOW, n, "smtp-451"), context())
    row = due(decision, "send")
    assert types(decision) == ["held"]
    assert row is not None
    assert row.at is not None
    return row.at - NOW


def test_a_refusal_for_now_is_tried_again_later_and_later_up_to_an_hour_and_a_half() -> None:
    assert MINUTE <= waits(1) <= 1.5 * MINUTE
    assert [waits(n) / waits(1) for n in range(1, 8)] == [1, 2, 4, 8, 16, 32, 60]
    assert waits(500) == waits(7)


def test_two_notices_refused_together_do_not_come_back_together() -> None:
    others = [notice(event) for event in (received(), offered(), confirmed())]
    ended = [
        decide.attempt_ended(
            replace(other, stage=Stage.SENDING, attempt=Attempt(1, NOW)),
            result(Outcome.REFUSED_FOR_NOW, code="smtp-451"),
            context(),
        )
        for other in others
    ]
    assert len({row.at for decision in ended if (row := due(decision, "send"))}) == len(others)


def test_a_notice_that_is_held_by_the_server_waits_and_remembers_why() -> None:
    held = state(decide.attempt_ended(sending(), result(Outcome.REFUSED_FOR_NOW, code="smtp-451"), context()))
    assert (held.stage, held.held_by) == (Stage.WAITING, "smtp-451")


def test_it_is_not_tried_again_at_the_very_moment_it_expires() -> None:
    last = sending(expires_at=NOW + waits(1))
    assert types(decide.attempt_ended(last, result(Outcome.REFUSED_FOR_NOW, code="smtp-451"), context())) == ["failed"]


def test_it_is_not_tried_again_after_its_time() -> None:
    late = sending(expires_at=NOW + MINUTE)
    (said,) = decide.attempt_ended(late, result(Outcome.REFUSED_FOR_NOW, code="smtp-451"), context()).events
    assert isinstance(said, notifier.NoticeFailedV1)
    assert (said.kind, said.reason) == ("exhausted", "smtp-451")


# ---- nobody knows


def test_a_process_that_died_on_the_errand_leaves_the_outcome_unknown_and_it_goes_out_once_more() -> None:
    decision = decide.unresolved(sending(), None, context(NOW + MINUTE))
    (said,) = decision.events
    assert isinstance(said, notifier.NoticeOutcomeUnknownV1)
    assert said.tried_again
    assert state(decision).attempt == Attempt(1, NOW, NOW + MINUTE, Outcome.UNKNOWN)
    assert due(decision, "send") == Due("send", notice().wanted.notice_id, NOW + MINUTE + timedelta(seconds=10))
    again = state(decide.send(state(decision), KNOWN, context(NOW + 2 * MINUTE)))
    assert again.attempts == 2


def test_a_line_cut_after_the_message_is_treated_alike() -> None:
    cut = decide.attempt_ended(sending(), result(Outcome.UNKNOWN), context(NOW + MINUTE))
    assert cut == decide.unresolved(sending(), None, context(NOW + MINUTE))


def test_the_second_time_it_stays_unknown() -> None:
    decision = decide.unresolved(sending(2, unknown_count=1), None, context())
    (said,) = decision.events
    assert isinstance(said, notifier.NoticeOutcomeUnknownV1)
    assert not said.tried_again
    assert state(decision).stage is Stage.OUTCOME_UNKNOWN
    assert {row.at for row in decision.due} == {None}


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_TRIED, Outcome.BROKEN])
def test_a_notice_that_may_have_arrived_is_never_said_to_have_failed(outcome: Outcome) -> None:
    decision = decide.attempt_ended(sending(2, unknown_count=1), result(outcome, 2, "smtp-550"), context())
    assert types(decision) == ["outcome-unknown"]
    assert state(decision).stage is Stage.OUTCOME_UNKNOWN


def test_a_refusal_for_now_of_the_repeat_is_definite_so_it_may_be_tried_again() -> None:
    decision = decide.attempt_ended(sending(2, unknown_count=1), result(Outcome.REFUSED_FOR_NOW, 2, "smtp-451"), context())
    assert types(decision) == ["held"]


def test_a_result_that_comes_late_but_says_taken_stops_the_repeat() -> None:
    lost = state(decide.unresolved(sending(), None, context(NOW + MINUTE)))
    decision = decide.attempt_ended(lost, result(Outcome.TAKEN), context(NOW + MINUTE))
    assert types(decision) == ["sent"]
    assert due(decision, "send") == Due("send", notice().wanted.notice_id, None)


def test_a_notice_given_up_as_unknown_is_sent_after_all_when_we_hear_of_it() -> None:
    lost = notice(stage=Stage.OUTCOME_UNKNOWN, attempt=Attempt(2, NOW, NOW, Outcome.UNKNOWN), unknown_count=2)
    assert types(decide.attempt_ended(lost, result(Outcome.TAKEN, 2), context())) == ["sent"]


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.REFUSED, Outcome.REFUSED_FOR_NOW])
def test_any_other_result_that_comes_late_changes_nothing(outcome: Outcome) -> None:
    assert decide.attempt_ended(sending(2, unknown_count=1), result(outcome, 1), context()) == NOTHING


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.REFUSED, Outcome.REFUSED_FOR_NOW])
def test_what_comes_back_after_the_attempt_was_given_up_changes_nothing(outcome: Outcome) -> None:
    lost = state(decide.unresolved(sending(), None, context(NOW + MINUTE)))
    assert decide.attempt_ended(lost, result(outcome), context(NOW + MINUTE)) == NOTHING


def test_a_first_attempt_that_was_taken_after_all_says_nothing_of_the_second() -> None:
    second = Attempt(2, NOW, NOW, Outcome.UNKNOWN)
    lost = notice(stage=Stage.OUTCOME_UNKNOWN, attempt=second, unknown_count=2)
    assert state(decide.attempt_ended(lost, result(Outcome.TAKEN, 1), context())).attempt == second


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.SENDING])
def test_only_an_attempt_under_way_can_be_unresolved(stage: Stage) -> None:
    assert decide.unresolved(notice(stage=stage, attempt=Attempt(1, NOW)), None, context()) == NOTHING


def test_a_notice_says_the_language_it_is_really_written_in() -> None:
    (said,) = decide.notice_wanted(None, wanted(received(language="vi")), context()).events
    assert isinstance(said, notifier.NoticeAcceptedV1)
    assert said.language == "en"
