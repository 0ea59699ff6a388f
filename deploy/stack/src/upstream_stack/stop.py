"""`down` and `reset`: end what runs, in the supervisor's order where it lives; remove what a run left, only when asked."""

import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Layout
from upstream_stack.proc_table import ProcessId, descendants
from upstream_stack.processes import KAFKA, POSTGRES
from upstream_stack.state import read_state

_DOWN_SECONDS = 60.0
_LEFTOVER_SECONDS = 10.0
_PAUSE_SECONDS = 0.05


def bring_down(layout: Layout) -> bool:
    """Ends the stack; False where nothing ran. Data stay."""
    state = read_state(layout)
    if state is None:
        return False
    if not state.supervisor.lives():
        leftovers = state.leftovers()
        end_leftovers(layout, leftovers)
        return bool(leftovers)
    os.kill(state.supervisor.pid, signal.SIGTERM)
    if not _gone({"supervisor": state.supervisor}, _DOWN_SECONDS):
        why = f"supervisor {state.supervisor.pid} still runs after {_DOWN_SECONDS:.0f} s"
        raise Trouble("The stack does not end", why, f"kill -9 {state.supervisor.pid} && {command('down')}")
    return True


def end_leftovers(layout: Layout, leftovers: Mapping[str, ProcessId]) -> None:
    """Ends processes whose supervisor is gone, services before the parts they talk to, and removes the stale record."""
    last = {name: identity for name, identity in leftovers.items() if name in {KAFKA, POSTGRES}}
    first = {name: identity for name, identity in leftovers.items() if name not in last}
    for group in (first, last):
        _end(group)
    layout.state.unlink(missing_ok=True)


def remove_everything(layout: Layout) -> None:
    """Data, secrets and logs of this run directory, and PostgreSQL's folder elsewhere where there is one."""
    shutil.rmtree(layout.run_dir)
    if layout.elsewhere.exists():
        shutil.rmtree(layout.elsewhere)


def _end(group: Mapping[str, ProcessId]) -> None:
    trees = [descendants(identity.pid) for identity in group.values()]
    for name, identity in group.items():
        _signal(identity.pid, signal.SIGINT if name == POSTGRES else signal.SIGTERM)
    if not _gone(group, _LEFTOVER_SECONDS):
        for pid in (pid for tree in trees for pid in tree):
            _signal(pid, signal.SIGKILL)
        _gone(group, _LEFTOVER_SECONDS)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _gone(group: Mapping[str, ProcessId], within_seconds: float) -> bool:
    deadline = time.monotonic() + within_seconds
    while any(identity.lives() for identity in group.values()):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
