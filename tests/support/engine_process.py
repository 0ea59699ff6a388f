"""The tests' service as a process of its own, started as any service is, so that it can be killed, frozen and told to stop."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from support.engine_kafka import Bus
from support.engine_service import Mood, service

from upstream_runtime.run import main
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import App

TESTS = Path(__file__).parents[1]
PASSWORD = "a-password-for-one-test"
START_SECONDS = 30


def wiring(settings: Settings) -> App:
    return service(settings.value("MARK"), Path(settings.value("MOOD")))


@dataclass(slots=True)
class Place:
    """Where processes of one test run: their settings, secrets, mood, clock and logs."""

    folder: Path
    dsn: str
    mark: str
    servers: str

    @property
    def mood(self) -> Mood:
        return Mood(self.folder)

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    def move_clock(self, seconds: float) -> None:
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(json.dumps({"offset_seconds": seconds}))
        fresh.replace(self.clock)


@dataclass(slots=True)
class Launched:
    """One process."""

    popen: subprocess.Popen[bytes]
    log: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[dict[str, Any]]:
        """What it logged; a line that is no JSON is kept as text."""
        found = []
        for line in self.log.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"event": "text", "text": line})
        return found

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def ends(self, seconds: float) -> int:
        return self.popen.wait(seconds)

    async def ready(self) -> None:
        """Wait until it says that it is ready for work. A lease may be left from one that was killed: not waited for."""
        async with httpx.AsyncClient() as client, asyncio.timeout(START_SECONDS):
            while True:
                assert self.popen.poll() is None, self.log.read_text()
                try:
                    answer = await client.get(f"{self.url}/health/ready")
                    if answer.json()["broker"]:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


@contextmanager
def prepared_place(bus: Bus, folder: Path, dsn: str, mark: str) -> Iterator[Place]:
    """A user of the broker with a service's rights, and the folder its processes read. Every process is ended in the end."""
    (folder / "database-password").write_text(unquote(urlsplit(dsn).password or ""))
    (folder / "kafka-password").write_text(PASSWORD)
    bus.make_user(f"test-{mark}", PASSWORD)
    bus.allow_service(mark)
    try:
        yield Place(folder, dsn, mark, bus.servers)
    finally:
        bus.lock_out(f"test-{mark}")


@contextmanager
def launched(place: Place, name: str = "one", member: str | None = "1") -> Iterator[Launched]:
    """One process of the service; `member` None makes it a replica that comes and goes."""
    port = _free_port()
    told = {
        "UPSTREAM_PROCESS": f"test-{place.mark}",
        "UPSTREAM_KAFKA": place.servers,
        "UPSTREAM_DATABASE": place.dsn,
        "UPSTREAM_SECRETS": str(place.folder),
        "UPSTREAM_PORT": str(port),
        "UPSTREAM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "UPSTREAM_CLOCK": str(place.clock),
        "UPSTREAM_MARK": place.mark,
        "UPSTREAM_MOOD": str(place.folder),
        "PYTHONPATH": str(TESTS),
    } | ({"UPSTREAM_MEMBER": member} if member else {})
    log = place.folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.engine_process"],
            env={**os.environ, **told},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Launched(process, log, port)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main(wiring)
