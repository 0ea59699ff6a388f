"""Who is told what, and which notices an event takes back."""

from datetime import timedelta
from uuid import UUID

import pytest
from support.notifier_builders import (
    NOW,
    OTHER_TRAINER,
    REQUESTER,
    SESSION,
    STARTS,
    TOLD,
    TRAINER,
    asked,
    cancelled,
    closed,
    confirmed,
    declined,
    expired,
    group,
    hold_expired,
    left_waiting,
    offered,
    proposed,
    received,
    rejected,
    slot,
    trainer,
    withdrawn,
)

from upstream_notifier.model import NoticeCancelled, NoticeWanted
from upstream_notifier.rules import RULES, steps
from upstream_schemas.model import Event


def told(event: Event) -> list[tuple[str, UUID]]:
    return [(fact.template, fact.contact_id) for _, fact in steps(event) if isinstance(fact, NoticeWanted)]


def taken_back(event: Event) -> set[UUID]:
    return {key for key, fact in steps(event) if isinstance(fact, NoticeCancelled)}


def ids(event: Event, template: str = "") -> set[UUID]:
    found = ((key, fact) for key, fact in steps(event) if isinstance(fact, NoticeWanted))
    return {key for key, fact in found if fact.template.startswith(template)}


def test_every_event_with_a_rule_stands_among_the_examples() -> None:
    assert {type(event) for event in TOLD} == set(RULES)


@pytest.mark.parametrize("event", TOLD, ids=lambda event: event.TYPE)
def test_the_same_event_again_asks_for_the_same_notices(event: Event) -> None:
    assert list(steps(event)) == list(steps(type(event).model_validate(dict(event))))


def test_no_two_events_share_a_notice() -> None:
    keys = [key for event in TOLD for key in ids(event)]
    assert len(keys) == len(set(keys))


def test_the_requester_is_told_that_the_request_was_received_and_where_to_follow_it() -> None:
    ((_, fact),) = steps(received())
    assert isinstance(fact, NoticeWanted)
    assert (fact.contact_id, fact.template, fact.says.link) == (REQUESTER, "request-received.v1", "sealed page link")


def test_a_very_old_submission_gets_no_automatic_message() -> None:
    assert list(steps(received(late=True))) == []


def test_an_anonymous_request_tells_nobody() -> None:
    assert list(steps(received(contact_id=None))) == []


def test_a_slot_is_put_to_the_group_and_to_each_trainer_in_their_own_words_and_with_their_own_link() -> None:
    event = offered(recipients=(group(), trainer(), trainer(OTHER_TRAINER)))
    found = [fact for _, fact in steps(event) if isinstance(fact, NoticeWanted)]
    assert [(fact.template, fact.contact_id, fact.says.link) for fact in found] == [
        ("slot-offered.v1", REQUESTER, "sealed group link"),
        ("slot-offered-to-trainer.v1", TRAINER, "sealed trainer link"),
        ("slot-offered-to-trainer.v1", OTHER_TRAINER, "sealed trainer link"),
    ]


def test_an_offer_is_not_sent_once_the_hold_is_over() -> None:
    assert {fact.expires_at for _, fact in steps(offered()) if isinstance(fact, NoticeWanted)} == {NOW + timedelta(hours=72)}


def test_a_member_of_the_session_who_cannot_be_reached_keeps_nobody_else_from_being_told() -> None:
    assert told(offered(recipients=(group(contact_id=None), trainer()))) == [("slot-offered-to-trainer.v1", TRAINER)]


def test_each_round_of_offers_is_a_notice_of_its_own() -> None:
    assert ids(offered()).isdisjoint(ids(offered().model_copy(update={"round": 2})))


def test_a_second_proposal_is_a_notice_of_its_own() -> None:
    first = proposed()
    second = proposed(terms=first.terms.model_copy(update={"version": 2}))
    assert ids(first).isdisjoint(ids(second))


def test_the_same_question_asked_again_later_is_a_notice_of_its_own() -> None:
    assert ids(asked()).isdisjoint(ids(asked(page_link="the same link, sealed at another time")))


def test_everybody_gets_the_calendar_invitation_when_the_session_is_confirmed() -> None:
    found = [fact for _, fact in steps(confirmed()) if isinstance(fact, NoticeWanted) and "confirmed" in fact.template]
    assert [fact.contact_id for fact in found] == [REQUESTER, TRAINER]
    assert {(fact.entry.method, fact.entry.sequence) for fact in found if fact.entry} == {("REQUEST", 0)}


