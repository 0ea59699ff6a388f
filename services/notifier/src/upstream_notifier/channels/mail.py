"""A letter as a mail message (RFC 5322): text, HTML, and the calendar entry both inline and attached.

The same message gives the same bytes, so that a repeat is a true repeat. No tracking, nothing loaded from elsewhere, and
no List-Unsubscribe: these messages answer what the person asked for and are no mailing list.
"""

import re
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final

from upstream_notifier.channels import Message

MAIL_POLICY: Final = policy.SMTP
ADDRESS: Final = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-zA-Z\d-]+(\.[a-zA-Z\d-]+)+", re.ASCII
)  # as in HTML's <input type=email>


class BadAddressError(Exception):
    """No mail can be sent to what stands where an address should. Does not repeat it."""


def message_id(message: Message, sender: str) -> str:
    """Stays the same however often the message is tried. Its right side is the sender's domain."""
    return f"<{message.notice_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"


def mail(message: Message, *, sender: str) -> EmailMessage:
    """The mail. `sender` may have a display name. Raises BadAddressError where the recipient's address is none."""
    built = EmailMessage(MAIL_POLICY)
    built["From"] = sender
    built["To"] = _address(message.address)
    built["Subject"] = message.letter.subject
    built["Date"] = format_datetime(message.written_at)
    built["Message-ID"] = message_id(message, sender)
    built["X-Notice-Id"] = str(message.notice_id)
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(message.letter.text, cte="quoted-printable")
    built.add_alternative(message.letter.html, subtype="html", cte="quoted-printable")
    if message.entry is not None and message.method is not None:
        _add_entry(built, message.entry, message.method)
    built["Content-Language"] = message.letter.language  # last, because what is added moves such headers into a part
    _fix_boundaries(built, message)
    return built


def _address(text: str) -> str:
    if ADDRESS.fullmatch(text) is None:
        raise BadAddressError
    return text


def _add_entry(built: EmailMessage, entry: bytes, method: str) -> None:
    text = entry.decode()
    built.add_alternative(text, subtype="calendar", cte="base64", params={"method": method})
    built.add_attachment(entry, maintype="application", subtype="ics", filename="training.ics")


def _fix_boundaries(built: EmailMessage, message: Message) -> None:
    for depth, part in enumerate(part for part in built.walk() if part.is_multipart()):
        part.set_boundary(f"={message.notice_id.hex}={depth}")
