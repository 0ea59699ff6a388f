"""`python -m faults`: the short matrix and the exam; `--soak` goes on until there is enough. Ends with 1 on any violation."""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from faults.exam import exam
from faults.journal import Line
from faults.lap import Lap
from faults.laps import LAPS, LapPlan
from faults.report import as_line, machine, show, totals
from faults.world import World
from upstream_stack.terminal import out


async def run_lap(world: World, folder: Path, plan: LapPlan, mark: str, seed: int, seconds: float) -> Path:
    """One lap of the matrix; its folder, with the verdict in it."""
    lap = Lap(world, folder / mark, mark, seed, plan.load, through_proxies=plan.through_proxies)
    began = time.monotonic()
    try:
        await lap.prepare()
        await plan.breaks(lap, time.monotonic() + seconds)
        found = await lap.finish()
    finally:
        await lap.end()
    bad = {name: count for name, count in found["violations"].items() if count}
    color = "red" if bad else "green"
    out.print(
        f"[{color}]{'✗' if bad else '✓'}[/{color}] {plan.name:<12} {found['acknowledged']:>6} acknowledged,"
        f" quiet {found['quiet_after']:.1f} s after healing, {time.monotonic() - began:.0f} s in all, seed {seed} {bad or ''}"
    )
    for name, lines in found["first"].items():
        out.print(f"    {name}: {lines[0]}")
    return lap.folder


async def short(seed: int, only: list[str], folder: Path) -> Line:
    """The short matrix: each lap once."""
    rng, began = random.Random(seed), time.monotonic()
    world = World(folder)
    try:
        await world.up()
        folders = []
        for number, plan in enumerate(LAPS):
            drawn = rng.randrange(10**9)
            if not only or plan.name in only:
                folders.append(await run_lap(world, folder, plan, f"m{number}", drawn, plan.seconds))
        marks = await exam(world, folder, rng.randrange(10**9), only)
    finally:
        await world.down()
    seconds = round(time.monotonic() - began, 1)
    return {"seed": seed, **totals(folders), "exam": marks, "seconds": seconds, "machine": machine()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="draw everything from this number")
    parser.add_argument("--only", nargs="*", default=[], help="only these laps and planted bugs")
    parser.add_argument("--keep", action="store_true", help="leave the run's folder behind")
    told = parser.parse_args()
    seed = told.seed if told.seed is not None else random.SystemRandom().randrange(10**6)
    folder = Path(tempfile.mkdtemp(prefix="upstream-faults-"))
    folder.chmod(0o711)
    out.print(f"seed {seed}, in {folder}")
    result = uvloop.run(short(seed, told.only, folder))
    show(result)
    print(as_line(result))
    failed = any(result["violations"].values()) or bool(result["exam"]["missed"])
    if not told.keep and not failed:
        shutil.rmtree(folder)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
