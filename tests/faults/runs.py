"""How laps are run one after the other, and what of them is counted."""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Final

from faults.exam import exam
from faults.invariants import INVARIANTS
from faults.journal import Line, read
from faults.lap import Lap
from faults.laps import LAPS, LapPlan
from faults.report import machine
from faults.world import World
from upstream_stack.terminal import out

COUNTED: Final = ("asks", "acknowledged", "refused", "unknown", "events", "records", "set_aside", "parked")


async def short(seed: int, only: list[str], folder: Path) -> Line:
    """The short matrix: each lap once, and the exam. `only` names some of both."""
    rng, began = random.Random(seed), time.monotonic()
    world, done = World(folder), []
    try:
        await world.up()
        for number, plan in enumerate(LAPS):
            drawn = rng.randrange(10**9)
            if not only or plan.name in only:
                done.append(await run_lap(world, folder, plan, f"m{number}", drawn, plan.seconds))
        marks = await exam(world, folder, rng.randrange(10**9), only)
    finally:
        await world.down()
    seconds = round(time.monotonic() - began, 1)
    return {"kind": "short", "seed": seed, **totals(done), "exam": marks, "seconds": seconds, "machine": machine()}


async def run_lap(world: World, folder: Path, plan: LapPlan, mark: str, seed: int, seconds: float) -> Line:
    """One lap of the matrix: what the checker found, and how often each row was injected."""
    lap = Lap(
        world, folder / mark, mark, seed, plan.load,
        through_proxies=plan.through_proxies, replicated=plan.replicated, twins=plan.twins,
    )  # fmt: skip
    began = time.monotonic()
    try:
        with out.status(f"{plan.name} …"):
            await lap.prepare()
            try:
                await plan.breaks(lap, time.monotonic() + seconds)
            except (TimeoutError, RuntimeError, ExceptionGroup) as stuck:  # the checker says what else is wrong
                lap.told["stuck"] = repr(stuck)
                await heal(world)
            found = await lap.finish()
    finally:
        await lap.end()
    rows = Counter(line["row"] for line in read(lap.folder / "faults.jsonl"))
    bad = {name: count for name, count in found["violations"].items() if count}
    color = "red" if bad else "green"
    strained = f", bounds × {found['strain']} on a busy machine" if found["strain"] > 1 else ""
    out.print(
        f"[{color}]{'✗' if bad else '✓'}[/{color}] {plan.name:<10} {rows.total():>4} faults, {found['acknowledged']:>6} asks"
        f" acknowledged, quiet {found['quiet_after']:>4.1f} s after healing, {time.monotonic() - began:>3.0f} s,"
        f" seed {seed}{strained} {bad or ''}"
    )
    for name, lines in found["first"].items():
        out.print(f"    {name}: {lines[0]}")
    return {"lap": plan.name, "seed": seed, "rows": dict(rows), **found}


async def heal(world: World) -> None:
    """Broker and database server run again, whatever state a row that could not end left them in."""
    for server in (world.kafka, world.postgres):
        if server.running is None or server.running.poll() is not None:
            server.start()
    await world.broker_answers()
    await world.database_answers()


def totals(done: list[Line]) -> Line:
    """Laps together."""
    rows: Counter[str] = Counter()
    violations: Counter[str] = Counter(dict.fromkeys(INVARIANTS, 0))
    counted: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    for lap in done:
        rows.update(lap["rows"])
        violations.update(lap["violations"])
        counted.update({name: lap[name] for name in COUNTED})
    strain = max((lap["strain"] for lap in done), default=1.0)
    return {
        "strain": strain,
        "faults": rows.total(),
        "rows": dict(sorted(rows.items())),
        "violations": dict(violations),
        **counted,
    }
