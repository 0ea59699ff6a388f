"""`restart` of the embedded stack: asks its supervisor, one service at a time, and looks at what came of it."""

import os
import signal

from upstream_stack import log_files
from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Layout
from upstream_stack.patience import insist
from upstream_stack.private_files import write_private
from upstream_stack.proc_table import ProcessId
from upstream_stack.state import State, running_state

_RELIEVED_SECONDS = 60.0
_UP_SECONDS = 60.0


def restart(layout: Layout, name: str) -> None:
    """Another process of this name takes over, which loaded beside the one that runs. Trouble where none got ready."""
    state, log = _state(layout, name), layout.log(name)
    before, supervisor, end_of_log = state.processes[name], state.supervisor, log_files.size(log)
    if before.state != "up":
        raise Trouble(f"{name} is {before.state}", "its supervisor is starting it already", command("logs", name))
    _ask(layout, name, supervisor)
    insist(f"{name} is not restarted", lambda: _answered(layout, supervisor), _RELIEVED_SECONDS, "supervisor")
    if _state(layout, name).processes[name].identity == before.identity:
        said = log_files.first_words(log, end_of_log) or "it did not say why"
        why = f"the new one did not get ready ({said}), and the old one goes on"
        raise Trouble(f"{name} is not restarted", why, command("logs", name))
    insist(f"{name} is not ready", lambda: _state(layout, name).processes[name].state == "up", _UP_SECONDS, name)


def _ask(layout: Layout, name: str, supervisor: ProcessId) -> None:
    """Leaves the name and tells the supervisor; tells it again where an earlier command left one and was cut off."""
    taken = layout.restart_asked.exists()
    if not taken:
        write_private(layout.restart_asked, name)
    os.kill(supervisor.pid, signal.SIGUSR1)
    if taken:
        raise Trouble("Another restart is under way", "one service is restarted at a time", command("ps"))


def _answered(layout: Layout, supervisor: ProcessId) -> bool:
    return not layout.restart_asked.exists() or not supervisor.lives()


def _state(layout: Layout, name: str) -> State:
    """The record of a stack that is up, with this process in it."""
    state = running_state(layout)
    if state is None or state.phase != "up":
        raise Trouble("The stack is not up", "no supervisor answers for it", command("up"))
    if name not in state.processes:
        raise Trouble(f"{name} does not run", "its supervisor was not asked to keep it", command("up"))
    return state
