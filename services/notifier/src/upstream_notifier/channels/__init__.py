"""Ways out. Each knows how to hand one message over and how to tell what became of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from upstream_notifier.model import Method, Outcome
from upstream_notifier.writing import Letter


@dataclass(frozen=True, slots=True)
class Message:
    """One letter on its way. The only place where a letter and an address meet; never stored, never logged."""

    notice_id: UUID
    address: str = field(repr=False)
    letter: Letter = field(repr=False)
    written_at: datetime
    entry: bytes | None = field(repr=False)
    method: Method | None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one message: TAKEN, REFUSED_FOR_NOW, REFUSED or UNKNOWN, and a code that says why.

    The first three are certain. UNKNOWN only where the message may have been taken without our hearing of it.
    """

    outcome: Outcome
    code: str = ""


class Channel(Protocol):
    """Hands messages over. `sender` is the address that they come from."""

    sender: str

    async def hand_over(self, message: Message) -> Report:
        """Hand one message over, once.

        May be called by many tasks at once. Never raises for anything that the other side does. Comes back within 45 s,
        before the notice is looked at again as unresolved.
        """
        ...
