"""What a person sees: a checklist with timings, progress of downloads, tables, and trouble in three lines. Decides nothing."""

import json
import sys

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.status import Status
from rich.text import Text

from upstream_stack.errors import Trouble
from upstream_stack.parts.maven import Fetching
from upstream_stack.report import Told

_WIDTH_ELSEWHERE = 160

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDTH_ELSEWHERE)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_SECONDS_COLUMN = 72


class Checklist:
    """Prints each step as it is done; on a terminal, shows meanwhile what is under way and how far downloads are."""

    def __init__(self) -> None:
        self._under_way: list[str] = []
        self._status: Status | None = None
        self._bar: Progress | None = None

    def tell(self, told: Told) -> None:
        """Shows one thing told; trouble is the caller's to print."""
        if told.kind == "begun":
            self._under_way.append(told.text)
        elif told.kind == "done":
            self._under_way = [label for label in self._under_way if not told.text.startswith(label)]
            out.print(Text.assemble(("✓ ", "green"), told.text.ljust(_SECONDS_COLUMN), (f"{told.seconds:5.1f} s", "dim")))
        elif told.kind == "note":
            out.print(Text.assemble(("! ", "yellow"), told.text))
        self._show_status(ready=told.kind == "ready")

    def progress(self, fetching: Fetching) -> None:
        """A bar for one download; where no terminal looks on, one line when it is done."""
        if fetching.done:
            self._close_bar()
            if not out.is_terminal:
                out.print(f"  {fetching.label} fetched")
        elif out.is_terminal:
            self._close_status()
            self._show_bar(fetching)

    def _show_bar(self, fetching: Fetching) -> None:
        if self._bar is None:
            self._bar = Progress(
                TextColumn("  {task.description}"), BarColumn(), DownloadColumn(), console=out, transient=True
            )
            self._bar.add_task(fetching.label, total=fetching.expected_bytes)
            self._bar.start()
        completed = min(fetching.fetched_bytes, fetching.expected_bytes)
        self._bar.update(self._bar.task_ids[0], completed=completed)

    def close(self) -> None:
        """Takes away what still moves on the terminal."""
        self._close_status()
        self._close_bar()

    def _show_status(self, *, ready: bool) -> None:
        self._close_status()
        if out.is_terminal and self._under_way and not ready:
            self._status = out.status(", ".join(self._under_way))
            self._status.start()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _close_status(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def print_trouble(trouble: Trouble) -> None:
    """Three lines on standard error, never wrapped, so that the fix can be copied."""
    for line in trouble.lines():
        err.print(line, markup=False)


def print_json(content: object) -> None:
    """Writes a document to standard output and nothing else."""
    json.dump(content, sys.stdout, indent=2)
    sys.stdout.write("\n")


def plain(text: str) -> str:
    """Nothing in it but line breaks moves the cursor, and nothing turns the direction of what follows."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)
