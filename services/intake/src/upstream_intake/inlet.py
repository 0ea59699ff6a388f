"""The door for city systems: names the request, locks what is personal before a decision sees it, and answers the rest.

Draws the keys that decisions must not draw. Must not keep, count or repeat a text; after an emergency nothing of it is left.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from upstream_intake.decide.elsewhere import emergency_redirect
from upstream_intake.decide.submissions import request_id_of
from upstream_intake.model import Amended, Locked, Note, Person, Reference, Submitted
from upstream_intake.verdicts import About, duplicate, quarantined, redirected, rejected
from upstream_runtime import vault
from upstream_runtime.decision import Cause, Context, Fact
from upstream_runtime.wiring import Asked, Refusal
from upstream_schemas.city import (
    Problem,
    Requester,
    Submission,
    SubmissionAmendedV1,
    SubmissionSubmittedV1,
    SubmissionWithdrawnV1,
    Verdict,
)
from upstream_schemas.codec import decode
from upstream_schemas.intake import ContactCard, RequestRedirectedV1
from upstream_schemas.model import Event

EMERGENCY = "emergency"
PROBLEMS_MAX = 20


def key(event: Event, cause: Cause, secret: bytes) -> UUID:
    """The request that a record concerns: the same for every record of one submission of one source."""
    return request_id_of(cause.party or "unknown", event.submission_id, secret)  # type: ignore[attr-defined]


def prepare(event: Event, _: Cause) -> Submitted | Amended | SubmissionWithdrawnV1:
    """The decision's input. What a person wrote is locked here, each text under a fresh key."""
    match event:
        case SubmissionSubmittedV1():
            return Submitted(event, _person(event))
        case SubmissionAmendedV1():
            return Amended(event, _person(event))
        case SubmissionWithdrawnV1():
            return event
    raise TypeError(type(event).__name__)


def locked(text: str) -> Locked:
    """A text under a fresh key of its own."""
    return Locked(*vault.locked(text))


def refuse(refusal: Refusal, asked: Asked, ctx: Context[Reference]) -> Sequence[Fact]:
    """The verdict on a record that was not decided on, and what else must be said about it."""
    place = None if asked.key and asked.event_id else (asked.partition, asked.offset)
    about = About(asked.key, asked.event_id, ctx.now, place)
    if refusal.verdict == EMERGENCY:
        return _emergency(refusal, asked, about, ctx)
    return (_verdict(refusal, about),)


def _verdict(refusal: Refusal, about: About) -> Verdict:
    problems = tuple(Problem(pointer=pointer, code=code) for pointer, code in refusal.problems[:PROBLEMS_MAX])
    if refusal.verdict == "duplicate" and refusal.first is not None:
        return duplicate(about, decode(refusal.first, Verdict))
    if refusal.verdict == "rejected":
        return rejected(about, refusal.code, problems)
    return quarantined(about, refusal.code, problems)


def _emergency(refusal: Refusal, asked: Asked, about: About, ctx: Context[Reference]) -> Sequence[Fact]:
    """911 at once (journey J3). The outcome is counted under a fresh id; no word of the text stands in it."""
    other = emergency_redirect(refusal.hit, ctx.now)
    event = RequestRedirectedV1(
        request_id=ctx.id("redirected"),
        office=other.redirect.office,
        rule=other.rule,
        emergency=True,
        source=asked.party,
    )
    return redirected(about, EMERGENCY, other.rule, other.redirect), event


def _person(event: Submission) -> Person:
    wrote = _words(event)
    notes = (Note("submission", event.submitted_at, locked(json.dumps(wrote, ensure_ascii=False))),) if wrote else ()
    return Person(locked(_contact(event.requester)) if event.requester else None, notes)


def _contact(requester: Requester) -> str:
    card = ContactCard(
        name=requester.name,
        email=requester.email,
        phone=requester.phone,
        preferred_contact=requester.preferred_contact,
        consent_contact=requester.consent_contact,
    )
    return card.model_dump_json()


def _words(event: Submission) -> dict[str, object]:
    """What the person wrote and where they are, for staff eyes."""
    group, place, behalf = event.group, event.place, event.on_behalf_of
    wrote = {
        "safety_interest": event.safety_interest,
        "topic_text": event.topic_text,
        "group_name": group.name if group else None,
        "group_description": group.description if group else None,
        "access_needs_text": event.access_needs_text,
        "place_text": place.text if place else None,
        "place_lat": place.lat if place else None,
        "place_long": place.long if place else None,
        "helping_organisation": behalf.organisation if behalf else None,
        "helping_agent": behalf.agent_ref if behalf else None,
    }
    return {name: value for name, value in wrote.items() if value is not None}
