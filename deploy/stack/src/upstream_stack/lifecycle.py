"""The stack's life on the command line: up, down, reset, ps, logs, doctor. Each verb is a page at most; the work is elsewhere."""

import subprocess
import sys
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Ports
from upstream_stack.modes import bring_down, bring_up, examine, is_the_demo_s, lines_of, log_words, remove_everything
from upstream_stack.processes import KAFKA, MAIL_SINK, NAMES, POSTGRES, SERVICES
from upstream_stack.report import Told
from upstream_stack.settings import Target, target
from upstream_stack.state import read_state
from upstream_stack.table import Line
from upstream_stack.terminal import Checklist, out, print_json


def up(
    only: Annotated[str, typer.Option(help="Comma-separated names to start instead of everything.")] = "",
    elsewhere: Annotated[
        str, typer.Option(help="Of kafka and postgres, what somebody else runs at this stack's ports: set up, not started.")
    ] = "",
    *,
    foreground: Annotated[
        bool, typer.Option("--foreground", envvar="FOREGROUND", help="Stay; Ctrl-C ends the stack.")
    ] = False,
) -> None:
    """Start everything, or say that it is up already."""
    chosen = target()
    foreign = _parts(elsewhere)
    left_out = foreign if is_the_demo_s(chosen) else (*foreign, MAIL_SINK.name)
    names = tuple(name for name in _names(only) if name not in left_out)
    checklist = Checklist()

    def tell(told: Told) -> None:
        checklist.tell(told)
        if told.kind == "ready":
            _print_addresses(chosen, names)

    try:
        if not bring_up(chosen, names, tell, checklist.progress, stay=foreground, elsewhere=foreign):
            out.print("Already up.")
            _print_addresses(chosen, names)
    finally:
        checklist.close()


def down() -> None:
    """End everything; data stay."""
    chosen = target()
    ended = bring_down(chosen)
    out.print(f"Down. Data stay in {chosen.layout.run_dir}" if ended else "Nothing was running.")


def reset(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """End everything and remove data, secrets and logs; with containers their image too."""
    chosen = target()
    layout = chosen.layout
    if not layout.run_dir.exists():
        out.print(f"Nothing to remove: {layout.run_dir} does not exist.")
        return
    also = f" and {layout.elsewhere}" if layout.elsewhere.exists() else ""
    if not yes:
        typer.confirm(f"Remove {layout.run_dir}{also} with all data, secrets and logs?", abort=True)
    bring_down(chosen)
    remove_everything(chosen)
    out.print(f"Removed {layout.run_dir}{also}")


def ps(*, as_json: Annotated[bool, typer.Option("--json", help="For a machine.")] = False) -> None:
    """What runs, and what it costs."""
    chosen = target()
    lines = lines_of(chosen)
    if as_json:
        print_json({"processes": [line.as_json() for line in lines], "pss_bytes": sum(line.pss_bytes for line in lines)})
        return
    if not lines:
        state = read_state(chosen.layout)
        why = "nothing runs" if state is None else f"supervisor {state.supervisor.pid} of the last run is gone"
        raise Trouble(f"No stack runs in {chosen.layout.run_dir}", why, command("up"))
    out.print(_table(lines))


def logs(
    name: Annotated[str, typer.Argument(help="Of a process, as `ps` shows it.")],
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many.")] = 50,
) -> None:
    """Show the end of a process's log."""
    sys.exit(subprocess.run(log_words(target(), name, lines, follow=follow), check=False).returncode)


def doctor() -> None:
    """Check what a start needs, each finding with its fix."""
    chosen = target()
    findings = list(examine(chosen))
    for finding in findings:
        mark = ("✓ ", "green") if finding.trouble is None else ("✗ ", "red")
        out.print(Text.assemble(mark, finding.label))
        for line in () if finding.trouble is None else finding.trouble.lines():
            out.print(f"    {line}", markup=False)
    if any(finding.trouble for finding in findings):
        raise typer.Exit(1)


def _names(only: str) -> tuple[str, ...]:
    if not only:
        return NAMES
    asked = {name.strip() for name in only.split(",")}
    unknown = sorted(asked - set(NAMES))
    if unknown:
        raise Trouble(f"There is no {', '.join(unknown)}", f"the names are {', '.join(NAMES)}", command("up"))
    return tuple(name for name in NAMES if name in asked)


def _parts(elsewhere: str) -> tuple[str, ...]:
    """What somebody else runs: only the broker and the database can be had that way."""
    parts = _names(elsewhere) if elsewhere else ()
    ours = sorted(set(parts) - {KAFKA, POSTGRES})
    if ours:
        raise Trouble(f"{', '.join(ours)} cannot run elsewhere", f"only {KAFKA} and {POSTGRES} can", command("up"))
    return parts


def _print_addresses(chosen: Target, names: tuple[str, ...]) -> None:
    for label, address in _addresses(chosen.ports, names):
        out.print(f"  {label:<20} {address}")
    out.print(f"  {'credentials':<20} {chosen.layout.credentials}")
    for verb in ("ps", "topics", "down"):
        out.print(Text(f"  next: {command(verb)}", style="dim"))


def _addresses(ports: Ports, names: tuple[str, ...]) -> list[tuple[str, str]]:
    known = [("kafka", f"127.0.0.1:{ports.kafka}"), ("postgres", f"127.0.0.1:{ports.postgres}")]
    known += [(row.name, f"http://127.0.0.1:{ports.service(row.port_offset)}") for row in SERVICES]
    known += [(MAIL_SINK.name, f"smtp://127.0.0.1:{ports.service(MAIL_SINK.port_offset)}")]
    return [(label, address) for label, address in known if label in names]


def _table(lines: list[Line]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "pid", "MB", "CPU %", "port", "state", "restarts"):
        table.add_column(heading, justify="left" if heading in ("name", "state") else "right")
    for line in lines:
        table.add_row(*line.cells())
    table.add_row(
        "sum",
        "",
        f"{sum(line.pss_bytes for line in lines) / 1e6:.0f}",
        f"{sum(line.cpu_percent for line in lines):.1f}",
    )
    return table
