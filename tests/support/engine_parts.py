"""The engine in this process, on a real database: its parts as `run.py` puts them together, each one within a test's reach."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import asyncpg
from support.engine_service import SOURCE, TABLES, CounterRaisedV1, Mood, PageKeptV1, RaiseAskedV1, Topics, service, topics

from upstream_runtime import store
from upstream_runtime.apply import Mind
from upstream_runtime.clock import Clock, fresh_id
from upstream_runtime.consume import Consumer
from upstream_runtime.database import connection
from upstream_runtime.due import DueWork
from upstream_runtime.engine import Engine
from upstream_runtime.migrate import migrate
from upstream_runtime.records import Polled, Reader
from upstream_runtime.run import pool_for
from upstream_runtime.settings import Settings
from upstream_runtime.store import Partition, Said
from upstream_runtime.wiring import App
from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.model import Event

Headers = Sequence[tuple[str, bytes]]
STREAM = "a-stream-of-somebody-else"
START = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


class Moved(Clock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START

    def now(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class OneRecord:
    """A record as the Kafka client hands it over."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = 1_772_000_000_000


@dataclass(slots=True)
class Noted:
    """What the engine asked of the reading side, written down."""

    rewinds: list[tuple[Partition, int | None]] = field(default_factory=list)
    paused: list[Partition] = field(default_factory=list)
    resumed: list[Partition] = field(default_factory=list)
    offsets: dict[Partition, int] = field(default_factory=dict)
    others: set[Partition] = field(default_factory=set)

    def rewind(self, place: Partition, offset: int | None) -> None:
        self.rewinds.append((place, offset))

    def pause(self, place: Partition) -> None:
        self.paused.append(place)

    def resume(self, place: Partition) -> None:
        self.resumed.append(place)

    def done(self, place: Partition, offset: int) -> None:
        self.offsets[place] = offset

    def ours(self, place: Partition) -> bool:
        return place not in self.others


def headers_of(event: Event, source: str, event_id: str, sequence: str | None = None) -> Headers:
    key = str(getattr(event, "counter_id"))  # noqa: B009 - any event of the tests has one
    texts = to_headers(Envelope(event_id, source, event.TYPE, START, key))
    if sequence is not None:
        texts.append(("ce_sequence", sequence))
    return [(name, value.encode()) for name, value in texts]


def key_of(event: Event) -> bytes:
    return str(getattr(event, "counter_id")).encode()  # noqa: B009 - the same


