"""What went wrong, in the three lines an operator can act on. Must not hold secrets: these lines end up in terminals and CI logs."""

import os
import shlex
import sys
from pathlib import Path

_MAKE_VERBS = frozenset({"up", "down", "reset", "ps", "doctor", "topics"})

STARTED_BY = "UPSTREAM_STARTED_BY"
"""The variable by which the Makefile says that it called us."""
_SETTINGS = ("RUN_DIR", "PORT_BASE", "PG_BIN", "MODE")


class Trouble(Exception):
    """A failure an operator can mend: what happened, why, and the exact command that fixes it."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> tuple[str, str, str]:
        """Exactly three lines, whatever the texts hold."""
        what, why, fix = (" ".join(text.split()) for text in (self.what, self.why, self.fix))
        return f"what: {what}", f"why:  {why}", f"fix:  {fix}"


def command(*words: str, **settings: str) -> str:
    """The command line that runs `words` on this same stack: through make where make called us, with the settings in force."""
    in_force = {name: os.environ[name] for name in _SETTINGS if name in os.environ} | settings
    assignments = [f"{name}={shlex.quote(value)}" for name, value in in_force.items()]
    if os.environ.get(STARTED_BY) == "make" and len(words) == 1 and words[0] in _MAKE_VERBS:
        return " ".join(["make", *words, *assignments])
    return " ".join([*assignments, *map(shlex.quote, (*_program(), *words))])


def _program() -> tuple[str, ...]:
    """The script beside this Python, or the module where there is none."""
    script = Path(sys.executable).parent / "upstream-stack"
    if not script.exists():
        return sys.executable, "-m", "upstream_stack"
    here = Path.cwd()
    return (str(script.relative_to(here) if script.is_relative_to(here) else script),)


def install_command(*, debian: str, fedora: str, brew: str) -> str:
    """How this machine installs a missing program."""
    if Path("/usr/bin/apt-get").exists():
        return _as_root(f"apt-get install -y {debian}")
    if Path("/usr/bin/dnf").exists():
        return _as_root(f"dnf install -y {fedora}")
    return f"brew install {brew}"


def _as_root(text: str) -> str:
    return text if os.geteuid() == 0 else f"sudo {text}"
