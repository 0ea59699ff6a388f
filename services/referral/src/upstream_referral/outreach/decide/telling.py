"""Messages to the participant and to the coordinator's desk, by the outreach lane alone. Pure.

Neutral words: a template never names a kind of service. The link to the participant's page is opened only for the message
and is kept nowhere in plain.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

from upstream_referral.outreach.decide.case import DESK_NEWS, Ctx, about_a_referral
from upstream_referral.outreach.model import DESK_KEY, DONE, Desk, DeskSet, Referral
from upstream_runtime.decision import Decision, Due, steady_id
from upstream_schemas.model import Event
from upstream_schemas.notifier import AboutNotice, NoticeExpiredV1, NoticeFailedV1, NoticeSentV1, NoticeSuppressedV1
from upstream_schemas.outreach import NoticeRequestedV1, NoticeTakenBackV1, OutreachContactUpsertedV1

NEWS_VALID: Final = timedelta(days=3)
DESK_MISSING: Final = timedelta(minutes=10)
DESK_NEWS_VALID: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PageLink:
    """The address of the participant's page, opened for one message."""

    address: str


@about_a_referral
def news(referral: Referral, link: PageLink | None, ctx: Ctx) -> Decision[Referral]:
    """What there is to tell is told, unless it was taken back meanwhile. Older news that still waits is no longer so."""
    if referral.news is None or referral.contact_id is None or link is None:
        return Decision()
    older = () if referral.notice_id is None else (NoticeTakenBackV1(notice_id=referral.notice_id),)
    event = NoticeRequestedV1(
        notice_id=ctx.id("notice"),
        case_id=referral.referral_id,
        contact_id=referral.contact_id,
        language=referral.language,
        template=referral.news,
        page_link=link.address,
        expires_at=ctx.now + NEWS_VALID,
    )
    return Decision(replace(referral, news=None, notice_id=event.notice_id), (*older, event))


def by_referral(event: Event) -> Iterable[tuple[UUID, object]]:
    """A notice's event concerns the referral that the notice is about."""
    return ((event.request_id, event),) if isinstance(event, AboutNotice) and event.request_id is not None else ()


@about_a_referral
def notice_sent(referral: Referral, event: NoticeSentV1, _: Ctx) -> Decision[Referral]:
    """A message went out."""
    return _mailed(referral, event, "sent")


@about_a_referral
def notice_not_sent(
    referral: Referral, event: NoticeFailedV1 | NoticeSuppressedV1 | NoticeExpiredV1, _: Ctx
) -> Decision[Referral]:
    """A message did not go out, and is not tried again: mail does not reach this person."""
    return _mailed(referral, event, "not-sent")


def _mailed(referral: Referral, event: AboutNotice, what: Literal["sent", "not-sent"]) -> Decision[Referral]:
    if event.notice_id != referral.notice_id:
        return Decision()
    return Decision(replace(referral, notice_id=None, mailed=what))


def desk_set(_: Desk | None, fact: DeskSet, ctx: Ctx) -> Decision[Desk]:
    """The desk's mailbox is new or changed."""
    contact_id = steady_id("coordinator's desk", ctx.secret)
    event = OutreachContactUpsertedV1(
        contact_id=contact_id, contact=fact.contact.text, key=fact.contact.key, language=fact.language
    )
    return Decision(Desk(contact_id, fact.contact, fact.language), (event,), answer=DONE)


def desk_news(desk: Desk | None, _: None, ctx: Ctx) -> Decision[Desk]:
    """Something new waits: the desk is told that, and nothing of what it is; where there is none yet, once there is one."""
    if desk is None:
        return Decision(due=(Due(DESK_NEWS, DESK_KEY, ctx.now + DESK_MISSING),))
    event = NoticeRequestedV1(
        notice_id=ctx.id("notice"),
        case_id=DESK_KEY,
        contact_id=desk.contact_id,
        language=desk.language,
        template="desk-new.v1",
        expires_at=ctx.now + DESK_NEWS_VALID,
    )
    return Decision(events=(event,))
