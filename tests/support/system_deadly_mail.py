"""An SMTP peer that keeps mail as the sink does, and can kill whoever hands it over at an exact point of the conversation."""

import mailbox
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(slots=True)
class DeadlyMail:
    """Calls `kill` twice: before any text of the first mail, and after the final dot of the first that has `after_dot_of` in it.

    That mail is kept, and its sender never hears so.
    """

    folder: Path
    kill: Callable[[], None]
    after_dot_of: bytes
    killed_at: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if "recipient" not in self.killed_at:
            self._strike("recipient")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        mailbox.Maildir(self.folder, create=True).add(content)
        if self.after_dot_of in content and "final dot" not in self.killed_at:
            self._strike("final dot")
        return "250 Kept"

    def _strike(self, point: str) -> None:
        self.killed_at.append(point)
        self.kill()


@contextmanager
def serving(peer: DeadlyMail, port: int) -> Iterator[None]:
    controller = Controller(peer, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()
