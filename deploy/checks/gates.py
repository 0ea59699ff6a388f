"""The gates of `make check`, two at a time, and what they found.

Changes nothing. Each gate has a canary in tests/architecture that turns it red.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import generated
import names
import purity
import sizes
import source_tree
import tools
import words

SHOWN_MAX = 40
Gate = Callable[[Path], list[str]]


def over_tree(check: Callable[[source_tree.Tree], list[str]]) -> Gate:
    """A check of the tree as a gate."""
    return lambda root: check(source_tree.read(root))


GATES: Mapping[str, Gate] = {
    "types": tools.mypy,
    "lint": tools.ruff,
    "format": tools.ruff_format,
    "imports": tools.import_linter,
    "dependencies": tools.deptry,
    "purity": over_tree(purity.check),
    "names": over_tree(names.check),
    "words": over_tree(words.check),
    "sizes": over_tree(sizes.check),
    "pages": generated.pages,
    "golden": generated.golden,
    "stored-bytes": generated.stored_bytes,
}


def main(wanted: Sequence[str], root: Path) -> int:
    """Run the gates and show what they found."""
    unknown = [name for name in wanted if name not in GATES]
    if unknown:
        sys.stdout.write(f"no such gate: {', '.join(unknown)}; there are {', '.join(GATES)}\n")
        return 2
    chosen = wanted or list(GATES)
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda name: (name, *_timed(GATES[name], root)), chosen)
        red = sum([_show(*result) for result in results])
    if "sizes" in chosen:
        sys.stdout.write(f"  {sizes.told(source_tree.read(root))}\n")
    sys.stdout.write(f"{len(chosen) - red} of {len(chosen)} gates green\n")
    return 1 if red else 0


def _timed(gate: Gate, root: Path) -> tuple[list[str], float]:
    started = time.perf_counter()
    return gate(root), time.perf_counter() - started


def _show(name: str, found: Sequence[str], seconds: float) -> bool:
    sys.stdout.write(f"{'✗' if found else '✓'} {name:<13}{seconds:6.1f} s\n")
    sys.stdout.writelines(f"    {line}\n" for line in found[:SHOWN_MAX])
    if len(found) > SHOWN_MAX:
        sys.stdout.write(f"    … and {len(found) - SHOWN_MAX} more lines\n")
    sys.stdout.flush()
    return bool(found)
