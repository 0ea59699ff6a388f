"""What the scheduler says about a request's session: a line in the timeline, and now and then somebody's turn.

Each fact is taken as it comes, whatever the case's state: the scheduler's order of events is its own.
"""

from datetime import timedelta

from upstream_intake.decide.case import (
    CLOSE,
    Ctx,
    about_a_request,
    closed,
    deadlines_lifted,
    told_of,
    turned,
    waits_for_a_person,
)
from upstream_intake.model import Request
from upstream_runtime.decision import Decision, Due
from upstream_schemas.intake import FeedbackRequestedV1
from upstream_schemas.scheduler import (
    HoldExpiredV1,
    SessionAcceptedV1,
    SessionCancelledV1,
    SessionConfirmedV1,
    SessionDeliveredV1,
    SessionLeftWaitingV1,
    SessionMissedV1,
    Slot,
    SlotAcceptedV1,
    SlotDeclinedV1,
    SlotOfferedV1,
)

FEEDBACK_WITHIN = timedelta(days=14)


@about_a_request
def session_accepted(request: Request, _: SessionAcceptedV1, ctx: Ctx) -> Decision[Request]:
    """The scheduler looks for a date."""
    return Decision(told_of(request, ctx, "date-looked-for"))


@about_a_request
def slot_offered(request: Request, event: SlotOfferedV1, ctx: Ctx) -> Decision[Request]:
    """A date is offered; the group answers on the scheduler's own page."""
    return Decision(told_of(request, ctx, "slot-offered", *_when_and_where(event.slot)))


@about_a_request
def slot_accepted(request: Request, event: SlotAcceptedV1, ctx: Ctx) -> Decision[Request]:
    """One side said yes to the date."""
    return Decision(told_of(request, ctx, f"slot-accepted-{event.party}"))


@about_a_request
def slot_declined(request: Request, event: SlotDeclinedV1, ctx: Ctx) -> Decision[Request]:
    """One side said no to the date; another one is looked for."""
    return Decision(told_of(request, ctx, f"slot-declined-{event.party}"))


@about_a_request
def hold_expired(request: Request, _: HoldExpiredV1, ctx: Ctx) -> Decision[Request]:
    """Not everybody answered in time; another date is looked for."""
    return Decision(told_of(request, ctx, "hold-expired"))


@about_a_request
def session_confirmed(request: Request, event: SessionConfirmedV1, ctx: Ctx) -> Decision[Request]:
    """The training has its date."""
    return Decision(told_of(request, ctx, "confirmed", *_when_and_where(event.slot)))


@about_a_request
def session_left_waiting(request: Request, event: SessionLeftWaitingV1, ctx: Ctx) -> Decision[Request]:
    """There is no date yet, and the group may know why."""
    return Decision(told_of(request, ctx, "left-waiting", event.reason))


@about_a_request
def session_cancelled(request: Request, event: SessionCancelledV1, ctx: Ctx) -> Decision[Request]:
    """Moved, or off. Off by the group's own word ends the case; off by ours is for a person of the team to mend.

    Where no slot was held, the scheduler only answers that the case is over: nothing was arranged that could be off.
    """
    if event.slot is None:
        return Decision()
    if event.will_be_rescheduled:
        return Decision(told_of(request, ctx, "cancelled-looking-again"))
    heard = told_of(request, ctx, "cancelled")
    if request.status != "agreed":
        return Decision(heard)
    if event.party == "group":
        ended, over = closed(heard, ctx, "cancelled", "nothing-arranged")
        return Decision(ended, (over,))
    return Decision(waits_for_a_person(heard, ctx, ("session-cancelled",)))


@about_a_request
def session_missed(request: Request, _: SessionMissedV1, ctx: Ctx) -> Decision[Request]:
    """A confirmed training did not take place: a person of the team speaks with the group."""
    heard = told_of(request, ctx, "missed")
    return Decision(waits_for_a_person(heard, ctx, ("session-missed",)) if request.status == "agreed" else heard)


@about_a_request
def session_delivered(request: Request, _: SessionDeliveredV1, ctx: Ctx) -> Decision[Request]:
    """The training took place: the group is asked how it was, and the case closes by itself after FEEDBACK_WITHIN."""
    if request.status in ("delivered", "closed"):
        return Decision()
    event = FeedbackRequestedV1(
        request_id=request.id,
        reference=request.reference,
        contact_id=request.told,
        language=request.language,
        page_link=ctx.reference.page_link(request.id),
    )
    taken_place = told_of(turned(request, "delivered"), ctx, "delivered")
    due = (*deadlines_lifted(request), Due(CLOSE, request.id, ctx.now + FEEDBACK_WITHIN))
    return Decision(taken_place, (event,), due)


def _when_and_where(slot: Slot) -> tuple[str, str]:
    return slot.starts_at.isoformat(), slot.venue_name
