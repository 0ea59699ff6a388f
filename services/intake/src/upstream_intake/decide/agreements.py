"""The shared agreement: proposed, accepted, declined, asked to be another, or left to run out.

Source: City of Portland, About Community Safety, step 2 ("We develop a shared agreement of the training topic"); the
glossary: an agreement is bound by version and text hash and names no date. Only an accepted agreement asks for a training.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from upstream_intake.decide.case import (
    AGREEMENT_EXPIRES,
    CLOSED,
    DONE,
    NOT_NOW,
    Ctx,
    about_a_request,
    closed,
    deadlines_lifted,
    told_of,
    turned,
    waits_for_a_person,
)
from upstream_intake.decide.triage import GROUP_SIZE_MIN
from upstream_intake.model import (
    AcceptsAgreement,
    Agreement,
    DeclinesAgreement,
    MeetingFormat,
    Note,
    Request,
    WantsSomethingElse,
    Wish,
)
from upstream_intake.texts import written_language
from upstream_intake.texts.agreement import Draft, agreement_text, text_hash
from upstream_runtime.decision import Decision, Due
from upstream_schemas.catalogues import connections, training_topics
from upstream_schemas.city import Availability
from upstream_schemas.intake import (
    AgreementAcceptedV1,
    AgreementCounteredV1,
    AgreementDeclinedV1,
    AgreementProposedV1,
    AgreementTerms,
    RequestExpiredV1,
    TrainingRequestedV1,
)

OPEN_FOR = timedelta(days=14)
VERSION_MAX = 100
CHANGED = "agreement-changed"
EXPIRED = "agreement-expired"
GROUP_DUTIES = ("five-or-more", "answer-the-date", "say-early")
CITY_DUTIES = ("free-of-charge", "trainer-and-date", "in-your-language", "tell-changes")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be agreed on, before it has a version and a text."""

    topic: training_topics.Topic
    catalogue_version: int
    format: MeetingFormat
    length_minutes: int
    language: str
    group_size: int
    availability: Availability


def terms_on(topic: training_topics.Topic, wish: Wish, group_size: int, availability: Availability) -> Terms:
    """The terms that a wish leads to: the topic's own length, and only a format that the topic is given in."""
    only = topic.formats[0] if len(topic.formats) == 1 else None
    return Terms(
        topic=topic,
        catalogue_version=wish.topics[0].catalogue_version,
        format=only or wish.format,
        length_minutes=topic.length_minutes,
        language=wish.language,
        group_size=group_size,
        availability=availability,
    )


def proposed(request: Request, terms: Terms, ctx: Ctx) -> Decision[Request]:
    """The next version of the agreement, open for OPEN_FOR; an older one can no longer be accepted."""
    draft = _draft(request, terms)
    text = agreement_text(draft, request.language)
    agreement = Agreement(
        terms=_terms(draft, terms.catalogue_version, terms.format, text_hash(text)),
        text=text,
        text_language=written_language(request.language),
        expires_at=ctx.now + OPEN_FOR,
        availability=terms.availability,
    )
    now_open = told_of(
        turned(replace(request, agreement=agreement), "proposed"), ctx, "agreement-proposed", str(draft.version)
    )
    event = AgreementProposedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=request.told,
        language=request.language,
        terms=agreement.terms,
        expires_at=agreement.expires_at,
        page_link=ctx.reference.page_link(request.id),
    )
    due = (*deadlines_lifted(request), Due(AGREEMENT_EXPIRES, request.id, agreement.expires_at))
    return Decision(now_open, (event,), due, DONE)


def _draft(request: Request, terms: Terms) -> Draft:
    needs = ("access-for-all",) if request.wish.access_needs or request.wish.needs_in_own_words else ()
    return Draft(
        version=request.agreement.terms.version + 1 if request.agreement else 1,
        topic=terms.topic,
        format=terms.format,
        length_minutes=terms.length_minutes,
        language=terms.language,
        group_size=terms.group_size,
        group_duties=GROUP_DUTIES if terms.group_size >= GROUP_SIZE_MIN else GROUP_DUTIES[1:],
        city_duties=CITY_DUTIES + needs,
    )


def _terms(draft: Draft, catalogue_version: int, format_: MeetingFormat, hash_: str) -> AgreementTerms:
    return AgreementTerms(
        version=draft.version,
        topic=draft.topic.code,
        catalogue_version=catalogue_version,
        format=format_,
        length_minutes=draft.length_minutes,
        language=draft.language,
        group_size=draft.group_size,
        group_duties=draft.group_duties,
        city_duties=draft.city_duties,
        text_hash=hash_,
    )


