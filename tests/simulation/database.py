"""Connections whose every statement waits for its turn, may be lost, and may take effect after its sender is gone.

Sessions are real and outlive seeds; what is lost is the stand-in that a process holds. A lost session's transaction stays
open, locks and all, until the world lets the server notice. Must not know what statements mean.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from simulation.faults import Fate, Kind
from simulation.world import World

POOL_MAX = 3
SESSIONS = 8
HARMLESS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")  # they wait for nobody's lock
RUNTIME = (
    "watermark",
    "inbox",
    "counter",
    "outbox",
    "sent",
    "due",
    "set_aside",
    "parked",
    "parked_key",
    "operator_act",
    "passed_stream",
)
TABLES = ("counter", *(f"runtime.{name}" for name in RUNTIME))
ANEW = "UPDATE runtime.lease SET epoch = 0, holder = '00000000-0000-4000-8000-000000000000', expires_at = '-infinity', cluster = NULL"


@dataclass(slots=True, eq=False)
class Session:
    """One session of the server."""

    raw: asyncpg.Connection
    pid: int
    open: bool = False  # in a transaction
    task: "asyncio.Future[Any] | None" = None


@dataclass(slots=True, eq=False)
class Orphan:
    """A session whose client is gone. `late` is what still reached the server."""

    session: Session
    late: bool

    def ready(self) -> bool:
        return self.session.task is None or self.session.task.done()


@dataclass(slots=True)
class Database:
    """One service's database: its sessions, and those that nobody holds any more."""

    name: str
    watcher: asyncpg.Connection
    stream: str
    secret: bytes
    free: list[Session]
    orphans: list[Orphan] = field(default_factory=list)

    def take(self) -> Session:
        return self.free.pop()

    async def notice(self, world: World, orphan: Orphan) -> None:
        """The server finds out that a client is gone."""
        self.orphans.remove(orphan)
        if orphan.session.open:
            await orphan.session.raw.execute("COMMIT" if orphan.late else "ROLLBACK")
            world.released = True
        orphan.session.open = False
        self.free.append(orphan.session)


async def opened(dsn: str, name: str) -> Database:
    """A service's database, with as many sessions as its processes and their ghosts can need."""
    watcher = await asyncpg.connect(f"{dsn}{name}")
    secret = f"the secret of {name}".encode()
    stream = "00000000-0000-4000-8000-" + name.encode().hex().rjust(12, "0")
    await watcher.execute("UPDATE runtime.instance SET stream = $1, secret = $2", stream, secret)
    raws = [await asyncpg.connect(f"{dsn}{name}") for _ in range(SESSIONS * POOL_MAX)]
    return Database(name, watcher, stream, secret, [Session(raw, raw.get_server_pid()) for raw in raws])


async def emptied(databases: Sequence[Database]) -> None:
    """As if nothing had ever happened; streams and secrets stay."""
    for database in databases:
        await database.watcher.execute("; ".join([*(f"DELETE FROM {table}" for table in TABLES), ANEW]))


async def closed(database: Database) -> None:
    for session in database.free:
        await session.raw.close()
    await database.watcher.close()


