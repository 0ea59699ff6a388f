"""What went wrong, in the three lines its reader can act on. Must not hold passwords or anything a submission says."""

from typing import Final

USAGE: Final = 2
NO_ANSWER: Final = 6
REFUSED: Final = 7


class Trouble(Exception):
    """Something the person at the command line can mend: what happened, why, and what to do. `exit_code` is the program's."""

    def __init__(self, what: str, why: str, fix: str, exit_code: int = USAGE) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix
        self.exit_code = exit_code

    def lines(self) -> tuple[str, str, str]:
        """Exactly three lines, whatever the texts hold."""
        what, why, fix = (" ".join(text.split()) for text in (self.what, self.why, self.fix))
        return f"what: {what}", f"why:  {why}", f"fix:  {fix}"
