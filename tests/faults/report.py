"""What a run prints and keeps: progress, a table by row and one by invariant, and one machine-readable line."""

import json
import os
import platform
import subprocess
from importlib.metadata import version
from typing import Final

from rich.table import Table

from faults.invariants import INVARIANTS
from faults.journal import Line
from faults.laps import absent
from upstream_stack.parts.java import find_java
from upstream_stack.terminal import out

PACKAGES: Final = ("aiokafka", "faststream", "asyncpg", "pydantic", "uvloop", "confluent-kafka")


def machine() -> Line:
    """What it ran on, and which versions it speaks of."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "java": find_java().version,
        "packages": {name: version(name) for name in PACKAGES},
        "commit": commit,
    }


def show(result: Line) -> None:
    """The tables."""
    rows = Table("row", "injected", title=f"{result['faults']} faults, seed {result['seed']}", title_justify="left")
    for row, count in result["rows"].items():
        rows.add_row(row, str(count))
    for row, why in absent().items():
        rows.add_row(row, f"[dim]{why}[/dim]")
    out.print(rows)
    found = Table("invariant", "violations", "asks", title_justify="left")
    for name, ask in INVARIANTS.items():
        count = result["violations"][name]
        found.add_row(name, f"[red]{count}[/red]" if count else "0", (ask.__doc__ or "").partition(": ")[2])
    out.print(found)
    exam = result["exam"]
    missed = f", missed: {', '.join(exam['missed'])}" if exam["missed"] else ""
    out.print(f"The checker's exam: planted {exam['planted']} / caught {exam['caught']}{missed}")
    for bug, draw in exam["draws"].items():
        out.print(f"[dim]{bug} was caught in draw {draw}: the race that brings it out was not there before[/dim]")
    if simulated := result.get("simulation"):
        out.print(
            f"The simulation: {simulated['seeds']} seeds, {simulated['faults']} faults, wrong: {simulated['wrong'] or 'none'}"
        )
    out.print(
        f"{result['acknowledged']} asks acknowledged ({result['events']} events applied,"
        f" {result['again']} of them again after a database was put back), {result['refused']} refused,"
        f" {result['unknown']} unknown; {result['records']} records read back; {result['seconds']:.0f} s"
    )


def as_line(result: Line) -> str:
    """The machine-readable line."""
    return json.dumps(result, separators=(",", ":"))
