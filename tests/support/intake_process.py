"""Intake's own wiring on a real database, without broker: what a process does between its doors and its tables."""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Pool
from httpx import ASGITransport, AsyncClient
from nacl.public import PrivateKey
from support.stopped_clock import Stopped

from upstream_intake.app import wiring
from upstream_runtime import store as runtime_store
from upstream_runtime.apply import Mind, Step, only
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Cause
from upstream_runtime.engine import Engine
from upstream_runtime.migrate import migrate
from upstream_runtime.settings import Settings
from upstream_runtime.store import Said
from upstream_runtime.vault import opener
from upstream_runtime.web import application
from upstream_runtime.wiring import App, Route
from upstream_schemas.topic import Topic

OUTREACH_URL = "https://outreach.example.org"
LEAST_TABLES = 5
SHORTEST = 8
EVERY_TABLE = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


@dataclass(slots=True)
class Site:
    """One process of intake: its engine, its pages as a browser sees them, and what it said."""

    app: App
    engine: Engine
    pool: Pool
    clock: Stopped
    client: AsyncClient
    ovp_public_key: Path
    said: list[Said] = field(default_factory=list)

    async def hear(self, topic: Topic, key: UUID, fact: object) -> None:
        """One event or tombstone of one of our own topics, as if it had been polled."""
        route: Route = next(route for route in self.app.routes if route.topic is topic)
        cause = Cause(str(fresh_id()), "/test", self.clock.now())
        await self.engine.transact(only(Step(route.aggregate, key, route.on[type(fact)], fact, cause)))

    def new_ovp_key(self, key_id: str) -> Callable[[str], str]:
        """Write another public key where intake looks for it; what opens values that are sealed to it from now on."""
        private = PrivateKey.generate()
        self.ovp_public_key.write_text(f"{key_id} {b64encode(bytes(private.public_key)).decode()}\n")
        return opener(b64encode(bytes(private)).decode())

    async def tables_with(self, text: str) -> list[str]:
        """The tables of this database, of whatever schema, in which a row holds the text: plain, in hex, or in base64."""
        rows = await self.pool.fetch(EVERY_TABLE)
        assert len(rows) > LEAST_TABLES, "a database without tables proves nothing"
        return [row["name"] for row in rows if await self._holds(row["name"], disguises(text))]

    async def _holds(self, table: str, texts: list[str]) -> bool:
        query = f"SELECT EXISTS (SELECT FROM {table} AS t, unnest($1::text[]) AS x WHERE strpos(lower(t::text), lower(x)) > 0)"
        held: bool = await self.pool.fetchval(query, texts)
        return held


def disguises(text: str) -> list[str]:
    """A text as it may stand in a column: as it is, in hex, and as hex or text of its base64 at each of three alignments."""
    assert len(text) > SHORTEST, "too short to be told from chance"
    raw = text.encode()
    coded = [b64encode(b"\0" * n + raw)[4 if n else 0 : -4] for n in range(3)]
    return [text, raw.hex(), *(part.decode() for part in coded), *(part.hex() for part in coded)]


@asynccontextmanager
async def running(dsn: str, folder: Path, now: datetime) -> AsyncIterator[Site]:
    """Intake on an empty database, with the clock stopped at `now`. There is no key of OVP yet."""
    app, clock, said = wiring(_settings(dsn, folder)), Stopped(now), list[Said]()
    pool: Any
    async with asyncpg.create_pool(dsn, min_size=1, max_size=3) as pool:
        async with pool.acquire() as conn:
            await migrate(conn, ("upstream_runtime", "upstream_intake"))
            stream, secret = await runtime_store.instance(conn)
        engine = Engine(pool, Mind(app, stream, secret), clock, said.extend)
        transport = ASGITransport(application(app, engine, dict))
        async with AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield Site(app, engine, pool, clock, client, folder / "ovp.pub", said)


def _settings(dsn: str, folder: Path) -> Settings:
    (folder / "link-key").write_text("link-key-of-a-test")
    (folder / "staff-token").write_text("staff-token-of-a-test")
    (folder / "lane.pub").write_text(b64encode(bytes(PrivateKey.generate().public_key)).decode())
    more = {
        "UPSTREAM_LANE_PUBLIC_KEY": str(folder / "lane.pub"),
        "UPSTREAM_OVP_PUBLIC_KEY": str(folder / "ovp.pub"),
        "UPSTREAM_OUTREACH_URL": f"{OUTREACH_URL}/",
    }
    return Settings("intake", "", dsn, folder, 0, "http://127.0.0.1", None, more)
