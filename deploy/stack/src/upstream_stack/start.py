"""`up` from the caller's side: refuse what cannot work, find the parts, hand over to a supervisor, listen until it is ready."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Layout
from upstream_stack.locks import Lock
from upstream_stack.parts.maven import Progress
from upstream_stack.plan import Plan, make_plan
from upstream_stack.ports_in_use import refuse_busy_ports
from upstream_stack.processes import KAFKA, POSTGRES, SERVICES, not_importable
from upstream_stack.report import Tell, Told
from upstream_stack.run_dir import make_run_dir
from upstream_stack.secret_files import make_secrets
from upstream_stack.settings import Target
from upstream_stack.state import read_state, running_state
from upstream_stack.stop import end_leftovers
from upstream_stack.supervisor import supervise


def bring_up(
    target: Target, names: tuple[str, ...], tell: Tell, progress: Progress, *, stay: bool, elsewhere: tuple[str, ...] = ()
) -> bool:
    """Starts the stack; True when this call did, False when it was up already. With `stay` it returns when the stack ends.

    Of Kafka and PostgreSQL, somebody else runs those `elsewhere`, at this stack's ports and with its secrets.
    """
    layout = target.layout
    make_run_dir(layout)
    lock = Lock.try_take(layout.lock)
    if lock is None:
        _accept_running(target, names)
        return False
    try:
        plan = _prepare(target, names, elsewhere, tell, progress)
        if stay:
            asyncio.run(supervise(plan, tell))
        else:
            _hand_over(plan, lock, tell)
    finally:
        lock.release()
    return True


def _accept_running(target: Target, names: tuple[str, ...]) -> None:
    """Somebody holds the lock: fine where the stack is up as asked for, Trouble otherwise."""
    state = running_state(target.layout)
    if state is None or state.phase != "up":
        raise Trouble("Another start or stop is under way", f"it holds {target.layout.lock}", command("ps"))
    missing = [name for name in names if name not in state.processes]
    if missing:
        why = f"it was started without {', '.join(missing)}"
        raise Trouble("The stack is up, but not all of it", why, f"{command('down')} && {command('up')}")
    if state.port_base != target.ports.base:
        why = f"its ports count from {state.port_base}, not {target.ports.base}"
        raise Trouble("The stack is up on other ports", why, f"{command('down')} && {command('up')}")


def _prepare(target: Target, names: tuple[str, ...], elsewhere: tuple[str, ...], tell: Tell, progress: Progress) -> Plan:
    _clear_stale(target.layout, tell)
    _refuse_impossible(names, elsewhere)
    refuse_busy_ports(names, target.ports)
    plan = make_plan(target, names, elsewhere, tell, progress)
    make_secrets(target.layout)
    return plan


def _clear_stale(layout: Layout, tell: Tell) -> None:
    """A supervisor that was killed leaves its record and perhaps processes: they end before anything new starts."""
    state = read_state(layout)
    if state is None:
        return
    leftovers = state.leftovers()
    end_leftovers(layout, leftovers)
    ended = f", and {', '.join(leftovers)} still ran and were ended" if leftovers else ""
    tell(Told(kind="note", text=f"The last run did not end cleanly (supervisor {state.supervisor.pid} is gone{ended})"))


def _refuse_impossible(names: tuple[str, ...], elsewhere: tuple[str, ...]) -> None:
    missing = not_importable(names)
    if missing:
        modules = ", ".join(row.module for row in missing)
        ready = ",".join(name for name in names if name not in {row.name for row in missing})
        raise Trouble(f"{modules} cannot be imported", f"{sys.executable} does not have it", command("up", "--only", ready))
    if any(service.name in names for service in SERVICES) and not {KAFKA, POSTGRES} <= {*names, *elsewhere}:
        raise Trouble(
            "The services cannot run alone",
            "they need kafka and postgres",
            command("up", "--only", ",".join((KAFKA, POSTGRES, *names))),
        )


def _hand_over(plan: Plan, lock: Lock, tell: Tell) -> None:
    """Starts the supervisor in a session of its own, with the lock, and repeats what it tells until it is ready or fails."""
    reading, writing = os.pipe()
    plan_file = plan.run_dir / "plan.json"
    plan_file.write_text(plan.model_dump_json(indent=2), encoding="utf-8")
    log = os.open(plan.layout.log("supervisor"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "upstream_stack.supervisor", str(plan_file), str(writing)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=(writing, lock.descriptor),
        start_new_session=True,
    )
    os.close(writing)
    os.close(log)
    with _ending_with(supervisor):
        _repeat(reading, plan, tell)


def _repeat(reading: int, plan: Plan, tell: Tell) -> None:
    with os.fdopen(reading, encoding="utf-8") as lines:
        for line in lines:
            told = Told.model_validate_json(line)
            if told.kind == "trouble":
                raise Trouble(told.text, told.why, told.fix)
            tell(told)
            if told.kind == "ready":
                return
    raise Trouble("The start ended early", f"{plan.layout.log('supervisor')} says why", command("logs", "supervisor"))


@contextmanager
def _ending_with(supervisor: subprocess.Popen[bytes]) -> Iterator[None]:
    """A start that fails or is interrupted leaves nothing running."""
    try:
        yield
    except BaseException:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
        raise
