"""The one small process that keeps a stack: starts it in order, restarts what dies, stops services first and the broker last."""

import asyncio
import os
import signal
import sys
import traceback
from pathlib import Path

from upstream_stack import log_files
from upstream_stack.child import Child, Probe
from upstream_stack.clock import now
from upstream_stack.errors import Trouble, command
from upstream_stack.launch import Launch
from upstream_stack.plan import Plan
from upstream_stack.proc_table import identify
from upstream_stack.processes import KAFKA, MAIL_SINK, POSTGRES
from upstream_stack.report import Tell, Told, tell_through, tell_trouble
from upstream_stack.startup import start_all
from upstream_stack.state import Phase, State, write_state

_HOUSEKEEPING_SECONDS = 10.0
_RELIEF_SECONDS = 30.0


class Supervisor:
    """Holds the children of one stack and writes down each change of theirs."""

    def __init__(self, plan: Plan) -> None:
        me = identify(os.getpid())
        assert me is not None
        self._layout = plan.layout
        self._children: dict[str, Child] = {}
        self._state = State(supervisor=me, port_base=plan.port_base, phase="starting", started_at=now())

    def keep(self, launch: Launch, probe: Probe) -> Child:
        """Starts a process and keeps it running until `stop_all`."""
        child = self._children[launch.name] = Child(launch, probe, self._write)
        child.start()
        return child

    def enter(self, phase: Phase) -> None:
        """Writes down how far the stack has come."""
        self._state.phase = phase
        self._write()

    async def stop_all(self) -> None:
        """Services drain while the broker and the databases still answer; those go last, and the mail sink with them."""
        self.enter("stopping")
        last = {KAFKA, POSTGRES, MAIL_SINK.name}
        await asyncio.gather(*(child.stop() for name, child in self._children.items() if name not in last))
        await asyncio.gather(*(child.stop() for name, child in self._children.items() if name in last))
        self._layout.state.unlink()

    async def restart_whenever(self, asked: asyncio.Event) -> None:
        """Restarts the service that the run directory names, and takes the name away when that is done, or could not be."""
        while await asked.wait():
            asked.clear()
            try:
                child = self._children.get(self._layout.restart_asked.read_text())
                if child is not None:
                    await child.relieve(_RELIEF_SECONDS)
            except OSError as error:
                print(f"{now():%FT%TZ} no restart: {type(error).__name__}", flush=True)
            finally:
                self._layout.restart_asked.unlink(missing_ok=True)

    async def tidy_logs(self) -> None:
        """Keeps every log within its limit, for as long as it runs."""
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            for child in self._children.values():
                log_files.cut_if_large(child.launch.log)

    def _write(self) -> None:
        self._state.processes = {name: child.record for name, child in self._children.items()}
        write_state(self._layout, self._state)


async def supervise(plan: Plan, tell: Tell) -> None:
    """Runs the stack until SIGTERM or Ctrl-C, restarts what SIGUSR1 asks for; Trouble, with nothing left running, where it does not start."""
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    asked_to_restart = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, asked_to_restart.set)
    plan.layout.restart_asked.unlink(missing_ok=True)
    supervisor = Supervisor(plan)
    supervisor.enter("starting")
    tidying = asyncio.create_task(supervisor.tidy_logs())
    try:
        if await _started(plan, supervisor, asked_to_stop, tell):
            supervisor.enter("up")
            tell(Told(kind="ready"))
            restarting = asyncio.create_task(supervisor.restart_whenever(asked_to_restart))
            await asked_to_stop.wait()
            restarting.cancel()
            await asyncio.gather(restarting, return_exceptions=True)
    finally:
        tidying.cancel()
        await supervisor.stop_all()


async def _started(plan: Plan, supervisor: Supervisor, asked_to_stop: asyncio.Event, tell: Tell) -> bool:
    """False when the stack was asked to stop before it was up."""
    starting = asyncio.create_task(start_all(plan, supervisor.keep, tell))
    stopping = asyncio.create_task(asked_to_stop.wait())
    await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return False
    stopping.cancel()
    failure = starting.exception()
    if failure is not None:
        raise _as_trouble(failure) from failure
    return True


def _as_trouble(failure: BaseException) -> Trouble:
    """The first trouble inside a group of failures; anything else is a defect of ours and says so."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    if isinstance(failure, Trouble):
        return failure
    traceback.print_exception(failure)
    return Trouble("The start failed", f"{type(failure).__name__}: {failure}", command("logs", "supervisor"))


def main() -> int:
    """Arguments: the plan's file, the descriptor to tell through. The lock comes as an open descriptor and needs no word."""
    plan = Plan.model_validate_json(Path(sys.argv[1]).read_bytes())
    tell = tell_through(int(sys.argv[2]))
    try:
        asyncio.run(supervise(plan, tell))
    except Trouble as trouble:
        tell_trouble(tell, trouble)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
