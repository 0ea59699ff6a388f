"""Who approves what, what crosses then, what happens where nobody does, and the page on which it is done."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.enforcement_builders import (
    AGENCY,
    AGENCY_REFERENCE,
    APPROVER,
    CONTACT,
    DIRECTOR,
    GROUNDS,
    KEY,
    LIEUTENANT,
    NOW,
    OVP_KEY_ID,
    SERGEANT,
    SUBMISSION,
    alert_waiting,
    approved_by,
    approver,
    approves,
    call_waiting,
    context,
    declines,
    handed_over_by,
    later,
    offer_waiting,
    offered,
    opened,
    state,
)

from upstream_referral.enforcement import decide
from upstream_referral.enforcement.decide import approvals
from upstream_referral.enforcement.decide.approvals import WHO_APPROVES
from upstream_referral.enforcement.model import Approver, Role, Signature, Submission
from upstream_referral.enforcement.web.approver_view import ROLES, TITLES, page_view
from upstream_referral.enforcement.web.rendering import approver_html
from upstream_runtime.decision import UNCHANGED, Decision, Due
from upstream_schemas.enforcement import (
    AreaAlertApprovedV1,
    CrossingRefusedV1,
    HelpOfferApprovedV1,
    LifeSafetyCallApprovedV1,
)

ALL_ROLES: tuple[Role, ...] = get_args(Role)
EVERYBODY = [Approver(role, agency, f"{role}.example") for role in ALL_ROLES for agency in (AGENCY, "*", "west-precinct")]
WAITING = {"help-offer": offer_waiting, "area-alert": alert_waiting, "life-safety-call": call_waiting}


# ---- who approves what


def test_x1_crosses_when_the_agency_s_approver_and_the_director_have_said_yes_in_either_order() -> None:
    for first, second in ((APPROVER, DIRECTOR), (DIRECTOR, APPROVER)):
        half = approves(offer_waiting(), first)
        assert (half.answer, half.events) == (approvals.RECORDED, ())
        whole = approves(state(half), second)
        assert whole.answer == approvals.CROSSED
        assert [type(event) for event in whole.events] == [HelpOfferApprovedV1]
        assert state(whole).ended == "approved"


def test_x2_needs_the_duty_sergeant_and_x3_the_lieutenant_and_nobody_else() -> None:
    assert [type(event) for event in approves(alert_waiting(), SERGEANT).events] == [AreaAlertApprovedV1]
    assert [type(event) for event in approves(call_waiting(), LIEUTENANT).events] == [LifeSafetyCallApprovedV1]


def test_one_person_in_two_roles_is_one_person() -> None:
    half = approved_by(offer_waiting(), APPROVER)
    decision = approves(half, replace(DIRECTOR, account=APPROVER.account))
    assert (decision.answer, decision.state, decision.events) == (approvals.SAME_ACCOUNT, UNCHANGED, ())


def test_two_people_of_one_role_are_not_enough() -> None:
    half = approved_by(offer_waiting(), DIRECTOR)
    decision = approves(half, replace(DIRECTOR, account="somebody.else"))
    assert (decision.answer, decision.state, decision.events) == (approvals.ROLE_TAKEN, UNCHANGED, ())


def test_saying_yes_twice_is_saying_it_once() -> None:
    half = approved_by(offer_waiting(), APPROVER)
    decision = approves(half, APPROVER, later(hours=1))
    assert (decision.answer, decision.state) == (approvals.RECORDED, UNCHANGED)


@pytest.mark.parametrize("who", EVERYBODY, ids=lambda who: f"{who.role} of {who.agency}")
@pytest.mark.parametrize("kind", WAITING)
def test_nobody_decides_who_is_not_in_the_table(kind: str, who: Approver) -> None:
    right_role = {
        "help-offer": {"agency-approver", "ceasefire-director"},
        "area-alert": {"duty-sergeant"},
        "life-safety-call": {"lieutenant"},
    }[kind]
    agencies = {AGENCY} if who.role == "agency-approver" else {AGENCY, "*"}
    expected = who.role in right_role and who.agency in agencies
    waiting = WAITING[kind]()
    assert (approves(waiting, who).answer != approvals.UNKNOWN) is expected
    assert (declines(waiting, who).answer != approvals.UNKNOWN) is expected
    assert bool(page_view(who, [waiting], NOW).waiting) is expected


@given(st.lists(st.sampled_from(EVERYBODY), max_size=6))
def test_whatever_is_pressed_nothing_crosses_without_everybody_who_must_approve(pressed: list[Approver]) -> None:
    for make in WAITING.values():
        submission, crossed = make(), 0
        for who in pressed:
            decision = approves(submission, who)
            crossed += len(decision.events)
            submission = submission if decision.state is UNCHANGED else state(decision)
        given_by = {(approval.role, approval.account) for approval in submission.approvals}
        whole = {role for role, _ in given_by} == set(WHO_APPROVES[submission.kind])
        assert crossed == int(whole)
        assert (submission.ended == "approved") is whole
        assert len({account for _, account in given_by}) == len(given_by)


def test_an_approver_of_another_agency_learns_nothing_of_a_submission() -> None:
    elsewhere = handed_over_by(offer_waiting(), "west-precinct")
    assert approves(elsewhere, APPROVER) == Decision(answer=approvals.UNKNOWN)
    assert approves(None, APPROVER) == Decision(answer=approvals.UNKNOWN)  # type: ignore[arg-type]
    assert declines(None, APPROVER) == Decision(answer=approvals.UNKNOWN)  # type: ignore[arg-type]


def test_who_approved_in_which_role_and_when_is_recorded() -> None:
    whole = state(approves(approved_by(offer_waiting(), APPROVER), DIRECTOR, later(hours=5)))
    assert whole.signatures == (
        Signature("agency-approver", "alex.example", "approve", NOW),
        Signature("ceasefire-director", "dana.example", "approve", later(hours=5)),
    )


# ---- what crosses


def test_x1_says_exactly_the_fields_of_the_table_and_the_agency_to_be_counted() -> None:
    waiting = approved_by(offer_waiting(contact=CONTACT), APPROVER)
    (event,) = approves(waiting, DIRECTOR).events
    assert isinstance(event, HelpOfferApprovedV1)
    assert event.model_dump(exclude={"crossing_id", "sealed_contact"}) == {
        "agency": AGENCY,
        "urgency": "this-week",
        "respond_by": datetime.fromisoformat("2026-11-25T18:00:00Z"),
        "language": "so",
        "callback_desk": "ceasefire-desk",
        "key_id": OVP_KEY_ID,
    }
    assert event.sealed_contact is not None
    assert opened(event.sealed_contact) == CONTACT


def test_a_deadline_crosses_to_the_minute_so_that_it_is_no_key_shared_by_both_sides() -> None:
    exact = offer_waiting(respond_by="2026-11-25T18:07:41.472949Z")
    (event,) = approves(approved_by(exact, APPROVER), DIRECTOR).events
    assert isinstance(event, HelpOfferApprovedV1)
    assert event.respond_by == exact.expires_at == datetime.fromisoformat("2026-11-25T18:07:00Z")


def test_x2_and_x3_say_exactly_the_fields_of_the_table_and_the_agency_to_be_counted() -> None:
    (alert,) = approves(alert_waiting(), SERGEANT).events
    (call,) = approves(call_waiting(), LIEUTENANT).events
    assert isinstance(alert, AreaAlertApprovedV1)
    assert isinstance(call, LifeSafetyCallApprovedV1)
    assert alert.model_dump(exclude={"crossing_id"}) == {
        "agency": AGENCY,
        "cell": "district-1",
        "hour": datetime.fromisoformat("2026-11-23T17:00:00Z"),
        "kind": "shooting",
        "retaliation": "elevated",
    }
    assert call.model_dump(exclude={"crossing_id"}) == {"agency": AGENCY, "callback_number": "+15035550119"}


def test_a_crossing_s_id_is_random_and_never_drawn_from_what_it_was() -> None:
    half = approved_by(offer_waiting(), APPROVER)
    first, second = approves(half, DIRECTOR).events[0], approves(half, DIRECTOR).events[0]
    assert isinstance(first, HelpOfferApprovedV1) and isinstance(second, HelpOfferApprovedV1)
    assert first.crossing_id != second.crossing_id
    assert first.crossing_id.version == 4


def test_nothing_of_reference_grounds_or_approvers_stands_in_what_is_said() -> None:
    said = [
        *approves(approved_by(offer_waiting(), APPROVER), DIRECTOR).events,
        *approves(alert_waiting(), SERGEANT).events,
        *approves(call_waiting(), LIEUTENANT).events,
        *declines(call_waiting(), LIEUTENANT).events,
    ]
    told = "".join(repr(event) for event in said)
    never = (AGENCY_REFERENCE, "Officer", "threat", "alex", "dana", "sid", "lee.", str(SUBMISSION), str(KEY))
    assert [word for word in never if word in told] == []
    assert {f.name for f in fields(Submission)} >= {"agency_reference", "grounds", "signatures"}, "there is something to leak"


# ---- no, and silence


@pytest.mark.parametrize("who", [APPROVER, DIRECTOR])
@pytest.mark.parametrize("signed", [(), (APPROVER,)])
def test_one_no_ends_it_and_is_counted_with_nothing_of_what_it_held(who: Approver, signed: tuple[Approver, ...]) -> None:
    decision = declines(approved_by(offer_waiting(), *signed), who)
    assert decision.answer == approvals.DECLINED
    assert state(decision).ended == "declined"
    assert state(decision).signatures[-1] == Signature(who.role, who.account, "decline", NOW)
    (event,) = decision.events
    assert isinstance(event, CrossingRefusedV1)
    assert event.model_dump(exclude={"crossing_id"}) == {
        "agency": AGENCY, "kind": "help-offer", "reason": "approver-declined",
    }  # fmt: skip


def test_what_is_over_stays_over() -> None:
    for over in (approved_by(offer_waiting(), APPROVER, DIRECTOR), state(declines(offer_waiting(), DIRECTOR))):
        for again in (approves(over, APPROVER), declines(over, DIRECTOR)):
            assert (again.answer, again.state, again.events) == (approvals.OVER, UNCHANGED, ())
        assert decide.submission_expired(over, None, context(later(days=9))) == Decision()
        assert page_view(DIRECTOR, [over], NOW).waiting == ()


def test_silence_ends_it_when_the_call_was_expected_or_after_three_days() -> None:
    offer, patient = offer_waiting(), offer_waiting(respond_by="2026-12-20T18:00:00Z")
    assert offer.expires_at == datetime.fromisoformat("2026-11-25T18:00:00Z")
    for waiting in (patient, alert_waiting(), call_waiting()):
        assert waiting.expires_at == NOW + timedelta(hours=72)
    decision = decide.submission_expired(offer, None, context(offer.expires_at))
    assert state(decision).ended == "expired"
    (event,) = decision.events
    assert isinstance(event, CrossingRefusedV1)
    assert (event.reason, event.kind) == ("expired", "help-offer")
    assert decide.submission_expired(None, None, context()) == Decision()


def test_it_is_looked_at_again_when_its_time_is_over_and_not_once_it_is_decided() -> None:
    received = decide.help_offered(None, offered(), context())
    waiting = state(received)
    assert received.due == (Due("submission-expires", KEY, waiting.expires_at),)
    assert approves(waiting, APPROVER).due == ()
    for over in (approves(approved_by(waiting, APPROVER), DIRECTOR), declines(waiting, DIRECTOR)):
        assert over.due == (Due("submission-expires", KEY, None),)


def test_nobody_decides_after_the_time_is_over_even_if_nothing_has_looked_at_it_yet() -> None:
    waiting = offer_waiting()
    last = waiting.expires_at - timedelta(microseconds=1)
    assert approves(waiting, APPROVER, last).answer == approvals.RECORDED
    assert approves(waiting, APPROVER, waiting.expires_at).answer == approvals.OVER
    assert declines(waiting, APPROVER, waiting.expires_at).answer == approvals.OVER
    assert page_view(APPROVER, [waiting], last).waiting
    assert not page_view(APPROVER, [waiting], waiting.expires_at).waiting


# ---- the page


def test_the_page_shows_apart_what_crosses_and_what_never_does() -> None:
    (shown,) = page_view(APPROVER, [offer_waiting(contact=CONTACT)], NOW).waiting
    assert [value for name, value in shown.crosses if name == "Name and contact"] == [
        "A name and one way to reach the person, locked so that only OVP can open it. It cannot be shown here."
    ]
    assert AGENCY_REFERENCE in {value for _, value in shown.stays}
    assert AGENCY_REFERENCE not in {value for _, value in shown.crosses}
    (call,) = page_view(LIEUTENANT, [call_waiting()], NOW).waiting
    assert call.crosses == (("Call this number now", "+15035550119"),)
    assert ("Who asks, and why", GROUNDS) in call.stays


def test_what_an_agency_wrote_stands_on_the_page_as_text_and_turns_nothing_around() -> None:
    hostile = '<script>alert("1")</script>\u202e'
    page = approver_html(page_view(LIEUTENANT, [call_waiting(grounds=hostile, agency_reference="<b>17</b>")], NOW))
    assert "<script" not in page and "<b>17" not in page and "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_the_page_has_words_for_every_role_kind_and_code() -> None:
    assert set(ROLES) == set(ALL_ROLES)
    assert set(TITLES) == set(WHO_APPROVES)
    for urgency in ("today", "this-week", "routine"):
        assert page_view(APPROVER, [offer_waiting(urgency=urgency)], NOW).waiting
    for kind in ("shooting", "homicide"):
        for band in ("unknown", "elevated"):
            assert page_view(SERGEANT, [alert_waiting(kind=kind, retaliation=band)], NOW).waiting


def test_whoever_has_approved_sees_whom_it_waits_for_and_can_still_take_it_back() -> None:
    half = approved_by(offer_waiting(), APPROVER)
    (mine,) = page_view(APPROVER, [half], NOW).waiting
    (theirs,) = page_view(DIRECTOR, [half], NOW).waiting
    assert (mine.approved_by_me, mine.others) == (True, ("the Ceasefire director",))
    assert (theirs.approved_by_me, theirs.others) == (False, ())
    page = approver_html(page_view(APPROVER, [half], NOW))
    assert 'value="approve"' not in page
    assert 'value="decline"' in page


def test_a_role_is_not_an_agency_s_unless_the_agency_is_named() -> None:
    waiting = offer_waiting()
    assert approves(waiting, approver("agency-approver", "*")).answer == approvals.UNKNOWN
    assert approves(waiting, approver("ceasefire-director", AGENCY)).answer == approvals.RECORDED
