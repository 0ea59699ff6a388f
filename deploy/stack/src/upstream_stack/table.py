"""The lines of `ps`: what the record says of each process, and what the kernel says it costs."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from upstream_stack.layout import Layout
from upstream_stack.proc_table import Cost, cost_of, own_cost
from upstream_stack.state import ProcessRecord, running_state

SUPERVISOR = "supervisor"

_SAMPLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """One process with everything it started. CPU in percent of one core, over one second."""

    name: str
    pid: int | None
    pss_bytes: int
    cpu_percent: float
    port: int | None
    state: str
    restarts: int

    def cells(self) -> tuple[str, ...]:
        """The line as text, for a person."""
        pid, port = (str(number or "-") for number in (self.pid, self.port))
        return (
            self.name,
            pid,
            f"{self.pss_bytes / 1e6:.0f}",
            f"{self.cpu_percent:.1f}",
            port,
            self.state,
            str(self.restarts),
        )

    def as_json(self) -> dict[str, object]:
        """The line as data, for a program."""
        return asdict(self)


def lines_of(layout: Layout) -> list[Line]:
    """One line for each process of the stack that runs, the supervisor's own last; empty where none runs."""
    state = running_state(layout)
    if state is None:
        return []
    records = state.processes | {SUPERVISOR: ProcessRecord(port=None, identity=state.supervisor, state="up")}
    before = _costs(records)
    time.sleep(_SAMPLE_SECONDS)
    after = _costs(records)
    return [_line(name, record, before[name], after[name]) for name, record in records.items()]


def _costs(records: Mapping[str, ProcessRecord]) -> dict[str, Cost]:
    """The supervisor started all others, so it alone is counted without its descendants."""
    pids = {name: record.identity.pid for name, record in records.items() if record.identity is not None}
    trees = cost_of(pid for name, pid in pids.items() if name != SUPERVISOR)
    costs = {name: trees[pid] for name, pid in pids.items() if name != SUPERVISOR}
    return {name: Cost() for name in records} | costs | {SUPERVISOR: own_cost(pids[SUPERVISOR])}


def _line(name: str, record: ProcessRecord, before: Cost, after: Cost) -> Line:
    pid = None if record.identity is None else record.identity.pid
    cpu_percent = 100 * max(0.0, after.cpu_seconds - before.cpu_seconds) / _SAMPLE_SECONDS
    return Line(name, pid, after.pss_bytes, cpu_percent, record.port, record.state, record.restarts)
