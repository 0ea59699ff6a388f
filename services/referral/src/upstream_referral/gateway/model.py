"""What the gateway keeps: how often what happened at the wall, by agency, in each quarter. No row of it names a crossing."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from upstream_schemas.enforcement import CrossingKind

WALL: Final = UUID("07e4c4de-0000-8000-8000-000000000002")  # the one thing that is counted at: one in each database


@dataclass(frozen=True, slots=True, order=True)
class Count:
    """One thing that happened, and how often. `outcome` is `crossed`, or why it was refused."""

    agency: str
    kind: CrossingKind
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter, such as 2026-Q4, and its counts in order."""

    name: str
    counts: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class Counters:
    """The quarter that runs, behind it any earlier one whose last counts are not published yet; oldest first."""

    periods: tuple[Period, ...] = ()
