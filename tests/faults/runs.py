"""How laps are run one after the other, and what of them is counted."""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Final

from faults.exam import QUESTIONS, exam, graded
from faults.invariants import INVARIANTS
from faults.journal import Line, read
from faults.lap import Lap
from faults.laps import LAPS, LapPlan, possible
from faults.report import machine
from faults.world import World, running
from upstream_stack.terminal import out

COUNTED: Final = ("asks", "acknowledged", "refused", "unknown", "events", "again", "records", "set_aside", "parked")


async def short(seed: int, only: list[str], folder: Path) -> Line:
    """The short matrix: each lap that is not long once, and the exam. `only` names some of both, long ones too."""
    rng, began, done = random.Random(seed), time.monotonic(), list[Line]()
    drawn = {plan.name: rng.randrange(10**9) for plan in LAPS}
    chosen = [plan for plan in possible() if (plan.name in only if only else not plan.long)]
    questions = [q for q in QUESTIONS if not only or q.bug in only or "exam" in only]
    exam_seed, found = rng.randrange(10**9), dict[str, int]()
    kinds = dict.fromkeys([*(plan.world for plan in chosen), *(question.world for question in questions)])
    for kind in kinds:
        async with running(kind(folder / f"world-{kind.__name__.lower()}")) as world:
            done += [await run_lap(world, folder, p, p.name, drawn[p.name], p.seconds) for p in chosen if p.world is kind]
            found |= await exam(world, folder, exam_seed, questions)
    seconds = round(time.monotonic() - began, 1)
    return {"kind": "short", "seed": seed, **totals(done), "exam": graded(found), "seconds": seconds, "machine": machine()}


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
    """Brokers and database server run again, whatever state a row that could not end left them in."""
    for server in world.servers:
        if not server.lives:
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
        counted.update({name: lap.get(name, 0) for name in COUNTED})
    strain = max((lap["strain"] for lap in done), default=1.0)
    return {
        "strain": strain,
        "faults": rows.total(),
        "rows": dict(sorted(rows.items())),
        "violations": dict(violations),
        **counted,
    }
