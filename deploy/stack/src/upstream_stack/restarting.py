"""`restart` of the embedded stack: asks its supervisor, one service at a time, and looks at what came of it."""

import os
import signal

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Layout
from upstream_stack.log_files import last_line
from upstream_stack.patience import insist
from upstream_stack.state import ProcessRecord, running_state

_RELIEVED_SECONDS = 60.0
_UP_SECONDS = 60.0


def restart(layout: Layout, name: str) -> None:
    """Another process of this name takes over, which loaded beside the one that runs. Trouble where none got ready."""
    before = _record(layout, name)
    _ask(layout, name)
    insist(f"{name} is not restarted", lambda: not layout.restart.exists(), _RELIEVED_SECONDS, "supervisor")
    if _record(layout, name).restarts == before.restarts:
        why = f"the new one did not get ready, and the old one goes on; the log ends with: {last_line(layout.log(name))}"
        raise Trouble(f"{name} is not restarted", why, command("logs", name))
    insist(f"{name} is not ready", lambda: _record(layout, name).state == "up", _UP_SECONDS, name)


def _ask(layout: Layout, name: str) -> None:
    state = running_state(layout)
    if state is None or state.phase != "up":
        raise Trouble("The stack is not up", "no supervisor answers for it", command("up"))
    try:
        with layout.restart.open("x") as file:
            file.write(name)
    except FileExistsError:
        raise Trouble("Another restart is under way", f"{layout.restart} exists", command("ps")) from None
    os.kill(state.supervisor.pid, signal.SIGUSR1)


def _record(layout: Layout, name: str) -> ProcessRecord:
    state = running_state(layout)
    if state is None or name not in state.processes:
        raise Trouble(f"{name} does not run", "no supervisor keeps it", command("up"))
    return state.processes[name]
