"""What a person sees: one line a record on standard output; progress, warnings and trouble on standard error. Decides nothing."""

import json
import sys
from typing import Any, Final

from rich.console import Console
from rich.status import Status
from rich.text import Text

from upstream_client.outcome import Outcome, Word, as_json, details
from upstream_client.trouble import Trouble
from upstream_schemas.city import Verdict

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
_STYLES: Final[dict[Word, str]] = {
    "accepted": "green",
    "duplicate": "green",
    "redirected": "yellow",
    "rejected": "red",
    "quarantined": "red",
    "no-answer": "magenta",
    "refused": "red bold",
}
_WORD_WIDTH: Final = 11
_LABEL_WIDTH: Final = 13
_REFERENCE_WIDTH: Final = 12
_ID_WIDTH: Final = 36


def print_json(content: dict[str, Any]) -> None:
    """One object on one line."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def print_outcome(outcome: Outcome, *, in_json: bool) -> None:
    """What became of one record."""
    if in_json:
        print_json(as_json(outcome))
    elif outcome.verdict is not None:
        print_verdict(outcome.verdict, outcome.record.submission_id)
    else:
        out.print(_columns(outcome.word, None, outcome.record.submission_id, outcome.why or ""))


def print_verdict(verdict: Verdict, submission_id: str | None) -> None:
    """Verdict, reference, submission, and the rest."""
    out.print(_columns(verdict.verdict, verdict.reference, submission_id, details(verdict)))


def _columns(word: Word, reference: str | None, submission_id: str | None, rest: str) -> Text:
    columns = f"  {(reference or '-').ljust(_REFERENCE_WIDTH)}  {(submission_id or '-').ljust(_ID_WIDTH)}  {_plain(rest)}"
    return Text.assemble((word.ljust(_WORD_WIDTH), _STYLES[word]), columns.rstrip())


def print_columns(label: str, text: str) -> None:
    """A label and a text, which may have several lines."""
    for number, line in enumerate(text.splitlines() or [""]):
        out.print(Text.assemble(((label if number == 0 else "").ljust(_LABEL_WIDTH), "bold"), _plain(line)))


def _plain(text: str) -> str:
    """Nothing in it moves the cursor or turns the direction of what follows."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def print_trouble(trouble: Trouble) -> None:
    """Three lines on standard error, never wrapped."""
    for line in trouble.lines():
        err.print(_plain(line), markup=False)


def warn(text: str) -> None:
    """One line on standard error."""
    err.print(Text.assemble(("warning: ", "yellow"), _plain(text)))


class Progress:
    """One moving line on standard error, where a terminal looks on; it steps aside for lines that stay."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def show(self, text: str) -> None:
        """The line as it is now."""
        if err.is_terminal:
            self.close()
            self._status = err.status(Text(text))
            self._status.start()

    def close(self) -> None:
        """Takes the line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None
