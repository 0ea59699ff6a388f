"""What an agency hands over, its receipt, and what is locked before anything is kept."""

from base64 import b64decode
from typing import Any

import pytest
from support.enforcement_builders import (
    AGENCY,
    AGENCY_REFERENCE,
    APPROVER,
    CONTACT,
    DIRECTOR,
    GROUNDS,
    KEY,
    NOW,
    OVP_KEY_ID,
    SUBMISSION,
    alert_waiting,
    approved_by,
    call_asked,
    call_waiting,
    context,
    declines,
    help_offered,
    issued,
    later,
    offer_waiting,
    offered,
    opened,
    state,
)

from upstream_referral.enforcement import decide, inlet
from upstream_referral.enforcement.model import AreaAlert, HelpOffer, Submission
from upstream_runtime import vault
from upstream_runtime.decision import UNCHANGED, Decision
from upstream_runtime.wiring import Asked, Refusal
from upstream_schemas.codec import encode
from upstream_schemas.enforcement import (
    SubmissionInvalidV1,
    SubmissionReceivedV1,
)


def code_of(decision: Decision[Submission]) -> str:
    assert decision.state is UNCHANGED
    assert (decision.events, decision.due) == ((), ())
    assert isinstance(decision.answer, SubmissionInvalidV1)
    assert decision.answer.agency_reference == AGENCY_REFERENCE
    return decision.answer.code


def receipt(decision: Decision[Submission]) -> bytes:
    assert isinstance(decision.answer, SubmissionReceivedV1)
    return encode(decision.answer)


# ---- receipts


@pytest.mark.parametrize(
    ("rule", "fact"),
    [(decide.help_offered, offered()), (decide.area_alert_issued, issued()), (decide.life_safety_call_asked, call_asked())],
    ids=["X1", "X2", "X3"],
)
def test_a_submission_is_received_and_waits_and_nothing_is_said_but_the_receipt(rule: Any, fact: Any) -> None:
    decision = rule(None, fact, context())
    assert decision.events == ()
    assert decision.answer == SubmissionReceivedV1(
        submission_id=SUBMISSION, source_event_id="event-1", agency_reference=AGENCY_REFERENCE
    )
    waiting = state(decision)
    assert (waiting.id, waiting.agency, waiting.ended, waiting.signatures) == (KEY, AGENCY, None, ())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"callback_desk": "patrol-desk"}, "unknown-desk"),
        ({"language": "xx"}, "unknown-language"),
        ({"respond_by": "2026-11-23T18:20:00Z"}, "respond-by-passed"),
        ({"respond_by": "2026-11-23T18:20:59Z"}, "respond-by-passed"),
        ({"contact": {"name": "Sam Example"}}, "contact-not-one-channel"),
        ({"contact": CONTACT | {"email": "sam@example.org"}}, "contact-not-one-channel"),
        ({"contact": {"name": "Sam Example", "email": "lives at the yellow house"}}, "contact-not-an-address"),
        ({"contact": CONTACT | {"name": "\N{GRINNING FACE}" * 200, "email": "e" * 240 + "@example.org", "phone": None}}, "contact-too-long"),
    ],
)  # fmt: skip
def test_an_offer_that_cannot_be_taken_is_invalid_and_leaves_nothing(changes: dict[str, Any], code: str) -> None:
    assert code_of(decide.help_offered(None, offered(**changes), context())) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cell": "district-5"}, "unknown-area"),
        ({"hour": "2026-11-23T17:30:00Z"}, "not-on-the-hour"),
        ({"hour": "2026-11-23T17:00:00+05:30"}, "not-on-the-hour"),
        ({"hour": "2026-11-23T17:00:00.000001Z"}, "not-on-the-hour"),
        ({"hour": "2026-11-23T19:00:00Z"}, "hour-to-come"),
    ],
)
def test_an_alert_that_is_too_exact_or_not_yet_is_invalid(changes: dict[str, Any], code: str) -> None:
    assert code_of(decide.area_alert_issued(None, issued(**changes), context())) == code


