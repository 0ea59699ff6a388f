"""The wiring of the notifier: one table for each lane. A lane is a process of its own, with its own key and topics."""

from typing import Any
from urllib.parse import urlsplit

from upstream_notifier import decide, store
from upstream_notifier.channels.smtp import Server, Smtp
from upstream_notifier.model import NoticeCancelled, NoticeWanted
from upstream_notifier.rules import steps
from upstream_notifier.work import Desk, look
from upstream_notifier.writing import Writer
from upstream_runtime.decision import Decide
from upstream_runtime.settings import Settings
from upstream_runtime.vault import opener
from upstream_runtime.wiring import Aggregate, App, Route, Tombstone, Work
from upstream_schemas import topics
from upstream_schemas.intake import ContactUpsertedV1
from upstream_schemas.scheduler import TrainerContactUpsertedV1

CONTACT = Aggregate("contact", store.load_contacts, store.save_contacts, awaited=True)
NOTICE = Aggregate("notice", store.load_notices, store.save_notices)
CONTACTS: dict[type, Decide[Any]] = {
    ContactUpsertedV1: decide.contact_upserted,
    TrainerContactUpsertedV1: decide.contact_upserted,
    Tombstone: decide.contact_erased,
}
NOTICES: dict[type, Decide[Any]] = {NoticeWanted: decide.notice_wanted, NoticeCancelled: decide.notice_cancelled}
LANES = {
    "notifier-public": (
        Route(topics.INTAKE_CONTACTS, CONTACT, CONTACTS),
        Route(topics.SCHEDULER_CONTACTS, CONTACT, CONTACTS),
        Route(topics.INTAKE_REQUESTS, NOTICE, NOTICES, steps),
        Route(topics.SCHEDULER_SESSIONS, NOTICE, NOTICES, steps),
    ),
}


def wiring(settings: Settings) -> App:
    """One lane of the notifier.

    Settings: SMTP (`host:port`, or `smtp://`, `smtp+starttls://`, `smtps://` and perhaps a user), MAIL_FROM.
    Secrets: lane-private-key, and smtp-password where SMTP names a user.
    """
    channel = Smtp(_server(settings), sender=settings.value("MAIL_FROM"))
    desk = Desk(channel, Writer(), opener(settings.secret("lane-private-key")))
    return App(
        process=settings.process,
        reference=None,
        routes=LANES[settings.process],
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
