"""`make soak`: round after round of longer laps until there is enough. Each lap that is done stands in a file, to go on from."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from faults.exam import exam
from faults.journal import Journal, Line, read
from faults.laps import LAPS
from faults.report import machine
from faults.runs import run_lap, totals
from faults.world import World
from upstream_stack.terminal import out

ENOUGH_EVENTS: Final = 1_000_000
ENOUGH_FAULTS: Final = 1000
SECONDS_MAX: Final = 2.5 * 3600
LONGER: Final = 4
RATE: Final = 150.0
BAD_EACH: Final = 500


async def soak(seed: int, folder: Path, progress: Path) -> Line:
    """Everything that is not done yet, then the exam. The seed of a begun file is kept to."""
    done = list(read(progress))
    seed = done[0]["soak"] if done else seed
    progress.parent.mkdir(parents=True, exist_ok=True)
    journal = Journal(progress)
    number = 0
    while not _enough(done):
        await _round(number, seed, folder, done, journal)
        number += 1
    journal.close()
    world = World(folder / "exam")
    try:
        await world.up()
        marks = await exam(world, folder / "exam", seed, [])
    finally:
        await world.down()
    seconds = round(sum(lap["seconds"] for lap in done), 1)
    result = {"kind": "soak", "seed": seed, **totals(done), "exam": marks, "seconds": seconds, "machine": machine()}
    progress.unlink()
    return result


def _enough(done: list[Line]) -> bool:
    found = totals(done)
    spent = sum(lap["seconds"] for lap in done)
    out.print(f"[dim]{found['events']} events acknowledged, {found['faults']} faults, {spent / 60:.0f} min so far[/dim]")
    enough: bool = found["events"] >= ENOUGH_EVENTS and found["faults"] >= ENOUGH_FAULTS
    return enough or spent > SECONDS_MAX


async def _round(number: int, seed: int, folder: Path, done: list[Line], journal: Journal) -> None:
    """Each lap once more, on a broker and a database of its own; those that a run before this one did are passed over."""
    missing = [plan for plan in LAPS if not any(lap["round"] == number and lap["lap"] == plan.name for lap in done)]
    if not missing:
        return
    world = World(folder / f"round{number}")
    try:
        await world.up()
        for plan in missing:
            load = replace(plan.load, rate=min(RATE, 1.5 * plan.load.rate), bad_each=BAD_EACH if plan.load.bad_each else 0)
            drawn, began = hash_of(seed, number, plan.name), time.monotonic()
            mark = f"r{number}{plan.name}"
            found = await run_lap(world, folder, replace(plan, load=load), mark, drawn, LONGER * plan.seconds)
            done.append({"soak": seed, "round": number, "seconds": time.monotonic() - began, **found})
            journal.write([done[-1]])
            if _enough(done):
                return
    finally:
        await world.down()


def hash_of(seed: int, number: int, name: str) -> int:
    """A lap's own seed: the same for the same run, round and lap."""
    return (seed * 1_000_003 + number * 10_007 + sum(map(ord, name))) % 10**9
