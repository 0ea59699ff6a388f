"""What agencies hand over, with everything filled in, and approvers, so that a test names only what it is about. All fictional."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from nacl.public import PrivateKey, SealedBox

from upstream_referral.enforcement import decide, inlet
from upstream_referral.enforcement.model import (
    Approver,
    Approves,
    CallAsked,
    Declines,
    HandedOver,
    Issued,
    Offered,
    Reference,
    Role,
    Submission,
)
from upstream_runtime import vault
from upstream_runtime.clock import random_id
from upstream_runtime.decision import Cause, Context, Decision, Unchanged
from upstream_schemas.enforcement import AreaAlertIssuedV1, HelpOfferedV1, LifeSafetyCallAskedV1
from upstream_schemas.model import Event

NOW = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
AGENCY = "east-precinct"
SUBMISSION = UUID("0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77")
KEY = UUID("5b0c1f5e-2f64-8c3a-9d0e-0c8a5f1e2b00")
SECRET = b"a secret of this test only"
AGENCY_REFERENCE = "EP-CANARY-17"
GROUNDS = "Officer Example heard a threat against a witness"
CONTACT = {"name": "Sam Example", "phone": "+15035550142"}
OVP_KEY_ID = "ovp-1"
PAIR = PrivateKey.generate()

OFFER: dict[str, Any] = {
    "submission_id": str(SUBMISSION),
    "agency_reference": AGENCY_REFERENCE,
    "urgency": "this-week",
    "respond_by": "2026-11-25T18:00:00Z",
    "language": "so",
    "callback_desk": "ceasefire-desk",
    "attestation": {"not_criminal_justice_information": True, "not_intelligence_derived": True},
}
ALERT: dict[str, Any] = {
    "submission_id": str(SUBMISSION),
    "agency_reference": AGENCY_REFERENCE,
    "cell": "district-1",
    "hour": "2026-11-23T17:00:00Z",
    "kind": "shooting",
    "retaliation": "elevated",
}
CALL: dict[str, Any] = {
    "submission_id": str(SUBMISSION),
    "agency_reference": AGENCY_REFERENCE,
    "callback_number": "+15035550119",
    "grounds": GROUNDS,
}
E = TypeVar("E", bound=Event)

APPROVER = Approver("agency-approver", AGENCY, "alex.example")
DIRECTOR = Approver("ceasefire-director", "*", "dana.example")
SERGEANT = Approver("duty-sergeant", "*", "sid.example")
LIEUTENANT = Approver("lieutenant", "*", "lee.example")


def approver(role: Role, agency: str = AGENCY, account: str = "sasha.example") -> Approver:
    return Approver(role, agency, account)


def seal(text: str) -> tuple[str, str]:
    """To OVP, as its public key's file would."""
    return OVP_KEY_ID, b64encode(SealedBox(PAIR.public_key).encrypt(text.encode())).decode()


def opened(sealed: str) -> Any:
    """What OVP reads in a sealed contact."""
    return json.loads(vault.opener(b64encode(bytes(PAIR)).decode())(sealed))


def write_ovp_key(folder: Path) -> Path:
    file = folder / "ovp.pub"
    file.write_text(f"{OVP_KEY_ID} {b64encode(bytes(PAIR.public_key)).decode()}")
    return file


def made(event: type[E], whole: dict[str, Any], /, **changes: Any) -> E:
    """An event as it is read; a field that is None is left out."""
    return event.model_validate_json(json.dumps({name: v for name, v in {**whole, **changes}.items() if v is not None}))


def help_offered(**changes: Any) -> HelpOfferedV1:
    return made(HelpOfferedV1, OFFER, **changes)


def area_alert_issued(**changes: Any) -> AreaAlertIssuedV1:
    return made(AreaAlertIssuedV1, ALERT, **changes)


def life_safety_call_asked(**changes: Any) -> LifeSafetyCallAskedV1:
    return made(LifeSafetyCallAskedV1, CALL, **changes)


def prepared(event: Event, *, takes_contact: bool = True) -> HandedOver:
    """A submission as its decision gets it."""
    return inlet.preparing(seal, takes_contact=takes_contact)(event, cause())


def offered(*, takes_contact: bool = True, **changes: Any) -> Offered:
    fact = prepared(help_offered(**changes), takes_contact=takes_contact)
    assert isinstance(fact, Offered)
    return fact


def issued(**changes: Any) -> Issued:
    fact = prepared(area_alert_issued(**changes))
    assert isinstance(fact, Issued)
    return fact


def call_asked(**changes: Any) -> CallAsked:
    fact = prepared(life_safety_call_asked(**changes))
    assert isinstance(fact, CallAsked)
    return fact


def cause(now: datetime = NOW, agency: str = AGENCY, event_id: str = "event-1") -> Cause:
    return Cause(event_id, f"/enforcement/{agency}", now, None, agency, None, now)


def context(now: datetime = NOW, *, takes_contact: bool = True, agency: str = AGENCY, **more: Any) -> Context[Reference]:
    """What a decision may know."""
    return Context(now, cause(now, agency), Reference(takes_contact), SECRET, KEY, random_id, **more)


def state(decision: Decision[Submission]) -> Submission:
    assert not isinstance(decision.state, Unchanged)
    return decision.state


def offer_waiting(**changes: Any) -> Submission:
    return state(decide.help_offered(None, offered(**changes), context()))


def alert_waiting(**changes: Any) -> Submission:
    return state(decide.area_alert_issued(None, issued(**changes), context()))


def call_waiting(**changes: Any) -> Submission:
    return state(decide.life_safety_call_asked(None, call_asked(**changes), context()))


def approves(submission: Submission, who: Approver, now: datetime = NOW) -> Decision[Submission]:
    return decide.approved(submission, Approves(who), context(now))


def declines(submission: Submission, who: Approver, now: datetime = NOW) -> Decision[Submission]:
    return decide.declined(submission, Declines(who), context(now))


def approved_by(submission: Submission, *who: Approver) -> Submission:
    for each in who:
        submission = state(approves(submission, each))
    return submission


def later(**time: int) -> datetime:
    return NOW + timedelta(**time)


def handed_over_by(submission: Submission, agency: str) -> Submission:
    return replace(submission, agency=agency)
