"""A real SMTP peer that keeps every message in a maildir and sends nothing on. For demo and tests: on loopback, or in its container."""

import asyncio
import mailbox
import os
import signal
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_MESSAGE_BYTES_MAX = 10_000_000


class _Keeper:
    """Writes each message whole before it answers 250, so that an acknowledged message is on disk."""

    def __init__(self, folder: Path) -> None:
        for part in ("tmp", "new", "cur"):  # which `create` makes only where the folder itself is missing
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._box = mailbox.Maildir(folder, create=False)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        receivers = "".join(f"Delivered-To: {receiver}\r\n" for receiver in envelope.rcpt_tos)
        self._box.add(receivers.encode() + (envelope.original_content or b""))
        return "250 Kept"


async def keep_mail(folder: Path, host: str, port: int) -> None:
    """Listens until SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    keeper = _Keeper(folder)

    def session() -> SMTP:
        return SMTP(keeper, hostname=host, ident="mail sink", data_size_limit=_MESSAGE_BYTES_MAX, loop=loop)

    server = await loop.create_server(session, host, port)
    await stopped.wait()
    server.close()
    await server.wait_closed()


if __name__ == "__main__":
    told = os.environ
    asyncio.run(keep_mail(Path(told["UPSTREAM_MAIL_DIR"]), told.get("UPSTREAM_HOST", "127.0.0.1"), int(told["UPSTREAM_PORT"])))
