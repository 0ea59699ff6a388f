"""What a person of the team decides: ask, accept, say no, close, erase. Only people say no, with a reason and their name.

Whatever a person does about a very old submission ends its silence: from then on the requester is told.
"""

from dataclasses import replace
from datetime import timedelta

from upstream_intake.decide.agreements import VERSION_MAX, Terms, proposed, run_out, terms_on, with_note
from upstream_intake.decide.case import (
    CLOSED,
    DONE,
    NOT_NOW,
    QUESTION_EXPIRES,
    Ctx,
    about_a_request,
    closed,
    deadlines_lifted,
    told_of,
    turned,
    waits_for_a_person,
)
from upstream_intake.decide.triage import chosen_topic
from upstream_intake.model import (
    NOBODY,
    AnswersQuestion,
    Note,
    Request,
    StaffAccepts,
    StaffAsks,
    StaffCloses,
    StaffErases,
    StaffRejects,
    Wish,
)
from upstream_runtime.decision import Decision, Due, Erased, Fact
from upstream_schemas.catalogues import training_topics
from upstream_schemas.city import TopicChoice
from upstream_schemas.intake import (
    ContactUpsertedV1,
    InformationProvidedV1,
    InformationRequestedV1,
    RequesterErasedV1,
    RequestRejectedV1,
    RequestTriagedV1,
)

ANSWER_WITHIN = timedelta(days=30)
STAFF = "staff"
TOPIC_MISSING = "topic-missing"
FORMAT_NOT_OFFERED = "format-not-offered"
GROUP_SIZE_MISSING = "group-size-missing"
AVAILABILITY_MISSING = "availability-missing"
TOO_MANY_ROUNDS = "too-many-rounds"


@about_a_request
def staff_asked(request: Request, fact: StaffAsks, ctx: Ctx) -> Decision[Request]:
    """A question to the requester; they answer on their page, within ANSWER_WITHIN."""
    refusal = _decided_already(request)
    if refusal:
        return Decision(answer=refusal)
    heard = replace(request, quiet=False)
    expires_at = ctx.now + ANSWER_WITHIN
    event = InformationRequestedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=heard.told,
        language=request.language,
        question=fact.question,
        expires_at=expires_at,
        page_link=ctx.reference.page_link(request.id),
    )
    asked = replace(turned(heard, "question"), question=fact.question)
    due = (*deadlines_lifted(request), Due(QUESTION_EXPIRES, request.id, expires_at))
    return Decision(told_of(asked, ctx, "question-asked"), (event,), due, DONE)


@about_a_request
def question_answered(request: Request, fact: AnswersQuestion, ctx: Ctx) -> Decision[Request]:
    """The requester's answer goes to the team; its words stay with intake."""
    if request.status != "question":
        return Decision(answer=CLOSED if request.status == "closed" else NOT_NOW)
    noticed = with_note(request, Note("answer", ctx.now, fact.words))
    heard = told_of(waits_for_a_person(noticed, ctx, ("answered",)), ctx, "question-answered")
    return Decision(heard, (InformationProvidedV1(request_id=request.id),), deadlines_lifted(request), DONE)


@about_a_request
def question_expired(request: Request, _: None, ctx: Ctx) -> Decision[Request]:
    """Nobody answered what the team asked: the case is closed."""
    return run_out(request, ctx, "information") if request.status == "question" else Decision()


@about_a_request
def staff_accepted(request: Request, fact: StaffAccepts, ctx: Ctx) -> Decision[Request]:
    """An agreement is proposed on what the request says and the person of the team corrected."""
    refusal = _decided_already(request)
    wish = _corrected(request.wish, fact)
    terms = refusal or _terms(request, wish, fact)
    if isinstance(terms, str):
        return Decision(answer=terms)
    event = RequestTriagedV1(request_id=request.id, outcome="agreement", reasons=(STAFF,), rule=STAFF)
    offer = proposed(replace(request, wish=wish, quiet=False), terms, ctx)
    return replace(offer, events=(event, *offer.events))


def _corrected(wish: Wish, fact: StaffAccepts) -> Wish:
    chosen = (TopicChoice(code=fact.topic, catalogue_version=training_topics.VERSION),) if fact.topic else wish.topics
    return replace(
        wish,
        topics=chosen,
        format=fact.format or wish.format,
        group_size=fact.group_size or wish.group_size,
        connections=wish.connections if fact.connections is None else fact.connections,
        availability=fact.availability or wish.availability,
    )


def _terms(request: Request, wish: Wish, fact: StaffAccepts) -> Terms | str:
    """The terms, or what is still missing for them."""
    topic = chosen_topic(wish)
    if topic is None:
        return TOPIC_MISSING
    if wish.format != "either" and wish.format not in topic.formats:
        return FORMAT_NOT_OFFERED
    if wish.group_size is None:
        return GROUP_SIZE_MISSING
    if wish.availability is None:
        return AVAILABILITY_MISSING
    if request.agreement is not None and request.agreement.terms.version >= VERSION_MAX:
        return TOO_MANY_ROUNDS
    terms = terms_on(topic, wish, wish.group_size, wish.availability)
    return replace(
        terms,
        length_minutes=fact.length_minutes or terms.length_minutes,
        language=fact.language or terms.language,
    )


@about_a_request
def staff_rejected(request: Request, fact: StaffRejects, ctx: Ctx) -> Decision[Request]:
    """No, with a reason in plain words and the name of the staff account that decided."""
    refusal = _decided_already(request)
    if refusal:
        return Decision(answer=refusal)
    heard = replace(request, quiet=False)
    event = RequestRejectedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=heard.told,
        language=request.language,
        reason=fact.reason,
        reviewer=fact.reviewer,
    )
    ended, over = closed(told_of(heard, ctx, "rejected"), ctx, "rejected", "reason-given", fact.reason)
    return Decision(ended, (event, over), deadlines_lifted(request), DONE)


@about_a_request
def staff_closed(request: Request, fact: StaffCloses, ctx: Ctx) -> Decision[Request]:
    """Ends a case at any point. The scheduler frees what it holds for a case that is closed."""
    if request.status == "closed":
        return Decision(answer=CLOSED)
    heard = replace(request, quiet=False)
    ended, over = closed(heard, ctx, fact.outcome, "in-our-words", fact.what_changed_text)
    return Decision(ended, (over,), deadlines_lifted(request), DONE)


@about_a_request
def staff_erased(request: Request, _: StaffErases, ctx: Ctx) -> Decision[Request]:
    """Every key of the person is destroyed here, and the sealed copy on the contacts topic is removed.

    What the case itself says stays: it names nobody. A case that is still open ends, because nobody could be told how it
    goes on. Erasing what is erased already changes nothing.
    """
    if request.erased:
        return Decision(answer=DONE)
    gone = told_of(replace(request, person=NOBODY, contact_id=None, erased=True), ctx, "erased")
    events: tuple[Fact | Erased, ...] = (RequesterErasedV1(request_id=request.id),)
    if request.contact_id is not None:
        events += (Erased(ContactUpsertedV1, request.contact_id),)
    if request.status == "closed":
        return Decision(gone, events, answer=DONE)
    ended, over = closed(gone, ctx, "withdrawn", "nothing-arranged")
    return Decision(ended, (*events, over), deadlines_lifted(request), DONE)


def _decided_already(request: Request) -> str | None:
    """Why the team can no longer decide on the request itself, if so: it is over, or the scheduler has the order."""
    if request.status == "closed":
        return CLOSED
    return NOT_NOW if request.status in ("agreed", "delivered") else None
