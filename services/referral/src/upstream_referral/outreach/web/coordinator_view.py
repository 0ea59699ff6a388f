"""What the coordinator's page shows: one list, in the order in which a person must act. Pure.

The page is for one reader of the city's own, in English. What crossed the wall is shown as it came and tells nothing of who
handed it over; what a coordinator acknowledges is told to nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from upstream_referral.outreach.model import AreaAlert, Crossing, HelpOffer, LifeSafetyCall, Referral, Stage
from upstream_referral.outreach.texts.moments import moment_text
from upstream_referral.outreach.web.participant_view import Directory, name_of
from upstream_schemas.catalogues import languages

DESKS: Final[Mapping[str, str]] = {
    "ceasefire-desk": "Ceasefire desk",
    "focused-intervention-desk": "Focused Intervention Team desk",
    "community-justice-desk": "Community Justice desk",
}
AREAS: Final[Mapping[str, str]] = {f"district-{n}": f"District {n}" for n in range(1, 5)}
URGENCIES: Final[Mapping[str, str]] = {"today": "Today", "this-week": "This week", "routine": "Routine"}
ALERTS: Final[Mapping[str, str]] = {"shooting": "Shooting", "homicide": "Homicide"}
RETALIATION: Final[Mapping[str, str]] = {"unknown": "not known", "elevated": "more is expected"}


UNMET: Final[Mapping[str, str]] = {
    "no-service": "No service of the directory fits",
    "nobody-left": "Nobody whom the participant allowed could help",
    "not-chosen": "The participant chose nobody",
}


@dataclass(frozen=True, slots=True)
class Reachable:
    """How somebody wants to be addressed, and where they can be reached."""

    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that waits for a coordinator, as it was found and opened.

    `contacts` has the opened contact of a crossing, None where it does not open; `people` those of referrals.
    """

    crossings: Sequence[Crossing] = ()
    referrals: Sequence[Referral] = ()
    contacts: Mapping[UUID, Reachable | None] = field(default_factory=dict, repr=False)
    people: Mapping[UUID, Reachable] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """X3: a number to call now."""

    id: str
    title: str
    number: str
    since: str


@dataclass(frozen=True, slots=True)
class Offer:
    """X1: a desk to call, or a contact where one crossed. `unreadable` where its contact does not open."""

    id: str
    title: str
    urgency: str
    language: str
    since: str
    name: str | None = None
    reach: str | None = None
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """X2: something happened in an area."""

    id: str
    title: str
    hour: str
    retaliation: str


@dataclass(frozen=True, slots=True)
class Person:
    """A participant who waits for somebody, with what they gave us to reach them by."""

    title: str
    since: str
    language: str | None = None
    service: str | None = None
    name: str | None = None
    reach: str | None = None
    mail_fails: bool = False


@dataclass(frozen=True, slots=True)
class DeskView:
    """All that waits, the most urgent first."""

    account: str
    calls: tuple[Call, ...] = ()
    offers: tuple[Offer, ...] = ()
    late: tuple[Person, ...] = ()
    unmet: tuple[Person, ...] = ()
    choices: tuple[Person, ...] = ()
    alerts: tuple[Alert, ...] = ()


def desk_view(account: str, waiting: Waiting, directory: Directory) -> DeskView:
    """The list for one coordinator. Calls and offers stand in the order of their urgency, the rest oldest first."""
    came = sorted((found for found in waiting.crossings if found.what is not None), key=lambda one: one.received_at)
    asked = sorted(waiting.referrals, key=lambda one: one.since)
    offers = [(found, found.what) for found in came if isinstance(found.what, HelpOffer)]
    offers.sort(key=lambda pair: pair[1].respond_by)
    return DeskView(
        account=account,
        calls=tuple(_call(found, found.what) for found in came if isinstance(found.what, LifeSafetyCall)),
        offers=tuple(_offer(found, what, waiting) for found, what in offers),
        late=_people((one for one in asked if one.late == "hand-off"), waiting, directory),
        unmet=_people((one for one in asked if one.stage is Stage.UNMET), waiting, directory),
        choices=_people((one for one in asked if one.stage is Stage.CHOOSING), waiting, directory),
        alerts=tuple(_alert(found, found.what) for found in came if isinstance(found.what, AreaAlert)),
    )


def _call(crossing: Crossing, call: LifeSafetyCall) -> Call:
    return Call(str(crossing.crossing_id), f"call {call.callback_number}", call.callback_number, _when(crossing.received_at))


def _offer(crossing: Crossing, offer: HelpOffer, waiting: Waiting) -> Offer:
    opened = waiting.contacts.get(crossing.crossing_id)
    return Offer(
        id=str(crossing.crossing_id),
        title=f"Call the {DESKS.get(offer.callback_desk, offer.callback_desk)} by {_when(offer.respond_by)}",
        urgency=URGENCIES[offer.urgency],
        language=languages.own_name(offer.language),
        since=_when(crossing.received_at),
        name=opened.name if opened else None,
        reach=_reach(opened),
        unreadable=offer.sealed_contact is not None and opened is None,
    )


def _alert(crossing: Crossing, alert: AreaAlert) -> Alert:
    return Alert(
        id=str(crossing.crossing_id),
        title=f"{ALERTS[alert.alert]} in {AREAS.get(alert.cell, alert.cell)}",
        hour=f"the hour from {_when(alert.hour)}",
        retaliation=RETALIATION[alert.retaliation],
    )


def _people(referrals: Iterable[Referral], waiting: Waiting, directory: Directory) -> tuple[Person, ...]:
    return tuple(_person(referral, waiting.people.get(referral.referral_id), directory) for referral in referrals)


def _person(referral: Referral, opened: Reachable | None, directory: Directory) -> Person:
    taken = referral.taken_by
    return Person(
        title=_title(referral),
        since=_when(referral.since),
        language=languages.own_name(referral.language),
        service=name_of(taken.service, directory) if taken else None,
        name=opened.name if opened else None,
        reach=_reach(opened),
        mail_fails=referral.mailed == "not-sent",
    )


def _title(referral: Referral) -> str:
    if referral.stage is Stage.UNMET:
        return UNMET.get(referral.outcome or "", "Nobody could help")
    if referral.stage is Stage.CHOOSING:
        return "Was asked to choose, and has not answered for days" if referral.late else "Was asked to choose"
    return "Somebody said yes, and is not in touch yet"


def _reach(opened: Reachable | None) -> str | None:
    return ", ".join(channel for channel in (opened.phone, opened.email) if channel) if opened else None


def _when(moment: datetime) -> str:
    return moment_text(moment, "en")