@dataclass(slots=True)
class Running:
    """One process's engine on the test's database."""

    app: App
    topics: Topics
    mood: Mood
    pool: Any
    engine: Engine
    clock: Moved
    offered: list[Said]
    positions: Noted
    consumer: Consumer

    def raised(self, n: int, label: str = "", key: UUID | None = None, *, at: int | None = None, **more: Any) -> OneRecord:
        """A record of the numbered topic; its offset is its number where `at` does not say otherwise."""
        event = CounterRaisedV1(counter_id=key or fresh_id(), label=label or str(n), **more)
        headers = headers_of(event, "/upstream/elsewhere", f"raised-{n}", f"{STREAM}:{n}")
        return OneRecord(self.topics.raises.name, 0, n if at is None else at, key_of(event), encode(event), headers)

    def kept(self, n: int, label: str, key: UUID) -> OneRecord:
        event = PageKeptV1(counter_id=key, label=label)
        headers = headers_of(event, "/upstream/elsewhere", f"kept-{n}", f"{STREAM}:{n}")
        return OneRecord(self.topics.pages.name, 0, n, key_of(event), encode(event), headers)

    def asked(self, offset: int, event_id: str, label: str, key: UUID, source: str = SOURCE) -> OneRecord:
        event = RaiseAskedV1(counter_id=key, label=label)
        headers = headers_of(event, f"/city/{source}", event_id)
        return OneRecord(self.topics.asks.for_party(source), 0, offset, key_of(event), encode(event), headers)

    async def take(self, *records: OneRecord) -> None:
        await take(self.consumer, records)

    def another(self) -> Consumer:
        """A second consumer on the same database, with a memory of its own."""
        return consumer_of(self.app, self.engine, self.clock, Noted())

    async def labels(self, key: UUID) -> list[str]:
        found = await self.pool.fetchval("SELECT labels FROM counter WHERE id = $1", key)
        return [] if found is None else list(json.loads(found))

    async def all_labels(self) -> list[str]:
        rows = await self.pool.fetch("SELECT labels FROM counter ORDER BY id")
        return [label for row in rows for label in json.loads(row["labels"])]

    async def outbox(self, topic: str) -> list[dict[str, Any]]:
        """What was said on a topic, in order of partition and number: its value, with `n` and `partition` beside it."""
        rows = await self.pool.fetch(
            "SELECT partition, n, value FROM runtime.outbox WHERE topic = $1 ORDER BY partition, n", topic
        )
        return [{**json.loads(row["value"]), "n": row["n"], "partition": row["partition"]} for row in rows]

    async def shown(self) -> list[str]:
        return [said["label"] for said in await self.outbox(self.topics.shown.name)]

    async def answers(self, source: str = SOURCE) -> list[dict[str, Any]]:
        return await self.outbox(self.topics.answers.for_party(source))

    async def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the database holds of what was done, without what differs from run to run by right."""
        async with self.pool.acquire() as conn:
            return {name: [tuple(row) for row in await conn.fetch(query)] for name, query in sorted(EVERYTHING.items())}

    @asynccontextmanager
    async def working(self, workers: int = 1) -> AsyncIterator[None]:
        """Due work running beside the test."""
        loops = [asyncio.create_task(DueWork(self.engine, self.app.work).run()) for _ in range(workers)]
        try:
            yield
            assert not any(loop.done() for loop in loops), "due work came to an end"
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)


EVERYTHING = {
    "state": "SELECT id, version, labels FROM counter ORDER BY id",
    "outbox": "SELECT topic, partition, n, key, value, headers, said_at FROM runtime.outbox ORDER BY topic, partition, n",
    "counter": "SELECT topic, partition, n FROM runtime.counter ORDER BY topic, partition",
    "inbox": "SELECT topic, id, hash, answer FROM runtime.inbox ORDER BY topic, id",
    "due": "SELECT kind, key, due_at, waits_for FROM runtime.due ORDER BY kind, key",
    "watermark": "SELECT topic, partition, stream, n FROM runtime.watermark ORDER BY topic, partition",
    "set_aside": "SELECT topic, partition, position, reason, value FROM runtime.set_aside ORDER BY topic, partition, position",
}


async def prepared(dsn: str) -> None:
    """The engine's tables and the service's, on an empty database."""
    conn = await asyncpg.connect(dsn)
    await migrate(conn, ("upstream_runtime",))
    await conn.execute(TABLES)
    await conn.close()


def settings_for(dsn: str, folder: Path, process: str, kafka: str = "") -> Settings:
    (folder / "database-password").write_text(unquote(urlsplit(dsn).password or ""))
    return Settings(process, kafka, dsn, folder, 0, "http://127.0.0.1", None, {})


async def take(consumer: Consumer, records: Sequence[Polled]) -> None:
    """Read a batch and apply it: what a process does with what it polls."""
    await consumer.apply(consumer.reader.read_all(records))


def consumer_of(app: App, engine: Engine, clock: Clock, positions: Any, cluster: str = "one-cluster") -> Consumer:
    return Consumer(engine, Reader(app, cluster, clock, engine.mind.secret), positions)


@asynccontextmanager
async def running(dsn: str, folder: Path, mark: str = "alone", *, fresh: bool = True) -> AsyncIterator[Running]:
    """The engine on an empty database (`fresh`), or as one more process on a database that has it already."""
    if fresh:
        await prepared(dsn)
    app, clock, offered, noted = service(mark, folder), Moved(), list[Said](), Noted()
    pool = await pool_for(settings_for(dsn, folder, app.process))
    async with connection(pool) as conn:
        stream, secret = await store.instance(conn)
    engine = Engine(pool, Mind(app, stream, secret), clock, offered.extend)
    consumer = consumer_of(app, engine, clock, noted)
    try:
        yield Running(app, topics(mark), Mood(folder), pool, engine, clock, offered, noted, consumer)
    finally:
        pool.terminate()
        await asyncio.sleep(0)


async def until(check: Any, seconds: float = 20.0) -> None:
    """Wait until `await check()` holds."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


def named(lines: Iterable[Any], event: str) -> list[Any]:
    """The log lines of one kind."""
    return [line for line in lines if line["event"] == event]
