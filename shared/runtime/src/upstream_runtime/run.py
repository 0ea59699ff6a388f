"""Starts one process: settings in, everything running, and out again in order.

`python -m upstream_<name>` serves; `python -m upstream_<name> migrate` prepares the database as its owner and ends.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Final

import asyncpg
import structlog
import uvicorn
import uvloop

from upstream_runtime import log as logs
from upstream_runtime import operator_door, store, store_life
from upstream_runtime.apply import Mind
from upstream_runtime.clock import Clock, jitter
from upstream_runtime.closed_connection import tell_closed_from_wrong
from upstream_runtime.consume import Consumer
from upstream_runtime.database import connection
from upstream_runtime.due import DueWork
from upstream_runtime.engine import Engine
from upstream_runtime.failures import Trouble, trouble
from upstream_runtime.housekeeping import Housekeeping
from upstream_runtime.migrate import ChangedMigrationError, migrate
from upstream_runtime.operators import Operators
from upstream_runtime.producing import idempotent_producer
from upstream_runtime.records import Reader
from upstream_runtime.relay import Relay
from upstream_runtime.relief import wait_for_turn
from upstream_runtime.settings import MissingSettingError, MovedClockError, Settings, from_environment
from upstream_runtime.source import Source, broker
from upstream_runtime.streams import Streams
from upstream_runtime.web import application
from upstream_runtime.wiring import App

POOL_MAX: Final = 3
# Every hot statement goes by key. A plan made while a table was small would read it whole for ever after.
PLANS: Final = {"jit": "off", "enable_seqscan": "off"}
DRAIN_SECONDS: Final = 6.0
log = structlog.get_logger()
Wiring = Callable[[Settings], App]


def main(wiring: Wiring) -> None:
    """The whole of a service's `__main__`. What ends it is logged like everything else: without the text of exceptions."""
    try:
        settings = from_environment()
        logs.configure(settings.process)
        if sys.argv[1:] == ["migrate"]:
            uvloop.run(prepare(settings, wiring.__module__.rpartition(".")[0]))
        else:
            app = wiring(settings)
            wait_for_turn(settings.more.get("UPSTREAM_RELIEF"))
            uvloop.run(serve(settings, app))
    except MissingSettingError as missing:
        sys.exit(f"{missing}\nThe process cannot start without it.\nStart it with `make up`, which sets everything.")
    except MovedClockError as moved:
        sys.exit(f"{moved}\nA clock that somebody moves is for demo and tests.\nStart the process without UPSTREAM_CLOCK.")
    except ChangedMigrationError as changed:
        sys.exit(f"{changed} has another text than when it was applied.\nRestore it, and put the change into a new migration.")
    except Exception as error:
        log.critical("process.failed", exc_info=_innermost(error))
        sys.exit(1)


def _innermost(error: BaseException) -> BaseException:
    """The first cause in a group of exceptions."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def prepare(settings: Settings, package: str) -> None:
    """Bring the database to this version of the service in `package`. Needs the owner's role."""
    conn = await asyncpg.connect(settings.database, password=settings.secret("database-password"))
    try:
        for name in await migrate(conn, ("upstream_runtime", package)):
            log.info("migration.applied", what=name)
    finally:
        await conn.close()


async def _as_it_is(_: asyncpg.Connection) -> None:
    """Nothing of ours outlives a transaction on a connection, so nothing is reset: it would cost a round trip each time."""


async def pool_for(settings: Settings) -> asyncpg.Pool:
    """The process's few connections, waiting as long as the database is away."""
    wait, said = 0.1, False
    while True:
        try:
            return await asyncpg.create_pool(
                settings.database,
                password=settings.secret("database-password"),
                min_size=1,
                max_size=POOL_MAX,
                max_inactive_connection_lifetime=0,
                reset=_as_it_is,
                server_settings={"application_name": settings.process} | PLANS,
            )
        except Exception as error:
            if trouble(error) is not Trouble.INFRASTRUCTURE:
                raise
            if not said:
                log.warning("database.unreachable", exc_info=error)
            said = True
            await asyncio.sleep(jitter(wait))
            wait = min(wait * 2, 5.0)


