"""`python -m simulation --seed 4711` runs one seed again and tells its story; `--seeds 10000` runs that many.

Ends with 1 where an invariant did not hold. Starts a PostgreSQL of its own.
"""

import argparse
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import uvloop
from simulation.database import Database, closed, opened
from simulation.run import Result, run_seed
from simulation.server import SERVICES, postgres

COMMAND = "PYTHONPATH=tests .venv/bin/python -m simulation --seed {}"


def _nothing(_: Result) -> None:
    """For those who look at the end alone."""


async def results(
    dsn: str,
    seeds: Iterable[int],
    seconds: float | None = None,
    at_least: int = 0,
    *,
    until_wrong: bool = False,
    keep: bool = False,
    tell: Callable[[Result], None] = _nothing,
) -> list[Result]:
    """Run these seeds one after the other; with `seconds`, no more than fit, but `at_least` so many.

    Only what went wrong has its trace, unless all are to be kept.
    """
    databases: list[Database] = [await opened(dsn, name) for name in SERVICES]
    found: list[Result] = []
    started = time.monotonic()
    for seed in seeds:
        if seconds is not None and len(found) >= at_least and time.monotonic() - started > seconds:
            break
        result = await run_seed(seed, databases)
        found.append(result)
        tell(result)
        if not result.wrong and not keep:
            result.trace.clear()
        if result.wrong and until_wrong:
            break
    for database in databases:
        await closed(database)
    return found


def story(result: Result) -> Iterator[str]:
    """What a person needs to see of a seed that went wrong."""
    yield from (f"  {sentence}" for sentence in result.wrong)
    yield f"  again: {COMMAND.format(result.seed)}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulation")
    parser.add_argument("--seed", type=int, help="run this one, and tell every step")
    parser.add_argument("--seeds", type=int, default=100, help="run so many")
    parser.add_argument("--first", type=int, default=1, help="beginning with this one")
    parser.add_argument("--json", action="store_true", help="one line for a machine")
    asked = parser.parse_args()
    seeds = [asked.seed] if asked.seed is not None else range(asked.first, asked.first + asked.seeds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped
    whole = asked.seed is not None

    def tell(result: Result) -> None:
        if whole or result.wrong:
            told = result.trace if whole else ()
            print(f"seed {result.seed}:", *told, *story(result), sep="\n", flush=True)

    with postgres() as dsn:
        started = time.monotonic()
        found = uvloop.run(results(dsn, seeds, tell=tell))
        seconds = time.monotonic() - started
    wrong = [result for result in found if result.wrong]
    faults: Counter[str] = sum((result.faults for result in found), Counter())
    summary = {
        "seeds": len(found), "wrong": [result.seed for result in wrong], "seconds": round(seconds, 1),
        "asked": sum(result.asked for result in found), "steps": sum(result.steps for result in found),
        "faults": faults.total(), "by_kind": dict(sorted(faults.items())),
    }  # fmt: skip
    print(json.dumps(summary) if asked.json else "\n".join(f"{name}: {value}" for name, value in summary.items()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
