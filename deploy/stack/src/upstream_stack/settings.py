"""Which stack a command is about: from the environment, or from the record of a stack that runs."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from upstream_stack.containers import engine
from upstream_stack.containers.record import recorded_base
from upstream_stack.errors import Trouble, command
from upstream_stack.layout import CHECKOUT, PORT_BASE_DEFAULT, Layout, Ports, ports_from
from upstream_stack.processes import SERVICES, Service, service
from upstream_stack.state import running_state

Mode = Literal["embedded", "compose"]


@dataclass(frozen=True, slots=True)
class Target:
    """One stack: where it lies, which ports it takes, and whether its processes are a supervisor's or containers."""

    layout: Layout
    ports: Ports
    mode: Mode = "embedded"


def target() -> Target:
    """`RUN_DIR`, `PORT_BASE` and `MODE`; without the latter two, what the run directory was last used with, else the defaults."""
    layout = Layout(Path(os.environ.get("RUN_DIR") or CHECKOUT / ".run").absolute())
    base = recorded_base(layout)
    mode = _mode(layout, base)
    text = os.environ.get("PORT_BASE")
    if text:
        return Target(layout, ports_from(_number(text)), mode)
    state = running_state(layout)
    return Target(layout, ports_from(base or (PORT_BASE_DEFAULT if state is None else state.port_base)), mode)


def running_target() -> Target:
    """The same, for commands that need the stack to be up."""
    found = target()
    base = _running_base(found)
    if base is None:
        nobody = "no supervisor lives" if found.mode == "embedded" else "no container runs"
        raise Trouble("The stack is not running", f"{nobody} for {found.layout.run_dir}", command("up"))
    return Target(found.layout, Ports(base), found.mode)


def is_running(chosen: Target) -> bool:
    """Whether anything of this stack runs."""
    return _running_base(chosen) is not None


def named_service(name: str) -> Service:
    """The service that somebody named. Trouble where there is none."""
    if name not in {row.name for row in SERVICES}:
        known = ", ".join(row.name for row in SERVICES)
        raise Trouble(f"There is no {name}", f"There is no process of this name among {known}", command("ps"))
    return service(name)


def _running_base(chosen: Target) -> int | None:
    if chosen.mode == "embedded":
        state = running_state(chosen.layout)
        return None if state is None else state.port_base
    return recorded_base(chosen.layout) if engine.runs(chosen.layout) else None


def _mode(layout: Layout, containers_base: int | None) -> Mode:
    """A run directory keeps the data of one kind of stack, and is that kind's until it is reset."""
    text = os.environ.get("MODE") or ("embedded" if containers_base is None else "compose")
    if text not in get_args(Mode):
        raise Trouble(f"There is no MODE={text}", f"there are {' and '.join(get_args(Mode))}", command("up", MODE="compose"))
    other = "embedded" if text == "compose" else "compose"
    taken = containers_base is not None if text == "embedded" else (layout.kafka / "data").exists() or layout.state.exists()
    if taken:
        why = f"one run directory keeps the data of one kind of stack; or choose another RUN_DIR for MODE={text}"
        raise Trouble(f"{layout.run_dir} is {other}", why, command("reset", MODE=other))
    return "compose" if text == "compose" else "embedded"


def _number(text: str) -> int:
    if not text.isdigit():
        raise Trouble(
            f"PORT_BASE={text} is no number",
            "all ports are counted from it",
            command("up", PORT_BASE=str(PORT_BASE_DEFAULT)),
        )
    return int(text)