def test_everybody_is_reminded_a_day_before_and_never_after_the_start() -> None:
    found = [fact for _, fact in steps(confirmed()) if isinstance(fact, NoticeWanted) and "reminder" in fact.template]
    assert [fact.contact_id for fact in found] == [REQUESTER, TRAINER]
    assert {(fact.not_before, fact.expires_at) for fact in found} == {(STARTS - timedelta(hours=24), STARTS)}
    assert {fact.entry.method for fact in found if fact.entry} == {None}


def test_a_cancellation_takes_back_the_invitation_and_the_reminder_of_everybody() -> None:
    assert taken_back(cancelled()) == ids(confirmed(), "session-confirmed") | ids(confirmed(), "session-reminder")


def test_a_cancellation_of_the_second_date_leaves_the_notices_of_the_third_alone() -> None:
    third = confirmed(calendar_sequence=4, slot=slot(STARTS + timedelta(days=7)))
    assert taken_back(cancelled(calendar_sequence=3)).isdisjoint(ids(third))


def test_a_session_that_never_had_a_date_is_cancelled_without_a_word() -> None:
    assert list(steps(cancelled(slot=None, recipients=(), was_confirmed=False, will_be_rescheduled=False))) == []


def test_a_cancelled_session_is_taken_out_of_the_calendars() -> None:
    found = [fact for _, fact in steps(cancelled()) if isinstance(fact, NoticeWanted)]
    assert {(fact.entry.method, fact.entry.sequence) for fact in found if fact.entry} == {("CANCEL", 1)}


def test_a_date_that_was_in_no_calendar_is_cancelled_in_words_only() -> None:
    found = [fact for _, fact in steps(cancelled(was_confirmed=False)) if isinstance(fact, NoticeWanted)]
    assert [fact.entry for fact in found] == [None, None]


@pytest.mark.parametrize(("again", "code"), [(True, "will-be-rescheduled"), (False, "not-rescheduled")])
def test_a_cancellation_says_whether_another_date_is_looked_for(again: bool, code: str) -> None:
    assert {fact.says.code for _, fact in steps(cancelled(will_be_rescheduled=again)) if isinstance(fact, NoticeWanted)} == {
        code
    }


@pytest.mark.parametrize("event", [declined(), hold_expired()], ids=["declined", "hold expired"])
def test_an_offer_that_has_lapsed_is_taken_back_where_it_has_not_gone_out_yet(event: Event) -> None:
    assert taken_back(event) == ids(offered())


def test_a_group_that_declines_is_not_told_so_but_the_trainers_are() -> None:
    assert told(declined(party="group")) == [("slot-declined.v1", TRAINER)]


def test_when_a_trainer_declines_the_group_and_the_other_trainers_are_told() -> None:
    event = declined(party="trainer", recipients=(group(), trainer(OTHER_TRAINER)))
    assert told(event) == [("slot-declined.v1", REQUESTER), ("slot-declined.v1", OTHER_TRAINER)]


def test_the_reason_for_waiting_is_told_again_only_when_it_is_another() -> None:
    assert ids(left_waiting()) == ids(left_waiting(facts=("personal-safety",)))
    assert ids(left_waiting()).isdisjoint(ids(left_waiting(reason="no-venue")))


@pytest.mark.parametrize(
    ("outcome", "count"),
    [("delivered", 1), ("declined", 1), ("cancelled", 1), ("rejected", 0), ("withdrawn", 0), ("expired", 0)],
)
def test_closing_is_told_unless_another_message_says_it_already(outcome: str, count: int) -> None:
    assert len(told(closed(outcome=outcome))) == count


def test_rejected_expired_and_withdrawn_requests_each_have_their_own_message() -> None:
    templates = [told(event)[0][0] for event in (rejected(), expired(), withdrawn())]
    assert templates == ["request-rejected.v1", "request-expired.v1", "request-withdrawn.v1"]


def test_the_subject_of_a_notice_is_the_session_where_there_is_one() -> None:
    assert {fact.subject for _, fact in steps(confirmed()) if isinstance(fact, NoticeWanted)} == {SESSION}
