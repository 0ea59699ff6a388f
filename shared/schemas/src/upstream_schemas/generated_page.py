"""The command line of a file that is made from the contract and never written by hand.

`--write` makes it, `--check` finds an old one. Knows no page.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GeneratedPage:
    """One file, the module whose command makes it, and what it must say. `path` is seen from the root of the repository."""

    module: str
    path: Path
    text: Callable[[], str]

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """The command line. Exit code 1 where the page is out of date."""
        parser = ArgumentParser(prog=f"python -m {self.module}", description=f"{self.path}, made from the contract")
        mode = parser.add_mutually_exclusive_group(required=True)
        mode.add_argument("--write", action="store_true", help="write the page")
        mode.add_argument("--check", action="store_true", help="fail where the page is out of date")
        parser.add_argument("--page", type=Path, default=self.path)
        wanted = parser.parse_args(arguments)
        if wanted.write:
            wanted.page.write_text(self.text(), encoding="utf-8")
            return 0
        if wanted.page.exists() and wanted.page.read_text(encoding="utf-8") == self.text():
            return 0
        sys.stdout.write(f"{wanted.page}: out of date; run python -m {self.module} --write\n")
        return 1
