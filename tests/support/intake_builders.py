"""Requests, submissions and contexts with everything filled in, so that a test names only what it is about. All fictional."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from upstream_intake import inlet
from upstream_intake.decide import agreements, sessions, submissions
from upstream_intake.model import AcceptsAgreement, Amended, Locked, Reference, Request, Submitted
from upstream_runtime.decision import Cause, Context, Decision, Unchanged
from upstream_schemas.city import SubmissionAmendedV1, SubmissionSubmittedV1, SubmissionWithdrawnV1
from upstream_schemas.scheduler import Recipient, SessionCancelledV1, SessionDeliveredV1, Slot

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
SUBMISSION = UUID("0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77")
SESSION = UUID("0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b99")
SECRET = b"a secret of this test only"
WORDS = Locked("a2V5", "bG9ja2Vk")

WHOLE: dict[str, Any] = {
    "submission_id": str(SUBMISSION),
    "revision": 1,
    "channel": "phone_agent",
    "submitted_at": "2026-11-23T17:55:00Z",
    "intent": "training_request",
    "language": "so",
    "anonymous": False,
    "requester": {
        "name": "Hodan Sample",
        "email": "hodan@example.org",
        "phone": "+15035550142",
        "consent_contact": True,
    },
    "group": {
        "name": "Sample Tenants",
        "size": 12,
        "connections": ["live", "school"],
        "description": "Three buildings",
    },
    "place": {"kind": "home", "text": "The yellow house", "neighborhood": "Cully", "postal_code": "97218"},
    "topics": [{"code": "personal-safety", "catalogue_version": 1}],
    "format": "either",
    "availability": {
        "windows": [{"weekday": "tuesday", "start": "18:00", "end": "20:30"}],
        "earliest": "2026-12-01T00:00:00Z",
        "latest": "2027-02-28T00:00:00Z",
    },
    "access_needs": ["captions"],
    "safety_interest": "We want to feel safer on the way home",
}
"""A submission that gets an agreement at once."""


def context(now: datetime = NOW, cause: str = "event-1", party: str | None = "pdx311") -> Context[Reference]:
    """What a decision may know; every fact of a test has a cause of its own name."""
    reference = Reference(lambda request_id: f"https://intake.example.org/r/{request_id}")
    return Context(now, Cause(cause, "/city/pdx311", now, None, party), reference, SECRET)


def document(**changes: Any) -> dict[str, Any]:
    """A whole submission as a source sends it; a field that is None is left out."""
    return {name: value for name, value in {**WHOLE, **changes}.items() if value is not None}


def group(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**WHOLE["group"], **changes}.items() if value is not None}


def requester(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**WHOLE["requester"], **changes}.items() if value is not None}


def submitted(**changes: Any) -> Submitted:
    """A submission as its decision gets it."""
    event = SubmissionSubmittedV1.model_validate_json(json.dumps(document(**changes)))
    fact = inlet.prepare(event, context().cause)
    assert isinstance(fact, Submitted)
    return fact


def amended(revision: int = 2, **changes: Any) -> Amended:
    event = SubmissionAmendedV1.model_validate_json(json.dumps(document(revision=revision, **changes)))
    fact = inlet.prepare(event, context().cause)
    assert isinstance(fact, Amended)
    return fact


def withdrawn(revision: int = 2) -> SubmissionWithdrawnV1:
    return SubmissionWithdrawnV1(submission_id=SUBMISSION, revision=revision, withdrawn_at=NOW)


def opened(now: datetime = NOW, **changes: Any) -> Request:
    """The request that a submission leads to."""
    return state(submissions.submission_submitted(None, submitted(**changes), context(now)))


def agreed(**changes: Any) -> Request:
    """A request whose agreement is accepted: the scheduler has the order."""
    request = opened(**changes)
    return state(agreements.agreement_accepted(request, acceptance(request), context(NOW + timedelta(hours=1), "accepted")))


def acceptance(request: Request) -> AcceptsAgreement:
    """A yes to the agreement as it stands."""
    assert request.agreement is not None
    return AcceptsAgreement(request.agreement.terms.version, request.agreement.terms.text_hash)


def delivered(**changes: Any) -> Request:
    """A request whose training took place."""
    return state(
        sessions.session_delivered(agreed(**changes), session_delivered(), context(NOW + timedelta(days=20), "delivered"))
    )


def slot() -> Slot:
    starts_at = datetime(2026, 12, 9, 2, 0, tzinfo=UTC)
    return Slot(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        venue="virtual-1",
        venue_name="Online room one",
        topic="personal-safety",
    )


def recipient() -> Recipient:
    return Recipient(party="group", contact_id=None, language="so")


def session_delivered() -> SessionDeliveredV1:
    return SessionDeliveredV1(request_id=SUBMISSION, session_id=SESSION, assumed=False, ended_at=NOW)


def session_cancelled(party: str = "group", again: bool = False) -> SessionCancelledV1:
    fields = SessionCancelledV1(
        request_id=SUBMISSION,
        session_id=SESSION,
        reference="UP-0000-0000",
        slot=slot(),
        recipients=(recipient(),),
        party="group",
        will_be_rescheduled=again,
        was_confirmed=True,
        calendar_uid="session@example.org",
        calendar_sequence=1,
    )
    return fields.model_copy(update={"party": party})


def state(decision: Decision[Request]) -> Request:
    """The state that a decision leads to."""
    assert not isinstance(decision.state, Unchanged)
    return decision.state


def said(decision: Decision[Request], kind: type) -> Any:
    """The one event of that class in a decision."""
    found = [event for event in decision.events if isinstance(event, kind)]
    assert len(found) == 1, f"{len(found)} of {kind.__name__} among {[type(event).__name__ for event in decision.events]}"
    return found[0]


def names(decision: Decision[Request]) -> list[str]:
    """The classes of what was said, in order."""
    return [type(event).__name__ for event in decision.events]


def aged(request: Request, **changes: Any) -> Request:
    return replace(request, **changes)
