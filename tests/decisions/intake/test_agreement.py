"""The shared agreement: what binds, what runs out, and what each answer leads to."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from support.intake_builders import (
    NOW,
    WORDS,
    acceptance,
    agreed,
    amended,
    context,
    group,
    names,
    opened,
    said,
    state,
    submitted,
)

from upstream_intake.decide.agreements import (
    agreement_accepted,
    agreement_declined,
    agreement_expired,
    something_else_wanted,
)
from upstream_intake.decide.case import AGREEMENT_EXPIRES
from upstream_intake.decide.submissions import submission_amended, submission_submitted
from upstream_intake.model import AcceptsAgreement, DeclinesAgreement, Request, WantsSomethingElse
from upstream_intake.texts.agreement import CITY_DUTIES, GROUP_DUTIES
from upstream_runtime.decision import UNCHANGED, Due
from upstream_schemas.intake import (
    AgreementAcceptedV1,
    AgreementCounteredV1,
    AgreementDeclinedV1,
    AgreementProposedV1,
    RequestClosedV1,
    RequestExpiredV1,
    TrainingRequestedV1,
)

FOURTEEN_DAYS = timedelta(days=14)


def second_version() -> Request:
    return state(submission_amended(opened(), amended(group=group(size=20)), context(cause="event-2")))


def test_the_hash_binds_exactly_the_text_that_is_read() -> None:
    agreement = opened().agreement

    assert agreement is not None
    assert agreement.terms.text_hash == sha256(agreement.text.encode()).hexdigest()


def test_the_text_names_topic_length_language_people_and_every_duty_in_the_readers_language() -> None:
    agreement = opened(language="es").agreement

    assert agreement is not None
    for part in ("Seguridad personal", "120 minutos", "Español", "Personas: 12"):
        assert part in agreement.text
    for duty in agreement.terms.group_duties:
        assert GROUP_DUTIES[duty]["es"] in agreement.text
    for duty in agreement.terms.city_duties:
        assert CITY_DUTIES[duty]["es"] in agreement.text


def test_an_agreement_names_no_date() -> None:
    agreement = opened().agreement

    assert agreement is not None
    assert not {"2026", "2027"} & set(agreement.text.replace("\n", " ").split())


def test_what_a_group_needs_in_order_to_take_part_becomes_a_duty_of_the_city() -> None:
    with_needs, without = opened().agreement, opened(access_needs=[]).agreement

    assert with_needs is not None
    assert without is not None
    assert "access-for-all" in with_needs.terms.city_duties
    assert "access-for-all" not in without.terms.city_duties


def test_an_agreement_stays_open_for_fourteen_days() -> None:
    decision = submission_submitted(None, submitted(), context())
    request = state(decision)

    assert said(decision, AgreementProposedV1).expires_at == NOW + FOURTEEN_DAYS
    assert decision.due == (Due(AGREEMENT_EXPIRES, request.id, NOW + FOURTEEN_DAYS),)


def test_saying_yes_binds_version_and_text_and_only_then_asks_for_a_training() -> None:
    request = opened()
    decision = agreement_accepted(request, acceptance(request), context(cause="accepted"))
    accepted, ordered = said(decision, AgreementAcceptedV1), said(decision, TrainingRequestedV1)

    assert names(decision) == ["AgreementAcceptedV1", "TrainingRequestedV1"]
    assert request.agreement is not None
    assert (accepted.version, accepted.text_hash) == (1, request.agreement.terms.text_hash)
    assert ordered.terms == request.agreement.terms
    assert (ordered.connections, ordered.access_needs, ordered.neighborhood) == (("live", "school"), ("captions",), "Cully")
    assert ordered.availability == request.wish.availability
    assert decision.due == (Due(AGREEMENT_EXPIRES, request.id, None),)
    assert (state(decision).status, decision.answer) == ("agreed", "done")


def test_the_scheduler_is_told_only_of_connections_that_the_catalogue_knows() -> None:
    request = opened(group=group(connections=["moon", "work"]))

    assert said(agreement_accepted(request, acceptance(request), context()), TrainingRequestedV1).connections == ("work",)


def test_saying_yes_twice_orders_one_training() -> None:
    request = agreed()
    decision = agreement_accepted(request, acceptance(request), context(cause="again"))

    assert (decision.state, decision.events, decision.answer) == (UNCHANGED, (), "done")


def test_an_old_version_cannot_be_accepted() -> None:
    request, first = second_version(), opened()
    decision = agreement_accepted(request, acceptance(first), context(cause="accepted"))

    assert (decision.state, decision.events, decision.answer) == (UNCHANGED, (), "agreement-changed")


def test_another_text_under_the_right_version_cannot_be_accepted() -> None:
    decision = agreement_accepted(opened(), AcceptsAgreement(1, "0" * 64), context())

    assert (decision.events, decision.answer) == ((), "agreement-changed")


def test_the_last_moment_is_still_in_time_and_the_next_is_too_late() -> None:
    request = opened()
    last = context(NOW + FOURTEEN_DAYS - timedelta(seconds=1))
    late = context(NOW + FOURTEEN_DAYS)

    assert agreement_accepted(request, acceptance(request), last).answer == "done"
    assert agreement_accepted(request, acceptance(request), late).answer == "agreement-expired"


def test_a_yes_to_a_request_that_waits_for_a_person_changes_nothing() -> None:
    decision = agreement_accepted(opened(group=group(size=4)), AcceptsAgreement(1, "0" * 64), context())

    assert (decision.events, decision.answer) == ((), "not-now")


def test_a_no_closes_the_case_without_asking_why() -> None:
    request = opened()
    decision = agreement_declined(request, DeclinesAgreement(1), context(cause="declined"))

    assert said(decision, AgreementDeclinedV1).version == 1
    assert said(decision, RequestClosedV1).outcome == "declined"
    assert decision.due == (Due(AGREEMENT_EXPIRES, request.id, None),)
    assert state(decision).status == "closed"


def test_a_no_to_an_old_version_is_not_a_no_to_the_new_one() -> None:
    assert agreement_declined(second_version(), DeclinesAgreement(1), context()).answer == "agreement-changed"


def test_after_a_yes_a_no_comes_too_late_here() -> None:
    assert agreement_declined(agreed(), DeclinesAgreement(1), context()).answer == "not-now"


def test_wanting_something_else_waits_for_a_person_with_the_words_locked() -> None:
    request = opened()
    decision = something_else_wanted(request, WantsSomethingElse(1, WORDS), context(cause="countered"))
    after = state(decision)

    assert said(decision, AgreementCounteredV1).version == 1
    assert (after.status, after.waiting and after.waiting.reasons) == ("waiting", ("countered",))
    assert [note.kind for note in after.person.notes] == ["submission", "counter"]
    assert after.person.notes[-1].locked == WORDS
    assert decision.due == (Due(AGREEMENT_EXPIRES, request.id, None),)


def test_an_agreement_nobody_answers_runs_out_and_closes_the_case() -> None:
    decision = agreement_expired(opened(), None, context(NOW + FOURTEEN_DAYS, "due"))

    assert said(decision, RequestExpiredV1).waiting_for == "agreement"
    assert said(decision, RequestClosedV1).outcome == "expired"
    assert state(decision).status == "closed"


@pytest.mark.parametrize("days", [0, 13])
def test_an_agreement_does_not_run_out_early(days: int) -> None:
    assert agreement_expired(opened(), None, context(NOW + timedelta(days=days))).state is UNCHANGED


def test_an_answered_agreement_does_not_run_out() -> None:
    decision = agreement_expired(agreed(), None, context(NOW + timedelta(days=15)))

    assert (decision.state, decision.events) == (UNCHANGED, ())


def test_the_timer_of_an_old_version_does_not_end_the_new_one() -> None:
    later = state(submission_amended(opened(), amended(), context(NOW + timedelta(days=10), "event-2")))

    assert agreement_expired(later, None, context(NOW + FOURTEEN_DAYS)).state is UNCHANGED


def test_a_link_to_a_request_we_do_not_have_is_answered_as_unknown() -> None:
    assert agreement_accepted(None, AcceptsAgreement(1, "0" * 64), context()).answer == "unknown"


def test_a_closed_case_answers_that_it_is_closed() -> None:
    closed = replace(opened(), status="closed")

    assert agreement_accepted(closed, acceptance(closed), context()).answer == "closed"
