"""A submission comes in, is changed, or is taken back by the system that sent it.

What belongs to another office is redirected at once and not kept (journey J2; City of Portland, About Community Safety,
"Issues NOT managed by Community Safety"). Everything else opens a request and is triaged. The same three facts always get
one verdict each.
"""

from dataclasses import fields, replace
from datetime import timedelta
from hashlib import blake2b
from typing import Final
from uuid import UUID

from upstream_intake.decide.agreements import proposed, terms_on
from upstream_intake.decide.case import (
    Ctx,
    closed,
    deadlines_lifted,
    told_of,
    waits_for_a_person,
)
from upstream_intake.decide.elsewhere import Elsewhere, elsewhere
from upstream_intake.decide.triage import REASONS_MAX, RULE, Asking, triage
from upstream_intake.model import Amended, Person, Request, Submitted, Wish
from upstream_intake.verdicts import About, accepted, redirected, rejected
from upstream_runtime.decision import Decision, Erased, Fact, steady_id
from upstream_schemas.catalogues import channels
from upstream_schemas.city import Submission, SubmissionWithdrawnV1
from upstream_schemas.intake import (
    ContactUpsertedV1,
    RequestAmendedV1,
    RequestReceivedV1,
    RequestRedirectedV1,
    RequestTriagedV1,
    RequestWithdrawnV1,
)

VERY_OLD: Final = timedelta(days=30)
# Where a part of the wish stands in a submission, if not under its own name.
_FIELD_OF: Final = {
    "group_size": "group",
    "connections": "group",
    "topic_in_own_words": "topic_text",
    "needs_in_own_words": "access_needs_text",
    "neighborhood": "place",
    "may_tell": "requester",
    "reachable": "requester",
}
ALREADY_SUBMITTED = "already-submitted"
ALREADY_AGREED = "already-agreed"
ALREADY_CLOSED = "already-closed"
ALREADY_ERASED = "already-erased"
UNKNOWN_SUBMISSION = "unknown-submission"
STALE_REVISION = "stale-revision"
REVISION_GAP = "revision-gap"
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def submission_submitted(request: Request | None, fact: Submitted, ctx: Ctx) -> Decision[Request]:
    """Ours or not? Where it is ours, a request is opened under a reference that nobody can guess."""
    about = About(fact.event.submission_id, ctx.cause.id, ctx.now)
    if request is not None:
        return Decision(answer=rejected(about, ALREADY_SUBMITTED, reference=request.reference))
    if fact.event.revision != 1:
        return Decision(answer=rejected(about, REVISION_GAP))
    other = elsewhere(fact.event, ctx.now)
    return _redirected(other, about, ctx) if other else _opened(fact, about, ctx)


def submission_amended(request: Request | None, fact: Amended, ctx: Ctx) -> Decision[Request]:
    """The whole wish as it is now: until the agreement is accepted it replaces the old one and is triaged again."""
    about = About(fact.event.submission_id, ctx.cause.id, ctx.now)
    if request is None:
        return Decision(answer=rejected(about, UNKNOWN_SUBMISSION))
    refusal = _out_of_turn(request, fact.event.revision) or _too_late(request)
    if refusal:
        return Decision(answer=rejected(about, refusal, reference=request.reference))
    changed, contact = _replaced(request, fact, ctx)
    event = RequestAmendedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=changed.told,
        language=changed.language,
        changed=_changed(request.wish, changed.wish),
    )
    also = ("maybe-elsewhere",) if elsewhere(fact.event, ctx.now) else ()
    triaged = _triaged(told_of(changed, ctx, "amended"), fact.event.channel, ctx, also)
    return replace(triaged, events=(event, *contact, *triaged.events), answer=accepted(about, request.reference, RULE))


def submission_withdrawn(request: Request | None, event: SubmissionWithdrawnV1, ctx: Ctx) -> Decision[Request]:
    """Nobody has to say why."""
    about = About(event.submission_id, ctx.cause.id, ctx.now)
    if request is None:
        return Decision(answer=rejected(about, UNKNOWN_SUBMISSION))
    refusal = _out_of_turn(request, event.revision) or (ALREADY_CLOSED if _over(request) else None)
    if refusal:
        return Decision(answer=rejected(about, refusal, reference=request.reference))
    gone = withdrawn(replace(request, revision=event.revision), ctx)
    return replace(gone, answer=accepted(about, request.reference, RULE))


def withdrawn(request: Request, ctx: Ctx) -> Decision[Request]:
    """The request is taken back: the scheduler frees what was held, and nothing more is sent."""
    event = RequestWithdrawnV1(
        request_id=request.id, reference=request.reference, contact_id=request.told, language=request.language
    )
    ended, over = closed(told_of(request, ctx, "withdrawn"), ctx, "withdrawn", "nothing-arranged")
    return Decision(ended, (event, over), deadlines_lifted(request))


def reference_of(request_id: UUID, secret: bytes) -> str:
    """Eight signs of Crockford's base 32 out of a keyed hash: easy to say on the telephone, not to be guessed."""
    number = int.from_bytes(blake2b(request_id.bytes, digest_size=5, key=secret).digest())
    signs = "".join(_CROCKFORD[number >> shift & 31] for shift in range(35, -1, -5))
    return f"UP-{signs[:4]}-{signs[4:]}"


