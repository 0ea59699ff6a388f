"""The processes of a stack that was set up before, started and ended by hand: any of them may be away for as long as it takes.

Nobody keeps them: what is killed stays away until it is started again. Uses the stack's own launches.
"""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import httpx

from upstream_stack.account import postgres_account
from upstream_stack.database_setup import wait_for_postgres
from upstream_stack.environment import launch_of, plain_environment
from upstream_stack.kafka_access import admin_client, broker_answers
from upstream_stack.kafka_broker import prepare_kafka
from upstream_stack.launch import Launch
from upstream_stack.parts.java import find_java
from upstream_stack.parts.kafka_jars import kafka_jars
from upstream_stack.parts.postgres_binaries import find_postgres, postgres_from_maven
from upstream_stack.postgres_server import prepare_postgres
from upstream_stack.processes import KAFKA, MAIL_SINK, POSTGRES, SERVICES, service
from upstream_stack.stack import Stack

SECONDS = 90.0


@dataclass(slots=True)
class Parts:
    """What runs of a stack, by name."""

    stack: Stack
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _log_from: dict[str, int] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Starts these and waits for none of them."""
        for name in names:
            launch = self._launch(name)
            self._log_from.setdefault(name, launch.log.stat().st_size if launch.log.exists() else 0)
            with launch.log.open("ab") as log:
                self.running[name] = subprocess.Popen(
                    launch.argv,
                    stdout=log,
                    stderr=log,
                    cwd=launch.folder,
                    env=dict(launch.environment),
                    start_new_session=True,
                    user=launch.account.uid,
                    group=launch.account.gid,
                    extra_groups=launch.account.groups,
                )

    def kill(self, *names: str) -> None:
        """SIGKILL, to the process and whatever it started in its own group."""
        for name in names:
            process = self.running.pop(name)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop_all(self) -> None:
        """Services first, then what they hang on."""
        for name in [*(row.name for row in SERVICES), MAIL_SINK.name, POSTGRES, KAFKA]:
            if name in self.running:
                process = self.running.pop(name)
                process.send_signal(signal.SIGINT if name == POSTGRES else signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def wait_for_broker(self) -> None:
        admin = admin_client(self.stack.kafka_admin_config())
        _until(lambda: broker_answers(admin), KAFKA)

    def wait_for_database(self) -> None:
        asyncio.run(asyncio.wait_for(wait_for_postgres(self.stack.layout, self.stack.ports), SECONDS))

    def wait_until_ready(self) -> None:
        for row in SERVICES:
            _until(partial(self._ready, row.name), row.name)

    def _ready(self, name: str) -> bool:
        said = self.readiness(name)
        return said is not None and all(said.values())

    def readiness(self, name: str) -> dict[str, bool] | None:
        """What a service says of itself; None while it answers nobody."""
        try:
            found: dict[str, bool] = httpx.get(f"{self.stack.url(name)}/health/ready").json()
        except httpx.TransportError:
            return None
        return found

    def log(self, name: str) -> list[dict[str, Any]]:
        """What a service has logged since it was first started here."""
        content = self.stack.layout.log(name).read_bytes()[self._log_from[name] :]
        return [json.loads(line) for line in content.splitlines() if line.startswith(b"{")]

    def _launch(self, name: str) -> Launch:
        layout, ports = self.stack.layout, self.stack.ports
        if name == KAFKA:
            launch = prepare_kafka(layout, ports, find_java(), kafka_jars(lambda *_: None))
            return replace(launch, environment=plain_environment())
        if name == POSTGRES:
            account = postgres_account()
            binaries = find_postgres() or postgres_from_maven(layout, account, lambda *_: None)
            return replace(prepare_postgres(layout, ports, binaries, account), environment=plain_environment())
        return launch_of(MAIL_SINK if name == MAIL_SINK.name else service(name), layout, ports)


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)
