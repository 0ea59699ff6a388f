"""Which topics a partner and the city talk over, and how an answer is read. Pure; must not know what an answer means."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

Headers = Iterable[tuple[str, bytes | None]]


class Answer(Protocol):
    """What every answer says about the record it answers: its id, or, where that could not be read, where it lies."""

    @property
    def source_event_id(self) -> str | None: ...
    @property
    def partition(self) -> int | None: ...
    @property
    def offset(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Talk:
    """One partner's two topics, of one partition each.

    `read` gives the id of the record that is answered, as the headers have it, and the answer; None for a record that
    answers nothing. It raises Unreadable: an answer of a newer contract.
    """

    said_on: str
    answered_on: str
    read: Callable[[Headers, bytes | None], tuple[str | None, Answer] | None]