def _redirected(other: Elsewhere, about: About, ctx: Ctx) -> Decision[Request]:
    event = RequestRedirectedV1(
        request_id=ctx.id("redirected"),
        office=other.redirect.office,
        rule=other.rule,
        emergency=False,
        source=source_of(ctx),
    )
    return Decision(events=(event,), answer=redirected(about, "not-managed-here", other.rule, other.redirect))


def _opened(fact: Submitted, about: About, ctx: Ctx) -> Decision[Request]:
    event, request = fact.event, _request(fact, ctx)
    received = RequestReceivedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=request.told,
        language=request.language,
        source=request.source,
        channel=request.channel,
        page_link=ctx.reference.page_link(request.id),
        late=request.quiet,
    )
    triaged = _triaged(told_of(request, ctx, "received"), event.channel, ctx)
    events = (received, *_contact(request, fact.person), *triaged.events)
    return replace(triaged, events=events, answer=accepted(about, request.reference, RULE))


def _request(fact: Submitted, ctx: Ctx) -> Request:
    event, wish = fact.event, _wish(fact.event)
    request_id = request_id_of(source_of(ctx), event.submission_id, ctx.secret)
    return Request(
        id=request_id,
        reference=reference_of(request_id, ctx.secret),
        source=source_of(ctx),
        submission_id=event.submission_id,
        revision=event.revision,
        channel=event.channel if channels.known(event.channel) else channels.OTHER,
        opened_at=ctx.now,
        quiet=ctx.now - event.submitted_at > VERY_OLD,
        wish=wish,
        contact_id=ctx.id("contact") if wish.may_tell else None,
        person=fact.person,
    )


def request_id_of(source: str, submission_id: UUID, secret: bytes) -> UUID:
    """The request's id: the same for each record of one submission, never an outside id, and different in every database."""
    return steady_id(f"{source}/{submission_id}", secret)


def source_of(ctx: Ctx) -> str:
    """The city system whose topic the record came from."""
    return ctx.cause.party or "unknown"


def _wish(event: Submission) -> Wish:
    requester, group, behalf = event.requester, event.group, event.on_behalf_of
    ours_to_tell = behalf is None or behalf.updates_to != "agent"
    may_tell = ours_to_tell and requester is not None and requester.consent_contact
    return Wish(
        intent=event.intent,
        group_size=group.size if group else None,
        connections=group.connections if group else (),
        topics=event.topics,
        topic_in_own_words=event.topic_text is not None,
        format=event.format,
        availability=event.availability,
        access_needs=event.access_needs,
        needs_in_own_words=event.access_needs_text is not None,
        neighborhood=event.place.neighborhood if event.place else None,
        language=event.language,
        may_tell=may_tell,
        reachable=may_tell and requester is not None and requester.email is not None,
    )


def _contact(request: Request, person: Person) -> tuple[Fact, ...]:
    if request.contact_id is None or person.contact is None:
        return ()
    return (
        ContactUpsertedV1(
            contact_id=request.contact_id,
            contact=person.contact.text,
            key=person.contact.key,
            language=request.language,
        ),
    )


def _triaged(request: Request, channel: str, ctx: Ctx, also: tuple[str, ...] = ()) -> Decision[Request]:
    """What the rules say: an agreement at once, or a person of the team."""
    wish = request.wish
    rounds = request.agreement.terms.version if request.agreement else 0
    result = triage(Asking(wish, channel, request.quiet, rounds, ctx.now))
    reasons = (*also, *result.reasons)[:REASONS_MAX]
    if also or result.topic is None or wish.availability is None or wish.group_size is None:
        event = RequestTriagedV1(request_id=request.id, outcome="person", reasons=reasons, rule=RULE)
        return Decision(waits_for_a_person(request, ctx, reasons), (event,), deadlines_lifted(request))
    event = RequestTriagedV1(request_id=request.id, outcome="agreement", reasons=reasons, rule=RULE)
    terms = terms_on(result.topic, wish, wish.group_size, wish.availability)
    offer = proposed(request, terms, ctx)
    return replace(offer, events=(event, *offer.events))


def _replaced(request: Request, fact: Amended, ctx: Ctx) -> tuple[Request, tuple[Fact | Erased, ...]]:
    """The request with the new wish and person; what staff was told in the meantime stays."""
    kept = tuple(note for note in request.person.notes if note.kind != "submission")
    person = replace(fact.person, notes=(*fact.person.notes, *kept))
    wish = _wish(fact.event)
    contact_id = (request.contact_id or ctx.id("contact")) if wish.may_tell else None
    changed = replace(request, revision=fact.event.revision, wish=wish, contact_id=contact_id, person=person)
    if contact_id is None and request.contact_id is not None:
        return changed, (Erased(ContactUpsertedV1, request.contact_id),)
    return changed, _contact(changed, person)


def _changed(before: Wish, after: Wish) -> tuple[str, ...]:
    """The submission's fields that differ. Words and contacts are locked, so whether they differ is not known."""
    differing = (field.name for field in fields(Wish) if getattr(before, field.name) != getattr(after, field.name))
    return tuple(dict.fromkeys(_FIELD_OF.get(name, name) for name in differing))


def _out_of_turn(request: Request, revision: int) -> str | None:
    if revision <= request.revision:
        return STALE_REVISION
    return REVISION_GAP if revision > request.revision + 1 else None


def _too_late(request: Request) -> str | None:
    if request.erased:
        return ALREADY_ERASED
    if _over(request):
        return ALREADY_CLOSED
    return ALREADY_AGREED if request.ordered else None


def _over(request: Request) -> bool:
    return request.status in ("delivered", "closed")
