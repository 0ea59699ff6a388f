"""The life of a stack in containers: up and down. The order of a start is docker-compose.yml's."""

from contextlib import nullcontext
from typing import Any

import httpx

from upstream_stack.containers import engine
from upstream_stack.containers.record import recorded_base
from upstream_stack.containers.run_files import make_run_files
from upstream_stack.errors import Trouble, command
from upstream_stack.layout import LOOPBACK, Layout, Ports
from upstream_stack.locks import alone
from upstream_stack.patience import came_true
from upstream_stack.ports_in_use import refuse_busy_ports
from upstream_stack.processes import READY_PATH, SERVICES, Service, service
from upstream_stack.report import Tell, Told, step
from upstream_stack.run_dir import make_run_dir

_READY_SECONDS = 90.0
_ANSWER_SECONDS = 2.0


def bring_up(layout: Layout, ports: Ports, names: tuple[str, ...], tell: Tell) -> bool:
    """Starts what does not run; True when this call started something. Trouble, with what runs left as it is, where it cannot.

    Broker and databases are set up before any service starts; without one, they are started as they are.
    Of two calls at once the second waits, and finds what the first has made.
    """
    with step(tell, "Container engine") as details:
        details.append(engine.refuse_unusable_engine())
    make_run_dir(layout)
    with alone(layout.lock):
        _refuse_other_ports(layout, ports)
        before = _running(layout)
        if not before:
            refuse_busy_ports(names, ports)
        with step(tell, "Secrets, keys, configuration") as details:
            make_run_files(layout, ports)
            details.append(str(layout.run_dir))
        _start(layout, ports, names, tell)
        changed = _running(layout) != before
    tell(Told(kind="ready"))
    return changed


def bring_down(layout: Layout, ports: Ports) -> bool:
    """Ends and removes containers and networks, those of a start that failed too; False where no container was. Data stay."""
    with alone(layout.lock) if layout.run_dir.exists() else nullcontext():
        found = engine.containers_of(layout)
        engine.end(layout, ports)
    return bool(found)


def restart(layout: Layout, ports: Ports, name: str) -> None:
    """One container ends and is started again; returns when it is ready."""
    engine.compose(layout, ports, "restart", "--no-deps", name, doing=f"restarting {name}")
    _wait_until_ready([service(name)], ports)


def _refuse_other_ports(layout: Layout, ports: Ports) -> None:
    """While it runs, a stack keeps to its ports."""
    base = recorded_base(layout)
    if base is not None and base != ports.base and engine.runs(layout):
        why = f"its ports count from {base}, not {ports.base}"
        raise Trouble("The stack is up on other ports", why, f"{command('down')} && {command('up')}")


def _running(layout: Layout) -> dict[str, str]:
    """When each container that runs was started."""
    found = engine.containers_of(layout)
    return {engine.service_of(one): one["State"]["StartedAt"] for one in found if one["State"]["Running"]}


def _start(layout: Layout, ports: Ports, names: tuple[str, ...], tell: Tell) -> None:
    rows = [row for row in SERVICES if row.name in names]
    with step(tell, "Image"):
        engine.compose(layout, ports, "build", "--quiet", engine.BOOTSTRAP, doing="building the image")
    with step(tell, "Containers") as details:
        if not rows:
            engine.compose(*(layout, ports, "up", "--detach", "--no-build", "--wait"), *names, doing="starting the parts")
            return
        before = _bootstrap(layout)
        try:
            engine.compose(layout, ports, "up", "--detach", "--no-build", *names, doing="starting the containers")
        except Trouble as failure:
            raise _told_by(_bootstrap(layout), before) or failure from failure
        if bootstrap := _bootstrap(layout):
            details.extend(engine.last_words(bootstrap)[-1:])
    with step(tell, "Services") as details:
        _wait_until_ready(rows, ports)
        details.append(f"{len(rows)} ready")


def _bootstrap(layout: Layout) -> dict[str, Any] | None:
    return next((one for one in engine.containers_of(layout) if engine.service_of(one) == engine.BOOTSTRAP), None)


def _told_by(bootstrap: dict[str, Any] | None, before: dict[str, Any] | None) -> Trouble | None:
    """The three lines that it ended with, if it ran in this start and failed; the way to its log is another here than inside."""
    if bootstrap is None or bootstrap["State"]["ExitCode"] == 0:
        return None
    if before is not None and bootstrap["State"]["StartedAt"] == before["State"]["StartedAt"]:
        return None
    lines = [line.partition(":") for line in engine.last_words(bootstrap)[-3:]]
    told = {name: text.strip() for name, _, text in lines}
    if not {"what", "why", "fix"} <= told.keys():
        return None
    words = ("rebuild-topics",) if told["fix"].endswith("rebuild-topics") else ("logs", engine.BOOTSTRAP)
    return Trouble(told["what"], told["why"], command(*words))


def _wait_until_ready(rows: list[Service], ports: Ports) -> None:
    waiting = list(rows)

    def done() -> bool:
        waiting[:] = [row for row in waiting if not is_ready(ports.service(row.port_offset))]
        return not waiting

    if not came_true(done, _READY_SECONDS):
        names = ", ".join(row.name for row in waiting)
        raise Trouble(f"Not ready: {names}", f"waited {_READY_SECONDS:.0f} s", command("logs", waiting[0].name))


def is_ready(port: int) -> bool:
    """A service is usable once it says itself that database, broker and relay are."""
    try:
        return httpx.get(f"http://{LOOPBACK}:{port}{READY_PATH}", timeout=_ANSWER_SECONDS).is_success
    except httpx.HTTPError:
        return False
