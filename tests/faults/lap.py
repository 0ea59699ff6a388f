"""One lap: topics, users, rights and databases of its own, the pipeline's processes, a client, and the checker at the end.

Knows how to start and end things; what is broken meanwhile stands in the modules of rows.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from faults import pipeline
from faults.client import Load, accounts_of
from faults.journal import Journal, Line, wall
from faults.pipeline import PARTIES, PROCESSES, process_name
from faults.proxy import Proxy
from faults.world import World, free_port
from upstream_runtime.migrate import migrate
from upstream_stack.kafka_access import wait_for
from upstream_stack.kafka_users import set_passwords

TESTS: Final = Path(__file__).parents[1]
PASSWORD: Final = "a-password-for-the-matrix"
EVERYBODY: Final = (*PROCESSES, "client", "checker", "stranger")
READY_SECONDS: Final = 45.0
CHECK_SECONDS: Final = 180.0
READ, WRITE = (AclOperation.READ, AclOperation.DESCRIBE), (AclOperation.WRITE, AclOperation.DESCRIBE)


def strain() -> float:
    """How much longer things take because others use this machine: 1 up to two runnable programs for each core, then their share.

    The checker's bounds in seconds are stretched by it, and every result says so.
    """
    return round(max(1.0, os.getloadavg()[0] / (2 * (os.cpu_count() or 1))), 1)


@dataclass(slots=True)
class Launched:
    """One running process of ours."""

    popen: subprocess.Popen[bytes]
    url: str = ""
    told_to_end: bool = False

    def tell_to_end(self) -> None:
        """SIGTERM."""
        self.told_to_end = True
        self.popen.terminate()

    def kill(self) -> None:
        self.told_to_end = True
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGCONT)
            self.popen.kill()
        self.popen.wait()

    async def ended(self, seconds: float) -> bool:
        """Whether it ended by itself within that time."""
        deadline = time.monotonic() + seconds
        while self.popen.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return self.popen.poll() is not None


@dataclass(slots=True)
class Lap:
    """What is broken, where. `through_proxies` puts a proxy before broker and database of each process.

    Processes are static members of their groups, as single supervised ones are; `replicated`, they are members that come and
    go, as replicas must be; of `twins` there are two from the beginning.
    """

    world: World
    folder: Path
    mark: str
    seed: int
    load: Load
    through_proxies: bool = False
    planted: Mapping[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    patience: float = 90.0
    replicated: bool = False
    twins: tuple[str, ...] = ()
    running: dict[str, Launched] = field(default_factory=dict)
    proxies: dict[tuple[str, str], Proxy] = field(default_factory=dict)
    told: Line = field(default_factory=dict)
    rng: random.Random = field(init=False)
    client: subprocess.Popen[bytes] | None = None
    journal: Journal = field(init=False)
    passwords: dict[str, str] = field(default_factory=dict)
    crashes: int = 0
    strain: float = 1.0  # the most there was

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.rng = random.Random(self.seed)
        self.journal = Journal(self.folder / "faults.jsonl")

    # ---- before

    async def prepare(self) -> None:
        """Make everything that the lap needs, start the processes, then the client."""
        await asyncio.gather(asyncio.to_thread(self.prepare_broker), self._prepare_databases())
        if self.through_proxies:
            await self._start_proxies()
        for role in PROCESSES:
            self.launch(role)
        for role in self.twins:
            self.launch(role, f"{role}2")
        await self.ready(*self.running)
        self._write_down()
        self.client = self._spawn("faults.client", "client", {}, str(self.folder))
        with suppress(TimeoutError):  # of the exam's processes, some cannot do anything
            await (self.flowing("a", "asked") if self.planted else self.flowing("c", "passed"))

    async def flowing(self, role: str, route: str, more: int = 1) -> None:
        """Wait until a process had that many more effects of a route: only then is there something to break."""
        wanted: int | None = None
        async with asyncio.timeout(READY_SECONDS * strain()):
            while True:
                conn = await self.world.connection(self.database(role))
                count: int = await conn.fetchval("SELECT count(*) FROM effect WHERE route = $1", route)
                await conn.close()
                wanted = count + more if wanted is None else wanted
                if count >= wanted:
                    return
                await asyncio.sleep(0.1)

    def topic_names(self) -> dict[str, int]:
        named = pipeline.topics(self.mark)
        return {
            topic.for_party(party): topic.partitions
            for topic in named.all
            for party in (PARTIES if topic.mark is not None else ("",))
        }

    def principal(self, name: str) -> str:
        return process_name(self.mark, name)

    def prepare_broker(self) -> None:
        """Topics, users and rights: whoever may do something on the broker may do it from here on."""
        admin, named = self.world.admin, pipeline.topics(self.mark)
        stamped = {"message.timestamp.type": "LogAppendTime"}
        asks = {named.asks.for_party(party) for party in PARTIES}
        new = [
            NewTopic(n, count, self.world.replicas, config=stamped if n in asks else {})
            for n, count in self.topic_names().items()
        ]
        wait_for(admin.create_topics(new).values())

        set_passwords(admin, {self.principal(name): PASSWORD for name in EVERYBODY})
        wait_for(admin.create_acls(self._rights()).values())

    def _rights(self) -> list[AclBinding]:
        named, prefix = pipeline.topics(self.mark), f"matrix.{self.mark}."
        asks, answers = named.asks.family_prefix or "", named.answers.family_prefix or ""
        moved, passed = named.moved.name, named.passed.name
        granted: list[tuple[str, str, tuple[AclOperation, ...]]] = [
            ("a", asks, READ), ("a", answers, WRITE), ("a", moved, WRITE), ("a", f"{prefix}letters-a", WRITE),
            ("b", moved, READ), ("b", passed, WRITE), ("b", f"{prefix}letters-b", WRITE),
            ("c", moved, READ), ("c", passed, READ), ("c", f"{prefix}letters-c", WRITE),
            ("client", asks, WRITE), ("client", answers, READ), ("checker", prefix, READ),
        ]  # fmt: skip
        return [
            *(self._right(who, ResourceType.TOPIC, on, what) for who, on, operations in granted for what in operations),
            *(self._right(role, ResourceType.GROUP, self.principal(role), AclOperation.READ) for role in EVERYBODY),
        ]

    def _right(self, who: str, kind: ResourceType, prefix: str, what: AclOperation) -> AclBinding:
        user = f"User:{self.principal(who)}"
        return AclBinding(kind, prefix, ResourcePatternType.PREFIXED, user, "*", what, AclPermissionType.ALLOW)

    def database(self, role: str) -> str:
        return f"matrix_{self.mark}_{role}"

    async def _prepare_databases(self) -> None:
        conn = await self.world.connection()
        checker = f"matrix_{self.mark}_checker"
        for name in (*(self.database(role) for role in PROCESSES), checker):
            await conn.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 15")
        for role in PROCESSES:
            name = self.database(role)
            await conn.execute(f'CREATE DATABASE "{name}"')
            await conn.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            await conn.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{name}", "{checker}"')
        await conn.close()
        await asyncio.gather(*(self._prepare_database(role, checker) for role in PROCESSES))

    async def _prepare_database(self, role: str, checker: str) -> None:
        conn = await self.world.connection(self.database(role))
        await migrate(conn, ("upstream_runtime",))
        await conn.execute(pipeline.TABLES)
        for schema in ("public", "runtime"):
            await conn.execute(f'GRANT USAGE ON SCHEMA {schema} TO "{self.database(role)}", "{checker}"')
            everything = f"ON ALL TABLES IN SCHEMA {schema} TO"
            await conn.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE {everything} "{self.database(role)}"')
            await conn.execute(f'GRANT SELECT {everything} "{checker}"')
            await conn.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO "{self.database(role)}"')
        await conn.close()

    async def _start_proxies(self) -> None:
        for role in PROCESSES:
            for name, port, target in (
                ("kafka", self.world.proxied[role], self.world.direct[role]),
                ("postgres", free_port(), self.world.ports.postgres),
            ):
                proxy = Proxy(port, target, random.Random(self.rng.random()))
                await proxy.start()
                self.proxies[role, name] = proxy

    def _write_down(self) -> None:
        """What client and checker are told."""
        named = pipeline.topics(self.mark)
        checker = f"matrix_{self.mark}_checker"
        self.told |= {
            "mark": self.mark,
            "seed": self.seed,
            "patience": self.patience,
            "load": asdict(self.load),
            "asks": {party: named.asks.for_party(party) for party in PARTIES},
            "answers": {party: named.answers.for_party(party) for party in PARTIES},
            "moved": named.moved.name,
            "passed": named.passed.name,
            "letters": [topic.name for topic in named.letters],
            "readers": {named.moved.name: ["b", "c"], named.passed.name: ["c"]},
            "remind_after": pipeline.REMIND_AFTER.total_seconds(),
            "kafka": {
                who: self.world.client_config(self.principal(who), PASSWORD)
                for who in EVERYBODY
            },
            "checker": {role: self.dsn(checker, role) for role in PROCESSES},
            "forbidden_topics": [
                ("stranger", named.moved.name), ("b", named.asks.for_party(PARTIES[0])), ("c", f"matrix.{self.mark}.letters-a.v1"),
            ],
            "forbidden_databases": [self.dsn(self.database("b"), "a"), self.dsn(self.database("a"), "c")],
        }  # fmt: skip
        (self.folder / "lap.json").write_text(json.dumps(self.told))

    def dsn(self, user: str, role: str, port: int | None = None) -> str:
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{port or self.world.ports.postgres}/{self.database(role)}"

    # ---- processes

    def launch(self, role: str, name: str | None = None, *, crash: Line | None = None) -> Launched:
        """Start a process of this role."""
        secrets = self.folder / f"{role}-secrets"
        secrets.mkdir(exist_ok=True)
        for secret in ("database-password", "kafka-password", "metrics-token", "operator-token"):
            (secrets / secret).write_text(self.passwords.get(role, PASSWORD))
        kafka, postgres = self.world.bootstrap, self.world.ports.postgres
        if self.through_proxies:
            kafka, postgres = f"127.0.0.1:{self.proxies[role, 'kafka'].port}", self.proxies[role, "postgres"].port
        port = free_port()
        told = {
            "UPSTREAM_PROCESS": process_name(self.mark, role),
            "UPSTREAM_KAFKA": kafka,
            "UPSTREAM_DATABASE": f"postgresql://{self.database(role)}@127.0.0.1:{postgres}/{self.database(role)}",
            "UPSTREAM_SECRETS": str(secrets),
            "UPSTREAM_PORT": str(port),
            "UPSTREAM_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "UPSTREAM_CLOCK": str(self.clock),
            "UPSTREAM_MARK": self.mark,
            "UPSTREAM_ROLE": role,
            "UPSTREAM_MOOD": str(self.mood(role)),
            "UPSTREAM_VERSION": str(self.versions.get(role, 1)),
        }
        told |= {} if self.replicated else {"UPSTREAM_MEMBER": "1"}
        told |= {"UPSTREAM_CRASH": json.dumps(crash)} if crash else {}
        told |= {"UPSTREAM_PLANTED": self.planted[role]} if role in self.planted else {}
        name = name or role
        self.running[name] = Launched(self._spawn("faults.process", name, told), f"http://127.0.0.1:{port}")
        return self.running[name]

    def _spawn(self, module: str, name: str, told: Mapping[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
        cached = {
            "PYTHONPATH": str(TESTS),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.folder.parent / "pyc"),
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **cached, **told},
            )  # fmt: skip

    def mood(self, role: str) -> Path:
        """The file of the accounts that a process cannot decide about."""
        return self.folder / f"sick-{role}"

    @property
    def accounts(self) -> list[str]:
        """The accounts that the client asks about."""
        return accounts_of(random.Random(self.seed), self.load)

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    async def ready(self, *names: str) -> None:
        """Wait until these say that they are ready for work. A lease left by one that was killed is not waited for."""
        async with httpx.AsyncClient() as client, asyncio.timeout(READY_SECONDS * strain()):
            for name in names:
                while not await self._is_ready(client, self.running[name]):
                    await asyncio.sleep(0.05)

    async def _is_ready(self, client: httpx.AsyncClient, process: Launched) -> bool:
        if process.popen.poll() is not None:
            raise RuntimeError(f"a process ended by itself; its log is in {self.folder}")
        try:
            return bool((await client.get(f"{process.url}/health/ready")).json()["broker"])
        except (httpx.TransportError, ValueError):
            return False

    # ---- faults

    def injected(self, row: str, began: float, **more: Any) -> None:
        """A fault was injected and healed again."""
        self.strain = max(self.strain, strain())
        self.journal.write([{"row": row, "began": began, "healed": wall(), **more}])

    # ---- after

    async def finish(self) -> Line:
        """Everything is healed: let the client end, and ask the checker."""
        healed = wall()
        assert self.client is not None, "the client was never started"
        self.client.terminate()
        ended = [
            name for name, process in self.running.items() if process.popen.poll() is not None and not process.told_to_end
        ]
        self.strain = max(self.strain, strain())
        patience = self.patience if self.planted else self.patience * self.strain
        self.told |= {"healed": healed, "strain": self.strain, "ended": ended, "patience": patience}
        (self.folder / "lap.json").write_text(json.dumps(self.told))
        await asyncio.to_thread(self.client.wait)
        words = [sys.executable, "-m", "faults.checker", str(self.folder)]
        checking = await asyncio.create_subprocess_exec(
            *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(TESTS)}
        )
        try:
            async with asyncio.timeout(CHECK_SECONDS * self.strain):
                out, err = await checking.communicate()
        finally:
            if checking.returncode is None:
                checking.kill()
        if checking.returncode:
            raise RuntimeError(f"the checker ended with {checking.returncode}: {err.decode()[-2000:]}")
        found: Line = json.loads(out)
        (self.folder / "verdict.json").write_text(json.dumps(found, indent=1))
        return found

    async def end(self) -> None:
        """End what runs, whatever state it is in, and drop the lap's databases."""
        for process in self.running.values():
            process.kill()
        if self.client is not None and self.client.poll() is None:
            self.client.kill()
            self.client.wait()
        for proxy in self.proxies.values():
            await proxy.stop()
        self.journal.close()
