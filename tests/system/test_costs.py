"""What the whole stack costs when nobody asks anything of it. No test asserts speed; a busy loop must be seen."""

import json
import time

from upstream_stack.proc_table import own_cost
from upstream_stack.processes import NAMES, SERVICES
from upstream_stack.stack import Stack

PSS_BYTES_MAX = 1_600_000_000
WATCHED_SECONDS = 10.0
BUSY_PERCENT = 10.0


def test_everything_together_fits_into_its_memory(stack: Stack) -> None:
    answer = json.loads(stack.run("ps", "--json"))
    lines = {line["name"]: line for line in answer["processes"]}
    assert {*NAMES, "supervisor"} == set(lines)
    print(
        {name: f"{line['pss_bytes'] / 1e6:.0f} MB" for name, line in lines.items()}, f"sum {answer['pss_bytes'] / 1e6:.0f} MB"
    )
    assert all(line["pss_bytes"] > 1_000_000 for line in lines.values())
    assert answer["pss_bytes"] <= PSS_BYTES_MAX


def test_no_service_is_busy_while_nothing_happens(stack: Stack) -> None:
    pids = {row.name: stack.pid(row.name) or 0 for row in SERVICES}
    before = {name: own_cost(pid).cpu_seconds for name, pid in pids.items()}
    began = time.monotonic()
    time.sleep(WATCHED_SECONDS)
    passed = time.monotonic() - began
    percent = {name: round(100 * (own_cost(pid).cpu_seconds - before[name]) / passed, 1) for name, pid in pids.items()}
    print(f"percent of one core over {passed:.1f} s:", percent)
    assert {name: stack.pid(name) for name in pids} == pids
    assert max(percent.values()) <= BUSY_PERCENT
