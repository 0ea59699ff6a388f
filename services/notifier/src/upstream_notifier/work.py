"""Sending: what is looked up when a notice's moment has come, and the errand that hands it over.

The opened contact exists here, for the length of one errand, and nowhere else.
"""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from asyncpg import Connection

from upstream_notifier import store
from upstream_notifier.calendar import entry_text
from upstream_notifier.channels import Channel, Message
from upstream_notifier.model import Attempt, Contact, Looked, Notice, Outcome, Result, Stage
from upstream_notifier.writing import Letter, Writer
from upstream_runtime.vault import CannotOpenError, unlock
from upstream_schemas.codec import decode
from upstream_schemas.envelope import Unreadable
from upstream_schemas.intake import ContactCard

CONTACT_ALARM_AFTER: Final = timedelta(minutes=10)
log = structlog.get_logger()


async def look(conn: Connection, notice: Notice, now: datetime) -> Looked:
    """What sending hangs on at this moment. Raises the alarm for a contact that does not come."""
    key = notice.wanted.contact_id
    found = (await store.load_contacts(conn, [key])).get(key)
    if found is None and notice.held_since is not None and now - notice.held_since >= CONTACT_ALARM_AFTER:
        log.error("notice.contact_missing", notice_id=str(notice.wanted.notice_id), template=notice.wanted.template)
    return Looked(None if found is None else found.state, await store.overtaken(conn, notice))


@dataclass(frozen=True, slots=True)
class Desk:
    """Where letters are written and handed over. `open_sealed` opens what is sealed to this lane."""

    channel: Channel
    writer: Writer
    open_sealed: Callable[[str], str] = field(repr=False)

    async def send(self, notice: Notice, found: Looked) -> Result | None:
        """Hand one notice over. None where the decision was not to send."""
        if notice.stage is not Stage.SENDING or notice.attempt is None or found.contact is None:
            return None
        if not self.writer.knows(notice.wanted.template):
            return Result(notice.attempt.n, Outcome.BROKEN, "unknown-template")
        try:
            opened, link = self._open(found.contact), self._link(notice)
        except (CannotOpenError, Unreadable):
            return Result(notice.attempt.n, Outcome.BROKEN, "cannot-open")
        if not opened.consent_contact:
            return Result(notice.attempt.n, Outcome.NOT_TRIED, "no-consent")
        if opened.email is None:
            return Result(notice.attempt.n, Outcome.NOT_TRIED, "no-address")
        letter = self.writer.write(notice.wanted, link)
        report = await self.channel.hand_over(self._message(notice, notice.attempt, opened.email, letter))
        return Result(notice.attempt.n, report.outcome, report.code)

    def _open(self, contact: Contact) -> ContactCard:
        key = b64decode(self.open_sealed(contact.sealed_key))
        return decode(unlock(key, contact.locked).encode(), ContactCard)

    def _link(self, notice: Notice) -> str | None:
        link = notice.wanted.says.link
        return None if link is None else self.open_sealed(link)

    def _message(self, notice: Notice, attempt: Attempt, address: str, letter: Letter) -> Message:
        entry, slot = notice.wanted.entry, notice.wanted.says.slot
        attached = None
        if entry is not None and entry.method is not None and slot is not None:
            attached = entry_text(
                entry,
                entry.method,
                slot,
                stamped_at=notice.accepted_at,
                title=letter.calendar_title,
                organizer=self.channel.sender,
                attendee=address,
            )
        method = None if entry is None else entry.method
        return Message(notice.wanted.notice_id, address, letter, attempt.started_at, attached, method)
