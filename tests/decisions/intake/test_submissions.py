"""What a city system is answered, and what is kept of what it sent."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from support.intake_builders import (
    NOW,
    SECRET,
    SUBMISSION,
    agreed,
    amended,
    context,
    delivered,
    group,
    names,
    opened,
    requester,
    said,
    state,
    submitted,
    withdrawn,
)

from upstream_intake.decide.agreements import agreement_declined
from upstream_intake.decide.case import AGREEMENT_EXPIRES
from upstream_intake.decide.staff import staff_erased
from upstream_intake.decide.submissions import (
    reference_of,
    request_id_of,
    submission_amended,
    submission_submitted,
    submission_withdrawn,
)
from upstream_intake.model import DeclinesAgreement, Request, StaffErases
from upstream_runtime.decision import UNCHANGED, Due, Erased
from upstream_schemas.city import SubmissionAcceptedV1, SubmissionAmendedV1, SubmissionRedirectedV1, SubmissionRejectedV1
from upstream_schemas.intake import (
    AgreementProposedV1,
    ContactUpsertedV1,
    RequestAmendedV1,
    RequestClosedV1,
    RequestReceivedV1,
    RequestRedirectedV1,
    RequestTriagedV1,
    RequestWithdrawnV1,
)

ABANDONED_CAR: dict[str, Any] = {
    "intent": "unsure",
    "group": None,
    "topics": None,
    "availability": None,
    "service_name": "Abandoned vehicle",
    "safety_interest": "A grey car without plates has stood in our street for three weeks.",
}


def rejection(answer: object) -> tuple[str | None, str | None]:
    assert isinstance(answer, SubmissionRejectedV1)
    return answer.reason_code, answer.reference


def test_an_accepted_submission_is_answered_with_the_reference_a_person_is_given() -> None:
    decision = submission_submitted(None, submitted(), context())

    assert isinstance(decision.answer, SubmissionAcceptedV1)
    assert decision.answer.reference == state(decision).reference
    assert (decision.answer.submission_id, decision.answer.source_event_id) == (SUBMISSION, "event-1")
    assert (decision.answer.rule, decision.answer.processed_at) == ("triage.v1", NOW)


def test_a_request_never_carries_an_id_from_outside() -> None:
    request = opened()

    assert request.id == request_id_of("pdx311", SUBMISSION, SECRET)
    assert request.id != SUBMISSION
    assert request.id != request_id_of("parks", SUBMISSION, SECRET)
    assert request.id != request_id_of("pdx311", SUBMISSION, b"another database")


def test_a_reference_can_be_said_on_the_telephone_and_not_be_guessed() -> None:
    ids = [UUID(int=n) for n in range(1, 400)]
    references = [reference_of(request_id, SECRET) for request_id in ids]

    assert len(set(references)) == len(ids)
    assert not set("".join(references).replace("UP-", "")) & set("ILOU")
    assert reference_of(ids[0], SECRET) != reference_of(ids[0], b"another database")


def test_the_received_event_tells_where_it_came_from_and_where_its_page_is() -> None:
    decision = submission_submitted(None, submitted(), context())
    received = said(decision, RequestReceivedV1)

    assert (received.source, received.channel, received.language, received.late) == ("pdx311", "phone_agent", "so", False)
    assert received.page_link == f"https://intake.example.org/r/{state(decision).id}"


def test_the_contact_travels_under_its_own_key_and_the_events_name_only_its_id() -> None:
    fact = submitted()
    decision = submission_submitted(None, fact, context())
    contact = said(decision, ContactUpsertedV1)

    assert fact.person.contact is not None
    assert (contact.contact, contact.key) == (fact.person.contact.text, fact.person.contact.key)
    assert contact.contact_id == said(decision, RequestReceivedV1).contact_id == state(decision).contact_id


@pytest.mark.parametrize(
    "changes",
    [{"anonymous": True, "requester": None}, {"requester": requester(consent_contact=False)}],
    ids=["anonymous", "no-consent"],
)
def test_whoever_must_not_be_told_has_no_contact_on_the_bus_but_a_reference(changes: dict[str, Any]) -> None:
    decision = submission_submitted(None, submitted(**changes), context())

    assert "ContactUpsertedV1" not in names(decision)
    assert said(decision, RequestReceivedV1).contact_id is None
    assert isinstance(decision.answer, SubmissionAcceptedV1)
    assert decision.answer.reference is not None


def test_an_abandoned_car_is_redirected_at_once_and_nothing_of_it_is_kept() -> None:
    decision = submission_submitted(None, submitted(**ABANDONED_CAR), context())

    assert decision.state is UNCHANGED
    assert names(decision) == ["RequestRedirectedV1"]
    assert isinstance(decision.answer, SubmissionRedirectedV1)
    assert decision.answer.redirect is not None
    assert decision.answer.redirect.office == said(decision, RequestRedirectedV1).office == "abandoned-vehicle"
    assert (decision.answer.redirect.open_now, decision.answer.reference) == (True, None)
    assert decision.answer.redirect.hours == "maalin kasta 07:00–20:00"


def test_a_redirect_is_counted_under_an_id_of_its_own() -> None:
    event = said(submission_submitted(None, submitted(**ABANDONED_CAR), context()), RequestRedirectedV1)

    assert event.request_id not in (SUBMISSION, request_id_of("pdx311", SUBMISSION, SECRET))
    assert (event.emergency, event.source) == (False, "pdx311")
    assert "car" not in event.model_dump_json()


def test_a_group_that_names_a_training_is_not_sent_away_over_a_word() -> None:
    decision = submission_submitted(None, submitted(safety_interest=ABANDONED_CAR["safety_interest"]), context())

    assert said(decision, RequestTriagedV1).outcome == "agreement"


def test_the_same_submission_under_another_event_id_is_rejected_with_the_reference_it_has() -> None:
    request = opened()
    decision = submission_submitted(request, submitted(), context(cause="event-2"))

    assert rejection(decision.answer) == ("already-submitted", request.reference)
    assert (decision.state, decision.events) == (UNCHANGED, ())


def test_a_submission_that_begins_with_its_second_revision_is_rejected() -> None:
    assert rejection(submission_submitted(None, submitted(revision=2), context()).answer) == ("revision-gap", None)


# ---- amended


def test_what_changed_is_told_by_the_fields_of_the_contract() -> None:
    other: dict[str, Any] = {
        "intent": "unsure",
        "language": "en",
        "anonymous": True,
        "requester": None,
        "group": None,
        "place": None,
        "topics": None,
        "topic_text": "Something with bicycles",
        "format": "in_person",
        "availability": None,
        "access_needs": ["asl"],
        "access_needs_text": "Short breaks",
    }
    decision = submission_amended(opened(), amended(**other), context(cause="event-2"))

    assert set(said(decision, RequestAmendedV1).changed) == set(other) - {"anonymous"}
    assert set(other) <= set(SubmissionAmendedV1.model_fields)


def test_an_amended_wish_replaces_the_old_one_and_gets_the_next_version_of_the_agreement() -> None:
    request = opened()
    decision = submission_amended(request, amended(group=group(size=20)), context(cause="event-2"))

    assert names(decision) == ["RequestAmendedV1", "ContactUpsertedV1", "RequestTriagedV1", "AgreementProposedV1"]
    assert said(decision, RequestAmendedV1).changed == ("group",)
    assert said(decision, AgreementProposedV1).terms.version == 2
    assert said(decision, AgreementProposedV1).terms.group_size == 20
    assert (state(decision).revision, state(decision).reference) == (2, request.reference)


def test_an_amendment_that_needs_a_person_takes_the_open_agreement_back() -> None:
    request = opened()
    decision = submission_amended(request, amended(group=group(size=3)), context(cause="event-2"))

    assert state(decision).status == "waiting"
    assert decision.due == (Due(AGREEMENT_EXPIRES, request.id, None),)


def test_an_amendment_that_sounds_like_another_office_goes_to_a_person_instead() -> None:
    decision = submission_amended(opened(), amended(**ABANDONED_CAR), context(cause="event-2"))

    assert said(decision, RequestTriagedV1).reasons == ("maybe-elsewhere", "unsure")


def test_after_five_agreements_a_person_speaks_with_the_group() -> None:
    request = opened()
    for revision in range(2, 6):
        request = state(submission_amended(request, amended(revision), context(cause=f"event-{revision}")))
    assert request.status == "proposed"

    decision = submission_amended(request, amended(6), context(cause="event-6"))

    assert said(decision, RequestTriagedV1).reasons == ("many-rounds",)


@pytest.mark.parametrize(("revision", "code"), [(1, "stale-revision"), (3, "revision-gap")])
def test_an_amendment_out_of_turn_is_rejected_and_changes_nothing(revision: int, code: str) -> None:
    request = opened()
    decision = submission_amended(request, amended(revision), context(cause="event-2"))

    assert rejection(decision.answer) == (code, request.reference)
    assert decision.state is UNCHANGED


def test_an_amendment_of_what_we_never_accepted_is_rejected() -> None:
    assert rejection(submission_amended(None, amended(), context()).answer) == ("unknown-submission", None)


def test_an_accepted_agreement_can_no_longer_be_amended() -> None:
    assert rejection(submission_amended(agreed(), amended(), context()).answer)[0] == "already-agreed"


def test_what_is_delivered_or_closed_or_erased_can_no_longer_be_amended() -> None:
    erased = state(staff_erased(opened(), StaffErases("sample-lead"), context()))

    assert rejection(submission_amended(delivered(), amended(), context()).answer)[0] == "already-closed"
    assert rejection(submission_amended(closed(), amended(), context()).answer)[0] == "already-closed"
    assert rejection(submission_amended(erased, amended(), context()).answer)[0] == "already-erased"


def test_a_contact_keeps_its_id_when_it_changes() -> None:
    request = opened()
    decision = submission_amended(request, amended(requester=requester(email="new@example.org")), context(cause="event-2"))

    assert said(decision, ContactUpsertedV1).contact_id == request.contact_id


def test_whoever_becomes_anonymous_is_erased_from_the_contacts_topic() -> None:
    request = opened()
    decision = submission_amended(request, amended(anonymous=True, requester=None), context(cause="event-2"))

    assert Erased(ContactUpsertedV1, request.contact_id or UUID(int=0)) in decision.events
    assert state(decision).contact_id is None
    assert state(decision).person.contact is None


def test_whoever_waits_for_a_person_keeps_their_place_in_the_line() -> None:
    request = opened(group=group(size=4))
    later = context(NOW.replace(day=25), "event-2")

    again = state(submission_amended(request, amended(group=group(size=3)), later))

    assert again.waiting is not None
    assert again.waiting.since == NOW


# ---- withdrawn


def test_a_withdrawn_submission_closes_its_case_and_frees_what_was_held() -> None:
    request = agreed()
    decision = submission_withdrawn(request, withdrawn(), context(cause="event-2"))

    assert names(decision) == ["RequestWithdrawnV1", "RequestClosedV1"]
    assert said(decision, RequestWithdrawnV1).request_id == request.id
    assert said(decision, RequestClosedV1).outcome == "withdrawn"
    assert (state(decision).status, state(decision).revision) == ("closed", 2)
    assert isinstance(decision.answer, SubmissionAcceptedV1)


def test_withdrawing_what_we_do_not_know_is_rejected() -> None:
    assert rejection(submission_withdrawn(None, withdrawn(), context()).answer) == ("unknown-submission", None)


def test_withdrawing_twice_or_out_of_turn_is_rejected() -> None:
    request = opened()
    gone = state(submission_withdrawn(request, withdrawn(), context(cause="event-2")))

    assert rejection(submission_withdrawn(gone, withdrawn(3), context()).answer) == ("already-closed", gone.reference)
    assert rejection(submission_withdrawn(request, withdrawn(1), context()).answer)[0] == "stale-revision"
    assert rejection(submission_withdrawn(request, withdrawn(4), context()).answer)[0] == "revision-gap"


def test_withdrawing_a_very_old_submission_writes_to_nobody() -> None:
    old = opened(submitted_at="2026-01-01T00:00:00Z")
    decision = submission_withdrawn(old, withdrawn(), context(cause="event-2"))

    assert said(decision, RequestWithdrawnV1).contact_id is None
    assert said(decision, RequestClosedV1).contact_id is None


def closed() -> Request:
    request = opened()
    return state(agreement_declined(request, DeclinesAgreement(1), context(cause="declined")))


def test_a_replay_of_the_same_record_decides_the_same() -> None:
    fact = submitted()
    first, again = (submission_submitted(None, fact, context()) for _ in range(2))

    assert first == again
    assert replace(first, events=()) != replace(submission_submitted(None, fact, context(cause="event-9")), events=())