@about_a_request
def agreement_accepted(request: Request, fact: AcceptsAgreement, ctx: Ctx) -> Decision[Request]:
    """Binds exactly the version and the text that were read. Saying yes twice is saying yes once."""
    agreement = request.agreement
    if agreement is not None and agreement.accepted_at is not None and _same(agreement, fact):
        return Decision(answer=DONE)
    refusal = _refused(request, fact.version, ctx)
    if agreement is None or refusal:
        return Decision(answer=refusal)
    if not _same(agreement, fact):
        return Decision(answer=CHANGED)
    event = AgreementAcceptedV1(
        request_id=request.id, version=agreement.terms.version, text_hash=agreement.terms.text_hash, accepted_at=ctx.now
    )
    bound = turned(replace(request, agreement=replace(agreement, accepted_at=ctx.now)), "agreed")
    agreed = told_of(bound, ctx, "agreement-accepted", str(agreement.terms.version))
    return Decision(agreed, (event, _order(request, agreement)), deadlines_lifted(request), DONE)


def _same(agreement: Agreement, fact: AcceptsAgreement) -> bool:
    return (agreement.terms.version, agreement.terms.text_hash) == (fact.version, fact.text_hash)


def _order(request: Request, agreement: Agreement) -> TrainingRequestedV1:
    return TrainingRequestedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=request.told,
        language=request.language,
        terms=agreement.terms,
        connections=tuple(code for code in request.wish.connections if connections.known(code)),
        availability=agreement.availability,
        access_needs=request.wish.access_needs,
        neighborhood=request.wish.neighborhood,
    )


@about_a_request
def agreement_declined(request: Request, fact: DeclinesAgreement, ctx: Ctx) -> Decision[Request]:
    """The group wants no training after all: the case is closed, without a question why."""
    refusal = _refused(request, fact.version, ctx)
    if refusal:
        return Decision(answer=refusal)
    event = AgreementDeclinedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=request.told,
        language=request.language,
        version=fact.version,
    )
    ended, over = closed(told_of(request, ctx, "agreement-declined", str(fact.version)), ctx, "declined", "nothing-arranged")
    return Decision(ended, (event, over), deadlines_lifted(request), DONE)


@about_a_request
def something_else_wanted(request: Request, fact: WantsSomethingElse, ctx: Ctx) -> Decision[Request]:
    """The group asks for other terms in its own words: a person of the team takes it up."""
    refusal = _refused(request, fact.version, ctx)
    if refusal:
        return Decision(answer=refusal)
    note = Note("counter", ctx.now, fact.words)
    heard = waits_for_a_person(with_note(request, note), ctx, ("countered",))
    event = AgreementCounteredV1(request_id=request.id, version=fact.version)
    return Decision(told_of(heard, ctx, "agreement-countered"), (event,), deadlines_lifted(request), DONE)


def with_note(request: Request, note: Note) -> Request:
    """The request with what its person wrote."""
    return replace(request, person=replace(request.person, notes=(*request.person.notes, note)))


def _refused(request: Request, version: int, ctx: Ctx) -> str | None:
    """Why the agreement of this version cannot be answered now, if so."""
    if request.status == "closed":
        return CLOSED
    if request.agreement is None or request.status != "proposed":
        return NOT_NOW
    if request.agreement.terms.version != version:
        return CHANGED
    return EXPIRED if request.agreement.expires_at <= ctx.now else None


@about_a_request
def agreement_expired(request: Request, _: None, ctx: Ctx) -> Decision[Request]:
    """Nobody answered in time: the case is closed, and the reference says so."""
    if request.status != "proposed" or request.agreement is None or request.agreement.expires_at > ctx.now:
        return Decision()
    return run_out(request, ctx, "agreement")


def run_out(request: Request, ctx: Ctx, waiting_for: Literal["agreement", "information"]) -> Decision[Request]:
    """Closes a case whose requester did not answer."""
    event = RequestExpiredV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=request.told,
        language=request.language,
        waiting_for=waiting_for,
    )
    ended, over = closed(told_of(request, ctx, f"{waiting_for}-expired"), ctx, "expired", "nothing-arranged")
    return Decision(ended, (event, over))
