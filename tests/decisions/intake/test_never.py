"""What must hold after any sequence of facts, in any order, however often: tried on made-up lives of a case."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.intake_builders import (
    NOW,
    WORDS,
    amended,
    context,
    group,
    requester,
    session_cancelled,
    session_delivered,
    submitted,
    withdrawn,
)

from upstream_intake.decide import agreements, closing, sessions, staff, submissions
from upstream_intake.decide.case import AGREEMENT_EXPIRES, CLOSE, QUESTION_EXPIRES
from upstream_intake.model import (
    AcceptsAgreement,
    AnswersQuestion,
    DeclinesAgreement,
    GivesFeedback,
    Request,
    StaffAccepts,
    StaffAsks,
    StaffCloses,
    StaffErases,
    StaffRejects,
    TakesBack,
    WantsSomethingElse,
)
from upstream_runtime.decision import Decision, Due, Unchanged
from upstream_schemas.city import Verdict
from upstream_schemas.intake import (
    AgreementAcceptedV1,
    AgreementProposedV1,
    FeedbackReceivedV1,
    RequestClosedV1,
    RequestRejectedV1,
    TrainingRequestedV1,
)

WHO = "sample-lead"
Act = Callable[[Request | None], tuple[Any, Any]]

SUBMISSIONS = [
    submitted(),
    submitted(group=group(size=3)),
    submitted(requester=None, anonymous=True),
    submitted(submitted_at="2026-01-01T00:00:00Z"),
]
AMENDMENTS = {
    revision: [amended(revision), amended(revision, group=group(size=2)), amended(revision, requester=requester(phone=None))]
    for revision in range(1, 6)
}


def accepts_what_is_shown(request: Request | None) -> tuple[Any, Any]:
    terms = request.agreement.terms if request and request.agreement else None
    fact = AcceptsAgreement(terms.version, terms.text_hash) if terms else AcceptsAgreement(1, "0" * 64)
    return agreements.agreement_accepted, fact


ACTS: list[tuple[str, Act]] = [
    *[(f"submitted {n}", lambda _, fact=fact: (submissions.submission_submitted, fact)) for n, fact in enumerate(SUBMISSIONS)],
    *[
        (f"amended {revision}.{n}", lambda _, fact=fact: (submissions.submission_amended, fact))
        for revision, facts in AMENDMENTS.items()
        for n, fact in enumerate(facts)
    ],
    *[(f"withdrawn {n}", lambda _, n=n: (submissions.submission_withdrawn, withdrawn(n))) for n in (2, 3)],
    ("yes", accepts_what_is_shown),
    ("yes to the first", lambda _: (agreements.agreement_accepted, AcceptsAgreement(1, "0" * 64))),
    *[(f"no {n}", lambda _, n=n: (agreements.agreement_declined, DeclinesAgreement(n))) for n in (1, 2)],
    *[(f"else {n}", lambda _, n=n: (agreements.something_else_wanted, WantsSomethingElse(n, WORDS))) for n in (1, 2)],
    ("asked", lambda _: (staff.staff_asked, StaffAsks(WHO, "How many?"))),
    ("answered", lambda _: (staff.question_answered, AnswersQuestion(WORDS))),
    ("staff yes", lambda _: (staff.staff_accepted, StaffAccepts(WHO))),
    ("staff no", lambda _: (staff.staff_rejected, StaffRejects(WHO, "no"))),
    ("staff ends", lambda _: (staff.staff_closed, StaffCloses(WHO, "cancelled", "no"))),
    ("erased", lambda _: (staff.staff_erased, StaffErases(WHO))),
    ("back", lambda _: (closing.taken_back, TakesBack())),
    ("delivered", lambda _: (sessions.session_delivered, session_delivered())),
    ("cancelled by group", lambda _: (sessions.session_cancelled, session_cancelled("group"))),
    ("cancelled by trainer", lambda _: (sessions.session_cancelled, session_cancelled("trainer"))),
    ("feedback", lambda _: (closing.feedback_given, GivesFeedback(3, WORDS))),
    (AGREEMENT_EXPIRES, lambda _: (agreements.agreement_expired, None)),
    (QUESTION_EXPIRES, lambda _: (staff.question_expired, None)),
    (CLOSE, lambda _: (closing.close_came, None)),
]
TIMERS = {AGREEMENT_EXPIRES, QUESTION_EXPIRES, CLOSE}
LIVES = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 9)), min_size=1, max_size=14)


@dataclass(slots=True)
class Life:
    """A case as the engine would keep it: state, what was said in order, and the due rows."""

    request: Request | None
    said: list[Any]
    decisions: list[tuple[str, Request | None, Decision[Request]]]
    due: dict[str, Any]


def lived(acts: list[tuple[tuple[str, Act], int]]) -> Life:
    life, now = Life(None, [], [], {}), NOW
    for step, ((name, act), days) in enumerate([(ACTS[0], 0), *acts]):
        now += timedelta(days=days)
        decide, fact = act(life.request)
        if name in TIMERS and life.request is None:
            continue
        decision = decide(life.request, fact, context(now, f"event-{step}"))
        life.decisions.append((name, life.request, decision))
        life.said += decision.events
        for due in decision.due:
            life.due[due.kind] = due
        if not isinstance(decision.state, Unchanged):
            life.request = decision.state
    return life


def of(life: Life, kind: type) -> list[Any]:
    return [event for event in life.said if isinstance(event, kind)]


@given(LIVES)
@settings(max_examples=60, deadline=None)
def test_a_training_is_only_ever_requested_for_a_version_that_was_accepted_and_once_for_each(acts: Any) -> None:
    life = lived(acts)
    accepted = [event.version for event in of(life, AgreementAcceptedV1)]
    ordered = [event.terms.version for event in of(life, TrainingRequestedV1)]
    proposed = [event.terms.version for event in of(life, AgreementProposedV1)]

    assert ordered == accepted
    assert len(set(ordered)) == len(ordered)
    assert proposed == list(range(1, len(proposed) + 1))
    for event in of(life, TrainingRequestedV1):
        before = life.said[: life.said.index(event)]
        assert any(isinstance(other, AgreementAcceptedV1) and other.text_hash == event.terms.text_hash for other in before)


@given(LIVES)
@settings(max_examples=40, deadline=None)
def test_a_case_is_closed_at_most_once_and_nothing_follows_but_erasure(acts: Any) -> None:
    life = lived(acts)
    closings = [n for n, event in enumerate(life.said) if isinstance(event, RequestClosedV1)]

    assert len(closings) <= 1
    if closings:
        after = {type(event).__name__ for event in life.said[closings[0] + 1 :]}
        assert after <= {"RequesterErasedV1", "Erased"}
        assert life.request is not None
        assert life.request.status == "closed"


@given(LIVES)
@settings(max_examples=40, deadline=None)
def test_no_is_never_said_by_a_rule(acts: Any) -> None:
    life = lived(acts)

    for name, _, decision in life.decisions:
        if any(isinstance(event, RequestRejectedV1) for event in decision.events):
            assert name == "staff no"
    for event in of(life, RequestClosedV1):
        assert (event.outcome == "rejected") == bool(of(life, RequestRejectedV1))


@given(LIVES)
@settings(max_examples=40, deadline=None)
def test_whoever_is_erased_is_never_named_again(acts: Any) -> None:
    life = lived(acts)
    erased = next((n for n, (name, *_) in enumerate(life.decisions) if name == "erased"), None)
    if erased is None:
        return
    for _, _, decision in life.decisions[erased:]:
        assert all(getattr(event, "contact_id", None) is None for event in decision.events)
    assert life.request is not None
    assert (life.request.contact_id, life.request.person.notes, life.request.person.contact) == (None, (), None)


@given(LIVES)
@settings(max_examples=40, deadline=None)
def test_whoever_waits_is_seen_and_whoever_was_asked_has_a_deadline(acts: Any) -> None:
    life = lived(acts)
    request = life.request
    assert request is not None
    assert (request.waiting is not None) == (request.status == "waiting")
    assert (request.question is not None) == (request.status == "question")

    running = {kind for kind, due in life.due.items() if due.at is not None}
    needed = {"proposed": AGREEMENT_EXPIRES, "question": QUESTION_EXPIRES, "delivered": CLOSE}.get(request.status)
    fired = {name for name, *_ in life.decisions} & TIMERS
    assert needed is None or needed in running
    assert running - {needed} <= fired


@given(LIVES)
@settings(max_examples=40, deadline=None)
def test_every_record_from_outside_gets_exactly_one_verdict(acts: Any) -> None:
    for name, _, decision in lived(acts).decisions:
        from_outside = name.split()[0] in ("submitted", "amended", "withdrawn")
        assert isinstance(decision.answer, Verdict) == from_outside


@given(LIVES)
@settings(max_examples=30, deadline=None)
def test_feedback_is_counted_once(acts: Any) -> None:
    assert len(of(lived(acts), FeedbackReceivedV1)) <= 1


def test_a_life_as_it_should_be_reaches_its_end() -> None:
    by_name = dict(ACTS)
    acts = [((name, by_name[name]), days) for name, days in (("yes", 1), ("delivered", 9), ("feedback", 2), (CLOSE, 3))]
    life = lived(acts)

    assert [type(event).__name__ for event in life.said] == [
        "RequestReceivedV1",
        "ContactUpsertedV1",
        "RequestTriagedV1",
        "AgreementProposedV1",
        "AgreementAcceptedV1",
        "TrainingRequestedV1",
        "FeedbackRequestedV1",
        "FeedbackReceivedV1",
        "RequestClosedV1",
    ]
    assert isinstance(life.due[CLOSE], Due)
