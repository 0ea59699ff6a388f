"""As many seeds as fit in the time they have, each with faults of its own; and that a seed says the same every time."""

import os
from collections import Counter

import uvloop
from simulation.__main__ import COMMAND, results, story
from simulation.faults import ODDS
from simulation.run import Result

SECONDS = float(os.environ.get("SIMULATION_SECONDS", "60"))
SEEDS_MIN = 100
HARDLY_EVER = 3  # times over all seeds: less than that shows nothing


def test_no_seed_breaks_the_promise(server: str) -> None:
    found = uvloop.run(results(server, range(1, 100_000), SECONDS, SEEDS_MIN))
    wrong = [line for result in found if result.wrong for line in (f"seed {result.seed}:", *story(result))]
    faults: Counter[str] = sum((result.faults for result in found), Counter())
    print(f"{len(found)} seeds, {sum(result.asked for result in found)} records asked, {faults.total()} faults")
    assert not wrong, "\n".join(wrong)
    assert len(found) >= SEEDS_MIN
    missed = [f"{kind.name}.{fate.name}" for kind, odds in ODDS.items() for fate in odds]
    missed = [name for name in missed if faults[name] < HARDLY_EVER]
    assert not missed, f"hardly ever tried: {missed}"


def test_same_seed_is_the_same_run(server: str) -> None:
    seeds = range(200, 215)
    first, again = [uvloop.run(results(server, seeds, keep=True)) for _ in range(2)]
    differing = [one.seed for one, other in zip(first, again, strict=True) if one.trace != other.trace]
    assert not differing
    assert all(len(one.trace) > 100 for one in first)


def test_a_seed_that_goes_wrong_says_how_to_run_it_again() -> None:
    told = list(story(Result(4711, ["I6 something is missing"], [])))
    assert told == ["  I6 something is missing", f"  again: {COMMAND.format(4711)}"]
