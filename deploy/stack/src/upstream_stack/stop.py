"""`down` and `reset`: end what runs, in the supervisor's order where it lives; remove what a run left, only when asked."""

import os
import shutil
import signal
from collections.abc import Collection, Mapping
from contextlib import suppress

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Layout
from upstream_stack.patience import came_true
from upstream_stack.proc_table import ProcessId, descendants
from upstream_stack.processes import KAFKA, POSTGRES
from upstream_stack.state import read_state

_DOWN_SECONDS = 60.0
_LEFTOVER_SECONDS = 10.0


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
    if not gone([state.supervisor], _DOWN_SECONDS):
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
        send_signal(identity.pid, signal.SIGINT if name == POSTGRES else signal.SIGTERM)
    if not gone(group.values(), _LEFTOVER_SECONDS):
        for pid in (pid for tree in trees for pid in tree):
            send_signal(pid, signal.SIGKILL)
        gone(group.values(), _LEFTOVER_SECONDS)


def send_signal(pid: int, number: signal.Signals) -> None:
    """To a process that may be gone by now."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def gone(group: Collection[ProcessId], within_seconds: float) -> bool:
    """Whether all of these ended in time."""
    return came_true(lambda: not any(identity.lives() for identity in group), within_seconds)
