"""A real SMTP server on loopback that misbehaves as it is told, and remembers what it took."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

OK = "250 OK"


@dataclass(slots=True)
class Script:
    """What goes wrong, in order; each fault is used once. `answers` are those to a phase: mail, rcpt or data. `limit` is how many messages one connection may send.

    With a `password`, only who logs in with it may send. `drop_after_dot` takes the message and cuts the line instead of answering; `slow_after_dot` takes it and answers late.
    """

    answers: dict[str, list[str]] = field(default_factory=dict)
    drop_before_data: int = 0
    drop_after_dot: int = 0
    slow_before_data: float = 0.0
    slow_after_dot: float = 0.0
    limit: int = 10_000
    password: str | None = None
    taken: list[bytes] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0
    live: int = 0
    transports: list[asyncio.WriteTransport] = field(default_factory=list)

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for content in self.taken]

    def knows(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given.password.decode() == self.password, handled=False)

    def protocol(self) -> SMTP:
        if self.password is None:
            return _Remembered(self)
        return _Remembered(self, authenticator=self.knows, auth_require_tls=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        session.sent = 0  # type: ignore[attr-defined]
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.password is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if session.sent >= self.limit:
            return "452 4.5.3 Too many messages sent"
        if self.answers.get("mail"):
            return self.answers["mail"].pop(0)
        envelope.mail_from = address
        return OK

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.drop_before_data:
            self.drop_before_data -= 1
            server.transport.abort()
        await asyncio.sleep(self.slow_before_data)
        if self.answers.get("rcpt"):
            return self.answers["rcpt"].pop(0)
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.live += 1
        self.most_at_once = max(self.most_at_once, self.live)
        try:
            return await self._take(server, session, envelope)
        finally:
            self.live -= 1

    async def _take(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.answers.get("data"):
            return self.answers["data"].pop(0)
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        session.sent += 1
        if self.drop_after_dot:
            self.drop_after_dot -= 1
            server.transport.abort()
        await asyncio.sleep(self.slow_after_dot)
        return OK


class _Remembered(SMTP):
    """A connection that can be closed when the test is over."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.transports.append(transport)


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[int]:
    """Serve the script; gives the port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(script.protocol, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport in script.transports:
            transport.abort()
        await asyncio.sleep(0)
