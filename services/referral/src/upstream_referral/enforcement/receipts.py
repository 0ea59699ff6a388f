"""X4: the receipt that each submission gets, from what the agency sent and nothing else. Must never say what came of it."""

from dataclasses import dataclass
from uuid import UUID

from upstream_schemas.city import Problem
from upstream_schemas.enforcement import SubmissionInvalidV1, SubmissionReceivedV1

PROBLEMS_MAX = 20


@dataclass(frozen=True, slots=True)
class About:
    """Which record is answered. `place` is (partition, offset) where the record had no readable key or id."""

    submission_id: UUID | None
    event_id: str | None
    agency_reference: str | None = None
    place: tuple[int, int] | None = None


def received(about: About) -> SubmissionReceivedV1:
    """It arrived."""
    return SubmissionReceivedV1(
        submission_id=about.submission_id,
        source_event_id=about.event_id,
        agency_reference=about.agency_reference,
    )


def invalid(about: About, code: str, problems: tuple[tuple[str, str], ...] = ()) -> SubmissionInvalidV1:
    """It cannot be taken as it is. `problems` are (JSON pointer, code); beyond PROBLEMS_MAX they are left out."""
    partition, offset = about.place or (None, None)
    return SubmissionInvalidV1(
        submission_id=about.submission_id,
        source_event_id=about.event_id,
        agency_reference=about.agency_reference,
        code=code,
        problems=tuple(Problem(pointer=pointer, code=code) for pointer, code in problems[:PROBLEMS_MAX]),
        partition=partition,
        offset=offset,
    )
