"""Which office to name to somebody whose matter Community Safety does not manage, on a given day and at a given hour.

The rows stand in `offices`. An office that cannot come now, or does not come to such a case, is never named: what is
named instead stands in its row. Nothing here guesses what a text is about and nothing is ever sent to an office.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

PORTLAND = ZoneInfo("America/Los_Angeles")
DAY_MINUTES = 24 * 60

Kind = Literal["emergency", "crisis", "street-response", "police", "city", "county", "regional"]
Circumstance = Literal["weapon", "violence", "active-suicidality", "private-residence", "in-traffic"]


@dataclass(frozen=True, slots=True)
class Hours:
    """From one weekday to another (Monday is 0), wall time in Portland; the closing minute is excluded."""

    first_weekday: int
    last_weekday: int
    opens_minutes: int
    closes_minutes: int

    def hold(self, moment: datetime) -> bool:
        """Whether they hold at a moment that is given in wall time."""
        minutes = moment.hour * 60 + moment.minute
        return (
            self.first_weekday <= moment.weekday() <= self.last_weekday and self.opens_minutes <= minutes < self.closes_minutes
        )


def daily(opens: int, closes: int) -> tuple[Hours, ...]:
    """Every day from one full hour to another; 24 is midnight."""
    return (Hours(0, 6, opens * 60, closes * 60),)


ALWAYS = daily(0, 24)


@dataclass(frozen=True, slots=True)
class Office:
    """One dated row. `hours` None: not known; `valid_from` None: earlier than we know; `valid_to`: the first day after.

    `confirmed_by_city` stays False until the city has read the row; until then it is to be confirmed.
    """

    code: str
    name: str
    kind: Kind
    phone: str | None
    verified_on: date
    source: str
    url: str | None = None
    email: str | None = None
    hours: tuple[Hours, ...] | None = None
    exclusions: frozenset[Circumstance] = field(default_factory=frozenset)
    instead: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    confirmed_by_city: bool = False


def valid_on(office: Office, day: date) -> bool:
    """Whether the row holds on that day, its first included and its last not."""
    return (office.valid_from is None or office.valid_from <= day) and (office.valid_to is None or day < office.valid_to)


def open_at(office: Office, moment: datetime) -> bool:
    """Whether the office is known to be open at an aware moment; False where its hours are not known."""
    local = moment.astimezone(PORTLAND)
    return any(hours.hold(local) for hours in office.hours or ())


def office(offices: Iterable[Office], code: str, day: date) -> Office | None:
    """The row of that code that holds on that day."""
    return next((row for row in offices if row.code == code and valid_on(row, day)), None)


def offices_to_name(
    offices: Iterable[Office], code: str, moment: datetime, circumstances: frozenset[Circumstance] = frozenset()
) -> tuple[Office, ...]:
    """The office itself, or those its row names instead while it is closed or excluded; none for an unknown code.

    An office that names nobody instead is named even while closed: its hours tell when to call.
    """
    rows = tuple(offices)
    day = moment.astimezone(PORTLAND).date()
    found = office(rows, code, day)
    if found is None:
        return ()
    if not found.instead or (open_at(found, moment) and found.exclusions.isdisjoint(circumstances)):
        return (found,)
    return tuple(other for name in found.instead if (other := office(rows, name, day)) is not None)
