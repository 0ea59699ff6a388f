"""What a person of the team decides. Only people say no."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from support.intake_builders import (
    NOW,
    WORDS,
    acceptance,
    agreed,
    context,
    delivered,
    document,
    group,
    names,
    opened,
    said,
    state,
)

from upstream_intake.decide.agreements import agreement_accepted
from upstream_intake.decide.case import AGREEMENT_EXPIRES, CLOSE, QUESTION_EXPIRES
from upstream_intake.decide.staff import (
    question_answered,
    question_expired,
    staff_accepted,
    staff_asked,
    staff_closed,
    staff_erased,
    staff_rejected,
)
from upstream_intake.model import (
    NOBODY,
    AnswersQuestion,
    Request,
    StaffAccepts,
    StaffAsks,
    StaffCloses,
    StaffErases,
    StaffRejects,
)
from upstream_runtime.decision import UNCHANGED, Due, Erased
from upstream_schemas.city import Availability
from upstream_schemas.intake import (
    AgreementProposedV1,
    ContactUpsertedV1,
    InformationProvidedV1,
    InformationRequestedV1,
    RequestClosedV1,
    RequesterErasedV1,
    RequestExpiredV1,
    RequestRejectedV1,
    RequestTriagedV1,
    TrainingRequestedV1,
)

ASKS = StaffAsks("sample-lead", "How many of you would come?")
WHO = "sample-lead"


def small() -> Request:
    return opened(group=group(size=4))


def asked() -> Request:
    return state(staff_asked(small(), ASKS, context(cause="asked")))


def test_a_question_goes_to_the_requester_with_the_link_to_answer_it() -> None:
    request = small()
    decision = staff_asked(request, ASKS, context(cause="asked"))
    event = said(decision, InformationRequestedV1)

    assert (event.question, event.contact_id) == (ASKS.question, request.contact_id)
    assert event.page_link.endswith(str(request.id))
    assert (state(decision).status, state(decision).waiting, state(decision).question) == ("question", None, ASKS.question)
    assert decision.due == (Due(QUESTION_EXPIRES, request.id, NOW + timedelta(days=30)),)


def test_a_question_during_an_open_agreement_stops_its_clock() -> None:
    request = opened()
    decision = staff_asked(request, ASKS, context(cause="asked"))

    assert Due(AGREEMENT_EXPIRES, request.id, None) in decision.due


def test_an_answer_waits_for_a_person_again_and_its_words_stay_with_us() -> None:
    request = asked()
    decision = question_answered(request, AnswersQuestion(WORDS), context(NOW + timedelta(days=1), "answered"))
    after = state(decision)

    assert names(decision) == ["InformationProvidedV1"]
    assert set(InformationProvidedV1.model_fields) == {"request_id"}
    assert (after.status, after.waiting and after.waiting.reasons, after.question) == ("waiting", ("answered",), None)
    assert after.person.notes[-1].kind == "answer"
    assert decision.due == (Due(QUESTION_EXPIRES, request.id, None),)


def test_an_answer_nobody_asked_for_changes_nothing() -> None:
    assert question_answered(small(), AnswersQuestion(WORDS), context()).answer == "not-now"


def test_a_question_nobody_answers_closes_the_case() -> None:
    decision = question_expired(asked(), None, context(NOW + timedelta(days=30), "due"))

    assert said(decision, RequestExpiredV1).waiting_for == "information"
    assert state(decision).status == "closed"


def test_an_answered_question_does_not_run_out() -> None:
    assert question_expired(small(), None, context()).state is UNCHANGED


def test_staff_may_take_a_group_of_four_and_the_agreement_does_not_ask_for_five() -> None:
    decision = staff_accepted(small(), StaffAccepts(WHO), context(cause="accepted"))

    assert names(decision) == ["RequestTriagedV1", "AgreementProposedV1"]
    assert (said(decision, RequestTriagedV1).rule, said(decision, RequestTriagedV1).outcome) == ("staff", "agreement")
    assert said(decision, AgreementProposedV1).terms.group_size == 4
    assert "five-or-more" not in said(decision, AgreementProposedV1).terms.group_duties


def test_corrections_of_staff_stand_in_the_agreement_and_in_the_order() -> None:
    request = opened(topics=None, topic_text="Being safe on bicycles", group=None, availability=None)
    corrected = StaffAccepts(
        reviewer=WHO,
        topic="bike-theft-prevention",
        format="in_person",
        length_minutes=60,
        group_size=8,
        language="es",
        connections=("work",),
        availability=Availability.model_validate_json(json.dumps(document()["availability"])),
    )
    proposed = staff_accepted(request, corrected, context(cause="accepted"))
    terms = said(proposed, AgreementProposedV1).terms
    after = state(proposed)
    ordered = said(agreement_accepted(after, acceptance(after), context(cause="yes")), TrainingRequestedV1)

    assert (terms.topic, terms.format, terms.length_minutes) == ("bike-theft-prevention", "in_person", 60)
    assert (terms.group_size, terms.language) == (8, "es")
    assert (ordered.connections, ordered.availability) == (("work",), corrected.availability)
    assert ordered.language == "so"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"topics": None}, "topic-missing"),
        ({"topics": [{"code": "juggling", "catalogue_version": 1}]}, "topic-missing"),
        ({"topics": [{"code": "cpted", "catalogue_version": 1}], "format": "in_person"}, "format-not-offered"),
        ({"group": None}, "group-size-missing"),
        ({"availability": None}, "availability-missing"),
    ],
)
def test_nothing_is_proposed_while_something_is_missing(changes: dict[str, Any], answer: str) -> None:
    decision = staff_accepted(opened(**changes), StaffAccepts(WHO), context())

    assert (decision.state, decision.events, decision.answer) == (UNCHANGED, (), answer)


def test_a_hundred_agreements_are_the_last_the_contract_can_number() -> None:
    request = opened()
    for n in range(99):
        request = state(staff_accepted(request, StaffAccepts(WHO), context(cause=f"accepted {n}")))

    assert request.agreement is not None
    assert request.agreement.terms.version == 100
    assert staff_accepted(request, StaffAccepts(WHO), context()).answer == "too-many-rounds"


def test_what_a_person_does_about_a_very_old_submission_ends_its_silence() -> None:
    old = opened(submitted_at="2026-01-01T00:00:00Z")
    decision = staff_accepted(old, StaffAccepts(WHO), context(cause="accepted"))

    assert old.told is None
    assert said(decision, AgreementProposedV1).contact_id == old.contact_id is not None


def test_no_is_said_by_a_person_with_a_reason_and_a_name() -> None:
    decision = staff_rejected(small(), StaffRejects(WHO, "We train groups, and you are alone."), context(cause="rejected"))
    event = said(decision, RequestRejectedV1)

    assert (event.reason, event.reviewer) == ("We train groups, and you are alone.", WHO)
    assert said(decision, RequestClosedV1).outcome == "rejected"
    assert state(decision).status == "closed"


@pytest.mark.parametrize("request_", [agreed(), delivered()], ids=["agreed", "delivered"])
def test_once_a_training_is_ordered_the_request_itself_is_decided(request_: Request) -> None:
    assert staff_asked(request_, ASKS, context()).answer == "not-now"
    assert staff_accepted(request_, StaffAccepts(WHO), context()).answer == "not-now"
    assert staff_rejected(request_, StaffRejects(WHO, "no"), context()).answer == "not-now"


def test_staff_can_end_a_case_and_says_what_changed() -> None:
    decision = staff_closed(small(), StaffCloses(WHO, "delivered", "We told you on the telephone."), context(cause="closed"))
    event = said(decision, RequestClosedV1)

    assert (event.outcome, event.what_changed, event.what_changed_text) == (
        "delivered",
        "in-our-words",
        "We told you on the telephone.",
    )
    assert names(decision) == ["RequestClosedV1"]


def test_ending_a_case_that_the_scheduler_works_on_is_one_fact_and_never_said_to_be_the_groups_word() -> None:
    decision = staff_closed(agreed(), StaffCloses(WHO, "cancelled", "The hall burnt down."), context(cause="closed"))

    assert names(decision) == ["RequestClosedV1"]
    assert said(decision, RequestClosedV1).contact_id is not None


def test_ending_a_delivered_case_stops_its_clock() -> None:
    request = delivered()
    decision = staff_closed(request, StaffCloses(WHO, "delivered", "Lights were mended."), context(cause="closed"))

    assert decision.due == (Due(CLOSE, request.id, None),)
    assert names(decision) == ["RequestClosedV1"]


def test_a_closed_case_is_closed() -> None:
    closed = state(staff_rejected(small(), StaffRejects(WHO, "no"), context()))

    assert staff_closed(closed, StaffCloses(WHO, "delivered", "x"), context()).answer == "closed"
    assert staff_asked(closed, ASKS, context()).answer == "closed"
    assert question_answered(closed, AnswersQuestion(WORDS), context()).answer == "closed"


# ---- erasure


def test_erasure_destroys_every_key_and_removes_the_sealed_contact() -> None:
    request = state(question_answered(asked(), AnswersQuestion(WORDS), context(cause="answered")))
    decision = staff_erased(request, StaffErases(WHO), context(cause="erased"))
    after = state(decision)

    assert said(decision, RequesterErasedV1).request_id == request.id
    assert Erased(ContactUpsertedV1, request.contact_id) in decision.events  # type: ignore[arg-type]
    assert after.person == NOBODY
    assert (after.contact_id, after.erased) == (None, True)
    for note in request.person.notes:
        assert note.locked.key not in str(asdict(after))
        assert note.locked.text not in str(asdict(after))


def test_an_erased_case_that_was_open_ends_because_nobody_could_be_told_of_it() -> None:
    decision = staff_erased(agreed(), StaffErases(WHO), context(cause="erased"))

    assert said(decision, RequestClosedV1).outcome == "withdrawn"
    assert said(decision, RequestClosedV1).contact_id is None
    assert state(decision).status == "closed"


def test_erasing_a_closed_case_keeps_how_it_ended() -> None:
    closed = state(staff_rejected(small(), StaffRejects(WHO, "no"), context()))
    decision = staff_erased(closed, StaffErases(WHO), context(cause="erased"))

    assert (state(decision).outcome, state(decision).reference) == ("rejected", closed.reference)
    assert "RequestClosedV1" not in names(decision)


def test_erasing_twice_is_erasing_once() -> None:
    erased = state(staff_erased(small(), StaffErases(WHO), context()))
    decision = staff_erased(erased, StaffErases(WHO), context(cause="again"))

    assert (decision.state, decision.events, decision.answer) == (UNCHANGED, (), "done")


def test_an_anonymous_request_is_erased_without_a_tombstone_for_nobody() -> None:
    request = opened(anonymous=True, requester=None)

    assert names(staff_erased(request, StaffErases(WHO), context())) == ["RequesterErasedV1", "RequestClosedV1"]
