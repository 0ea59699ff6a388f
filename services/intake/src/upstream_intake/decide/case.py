"""What all rules of a case share: a new line in the timeline, whose turn it is, and how a case ends."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TypeAlias, TypeVar

from upstream_intake.model import Outcome, Reference, Request, Status, Step, Waiting, noted
from upstream_runtime.decision import Context, Decision, Due
from upstream_schemas.intake import RequestClosedV1

F = TypeVar("F")
Ctx: TypeAlias = Context[Reference]
Rule: TypeAlias = Callable[[Request, F, Ctx], Decision[Request]]

AGREEMENT_EXPIRES = "agreement-expires"
QUESTION_EXPIRES = "question-expires"
CLOSE = "close"

DONE = "done"
UNKNOWN = "unknown"
CLOSED = "closed"
NOT_NOW = "not-now"


def about_a_request(rule: Rule[F]) -> Callable[[Request | None, F, Ctx], Decision[Request]]:
    """For facts about a request that must exist: where it does not, nothing follows and the answer is `unknown`."""

    @wraps(rule)
    def answered(request: Request | None, fact: F, ctx: Ctx) -> Decision[Request]:
        return Decision(answer=UNKNOWN) if request is None else rule(request, fact, ctx)

    return answered


def told_of(request: Request, ctx: Ctx, code: str, *words: str) -> Request:
    """The request with one more line in its timeline."""
    return replace(request, timeline=noted(request.timeline, Step(ctx.now, code, words)))


def turned(request: Request, status: Status) -> Request:
    """It is now somebody else's turn than the team's."""
    return replace(request, status=status, waiting=None, question=None)


def waits_for_a_person(request: Request, ctx: Ctx, reasons: tuple[str, ...]) -> Request:
    """The team must look. Whoever already waits keeps their place in the line."""
    since = request.waiting.since if request.waiting else ctx.now
    return replace(request, status="waiting", waiting=Waiting(since, reasons), question=None)


def deadlines_lifted(request: Request) -> tuple[Due, ...]:
    """Takes back what would have run out for the group."""
    running = {"proposed": AGREEMENT_EXPIRES, "question": QUESTION_EXPIRES, "delivered": CLOSE}.get(request.status)
    return (Due(running, request.id, None),) if running else ()


def closed(
    request: Request, ctx: Ctx, outcome: Outcome, what_changed: str, text: str | None = None
) -> tuple[Request, RequestClosedV1]:
    """The case is over and says what changed (CEEC: implementing community feedback and communicating changes)."""
    ended = replace(turned(request, "closed"), outcome=outcome, what_changed=what_changed, what_changed_text=text)
    event = RequestClosedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=request.told,
        language=request.language,
        outcome=outcome,
        what_changed=what_changed,
        what_changed_text=text,
    )
    return told_of(ended, ctx, "closed", outcome), event
