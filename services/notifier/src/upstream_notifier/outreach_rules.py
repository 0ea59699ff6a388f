"""The outreach lane's rules: there are none of our own. What is to be told, to whom and when, the outreach side has decided.

Pure. Its notices carry a template, a language and a page link sealed to this lane, and no word about a person.
"""

from collections.abc import Iterator

from upstream_notifier.model import NoticeCancelled, NoticeWanted, Particulars
from upstream_notifier.rules import Step
from upstream_schemas.model import Event
from upstream_schemas.outreach import NoticeRequestedV1, NoticeTakenBackV1


def steps(event: Event) -> Iterator[Step]:
    """The one notice that an event asks for or takes back, under the id the outreach side gave it."""
    match event:
        case NoticeRequestedV1():
            yield event.notice_id, _wanted(event)
        case NoticeTakenBackV1():
            yield event.notice_id, NoticeCancelled()


def _wanted(event: NoticeRequestedV1) -> NoticeWanted:
    return NoticeWanted(
        notice_id=event.notice_id,
        request_id=event.case_id,
        subject=event.case_id,
        contact_id=event.contact_id,
        language=event.language,
        template=event.template,
        says=Particulars(reference="", link=event.page_link),
        entry=None,
        not_before=None,
        expires_at=event.expires_at,
    )
