"""How a case ends by itself, and what the group has to say about it.

Source: CPI and Civic Life, Citywide Equitable Engagement Cohort, theme "implementing community feedback and communicating
changes": a closed case says what changed because of it.
"""

from dataclasses import replace
from datetime import timedelta

from upstream_intake.decide.agreements import with_note
from upstream_intake.decide.case import CLOSE, CLOSED, DONE, NOT_NOW, Ctx, about_a_request, closed, told_of
from upstream_intake.decide.submissions import withdrawn
from upstream_intake.model import GivesFeedback, Note, Request, TakesBack
from upstream_runtime.decision import Decision, Due
from upstream_schemas.intake import FeedbackReceivedV1

CLOSED_AFTER_FEEDBACK = timedelta(days=3)


@about_a_request
def taken_back(request: Request, _: TakesBack, ctx: Ctx) -> Decision[Request]:
    """The requester takes the request back on their page. Nobody has to say why."""
    if request.status in ("delivered", "closed"):
        return Decision(answer=CLOSED)
    return replace(withdrawn(request, ctx), answer=DONE)


@about_a_request
def feedback_given(request: Request, fact: GivesFeedback, ctx: Ctx) -> Decision[Request]:
    """Once for each case. The words stay with intake; the number is counted."""
    if request.status != "delivered" or request.feedback is not None:
        return Decision(answer=CLOSED if request.status == "closed" else NOT_NOW)
    noticed = with_note(request, Note("feedback", ctx.now, fact.words)) if fact.words else request
    heard = told_of(replace(noticed, feedback=fact.useful), ctx, "feedback-received")
    event = FeedbackReceivedV1(request_id=request.id, useful=fact.useful)
    return Decision(heard, (event,), (Due(CLOSE, request.id, ctx.now + CLOSED_AFTER_FEEDBACK),), DONE)


@about_a_request
def close_came(request: Request, _: None, ctx: Ctx) -> Decision[Request]:
    """The time for feedback is over, or the team has had its days to answer it."""
    if request.status != "delivered":
        return Decision()
    ended, over = closed(request, ctx, "delivered", "no-feedback" if request.feedback is None else "feedback-counted")
    return Decision(ended, (over,))
