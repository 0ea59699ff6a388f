"""One supervised process: started, probed, started again with back-off when it ends, stopped in its own way. Decides no order."""

import asyncio
import os
import signal
import socket
from asyncio.subprocess import Process as Running
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from upstream_runtime.relief import GO, READY
from upstream_stack import log_files
from upstream_stack.clock import monotonic_seconds, now
from upstream_stack.errors import Trouble, command
from upstream_stack.launch import Launch
from upstream_stack.proc_table import identify
from upstream_stack.state import ProcessRecord, ProcessState

_BACK_OFF_FIRST_SECONDS = 0.2
_BACK_OFF_MAX_SECONDS = 5.0
_STEADY_SECONDS = 10.0

Probe = Callable[[], Awaitable[None]]
"""Returns once the process is usable; waits for ever, and is cancelled when the process ends."""


@dataclass(frozen=True, slots=True)
class Relief:
    """A process that has loaded everything and waits for its turn on the other end of `line`."""

    running: Running
    line: socket.socket

    def go(self) -> None:
        """Tells it that it is the one now. If it is gone, its keeper sees it end."""
        with self.line, suppress(OSError):
            self.line.sendall(GO)

    def dismiss(self) -> None:
        """Ends it: it has begun nothing."""
        self.line.close()
        _end_group(self.running.pid)


class Child:
    """Keeps one process running. Every change of `record` is told through `changed`."""

    def __init__(self, launch: Launch, probe: Probe, changed: Callable[[], None]) -> None:
        self.launch = launch
        self.record = ProcessRecord(port=launch.port)
        self._probe = probe
        self._changed = changed
        self._running: Running | None = None
        self._usable = asyncio.Event()
        self._ended_early = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._relief: Relief | None = None
        self._stopping = False

    def start(self) -> None:
        """Starts the process and goes on keeping it."""
        self._keeping = asyncio.create_task(self._keep())

    async def usable(self, within_seconds: float) -> None:
        """Returns at the first successful probe; Trouble when the process ends before that, or takes too long."""
        waits = [asyncio.create_task(event.wait()) for event in (self._usable, self._ended_early)]
        await asyncio.wait(waits, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if not self._usable.is_set():
            what = "ended while starting" if self._ended_early.is_set() else f"is not usable after {within_seconds:.0f} s"
            raise Trouble(
                f"{self.launch.name} {what}",
                f"its log ends with: {log_files.last_line(self.launch.log)}",
                command("logs", self.launch.name),
            )

    async def relieve(self, within_seconds: float) -> None:
        """Restarts it: another loads beside it, and only when that is ready is the one that runs asked to end.

        Where none gets ready in time, the one that runs goes on, and nothing has changed.
        """
        relief = await _prepared(self.launch, within_seconds)
        if relief is None:
            return
        running = self._running
        if self._stopping or running is None or running.returncode is not None:
            relief.dismiss()  # it ended by itself meanwhile, and is being started again
            return
        self._relief = relief
        await self._end(running)

    async def stop(self) -> None:
        """Asks the process to end, insists after its time, and keeps it no longer."""
        self._stopping = True
        if self._keeping is None:
            return
        if self._running is not None and self._running.returncode is None:
            await self._end(self._running)
        self._keeping.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeping
        if self._relief is not None:
            self._relief.dismiss()
        self._note("stopped", None)

    async def _keep(self) -> None:
        pause = _BACK_OFF_FIRST_SECONDS
        while not self._stopping:
            began = monotonic_seconds()
            code = await self._run_once()
            if self._stopping:
                return
            steady = monotonic_seconds() - began > _STEADY_SECONDS
            if steady:  # somebody restarts it: asked to end, it ended well, and whoever waits for it waits on
                pause = 0.0 if code == 0 else _BACK_OFF_FIRST_SECONDS
            if self._relief is not None:
                pause = 0.0
            self.record.restarts += 1
            self._note("backing off", None)
            print(f"{now():%FT%TZ} {self.launch.name} ended with {code}, starts again in {pause:.1f} s", flush=True)
            await asyncio.sleep(pause)
            pause = min(max(2 * pause, _BACK_OFF_FIRST_SECONDS), _BACK_OFF_MAX_SECONDS)

    async def _run_once(self) -> int:
        running = self._running = await self._next()
        self._note("starting", running.pid)
        probing = asyncio.create_task(self._probe_then_note(running.pid))
        code = await running.wait()
        probing.cancel()
        if not self._usable.is_set():
            self._ended_early.set()
        _end_group(running.pid)
        return code

    async def _next(self) -> Running:
        relief, self._relief = self._relief, None
        if relief is None or relief.running.returncode is not None:
            return await _spawn(self.launch)
        relief.go()
        return relief.running

    async def _probe_then_note(self, pid: int) -> None:
        await self._probe()
        self._note("up", pid)
        self._usable.set()

    async def _end(self, running: Running) -> None:
        with suppress(ProcessLookupError):
            running.send_signal(self.launch.stop_signal)
        try:
            async with asyncio.timeout(self.launch.stop_seconds):
                await running.wait()
        except TimeoutError:
            print(
                f"{now():%FT%TZ} {self.launch.name} did not end in {self.launch.stop_seconds:.0f} s and is killed",
                flush=True,
            )
            _end_group(running.pid)
            await running.wait()

    def _note(self, state: ProcessState, pid: int | None) -> None:
        self.record.state = state
        self.record.identity = None if pid is None else identify(pid)
        self._changed()


async def _prepared(launch: Launch, within_seconds: float) -> Relief | None:
    """A relief that is ready; None where it ended or took too long."""
    line, its_end = socket.socketpair()
    line.setblocking(False)
    try:
        with its_end:
            relief = Relief(await _spawn(launch, its_end), line)
    except BaseException:
        line.close()
        raise
    ready = False
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                ready = await asyncio.get_running_loop().sock_recv(line, len(READY)) == READY
    finally:
        if not ready:
            relief.dismiss()
    return relief if ready else None


async def _spawn(launch: Launch, line: socket.socket | None = None) -> Running:
    """A session of its own keeps a terminal's Ctrl-C away from it: the supervisor decides who ends when.

    With `line` it is started as a relief.
    """
    told = {} if line is None else {"UPSTREAM_RELIEF": str(line.fileno())}
    log = log_files.open_for_append(launch.log, shared=line is not None)
    account = launch.account
    try:
        return await asyncio.create_subprocess_exec(
            *launch.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=launch.folder,
            env={**launch.environment, **told},
            pass_fds=() if line is None else (line.fileno(),),
            start_new_session=True,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
        )
    finally:
        os.close(log)


def _end_group(pid: int) -> None:
    """Whatever a process leaves behind in its group ends with it."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
