"""Fictional submissions, records and verdicts for the tests of the client, with everything filled in."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from upstream_client.outgoing import Outgoing
from upstream_schemas.city import (
    Problem,
    Redirect,
    SubmissionAcceptedV1,
    SubmissionDuplicateV1,
    SubmissionQuarantinedV1,
    SubmissionRedirectedV1,
    SubmissionRejectedV1,
)
from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.model import Event

ID = "0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77"
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ELSEWHERE = Redirect(
    office="street-repair", name="Office of Samples", wording="Please call\nthe Office of Samples.", phone="503-555-0100"
)


def submission(**changes: Any) -> dict[str, Any]:
    """What a source would send, without an id."""
    return {
        "revision": 1,
        "channel": "phone_agent",
        "submitted_at": "2026-11-21T09:29:41Z",
        "intent": "training_request",
        "language": "so",
        "anonymous": False,
        "requester": {
            "name": "Hodan Sample",
            "phone": "+15035550142",
            "preferred_contact": "phone",
            "consent_contact": True,
        },
        "group": {"size": 12, "connections": ["live", "school"]},
        "topics": [{"code": "personal-safety", "catalogue_version": 1}],
    } | changes


def cloudevent(**changes: Any) -> dict[str, Any]:
    """The same in structured form."""
    return {
        "specversion": "1.0",
        "id": "event-1",
        "source": "/city/pdx311",
        "type": "city.submission.submitted.v1",
        "time": "2026-11-21T09:30:00Z",
        "data": submission(submission_id=ID),
    } | changes


def record(number: int = 1, event_id: str | None = "event-1", **changes: Any) -> Outgoing:
    """One on its way out."""
    return replace(Outgoing(number, ID.encode(), b"{}", (("ce_id", b"event-1"),), event_id), **changes)


def accepted(event_id: str | None = "event-1") -> SubmissionAcceptedV1:
    return SubmissionAcceptedV1(
        submission_id=UUID(ID), source_event_id=event_id, verdict="accepted", reference="UP-7K2M-9QXD", processed_at=AT
    )


def duplicate() -> SubmissionDuplicateV1:
    return SubmissionDuplicateV1(
        submission_id=UUID(ID),
        source_event_id="event-1",
        verdict="duplicate",
        reference="UP-7K2M-9QXD",
        processed_at=AT,
        first_verdict="redirected",
    )


def redirected() -> SubmissionRedirectedV1:
    return SubmissionRedirectedV1(
        submission_id=UUID(ID),
        source_event_id="event-1",
        verdict="redirected",
        reason_code="not-managed-here",
        redirect=ELSEWHERE,
        processed_at=AT,
    )


def rejected() -> SubmissionRejectedV1:
    return SubmissionRejectedV1(
        submission_id=UUID(ID),
        source_event_id="event-1",
        verdict="rejected",
        reason_code="schema-violation",
        problems=(Problem(pointer="/group/size", code="greater-than-equal"),),
        processed_at=AT,
    )


def quarantined(offset: int = 7) -> SubmissionQuarantinedV1:
    """On a record whose id could not be read."""
    return SubmissionQuarantinedV1(
        submission_id=None,
        source_event_id=None,
        verdict="quarantined",
        reason_code="null-header",
        partition=0,
        offset=offset,
        processed_at=AT,
    )


def on_the_wire(event: Event, causation: str | None) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value of an answer, as a reader gets them."""
    envelope = Envelope("answer-1", "/intake", event.TYPE, AT, causation=causation)
    return [(name, text.encode()) for name, text in to_headers(envelope)], encode(event)
