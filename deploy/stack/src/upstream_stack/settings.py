"""Which stack a command is about: from the environment, or from the record of a stack that runs."""

import os
from dataclasses import dataclass
from pathlib import Path

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import CHECKOUT, PORT_BASE_DEFAULT, Layout, Ports, ports_from
from upstream_stack.processes import SERVICES, Service, service
from upstream_stack.state import running_state


@dataclass(frozen=True, slots=True)
class Target:
    """One stack: where it lies and which ports it takes."""

    layout: Layout
    ports: Ports


def target() -> Target:
    """`RUN_DIR` and `PORT_BASE`; without the latter, the ports of the stack that runs there, else the default ones."""
    layout = Layout(Path(os.environ.get("RUN_DIR") or CHECKOUT / ".run").absolute())
    text = os.environ.get("PORT_BASE")
    if text:
        return Target(layout, ports_from(_number(text)))
    state = running_state(layout)
    return Target(layout, ports_from(PORT_BASE_DEFAULT if state is None else state.port_base))


def running_target() -> Target:
    """The same, for commands that need the stack to be up."""
    found = target()
    state = running_state(found.layout)
    if state is None:
        raise Trouble("The stack is not running", f"no supervisor lives for {found.layout.run_dir}", command("up"))
    return Target(found.layout, Ports(state.port_base))


def named_service(name: str) -> Service:
    """The service that somebody named. Trouble where there is none."""
    if name not in {row.name for row in SERVICES}:
        known = ", ".join(row.name for row in SERVICES)
        raise Trouble(f"There is no {name}", f"There is no process of this name among {known}", command("ps"))
    return service(name)


def _number(text: str) -> int:
    if not text.isdigit():
        raise Trouble(
            f"PORT_BASE={text} is no number",
            "all ports are counted from it",
            command("up", PORT_BASE=str(PORT_BASE_DEFAULT)),
        )
    return int(text)
