"""The one answer to each record from outside, in words a city system can act on. Must never repeat a value it was sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from upstream_schemas.city import (
    Problem,
    Redirect,
    SubmissionAcceptedV1,
    SubmissionDuplicateV1,
    SubmissionQuarantinedV1,
    SubmissionRedirectedV1,
    SubmissionRejectedV1,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class About:
    """Which record is answered, and when. `place` is (partition, offset) where the record had no readable key or id."""

    submission_id: UUID | None
    event_id: str | None
    at: datetime
    place: tuple[int, int] | None = None

    @property
    def partition(self) -> int | None:
        """Where the record lies, if it must be named by that."""
        return self.place[0] if self.place else None

    @property
    def offset(self) -> int | None:
        """Where the record lies, if it must be named by that."""
        return self.place[1] if self.place else None


def accepted(about: About, reference: str, rule: str) -> SubmissionAcceptedV1:
    """A request was opened or changed under this reference."""
    return SubmissionAcceptedV1(
        submission_id=about.submission_id,
        source_event_id=about.event_id,
        verdict="accepted",
        reference=reference,
        rule=rule,
        processed_at=about.at,
    )


def redirected(about: About, reason_code: str, rule: str, redirect: Redirect) -> SubmissionRedirectedV1:
    """Somebody else helps; nothing was kept."""
    return SubmissionRedirectedV1(
        submission_id=about.submission_id,
        source_event_id=about.event_id,
        verdict="redirected",
        reason_code=reason_code,
        rule=rule,
        redirect=redirect,
        partition=about.partition,
        offset=about.offset,
        processed_at=about.at,
    )


def rejected(
    about: About, reason_code: str, problems: tuple[Problem, ...] = (), reference: str | None = None
) -> SubmissionRejectedV1:
    """The sender can mend it. `reference` where a request of ours is meant."""
    return SubmissionRejectedV1(
        submission_id=about.submission_id,
        source_event_id=about.event_id,
        verdict="rejected",
        reason_code=reason_code,
        problems=problems,
        reference=reference,
        partition=about.partition,
        offset=about.offset,
        processed_at=about.at,
    )


def quarantined(about: About, reason_code: str, problems: tuple[Problem, ...]) -> SubmissionQuarantinedV1:
    """A person must look at it."""
    return SubmissionQuarantinedV1(
        submission_id=about.submission_id,
        source_event_id=about.event_id,
        verdict="quarantined",
        reason_code=reason_code,
        problems=problems,
        partition=about.partition,
        offset=about.offset,
        processed_at=about.at,
    )


def duplicate(about: About, first: Verdict) -> SubmissionDuplicateV1:
    """The same record again: what the first answer said."""
    return SubmissionDuplicateV1(
        submission_id=about.submission_id,
        source_event_id=about.event_id,
        verdict="duplicate",
        reason_code=first.reason_code,
        reference=first.reference,
        rule=first.rule,
        redirect=first.redirect,
        processed_at=about.at,
        first_verdict=first.verdict,
    )
