"""`python -m faults`: the short matrix and the exam. `--soak FILE` goes on until there is enough, and can be resumed.

Ends with 1 on any violation and on any planted bug that was missed.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Final

import uvloop

from faults.exam import QUESTIONS
from faults.journal import Line
from faults.laps import LAPS
from faults.report import as_line, show
from faults.runs import short
from faults.soak import soak
from upstream_stack.terminal import out

NAMES: Final = {plan.name for plan in LAPS} | {question.bug for question in QUESTIONS} | {"exam"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="draw everything from this number")
    parser.add_argument("--only", nargs="*", default=[], help="only these laps and planted bugs (or `exam`)")
    parser.add_argument("--keep", action="store_true", help="leave the run's folder behind")
    parser.add_argument("--soak", type=Path, default=None, metavar="FILE", help="the whole; what is done stands in FILE")
    parser.add_argument("--results", type=Path, default=None, metavar="FILE", help="append the results line to this file")
    told = parser.parse_args()
    if unknown := sorted(set(told.only) - NAMES):
        parser.error(f"--only: nothing here is called {', '.join(unknown)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended, what was mounted unmounted
    seed: int = told.seed if told.seed is not None else random.SystemRandom().randrange(10**6)
    folder = Path(tempfile.mkdtemp(prefix="upstream-faults-"))
    folder.chmod(0o711)
    out.print(f"seed {seed}, in {folder}")
    result = uvloop.run(soak(seed, folder, told.soak) if told.soak else short(seed, told.only, folder))
    show(result)
    print(as_line(result))
    if told.results is not None:
        told.results.parent.mkdir(parents=True, exist_ok=True)
        with told.results.open("a") as file:
            file.write(as_line(result) + "\n")
    failed = _failed(result)
    if not told.keep and not failed:
        shutil.rmtree(folder)
    return int(failed)


def _failed(result: Line) -> bool:
    simulated = result.get("simulation", {"wrong": []})
    return any(result["violations"].values()) or bool(result["exam"]["missed"]) or bool(simulated["wrong"])


if __name__ == "__main__":
    sys.exit(main())
