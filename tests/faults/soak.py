"""`make soak`: round after round of longer laps until there is enough, the exam, and the simulation from ten thousand seeds.

Each lap and each stretch of seeds that is done stands in a file, to go on from.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

from faults.exam import QUESTIONS, exam, graded
from faults.journal import Journal, Line, read
from faults.lap import TESTS
from faults.laps import LapPlan, possible
from faults.report import machine
from faults.runs import run_lap, totals
from faults.world import running
from upstream_stack.terminal import out

ENOUGH_EVENTS: Final = 1_000_000
ENOUGH_FAULTS: Final = 1000
SECONDS_MAX: Final = 2.5 * 3600
LONGER: Final = 4
RATE: Final = 150.0
BAD_EACH: Final = 500
SEEDS: Final = 10_000
STRETCH: Final = 250
SUMMED: Final = ("seeds", "asked", "steps", "faults", "seconds")


async def soak(seed: int, folder: Path, progress: Path) -> Line:
    """Everything that is not done yet. The seed of a begun file is kept to."""
    lines = list(read(progress))
    seed = lines[0]["soak"] if lines else seed
    progress.parent.mkdir(parents=True, exist_ok=True)
    journal = Journal(progress)
    laps = [line for line in lines if "lap" in line]
    number = 0
    while not _enough(laps):
        await _round(number, seed, folder, laps, journal)
        number += 1
    simulated = await _simulated(seed, [line["simulated"] for line in lines if "simulated" in line], journal)
    journal.close()
    caught: dict[str, int] = {}
    for kind in dict.fromkeys(question.world for question in QUESTIONS):
        async with running(kind(folder / f"world-exam-{kind.__name__.lower()}")) as world:
            caught |= await exam(world, folder / "exam", seed, QUESTIONS)
    seconds = round(sum(lap["seconds"] for lap in laps), 1)
    result = {
        "kind": "soak", "seed": seed, **totals(laps), "exam": graded(caught), "simulation": simulated, "seconds": seconds,
        "machine": machine(),
    }  # fmt: skip
    progress.unlink()
    return result


def _enough(laps: list[Line]) -> bool:
    found = totals(laps)
    spent = sum(lap["seconds"] for lap in laps)
    out.print(f"[dim]{found['events']} events acknowledged, {found['faults']} faults, {spent / 60:.0f} min so far[/dim]")
    enough: bool = found["events"] >= ENOUGH_EVENTS and found["faults"] >= ENOUGH_FAULTS
    return enough or spent > SECONDS_MAX


async def _simulated(seed: int, done: list[Line], journal: Journal) -> Line:
    """The simulation, as many stretches of seeds at once as there are cores; what the seeds found, together."""
    at_once = os.cpu_count() or 1
    known = {line["first"] for line in done}
    missing = [first for first in range(1, SEEDS + 1, STRETCH) if first not in known]
    for turn in (missing[at : at + at_once] for at in range(0, len(missing), at_once)):
        for line in await asyncio.gather(*map(_stretch, turn)):
            done.append(line)
            journal.write([{"soak": seed, "simulated": line}])
    summed: Counter[str] = Counter()
    for stretch in done:
        summed.update({name: stretch[name] for name in SUMMED})
    return {**summed, "wrong": [wrong for stretch in done for wrong in stretch["wrong"]]}


async def _stretch(first: int) -> Line:
    """One stretch of seeds, in a process and with a database server of its own."""
    words = [sys.executable, "-m", "simulation", "--first", str(first), "--seeds", str(STRETCH), "--json"]
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(TESTS)}
    )
    told, _ = await process.communicate()
    *stories, line = told.decode().splitlines()
    out.print(*stories, f"[dim]seeds {first} to {first + STRETCH - 1}: {line}[/dim]", sep="\n")
    return {"first": first, **json.loads(line)}


async def _round(number: int, seed: int, folder: Path, laps: list[Line], journal: Journal) -> None:
    """Each lap once more, on brokers and a database of the round's own; those that a run before this one did are passed over."""
    done = {lap["lap"] for lap in laps if lap["round"] == number}
    missing = [plan for plan in possible() if plan.name not in done]
    for kind in dict.fromkeys(plan.world for plan in missing):
        async with running(kind(folder / f"world-{number}-{kind.__name__.lower()}")) as world:
            for plan in (plan for plan in missing if plan.world is kind):
                drawn, began = hash_of(seed, number, plan.name), time.monotonic()
                found = await run_lap(world, folder, longer(plan), f"r{number}{plan.name}", drawn, LONGER * plan.seconds)
                laps.append({"soak": seed, "round": number, "seconds": time.monotonic() - began, **found})
                journal.write([laps[-1]])
                if _enough(laps):
                    return


def longer(plan: LapPlan) -> LapPlan:
    """A lap under the load of the soak."""
    load = replace(plan.load, rate=min(RATE, 1.5 * plan.load.rate), bad_each=BAD_EACH if plan.load.bad_each else 0)
    return replace(plan, load=load)


def hash_of(seed: int, number: int, name: str) -> int:
    """A lap's own seed: the same for the same run, round and lap."""
    return (seed * 1_000_003 + number * 10_007 + sum(map(ord, name))) % 10**9
