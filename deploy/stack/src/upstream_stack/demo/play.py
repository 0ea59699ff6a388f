"""Plays the journeys and tells how each step went, for a person or for a machine."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
from rich.console import Console

from upstream_stack.demo.journeys import JOURNEYS
from upstream_stack.demo.outside import Letters, NotSeenError, Topics
from upstream_stack.demo.scene import READ, Scene, Step
from upstream_stack.errors import Trouble
from upstream_stack.stack import Stack


@dataclass(slots=True)
class Told:
    """One step as it went."""

    step: str
    ok: bool
    seconds: float
    shown: str


@dataclass(slots=True)
class Report:
    """How one journey went."""

    ok: bool = True
    steps: list[Told] = field(default_factory=list)


def play(stack: Stack, data: Path, console: Console, names: Iterable[str] = JOURNEYS) -> dict[str, Report]:
    """Plays these journeys on a running stack. `data` holds the fictional trainers and venues."""
    register(stack, data)
    scene = Scene(stack, Letters(stack.layout.mail), Topics(stack.kafka_admin_config(), READ))
    reports = {}
    try:
        for name in names:
            journey = JOURNEYS[name]
            console.print(f"\n[bold]{name}[/bold] {(journey.__doc__ or '').partition(': ')[2]}")
            reports[name] = _report(journey(scene), console)
    finally:
        scene.close()
    return reports


def _report(steps: Iterator[Step], console: Console) -> Report:
    report = Report()
    while report.ok:
        started = time.monotonic()
        try:
            step, shown = next(steps)
            told = Told(step, ok=True, seconds=round(time.monotonic() - started, 2), shown=shown)
        except StopIteration:
            break
        except (NotSeenError, httpx.HTTPError, Trouble) as missing:
            told = Told(
                f"not seen: {' '.join(str(missing).split())}", ok=False, seconds=round(time.monotonic() - started, 2), shown=""
            )
        report.ok = told.ok
        report.steps.append(told)
        mark = "[green]✓[/green]" if told.ok else "[red]✗[/red]"
        console.print(f"  {mark} {told.step:<74} {told.seconds:>6.2f} s  [dim]{told.shown}[/dim]", highlight=False)
    return report


def register(stack: Stack, data: Path) -> None:
    """Trainers and venues through the scheduler's staff door, as a coordinator would; again is no harm."""
    token = {"Authorization": f"Bearer {stack.secret('operator', 'scheduler-staff-token')}"}
    with httpx.Client(base_url=stack.url("scheduler"), headers=token, timeout=20) as staff:
        for kind in ("venues", "trainers"):
            for name, entry in json.loads((data / f"{kind}.json").read_text()).items():
                staff.put(f"/staff/{kind}/{name}", json=entry).raise_for_status()


def as_json(reports: dict[str, Report], seconds: float) -> str:
    """The reports for a machine."""
    return json.dumps({"journeys": {name: asdict(report) for name, report in reports.items()}, "seconds": round(seconds, 1)})
