"""A broker and a database server of our own, as children that can be killed, frozen and started again.

The embedded stack's parts without its supervisor: here, nobody brings back what was broken but the one who broke it. Each
process of the pipeline has a listener of its own on the broker, which it reaches through its own proxy when a lap wants one.
Worlds of another kind (three brokers, little room) are made from this one in modules of their own.
"""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from confluent_kafka.admin import AdminClient

from faults.pipeline import PROCESSES
from upstream_stack.account import postgres_account
from upstream_stack.database_setup import Connection, connect_as_admin, wait_for_postgres
from upstream_stack.environment import plain_environment
from upstream_stack.kafka_access import admin_client, broker_answers, client_config
from upstream_stack.kafka_broker import prepare_kafka
from upstream_stack.launch import Launch
from upstream_stack.layout import PORT_BASE_DEFAULT, Layout, Ports
from upstream_stack.parts.java import find_java
from upstream_stack.parts.kafka_jars import kafka_jars
from upstream_stack.parts.maven import Progress
from upstream_stack.parts.postgres_binaries import find_postgres, postgres_from_maven
from upstream_stack.ports_in_use import free_base
from upstream_stack.postgres_server import prepare_postgres
from upstream_stack.processes import KAFKA, POSTGRES
from upstream_stack.rights import ADMIN
from upstream_stack.run_dir import make_run_dir
from upstream_stack.secret_files import KAFKA_PASSWORD, make_secrets, read_secret
from upstream_stack.terminal import Checklist

PART_SECONDS = 90.0
SQL_SETTINGS = ("-c", "log_min_messages=log", "-c", "max_connections=80")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Server:
    """One program that is not ours: started and ended by hand."""

    launch: Launch
    running: subprocess.Popen[bytes] | None = None

    @property
    def lives(self) -> bool:
        """Whether it runs, and was not ended by anybody, nor by itself."""
        return self.running is not None and self.running.poll() is None

    def start(self) -> None:
        launch = self.launch
        with launch.log.open("ab") as log:
            self.running = subprocess.Popen(
                launch.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=launch.folder, start_new_session=True,
                env=dict(launch.environment), user=launch.account.uid, group=launch.account.gid,
                extra_groups=launch.account.groups,
            )  # fmt: skip

    def stand_still(self) -> None:
        """SIGSTOP."""
        assert self.running is not None, "only what runs can stand still"
        self.running.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        assert self.running is not None, "only what runs can go on"
        self.running.send_signal(signal.SIGCONT)

    async def end(self, number: signal.Signals) -> None:
        """Send a signal and wait until it is gone; after its time, it is killed."""
        if self.running is None:
            return
        self.running.send_signal(number)
        self.running.send_signal(signal.SIGCONT)  # it may stand still
        deadline = time.monotonic() + self.launch.stop_seconds
        while self.running.poll() is None:
            await asyncio.sleep(0.02)
            if time.monotonic() > deadline:
                self.running.kill()
        self.running = None


def server(launch: Launch) -> Server:
    """A program that is told as little of our surroundings as it needs."""
    return Server(replace(launch, environment=plain_environment()))


def quiet() -> Progress:
    """Where parts must be fetched first, say so."""
    return Checklist().progress


class World:
    """The broker and the database server, and how to reach them as their administrator."""

    replicas: ClassVar[int] = 1

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder / "run")
        self.ports = Ports(free_base((KAFKA, POSTGRES), other_than=PORT_BASE_DEFAULT))
        self.direct = {role: free_port() for role in PROCESSES}  # where the broker listens for it
        self.proxied = {role: free_port() for role in PROCESSES}  # where it believes the broker to be
        self.brokers: list[Server] = []
        self.servers: list[Server] = []  # everything that runs here
        self.postgres: Server
        self.admin: AdminClient

    async def up(self) -> None:
        """Start both, from nothing."""
        layout = self.layout
        make_run_dir(layout)
        make_secrets(layout)
        account = postgres_account()
        binaries = find_postgres() or postgres_from_maven(layout, account, quiet())
        postgres = prepare_postgres(layout, self.ports, binaries, account)
        self.postgres = server(replace(postgres, argv=(*postgres.argv, *SQL_SETTINGS)))
        self.brokers = [server(launch) for launch in self.prepare_brokers()]
        self.servers = [*self.brokers, self.postgres]
        for one in self.servers:
            one.start()
        await self.database_answers()
        await self.broker_answers()

    def prepare_brokers(self) -> list[Launch]:
        """How to run the broker, formatted where it has no storage."""
        launch = prepare_kafka(self.layout, self.ports, find_java(), kafka_jars(quiet()))
        self._add_listeners(self.layout.kafka / "server.properties")
        return [launch]

    def _add_listeners(self, properties: Path) -> None:
        """One more listener for each process of the pipeline, advertised where its proxy stands."""
        lines, extra = [], []
        for line in properties.read_text().splitlines():
            name, _, value = line.partition("=")
            if name == "listeners":
                value += "".join(f",{r.upper()}://127.0.0.1:{port}" for r, port in self.direct.items())
            elif name == "advertised.listeners":
                value += "".join(f",{r.upper()}://127.0.0.1:{port}" for r, port in self.proxied.items())
            elif name == "listener.security.protocol.map":
                value += "".join(f",{r.upper()}:SASL_PLAINTEXT" for r in PROCESSES)
            elif name.startswith("listener.name.clients."):
                extra += [f"{name.replace('.clients.', f'.{r}.')}={value}" for r in PROCESSES]
            lines.append(f"{name}={value}" if value else line)
        properties.write_text("\n".join([*lines, *extra]) + "\n")

    async def down(self) -> None:
        """End both, whatever state they are in."""
        for one in self.servers:
            await one.end(one.launch.stop_signal)

    @property
    def kafka(self) -> Server:
        """The broker; the first of several."""
        return self.brokers[0]

    @property
    def bootstrap(self) -> str:
        """Where a client finds the brokers."""
        return ",".join(f"127.0.0.1:{broker.launch.port}" for broker in self.brokers)

    def client_config(self, principal: str, password: str) -> dict[str, str]:
        """Librdkafka settings of one user of the broker."""
        return client_config(self.ports, principal, password) | {"bootstrap.servers": self.bootstrap}

    @property
    def admin_config(self) -> dict[str, str]:
        """Librdkafka settings of the broker's administrator."""
        return self.client_config(ADMIN, read_secret(self.layout, ADMIN, KAFKA_PASSWORD))

    async def broker_answers(self) -> None:
        self.admin = admin_client(self.admin_config)
        async with asyncio.timeout(PART_SECONDS):
            while not await asyncio.to_thread(broker_answers, self.admin):
                await asyncio.sleep(0.05)

    async def database_answers(self) -> None:
        async with asyncio.timeout(PART_SECONDS):
            await wait_for_postgres(self.layout, self.ports)

    async def connection(self, database: str = "postgres") -> Connection:
        """A connection of the administrator; the caller closes it."""
        return await connect_as_admin(self.layout, self.ports, database)

    @property
    def postgres_data(self) -> Path:
        """The database server's data folder."""
        return Path(self.postgres.launch.argv[2])

    def sizes(self) -> int:
        """How many bytes broker and database server hold on disk."""
        folders = (self.layout.kafka, self.postgres_data)
        return sum(os.lstat(path).st_size for folder in folders for path in folder.rglob("*") if path.is_file())


@asynccontextmanager
async def running(world: World) -> AsyncIterator[World]:
    """It is up in here, and down behind it, whatever happens."""
    try:
        await world.up()
        yield world
    finally:
        await world.down()
