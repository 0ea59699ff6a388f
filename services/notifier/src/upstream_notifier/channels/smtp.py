"""Mail over SMTP, one phase at a time, so that we know what a failure means.

Until the first byte of the message has been written, nothing can have been taken (RFC 5321 §4.1.1.4): such a failure is
definite. From there until the server's answer, silence or a cut line means that nobody knows (RFC 1047). Lines to the
server are kept and used again, and given up before message 90, because some servers refuse the 101st on one line.
"""

import asyncio
import re
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final

from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException

from upstream_notifier.channels import Message, Report
from upstream_notifier.channels.mail import BadAddressError, mail
from upstream_notifier.model import Outcome

MESSAGES_PER_LINE_MAX: Final = 90
COMMAND_SECONDS: Final = 10.0
TAKING_SECONDS: Final = 30.0
READY_SECONDS: Final = 15.0
START_INPUT: Final = 354
USED_UP: Final = (421, 452)  # "closing" and "too many messages": this line is done, the message may go on another
LEADING_DOT: Final = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class Server:
    """The next mail server. `security` is `smtp` (plain, for a relay on this host), `smtp+starttls` or `smtps`."""

    host: str
    port: int
    security: str = "smtp"
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    For an answer to a command; until the server waits for the message; for its answer to the message. The last two together
    stay under a minute, because then the notice is looked at again as unresolved.
    """

    command: float = COMMAND_SECONDS
    ready: float = READY_SECONDS
    taking: float = TAKING_SECONDS


PATIENCE: Final = Patience()


class _RefusedError(Exception):
    """The server said no to a command, or the line was lost before the message was on it. Nothing was taken."""

    def __init__(self, report: Report, *, may_be_the_line: bool) -> None:
        super().__init__(report.code)
        self.report = report
        self.may_be_the_line = may_be_the_line


@dataclass(slots=True)
class _Line:
    client: SMTP
    sent_count: int = 0


class Smtp:
    """The mail channel. Opens a line when it needs one and no other is idle. `sender` may have a display name."""

    def __init__(
        self,
        server: Server,
        *,
        sender: str,
        patience: Patience = PATIENCE,
        messages_per_line_max: int = MESSAGES_PER_LINE_MAX,
    ) -> None:
        self.sender = parseaddr(sender)[1]
        self._from = sender
        self._server = server
        self._patience = patience
        self._per_line_max = messages_per_line_max
        self._idle: list[_Line] = []

    async def hand_over(self, message: Message) -> Report:
        """Hand one message over. See Channel for the promises."""
        try:
            content = mail(message, sender=self._from).as_bytes()
            async with asyncio.timeout(self._patience.ready):
                line = await self._ready(message.address)
        except BadAddressError:
            return Report(Outcome.REFUSED, "bad-address")
        except _RefusedError as refused:
            return refused.report
        except TimeoutError:
            return Report(Outcome.REFUSED_FOR_NOW, "timeout")
        return await self._hand_over_on(line, content)

    async def close(self) -> None:
        """Say goodbye on all idle lines."""
        while self._idle:
            await _hang_up(self._idle.pop())

    async def _ready(self, address: str) -> _Line:
        """A line on which the server waits for the message.

        An idle one, else a new one, because an old line may have died or be used up for the server.
        """
        while self._idle:
            try:
                return await self._addressed(self._idle.pop(), address)
            except _RefusedError as refused:
                if not refused.may_be_the_line:
                    raise
        return await self._addressed(await self._connect(), address)

    async def _addressed(self, line: _Line, address: str) -> _Line:
        keep = False
        try:
            await _envelope(line.client, self.sender, address)
            keep = True
        except _RefusedError as refused:
            keep = not refused.may_be_the_line and await _still_good(line.client)
            if keep:
                self._idle.append(line)
            raise
        finally:
            if not keep:
                line.client.close()
        return line

    async def _hand_over_on(self, line: _Line, content: bytes) -> Report:
        report = await _content(line.client, content, self._patience.taking)
        line.sent_count += 1
        if report.outcome is Outcome.UNKNOWN or line.sent_count >= self._per_line_max:
            line.client.close()
        else:
            self._idle.append(line)
        return report

    async def _connect(self) -> _Line:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "smtps",
            start_tls=server.security == "smtp+starttls",
            username=server.user,
            password=server.password,
            timeout=self._patience.command,
        )
        try:
            await client.connect()
        except SMTPResponseException as answered:
            client.close()
            raise _RefusedError(Report(Outcome.REFUSED_FOR_NOW, f"smtp-{answered.code}"), may_be_the_line=True) from None
        except (SMTPException, OSError):
            client.close()
            raise _RefusedError(Report(Outcome.REFUSED_FOR_NOW, "no-connection"), may_be_the_line=True) from None
        return _Line(client)


async def _envelope(client: SMTP, sender: str, address: str) -> None:
    """Who it is from and for, up to the server's word that it waits for the message. Raises _RefusedError."""
    await _say(client.mail(sender))
    await _say(client.rcpt(address))
    answer = await _say(client.execute_command(b"DATA"))
    if answer.code != START_INPUT:
        raise _refused(answer.code)


async def _content(client: SMTP, content: bytes, seconds: float) -> Report:
    """The message and the server's answer to it. No answer means that nobody knows."""
    line = client.protocol
    if line is None:
        return Report(Outcome.REFUSED_FOR_NOW, "line-lost")
    try:
        line.write(LEADING_DOT.sub(b"..", content) + b".\r\n")
        answer = await line.read_response(timeout=seconds)
    except (SMTPException, OSError):
        return Report(Outcome.UNKNOWN, "cut-off")
    return _judged(answer.code)


async def _say(command: Awaitable[SMTPResponse]) -> SMTPResponse:
    """The answer to a command before the message. Raises _RefusedError, which is definite."""
    try:
        return await command
    except SMTPResponseException as answered:
        raise _refused(answered.code) from None
    except (SMTPException, OSError):
        raise _RefusedError(Report(Outcome.REFUSED_FOR_NOW, "line-lost"), may_be_the_line=True) from None


def _refused(code: int) -> _RefusedError:
    return _RefusedError(_judged(code), may_be_the_line=code in USED_UP)


def _judged(code: int) -> Report:
    """The meaning of an answer's first digit (RFC 5321 §4.2.1); what has none that we know may mend itself."""
    match code // 100:
        case 2:
            return Report(Outcome.TAKEN)
        case 5:
            return Report(Outcome.REFUSED, f"smtp-{code}")
        case _:
            return Report(Outcome.REFUSED_FOR_NOW, f"smtp-{code}")


async def _still_good(client: SMTP) -> bool:
    with suppress(SMTPException, OSError):
        await client.rset()
        return True
    return False


async def _hang_up(line: _Line) -> None:
    with suppress(SMTPException, OSError):
        await line.client.quit()
    line.client.close()
