"""`upstream-stack demo`: start everything, play the journeys, leave it running."""

import time
from pathlib import Path
from typing import Annotated

import typer

from upstream_stack import lifecycle
from upstream_stack.demo.play import as_json, play
from upstream_stack.errors import Trouble, command
from upstream_stack.modes import is_the_demo_s
from upstream_stack.settings import running_target, target
from upstream_stack.stack import Stack
from upstream_stack.terminal import out

DATA = Path(__file__).resolve().parents[3] / "demo"


def demo(
    *, as_one_line: Annotated[bool, typer.Option("--json", help="Print one JSON object, for a machine.")] = False
) -> None:
    """Start everything, play the journeys with fictional people, and leave it running."""
    started = time.monotonic()
    out.quiet = as_one_line
    chosen = target()
    if not is_the_demo_s(chosen):
        why = f"{chosen.layout.compose} holds a file that turns its clock and its mail sink off"
        raise Trouble("The demo is not for this stack", why, command("demo", RUN_DIR=".run-demo", PORT_BASE="20080"))
    lifecycle.up()
    found = running_target()
    stack = Stack(found.layout.run_dir, found.ports.base)
    reports = play(stack, DATA, out)
    seconds = time.monotonic() - started
    good = sum(report.ok for report in reports.values())
    out.print(f"\n{good} of {len(reports)} journeys went as they must, in {seconds:.1f} s. The system is still running.")
    out.print(f"  follow a case     {stack.url('intake')}/status")
    out.print(f"  ask for help      {stack.url('intake')}/help")
    out.print(f"  the mails         {stack.layout.mail}")
    for what, verb in (
        ("what waits", "triage list"),
        ("rates and lags", "topics"),
        ("OVP's page", "coordinator link --account you"),
        ("what it costs", "ps"),
        ("stop", "down"),
    ):
        out.print(f"  {what:<17} {_verb(verb)}")
    if as_one_line:
        typer.echo(as_json(reports, seconds))
    raise typer.Exit(0 if good == len(reports) else 1)


def _verb(words: str) -> str:
    return f"make {words}" if " " not in words else f".venv/bin/upstream-stack {words}"
