"""`upstream-stack parked|gap …` and the redrive of dead letters: what waits in the services, and what an operator does about it.

Asks the operator's door of each process. Every act is signed, kept in that process's database, and can be tried dry.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from upstream_stack.errors import Trouble, command
from upstream_stack.processes import SERVICES
from upstream_stack.settings import named_service
from upstream_stack.staff_door import content, order, said
from upstream_stack.terminal import out, plain, print_json

parked = typer.Typer(help="Keys that wait with a record that could not be decided on.", no_args_is_help=True)
gap = typer.Typer(help="Numbers that are missing on our own topics.", no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", help="Why: it is kept.")]
By = Annotated[str, typer.Option("--by", help="Your account: acts are signed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a machine.")]
_NOTHING_HERE = 404


def list_kept(*, as_json: AsJson = False) -> None:
    """Every record that is still set aside in the services' tables, those that the topic no longer keeps too."""
    columns = ("process", "id", "topic", "partition", "offset", "reason", "set_aside_at", "redriven_at")
    _print_all(_everywhere("/set-aside", "set_aside"), columns, as_json=as_json, nothing="Nothing is set aside.")


@parked.command(name="list")
def list_parked(*, as_json: AsJson = False) -> None:
    """Every parked key: whose, since when, why, how many records wait, when it is tried again."""
    columns = ("process", "aggregate", "key", "reason", "parked_at", "waiting", "tries", "try_at")
    _print_all(_everywhere("/parked", "parked"), columns, as_json=as_json, nothing="Nothing is parked.")


@parked.command(name="show")
def show_parked(process: str, aggregate: str, key: str) -> None:
    """The records that wait for one key, in order: where they stand, and how large they are. No contents."""
    columns = ("topic", "partition", "offset", "bytes")
    answer = _ordered(process, "GET", f"/parked/{aggregate}/{key}")
    _print(answer["waiting"], columns, as_json=False, nothing="It is not parked.")


@parked.command(name="redrive")
def redrive_parked(process: str, aggregate: str, key: str, *, reason: Reason, by: By, dry_run: DryRun = False) -> None:
    """Let a parked key be tried at once, all its records in their order."""
    typer.echo(_ordered(process, "POST", f"/parked/{aggregate}/{key}", _order(reason, by, dry_run=dry_run))["answer"])


@parked.command(name="acts")
def show_acts(*, as_json: AsJson = False) -> None:
    """What operators did, in every process: who, when, why."""
    columns = ("process", "at", "act", "target", "by", "reason", "outcome")
    _print_all(_everywhere("/acts", "acts"), columns, as_json=as_json, nothing="Nobody did anything.")


@gap.command(name="list")
def list_gaps(*, as_json: AsJson = False) -> None:
    """Every partition that waits for numbers which were looked for in vain."""
    columns = ("process", "topic", "partition", "expected", "stream", "n")
    _print_all(_everywhere("/gaps", "gaps"), columns, as_json=as_json, nothing="No number is missing.")


@gap.command(name="accept")
def accept_gap(process: str, topic: str, partition: int, *, reason: Reason, by: By, dry_run: DryRun = False) -> None:
    """Go on without the missing numbers. What they would have said is lost to this process for good."""
    typer.echo(_ordered(process, "POST", f"/gaps/{topic}/{partition}", _order(reason, by, dry_run=dry_run))["answer"])


def redrive_letter(
    dead_letter_id: Annotated[str, typer.Argument(help="Its id, as `dead-letters list` shows it.")],
    *,
    reason: Reason,
    by: By,
    dry_run: DryRun = False,
) -> None:
    """Read a record that was set aside once more, and apply it, late. A second time does nothing."""
    silent = []
    for service in SERVICES:
        try:
            response = order(service.name, "POST", f"/set-aside/{dead_letter_id}", _order(reason, by, dry_run=dry_run))
        except Trouble:
            silent.append(service.name)
            continue
        if response.status_code == _NOTHING_HERE:
            continue
        if response.is_error:
            raise Trouble(
                f"{service.name} did not put it back", said(response), command("dead-letters", "show", dead_letter_id)
            )
        typer.echo(f"{service.name}: {content(response)['answer']}")
        return
    raise Trouble(
        f"There is nothing to put back under {dead_letter_id}",
        f"silent: {', '.join(silent)}" if silent else "no process has set it aside, or it was put back before",
        command("parked", "acts"),
    )


def _order(reason: str, by: str, *, dry_run: bool) -> dict[str, Any]:
    return {"by": by, "reason": reason, "dry_run": dry_run}


def _ordered(process: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    response = order(named_service(process).name, method, path, body)
    if response.is_error:
        raise Trouble(f"{process} did not do it ({response.status_code})", said(response), command("parked", "list"))
    return content(response)


@dataclass(slots=True)
class _Found:
    """What the processes answered, and which did not."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


def _everywhere(path: str, name: str) -> _Found:
    found = _Found()
    for service in SERVICES:
        try:
            found.rows += [{"process": service.name, **row} for row in _ordered(service.name, "GET", path)[name]]
        except Trouble:
            found.silent.append(service.name)
    return found


def _print_all(found: _Found, columns: tuple[str, ...], *, as_json: bool, nothing: str) -> None:
    """What is known; where a process is silent the rest is shown all the same, and it is said. Exit code 1 then."""
    _print(found.rows, columns, as_json=as_json, nothing=nothing)
    if found.silent:
        raise Trouble("Not everybody answered", "silent: " + ", ".join(found.silent), command("ps"))


def _print(rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool, nothing: str) -> None:
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right" if rows and isinstance(rows[0][column], int) else "left")
    for row in rows:
        table.add_row(*(Text(plain(str(row[column]))) for column in columns))
    out.print(table if rows else nothing)
