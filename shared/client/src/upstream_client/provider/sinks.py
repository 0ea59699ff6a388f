"""Where news go: a person's terminal, or a program that reads lines. `webhook` is the third.

A sink returns from `hand_over` when its reader surely has it; it never keeps anything.
"""

from collections.abc import Callable
from typing import Final, Protocol

from rich.rule import Rule

from upstream_client.provider.news import OFFERED, TRIAL, News
from upstream_client.provider.wording import Line, lines_of
from upstream_client.terminal import err, out, print_columns, print_json
from upstream_client.trouble import NO_ANSWER, Trouble

TEST_RECEIVED: Final = "test received ✓"


class NotNow(Exception):
    """The other end does not take anything at the moment: again later. `why` is for a person, without anything handed over."""

    def __init__(self, why: str, wait_seconds: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.wait_seconds = wait_seconds


class NotThis(Exception):
    """The other end will not have this record. `why` is a code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Sink(Protocol):
    """Who takes news. `hand_over` may be called by several at a time, and again for what was handed over before."""

    async def hand_over(self, news: News) -> None:
        """Returns when it was taken. Raises NotNow, NotThis, or Trouble where nobody will ever take anything again."""

    def trial_answered(self) -> None:
        """A trial went the whole way, and the city was told so."""


class Terminal:
    """For a person, in plain words."""

    def __init__(self, provider: str) -> None:
        self._provider = provider

    async def hand_over(self, news: News) -> None:
        """Printed and flushed. A trial is told when it is answered."""
        if news.type != TRIAL:
            _written(lambda: self._print(lines_of(news, self._provider), is_new=news.type == OFFERED))

    def trial_answered(self) -> None:
        _written(lambda: out.print(TEST_RECEIVED, style="green"))

    def _print(self, lines: list[Line], *, is_new: bool) -> None:
        if is_new:
            out.print(Rule("new referral", style="bold", align="left"))
        for label, text in lines:
            print_columns(label, text)
        out.file.flush()


class JsonLines:
    """For a program: one object a line on standard output. What people should know besides goes to standard error."""

    async def hand_over(self, news: News) -> None:
        """Written and flushed."""
        _written(lambda: print_json(news.as_json()))

    def trial_answered(self) -> None:
        err.print(TEST_RECEIVED)


def _written(write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Trouble(
            "Standard output takes nothing more", why, "start it again: what was not written comes once more", NO_ANSWER
        ) from None