async def serve(settings: Settings, app: App) -> None:
    """Run the process until it is told to stop, then drain: batches first, the relay last."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    spare_the_collector()
    tell_closed_from_wrong()
    process = Process(settings, app)
    running = asyncio.create_task(process.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    log.info("process.draining")
    await process.drain()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    log.info("process.stopped")


def spare_the_collector() -> None:
    """Look through the small objects of a batch less often.

    A batch makes tens of thousands of them and drops them all: going through them again and again costs more than a fifth
    of the time, and there is next to nothing in them that only the collector could free.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process drains in its own order."""

    def install_signal_handlers(self) -> None:
        """Left to `serve`."""

    capture_signals = nullcontext  # type: ignore[assignment]


class Process:
    """One running process: its parts, started in order, and drained in the opposite one."""

    def __init__(self, settings: Settings, app: App) -> None:
        self.settings = settings
        self.app = app
        self.source: Source | None = None
        self.consumer: Consumer | None = None
        self.relay: Relay | None = None
        self.due: DueWork | None = None
        self.serving: asyncio.Task[None] | None = None
        self.server: Server | None = None

    async def run(self) -> None:
        """Everything that runs, until cancelled or until one part breaks for good."""
        settings, app = self.settings, self.app
        password = settings.broker_password
        pool = await pool_for(settings)
        streams, secret = await pool_ask(pool, app)
        clock = Clock(settings.clock)
        ticking = tuple(t.family_prefix or t.name for t in app.catalogue if t.producer == app.process and t.tick)
        producer = partial(idempotent_producer, settings.kafka, app.process, password)
        self.relay = relay = Relay(pool, streams, producer, clock, ticking)
        engine = Engine(pool, Mind(app, streams.current, secret), clock, relay.offer)
        self.source = source = Source(broker(settings.kafka, app.process, password), app, settings.more.get("UPSTREAM_MEMBER"))
        self.due = due = DueWork(engine, app.work)
        self.server = Server(self._http(engine, source, relay))
        async with asyncio.TaskGroup() as tasks:
            self.serving = tasks.create_task(self.server.serve())
            tasks.create_task(relay.run())
            tasks.create_task(engine.watch())
            tasks.create_task(due.run())
            tasks.create_task(Housekeeping(engine, app).run())
            tasks.create_task(self._consume(engine, source, clock, secret))

    async def _consume(self, engine: Engine, source: Source, clock: Clock, secret: bytes) -> None:
        cluster = await source.connect()
        reader = Reader(self.app, cluster, clock, secret)
        self.consumer = consumer = Consumer(engine, reader, source)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(consumer.release())
            tasks.create_task(consumer.parking.run())
            tasks.create_task(source.run(reader.read_all, consumer.apply))

    def _http(self, engine: Engine, source: Source, relay: Relay) -> uvicorn.Config:
        def ready() -> dict[str, bool]:
            return {"database": engine.reachable, "broker": source.ready.is_set(), "relay": relay.leads.is_set()}

        web = application(self.app, engine, ready, self.settings.secret_if_any("metrics-token"))
        if (token := self.settings.secret_if_any("operator-token")) is not None:
            operator_door.put(web, Operators(engine, lambda: self.consumer), token)
        host = self.settings.more.get("UPSTREAM_HOST", "127.0.0.1")
        return uvicorn.Config(
            web, host=host, port=self.settings.port, log_config=None, access_log=False, lifespan="off", server_header=False
        )

    async def drain(self) -> None:
        """Stop taking, finish what is in hand, send what was said, and leave. Bounded in time: a crash is safe too."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._close_pages())
                    if self.source is not None:
                        tasks.create_task(self.source.stop())
                    if self.due is not None:
                        tasks.create_task(self.due.drain())
                if self.relay is not None:
                    await self.relay.drain()
        except TimeoutError:
            log.warning("drain.cut-short", seconds=DRAIN_SECONDS)

    async def _close_pages(self) -> None:
        """Requests that are being answered get their answer."""
        if self.server is not None and self.serving is not None:
            self.server.should_exit = True
            await asyncio.wait({self.serving})


async def pool_ask(pool: asyncpg.Pool, app: App) -> tuple[Streams, bytes]:
    """The streams that this database's numbers belong to, and its secret."""
    compacted = tuple(topic.family_prefix or topic.name for topic in app.catalogue if topic.compacted)
    async with connection(pool) as conn:
        return await store_life.streams(conn, compacted), (await store.instance(conn))[1]