class Lent:
    """What a process holds of a session: asyncpg's calls as far as the engine uses them."""

    def __init__(self, world: World, database: Database, owner: str, session: Session) -> None:
        self.world = world
        self.database = database
        self.owner = owner
        self.session = session
        self.lost = False
        self._depth = 0

    async def fetch(self, query: str, *args: Any) -> Any:
        return await self._call("fetch", query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._call("fetchrow", query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._call("fetchval", query, *args)

    async def execute(self, query: str, *args: Any) -> Any:
        return await self._call("execute", query, *args)

    async def executemany(self, query: str, args: Any) -> Any:
        return await self._call("executemany", query, args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        begin, commit, undo = _words(self._depth)
        await self._call("execute", begin)
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            await self._call("execute", undo)
            raise
        self._depth -= 1
        await self._call("execute", commit)

    def is_in_transaction(self) -> bool:
        return self._depth > 0

    def lose(self, *, late: bool = False) -> None:
        """Nobody holds the session any more; the server does not know yet."""
        if not self.lost:
            self.lost = True
            self.database.orphans.append(Orphan(self.session, late))

    async def _call(self, method: str, query: str, *args: Any) -> Any:
        self._refuse_lost()
        fate = await self.world.turn(self.owner, _label(query), self._kind(query), self._may_run(query))
        self._refuse_lost()
        if fate in (Fate.LOST_BEFORE, Fate.LATE):
            self.lose(late=fate is Fate.LATE)
            raise asyncpg.ConnectionDoesNotExistError("lost")
        if fate is Fate.DEADLOCK and any(args):  # a statement about nothing locks nothing
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        if fate is Fate.NO_ROOM:
            raise asyncpg.TooManyConnectionsError("no room")
        result = await self._run(method, query, *args)
        if fate is Fate.LOST_AFTER:
            self.lose()
            raise asyncpg.ConnectionDoesNotExistError("lost")
        if fate is Fate.DIES_AFTER:
            self.world.dying.append(self.owner)
            await asyncio.get_running_loop().create_future()
        return result

    def _kind(self, query: str) -> Kind:
        if query == "COMMIT":
            return Kind.COMMIT
        alone = not self.session.open or query.split(maxsplit=1)[0] in (*HARMLESS, "SELECT")
        return Kind.CALL if alone else Kind.WRITE

    def _may_run(self, query: str) -> Callable[[], bool] | None:
        words = query.split()
        if words[0] in HARMLESS or (words[0] == "SELECT" and ("LOCKED" in words or "UPDATE" not in words)):
            return None
        return lambda: self.lost or self.world.may_lock(self.session.pid, self.database.watcher)

    def _refuse_lost(self) -> None:
        if self.lost:
            raise asyncpg.InterfaceError("connection is closed")

    async def _run(self, method: str, query: str, *args: Any) -> Any:
        session = self.session
        session.open |= query == "BEGIN"
        call = self._told_the_time(method, query, *args)
        session.task = asyncio.ensure_future(call)
        try:
            return await self.world.real(session.task, session.pid, self.database.watcher)
        except asyncpg.DeadlockDetectedError:
            self.world.faults.drawn["server.DEADLOCK"] += 1
            self.world.note("  a real deadlock")
            raise
        finally:
            self.world.released = True
            if query in ("COMMIT", "ROLLBACK"):
                session.open = False

    async def _told_the_time(self, method: str, query: str, *args: Any) -> Any:
        if "now()" in query:
            moment = self.world.now().isoformat()
            await self.session.raw.execute("SELECT set_config('simulated.now', $1, false)", moment)
        return await getattr(self.session.raw, method)(query, *args)


class Pool:
    """One process's connections."""

    def __init__(self, world: World, database: Database, owner: str) -> None:
        self.world = world
        self.database = database
        self.owner = owner
        self.lent: list[Lent] = []
        self.dead = False
        self._room = asyncio.Semaphore(POOL_MAX)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Lent]:
        async with self._room:
            if self.dead:
                raise asyncpg.InterfaceError("pool is closed")
            one = Lent(self.world, self.database, self.owner, self.database.take())
            self.lent.append(one)
            try:
                yield one
            finally:
                self.lent.remove(one)
                if one.session.open or (one.session.task and not one.session.task.done()):
                    one.lose()
                elif not one.lost:
                    self.database.free.append(one.session)

    def die(self) -> None:
        self.dead = True
        for one in list(self.lent):
            one.lose()


def _words(depth: int) -> tuple[str, str, str]:
    if depth == 0:
        return "BEGIN", "COMMIT", "ROLLBACK"
    name = f"point_{depth}"
    return f"SAVEPOINT {name}", f"RELEASE SAVEPOINT {name}", f"ROLLBACK TO SAVEPOINT {name}"


def _label(query: str) -> str:
    return " ".join(query.split())[:40]
