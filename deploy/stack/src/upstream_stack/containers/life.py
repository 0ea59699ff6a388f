"""The life of a stack in containers: up and down. The order of a start is docker-compose.yml's."""

import httpx

from upstream_stack.containers import engine
from upstream_stack.containers.record import recorded_base
from upstream_stack.containers.run_files import make_run_files
from upstream_stack.errors import Trouble, command
from upstream_stack.layout import LOOPBACK, Layout, Ports
from upstream_stack.locks import alone
from upstream_stack.patience import came_true
from upstream_stack.ports_in_use import refuse_busy_ports
from upstream_stack.processes import SERVICES, Service
from upstream_stack.report import Tell, Told, step

_READY_SECONDS = 90.0
_ANSWER_SECONDS = 2.0


def bring_up(layout: Layout, ports: Ports, names: tuple[str, ...], tell: Tell) -> bool:
    """Starts what does not run; True when this call started something. Trouble, with what runs left as it is, where it cannot.

    Broker and databases are set up before any service starts; without one, they are started as they are.
    """
    _refuse_other_ports(layout, ports)
    with step(tell, "Container engine") as details:
        details.append(engine.refuse_unusable_engine())
    before = _running(layout)
    if not before:
        refuse_busy_ports(names, ports)
    with step(tell, "Secrets, keys, configuration") as details:
        make_run_files(layout, ports)
        details.append(str(layout.run_dir))
    with alone(layout.lock):
        _start(layout, ports, names, tell)
    tell(Told(kind="ready"))
    return _running(layout) != before


def bring_down(layout: Layout, ports: Ports) -> bool:
    """Ends and removes the containers; False where there were none. Data stay in the run directory."""
    if not engine.containers_of(layout):
        return False
    engine.compose(layout, ports, "down", "--remove-orphans", "--volumes", doing="ending the containers")
    return True


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
        try:
            engine.compose(layout, ports, "up", "--detach", "--no-build", *names, doing="starting the containers")
        except Trouble as failure:
            raise _told_by_bootstrap(layout) or failure from failure
        details.append(engine.last_words(layout, engine.BOOTSTRAP).splitlines()[-1])
    with step(tell, "Services") as details:
        _wait_until_ready(rows, ports)
        details.append(f"{len(rows)} ready")


def _told_by_bootstrap(layout: Layout) -> Trouble | None:
    """The three lines that it ended with; the way to its log is another here than where it ran."""
    lines = [line.partition(":") for line in engine.last_words(layout, engine.BOOTSTRAP).splitlines()[-3:]]
    told = {name: text.strip() for name, _, text in lines}
    if "fix" not in told:
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
        return httpx.get(f"http://{LOOPBACK}:{port}/health/ready", timeout=_ANSWER_SECONDS).is_success
    except httpx.HTTPError:
        return False
