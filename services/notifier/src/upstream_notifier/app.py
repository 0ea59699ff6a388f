"""The wiring of the notifier: one table for each lane. A lane is a process of its own, with its own key and topics."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from upstream_notifier import decide, outreach_rules, rules, store, templates
from upstream_notifier.channels.smtp import Server, Smtp
from upstream_notifier.model import NoticeCancelled, NoticeWanted
from upstream_notifier.work import Desk, look
from upstream_notifier.writing import Writer
from upstream_runtime.decision import Decide
from upstream_runtime.settings import Settings
from upstream_runtime.vault import opener
from upstream_runtime.wiring import Aggregate, App, Route, Tombstone, Work
from upstream_schemas import topics
from upstream_schemas.intake import ContactUpsertedV1
from upstream_schemas.outreach import OutreachContactUpsertedV1
from upstream_schemas.scheduler import TrainerContactUpsertedV1

CONTACT = Aggregate("contact", store.load_contacts, store.save_contacts, awaited=True)
NOTICE = Aggregate("notice", store.load_notices, store.save_notices)
CONTACTS: dict[type, Decide[Any]] = {
    ContactUpsertedV1: decide.contact_upserted,
    TrainerContactUpsertedV1: decide.contact_upserted,
    Tombstone: decide.contact_erased,
}
PARTICIPANTS: dict[type, Decide[Any]] = {
    OutreachContactUpsertedV1: decide.contact_upserted,
    Tombstone: decide.contact_erased,
}
NOTICES: dict[type, Decide[Any]] = {NoticeWanted: decide.notice_wanted, NoticeCancelled: decide.notice_cancelled}


@dataclass(frozen=True, slots=True)
class Lane:
    """What one lane hears, and the texts it writes. No lane has a topic, a contact or a text of another."""

    texts: templates.Texts
    routes: tuple[Route, ...]


LANES = {
    "notifier-public": Lane(
        templates.PUBLIC,
        (
            Route(topics.INTAKE_CONTACTS, CONTACT, CONTACTS),
            Route(topics.SCHEDULER_CONTACTS, CONTACT, CONTACTS),
            Route(topics.INTAKE_REQUESTS, NOTICE, NOTICES, rules.steps),
            Route(topics.SCHEDULER_SESSIONS, NOTICE, NOTICES, rules.steps),
        ),
    ),
    "notifier-outreach": Lane(
        templates.OUTREACH,
        (
            Route(topics.OUTREACH_CONTACTS, CONTACT, PARTICIPANTS),
            Route(topics.OUTREACH_NOTICES, NOTICE, NOTICES, outreach_rules.steps),
        ),
    ),
}


def wiring(settings: Settings) -> App:
    """One lane of the notifier.

    Settings: SMTP (`host:port`, or `smtp://`, `smtp+starttls://`, `smtps://` and perhaps a user), MAIL_FROM.
    Secrets: lane-private-key, and smtp-password where SMTP names a user.
    """
    lane = LANES[settings.process]
    channel = Smtp(_server(settings), sender=settings.value("MAIL_FROM"))
    desk = Desk(channel, Writer(lane.texts), opener(settings.secret("lane-private-key")))
    return App(
        process=settings.process,
        reference=None,
        routes=lane.routes,
        work=(
            Work("send", NOTICE, decide.send, look=look, errand=desk.send, outcome=decide.attempt_ended),
            Work("unresolved", NOTICE, decide.unresolved),
        ),
    )


def _server(settings: Settings) -> Server:
    told = settings.value("SMTP")
    url = urlsplit(told if "://" in told else f"smtp://{told}")
    password = settings.secret("smtp-password") if url.username else None
    return Server(url.hostname or "localhost", url.port or 25, url.scheme, url.username, password)
