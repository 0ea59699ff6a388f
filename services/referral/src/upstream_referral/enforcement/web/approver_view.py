"""What an approver's page shows, as values. Pure but for opening grounds, which the approver of a life-safety call must read.

Shows apart what will cross and what never does.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from upstream_referral.enforcement.decide.approvals import is_over, may_decide, still_needed
from upstream_referral.enforcement.model import Approver, AreaAlert, HelpOffer, LifeSafetyCall, Locked, Role, Submission
from upstream_runtime import vault
from upstream_schemas.catalogues import languages
from upstream_schemas.enforcement import CrossingKind

PORTLAND: Final = ZoneInfo("America/Los_Angeles")
TITLES: Final[Mapping[CrossingKind, str]] = {
    "help-offer": "Offer of help",
    "area-alert": "Area alert",
    "life-safety-call": "Life-safety call",
}
ROLES: Final[Mapping[Role, str]] = {
    "agency-approver": "the agency's approver",
    "ceasefire-director": "the Ceasefire director",
    "duty-sergeant": "the duty sergeant",
    "lieutenant": "the lieutenant",
}
_WORDS: Final[Mapping[str, str]] = {
    "today": "Today",
    "this-week": "This week",
    "routine": "No hurry",
    "shooting": "Shooting",
    "homicide": "Homicide",
    "unknown": "Not known",
    "elevated": "More than usual",
}
NO_CONTACT: Final = "None. OVP calls the desk, and the rest is told by voice."
LOCKED_CONTACT: Final = "A name and one way to reach the person, locked so that only OVP can open it. It cannot be shown here."
ATTESTED: Final = (
    "Whoever handed this over states that it is no criminal-justice information and comes from no intelligence file."
)
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One submission as its approver sees it. `crosses` is all that would cross; `stays` are facts of this side alone."""

    id: UUID
    title: str
    crosses: tuple[Line, ...]
    stays: tuple[Line, ...]
    attested: str | None
    approved_by_me: bool
    others: tuple[str, ...]
    until: datetime
    until_text: str


@dataclass(frozen=True, slots=True)
class PageView:
    """An approver's page. `agency` is None for somebody who answers for every agency."""

    role: str
    account: str
    agency: str | None
    waiting: tuple[Waiting, ...]


def page_view(approver: Approver, submissions: Iterable[Submission], now: datetime) -> PageView:
    """What waits for this approver, longest first."""
    theirs = (each for each in submissions if may_decide(each, approver) and not is_over(each, now))
    agency = None if approver.agency == "*" else approver.agency
    return PageView(ROLES[approver.role], approver.account, agency, tuple(_waiting(each, approver) for each in theirs))


def _waiting(submission: Submission, approver: Approver) -> Waiting:
    needed = still_needed(submission)
    return Waiting(
        id=submission.id,
        title=TITLES[submission.kind],
        crosses=_crosses(submission),
        stays=_stays(submission),
        attested=ATTESTED if submission.kind == "help-offer" else None,
        approved_by_me=approver.role not in needed,
        others=tuple(ROLES[role] for role in needed if role != approver.role),
        until=submission.expires_at,
        until_text=moment_text(submission.expires_at),
    )


def _crosses(submission: Submission) -> tuple[Line, ...]:
    match submission.what:
        case HelpOffer() as offer:
            return (
                ("How soon somebody should call", _WORDS[offer.urgency]),
                ("Call before", moment_text(offer.respond_by)),
                ("Language", _language(offer.language)),
                ("Desk to call", offer.callback_desk),
                ("Name and contact", LOCKED_CONTACT if offer.contact else NO_CONTACT),
            )
        case AreaAlert() as alert:
            return (
                ("Area", alert.cell),
                ("Hour that began", moment_text(alert.hour)),
                ("What happened", _WORDS[alert.alert]),
                ("Is more expected?", _WORDS[alert.retaliation]),
            )
        case LifeSafetyCall() as call:
            return (("Call this number now", call.callback_number),)


def _stays(submission: Submission) -> tuple[Line, ...]:
    grounds = () if submission.grounds is None else (("Who asks, and why", _opened(submission.grounds)),)
    return (("Agency", submission.agency), ("The agency's reference", submission.agency_reference), *grounds)


def _opened(locked: Locked) -> str:
    return vault.unlock(b64decode(locked.key), locked.text)


def _language(tag: str) -> str:
    found = languages.language(tag)
    return f"{found.own_name} ({tag})" if found else tag


def moment_text(moment: datetime) -> str:
    """A moment as Portland's clocks show it."""
    local = moment.astimezone(PORTLAND)
    return f"{local:%A, %B} {local.day}, {local.year}, {local.hour % 12 or 12}:{local:%M %p %Z}"