def test_an_hour_in_portland_s_time_is_an_hour() -> None:
    assert receipt(decide.area_alert_issued(None, issued(hour="2026-11-23T09:00:00-08:00"), context()))
    assert receipt(decide.area_alert_issued(None, issued(hour="2026-11-23T18:00:00Z"), context(NOW.replace(minute=0))))


def test_all_that_is_wrong_is_told_at_once_without_a_value_of_it() -> None:
    decision = decide.help_offered(None, offered(callback_desk="patrol-desk", language="xx"), context())
    assert isinstance(decision.answer, SubmissionInvalidV1)
    assert [(problem.pointer, problem.code) for problem in decision.answer.problems] == [
        ("/callback_desk", "unknown-desk"),
        ("/language", "unknown-language"),
    ]
    assert "patrol" not in encode(decision.answer).decode()


def test_what_is_late_is_judged_by_when_the_broker_got_it_and_not_by_when_we_look() -> None:
    """The receipt comes from the input alone: a process that was away answers as it would have then."""
    fact, looked_late = offered(respond_by="2026-11-23T18:30:00Z"), context()._replace(now=later(days=3))
    assert receipt(decide.help_offered(None, fact, context())) == receipt(decide.help_offered(None, fact, looked_late))


def test_a_second_record_under_one_submission_s_id_is_invalid_and_changes_nothing() -> None:
    waiting = offer_waiting()
    for known in (waiting, approved_by(waiting, APPROVER), approved_by(waiting, APPROVER, DIRECTOR)):
        assert code_of(decide.help_offered(known, offered(urgency="today"), context())) == "submission-known"


# ---- the contact


def test_without_the_city_s_word_a_contact_is_not_taken_and_nothing_of_it_is_left() -> None:
    fact = offered(takes_contact=False, contact=CONTACT)
    decision = decide.help_offered(None, fact, context(takes_contact=False))
    assert code_of(decision) == "contact-not-taken"
    assert not [word for word in ("Sam", "5550142") if word in repr((fact, decision))]


def test_a_contact_is_sealed_to_ovp_in_one_size_whatever_it_says() -> None:
    contacts = [CONTACT, {"name": "S", "email": "s@example.org"}, {"name": "Sam " * 40, "phone": "+15035550142"}]
    sealed = []
    for contact in contacts:
        what = offer_waiting(contact=contact).what
        assert isinstance(what, HelpOffer)
        assert what.contact is not None
        assert what.contact.key_id == OVP_KEY_ID
        assert opened(what.contact.sealed) == contact
        sealed.append(what.contact.sealed)
    assert len({len(each) for each in sealed}) == 1
    assert "Sam" not in repr(offer_waiting(contact=CONTACT))


def test_the_key_that_a_contact_is_sealed_to_is_asked_for_only_where_one_is_taken() -> None:
    def no_key(_: str) -> tuple[str, str]:
        raise OSError

    assert inlet.preparing(no_key, takes_contact=True)(help_offered(), context().cause)
    assert inlet.preparing(no_key, takes_contact=False)(help_offered(contact=CONTACT), context().cause)
    with pytest.raises(OSError):
        inlet.preparing(no_key, takes_contact=True)(help_offered(contact=CONTACT), context().cause)


def test_a_contact_is_kept_no_longer_than_until_it_crosses_or_does_not() -> None:
    waiting = offer_waiting(contact=CONTACT)
    expired = decide.submission_expired(waiting, None, context(later(days=3)))
    for over in (approved_by(waiting, APPROVER, DIRECTOR), state(declines(waiting, APPROVER)), state(expired)):
        assert isinstance(over.what, HelpOffer)
        assert over.what.contact is None


# ---- the grounds


