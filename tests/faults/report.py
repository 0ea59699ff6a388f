"""What a run prints and keeps: progress, a table by row and one by invariant, and one machine-readable line."""

import json
import os
import platform
import subprocess
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Final

from rich.table import Table

from faults.exam import NOT_ASKED
from faults.invariants import INVARIANTS
from faults.journal import Line, read
from faults.laps import ABSENT
from upstream_stack.parts.java import find_java
from upstream_stack.terminal import out

PACKAGES: Final = ("aiokafka", "faststream", "asyncpg", "pydantic", "uvloop", "confluent-kafka")
COUNTED: Final = ("asks", "acknowledged", "refused", "unknown", "events", "records", "set_aside", "parked")


def totals(folders: list[Path]) -> Line:
    """All laps of a run together, out of what each left in its folder."""
    rows: Counter[str] = Counter()
    violations: Counter[str] = Counter(dict.fromkeys(INVARIANTS, 0))
    counted: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    for folder in folders:
        rows.update(line["row"] for line in read(folder / "faults.jsonl"))
        verdict = json.loads((folder / "verdict.json").read_text())
        violations.update(verdict["violations"])
        counted.update({name: verdict[name] for name in COUNTED})
    return {"faults": sum(rows.values()), "rows": dict(sorted(rows.items())), "violations": dict(violations), **counted}


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
    for row, why in ABSENT.items():
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
    for bug, why in NOT_ASKED.items():
        out.print(f"  not planted: {bug}: {why}")
    out.print(
        f"{result['acknowledged']} asks acknowledged ({result['events']} effects), {result['refused']} refused,"
        f" {result['unknown']} unknown; {result['records']} records read back; {result['seconds']:.0f} s"
    )


def as_line(result: Line) -> str:
    """The machine-readable line."""
    return json.dumps(result, separators=(",", ":"))
