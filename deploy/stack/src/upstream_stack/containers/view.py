"""What `ps` and `logs` show of containers: what the engine says of each, and what it counts against its limit. Changes nothing."""

import re
from typing import Any

from upstream_stack.containers import engine
from upstream_stack.containers.engine import BOOTSTRAP, containers_of, service_of
from upstream_stack.errors import Trouble, command
from upstream_stack.layout import MIGRATE, Layout, Ports
from upstream_stack.processes import NAMES
from upstream_stack.table import Line

_SIZE = re.compile(r"([\d.]+)([KMGT]?i?B)")
_UNITS = {"B": 1, "kB": 1000, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}


def lines_of(layout: Layout, ports: Ports) -> list[Line]:
    """One line for each container in the order of a start; empty where none runs. Memory is what the kernel counts, caches too."""
    found = {service_of(one): one for one in containers_of(layout) if service_of(one) != BOOTSTRAP}
    running = [one["Id"] for one in found.values() if one["State"]["Running"]]
    if not running:
        return []
    costs = engine.costs_of(running)
    numbers = engine.published(ports)
    return [
        _line(name, found[name], numbers[name], costs.get(found[name]["Id"], ("0B", "0%"))) for name in NAMES if name in found
    ]


def log_words(layout: Layout, name: str, count: int, *, follow: bool) -> list[str]:
    """The engine's command for it; what migrations said is in the log of whoever ran them. Trouble where there is none."""
    wanted = BOOTSTRAP if name.endswith(MIGRATE) else name
    found = {service_of(one): one["Id"] for one in containers_of(layout)}
    if wanted not in found:
        raise Trouble(f"{name} has no log", f"there are: {', '.join(found) or 'no containers'}", command("ps"))
    return ["docker", "logs", "--tail", str(count), *(["--follow"] if follow else []), found[wanted]]


def _line(name: str, container: dict[str, Any], port: int, cost: tuple[str, str]) -> Line:
    state = container["State"]
    health = state.get("Health", {}).get("Status", "")
    shown = "up" if health == "healthy" else health or state["Status"]
    memory, cpu = cost
    return Line(
        name,
        state["Pid"] or None,
        _bytes(memory),
        float(cpu.rstrip("%")),
        port,
        shown if state["Running"] else f"ended with {state['ExitCode']}",
        container["RestartCount"],
    )


def _bytes(text: str) -> int:
    """`103.4MiB / 384MiB`, the first of it."""
    found = _SIZE.match(text)
    return int(float(found[1]) * _UNITS[found[2]]) if found else 0