def test_grounds_are_locked_under_a_key_of_their_own_each_time() -> None:
    first, second = call_waiting().grounds, call_waiting().grounds
    assert first is not None and second is not None
    assert first.key != second.key
    assert GROUNDS not in repr(call_waiting())
    assert first.key not in repr(first)
    assert vault.unlock(b64decode(first.key), first.text) == GROUNDS
    with pytest.raises(vault.CannotOpenError):
        vault.unlock(b64decode(second.key), first.text)


# ---- records that are not decided on


def test_a_record_that_cannot_be_taken_gets_an_invalid_receipt_with_what_is_wrong() -> None:
    refusal = Refusal("rejected", "schema-violation", (("/attestation", "missing"),))
    (answer,) = inlet.refuse(refusal, Asked(AGENCY, SUBMISSION, "event-1", 0, 17), context())
    assert isinstance(answer, SubmissionInvalidV1)
    assert (answer.submission_id, answer.source_event_id, answer.code) == (SUBMISSION, "event-1", "schema-violation")
    assert [(problem.pointer, problem.code) for problem in answer.problems] == [("/attestation", "missing")]
    assert (answer.partition, answer.offset) == (None, None)


def test_a_record_without_a_readable_key_is_named_by_where_it_lies() -> None:
    (answer,) = inlet.refuse(Refusal("quarantined", "malformed-json"), Asked(AGENCY, None, None, 0, 17), context())
    assert isinstance(answer, SubmissionInvalidV1)
    assert (answer.submission_id, answer.partition, answer.offset) == (None, 0, 17)


def test_twenty_problems_are_told_and_no_more() -> None:
    many = Refusal("rejected", "schema-violation", tuple((f"/{n}", "missing") for n in range(30)))
    (answer,) = inlet.refuse(many, Asked(AGENCY, SUBMISSION, "event-1", 0, 17), context())
    assert isinstance(answer, SubmissionInvalidV1)
    assert len(answer.problems) == 20


def test_the_same_record_again_gets_its_first_receipt_again_to_the_byte() -> None:
    asked = Asked(AGENCY, SUBMISSION, "event-1", 0, 18)
    taken = decide.help_offered(None, offered(), context())
    wrong = decide.help_offered(None, offered(language="xx"), context())
    for first in (taken.answer, wrong.answer):
        assert isinstance(first, SubmissionReceivedV1 | SubmissionInvalidV1)
        (again,) = inlet.refuse(Refusal("duplicate", "duplicate", first=encode(first)), asked, context())
        assert type(again) is type(first)
        assert encode(again) == encode(first)


def test_two_agencies_may_use_one_submission_id_and_mean_two_submissions() -> None:
    event, secret = help_offered(), b"a secret"
    keys = {inlet.key(event, context(agency=agency).cause, secret) for agency in (AGENCY, "west-precinct")}
    assert len(keys) == 2
    assert inlet.key(event, context().cause, secret) == inlet.key(help_offered(urgency="today"), context().cause, secret)
    assert inlet.key(event, context().cause, b"another") not in keys


def test_no_offset_no_subtag_and_no_far_deadline_crosses() -> None:
    """Each would be a mark of who wrote it, or room for words that the approver does not see."""
    waiting = offer_waiting(respond_by="2026-11-25T10:00:00-08:00", language="en-us", contact=None)
    assert isinstance(waiting.what, HelpOffer)
    assert waiting.what.respond_by.isoformat() == "2026-11-25T18:00:00+00:00"
    assert waiting.what.language == "en"
    alert = alert_waiting(hour="2026-11-23T09:00:00-08:00")
    assert isinstance(alert.what, AreaAlert)
    assert alert.what.hour.isoformat() == "2026-11-23T17:00:00+00:00"
    far = decide.help_offered(None, offered(respond_by="2027-05-17T10:33:00Z", contact=None), context())
    assert isinstance(far.answer, SubmissionInvalidV1)
    assert far.answer.code == "respond-by-too-far"
