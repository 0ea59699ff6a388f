"""The mail sink as it lies on disk: every mail, whole. For what the letters of the demo leave out."""

import mailbox
from email import message_from_bytes, policy
from email.message import EmailMessage

from upstream_stack.stack import Stack


def mails(stack: Stack) -> list[EmailMessage]:
    """Every mail that arrived so far."""
    box = mailbox.Maildir(stack.layout.mail, create=False)
    return [message_from_bytes(box.get_bytes(key), policy=policy.default) for key in box.iterkeys()]


def part(mail: EmailMessage, subtype: str) -> str:
    """The text part of this kind: `plain` or `html`."""
    found = mail.get_body((subtype,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content())
