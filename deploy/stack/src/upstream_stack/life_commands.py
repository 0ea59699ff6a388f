"""`upstream-stack restart`, `rebuild-topics`, `backup`, `restore`: services anew, a broker that was wiped, a database that has to go back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from upstream_stack import backups, rebuild
from upstream_stack import restore as restoring
from upstream_stack.clock import now
from upstream_stack.errors import Trouble, command
from upstream_stack.modes import bring_down, bring_up, hands_on, lines_of
from upstream_stack.modes import restart as begin_anew
from upstream_stack.private_files import make_private_folder
from upstream_stack.processes import KAFKA, POSTGRES, SERVICES, Service
from upstream_stack.report import step
from upstream_stack.settings import Target, is_running, named_service, running_target, target
from upstream_stack.terminal import Checklist, out

Name = Annotated[str, typer.Argument(help="A service, as `ps` names it.")]


def restart(
    names: Annotated[list[str] | None, typer.Argument(help="Services, as `ps` names them; without any, all of them.")] = None,
) -> None:
    """Restart services one after the other, each when the one before is ready again. Each stands still for a second or two."""
    chosen = running_target()
    rows = [named_service(name) for name in names or ()] or _that_run(chosen)
    with _checklist() as checklist:
        for row in rows:
            with step(checklist.tell, row.name):
                begin_anew(chosen, row.name)


def rebuild_topics(process: Annotated[str, typer.Option(help="This service alone, wiped or not.")] = "") -> None:
    """Send a wiped broker everything again that services keep; readers drop what they had. Also where its files are just gone."""
    chosen = target()
    row = named_service(process) if process else None
    with _checklist() as checklist:
        if is_running(chosen):
            chosen = running_target()
            rebuild.rebuild(chosen, hands_on(chosen, checklist.progress), row, checklist.tell)
            return
        with _parts_alone(chosen, checklist):
            rebuild.rebuild(chosen, hands_on(chosen, checklist.progress), row, checklist.tell)
    out.print(f"  next: {command('up')}")


def backup(process: Name, to: Annotated[Path | None, typer.Option(help="A folder that does not exist yet.")] = None) -> None:
    """Keep a copy of a service's database as it is now, while everything runs; without people's keys."""
    chosen = running_target()
    row = named_service(process)
    folder = to or chosen.layout.run_dir / "backups" / row.name / f"{now():%Y%m%dT%H%M%SZ}"
    if folder.exists():
        raise Trouble(f"{folder} exists", "a backup is written once", command("backup", row.name))
    make_private_folder(folder)
    found = asyncio.run(backups.take(chosen, row, folder))
    out.print(f"{len(found.tables)} tables of {row.name} in {folder}")
    out.print(f"  next: {command('restore', row.name, '--from', str(folder))}")


def restore(
    process: Name,
    source: Annotated[Path, typer.Option("--from", help="The folder that `backup` wrote.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a service's database back to a backup, while the stack is down; its numbers go on under a new stream."""
    chosen = target()
    row = named_service(process)
    if is_running(chosen):
        raise Trouble("The stack runs", f"{row.name} would write into what is put back", command("down"))
    backups.read_manifest(source, row)
    if not yes:
        typer.confirm(f"Put {row.name} back to {source.name}? What it did since is forgotten.", abort=True)
    with _checklist() as checklist, _parts_alone(chosen, checklist), step(checklist.tell, row.name) as details:
        details.append(asyncio.run(restoring.put_back(chosen, row, source)))
    out.print(f"  next: {command('up')}")


def _that_run(chosen: Target) -> list[Service]:
    running = {line.name for line in lines_of(chosen) if line.pid is not None}
    return [row for row in SERVICES if row.name in running]


@contextmanager
def _checklist() -> Iterator[Checklist]:
    found = Checklist()
    try:
        yield found
    finally:
        found.close()


@contextmanager
def _parts_alone(chosen: Target, checklist: Checklist) -> Iterator[None]:
    """Broker and database server without any service."""
    bring_up(chosen, (KAFKA, POSTGRES), checklist.tell, checklist.progress, stay=False)
    try:
        yield
    finally:
        bring_down(chosen)
