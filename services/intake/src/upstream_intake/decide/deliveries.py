"""What became of messages to the requester: a line in the timeline with the template's name and nothing of the text.

What trainers are sent about the same request is no part of the requester's story.
"""

from collections.abc import Iterable
from uuid import UUID

from upstream_intake.decide.case import Ctx, about_a_request, told_of
from upstream_intake.model import Request
from upstream_runtime.decision import Decision
from upstream_schemas.model import Event
from upstream_schemas.notifier import AboutNotice, NoticeExpiredV1, NoticeFailedV1, NoticeSentV1, NoticeSuppressedV1


def by_request(event: Event) -> Iterable[tuple[UUID, object]]:
    """A notice's event concerns the request that the notice is about, if it is about one."""
    return ((event.request_id, event),) if isinstance(event, AboutNotice) and event.request_id is not None else ()


@about_a_request
def notice_sent(request: Request, event: NoticeSentV1, ctx: Ctx) -> Decision[Request]:
    """A message went out."""
    return _heard(request, event, ctx, "message-sent")


@about_a_request
def notice_not_sent(
    request: Request, event: NoticeFailedV1 | NoticeSuppressedV1 | NoticeExpiredV1, ctx: Ctx
) -> Decision[Request]:
    """A message did not go out, and is not tried again."""
    return _heard(request, event, ctx, "message-not-sent")


def _heard(request: Request, event: AboutNotice, ctx: Ctx, code: str) -> Decision[Request]:
    for_requester = event.contact_id is not None and event.contact_id == request.contact_id
    return Decision(told_of(request, ctx, code, event.template)) if for_requester else Decision()
