"""The wirings of the enforcement side and of the gateway on real databases, without broker: records in, pages, what was said."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from httpx import ASGITransport, AsyncClient
from support.enforcement_builders import AGENCY, write_ovp_key
from support.engine_parts import Noted, OneRecord, consumer_of, take
from support.stopped_clock import Stopped

from upstream_referral.enforcement.app import wiring as enforcement_wiring
from upstream_referral.gateway.app import wiring as gateway_wiring
from upstream_runtime import store as runtime_store
from upstream_runtime.apply import Mind
from upstream_runtime.consume import Consumer
from upstream_runtime.due import DueWork
from upstream_runtime.engine import Engine
from upstream_runtime.migrate import migrate
from upstream_runtime.settings import Settings
from upstream_runtime.store import Said
from upstream_runtime.web import application
from upstream_runtime.wiring import App
from upstream_schemas import topics
from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.model import Event

STAFF_TOKEN = "staff-token-of-a-test"
STREAM = "the-stream-of-the-enforcement-side"
SENT_AT = datetime(2026, 11, 23, 18, 20, 1, 250_000, UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it lies in the outbox."""

    topic: str
    n: int
    key: str
    body: dict[str, Any]
    headers: dict[str, str]
    said_at: datetime


@dataclass(slots=True)
class Site:
    """One process's engine on the test's database, its pages as a browser sees them, and what it said."""

    app: App
    engine: Engine
    pool: Any
    clock: Stopped
    consumer: Consumer
    client: AsyncClient

    async def take(self, *records: OneRecord) -> None:
        """Records, as they are polled."""
        await take(self.consumer, records)

    def another(self) -> Consumer:
        """The consumer of a process that was started again: nothing in memory."""
        return consumer_of(self.app, self.engine, self.clock, Noted())

    async def said(self, topic: str) -> list[Row]:
        """What was said on a topic, in order."""
        rows = await self.pool.fetch("SELECT * FROM runtime.outbox WHERE topic = $1 ORDER BY partition, n", topic)
        return [
            Row(
                r["topic"], r["n"], (r["key"] or b"").decode(), json.loads(r["value"] or b"{}"),
                dict(json.loads(r["headers"])), r["said_at"],
            )
            for r in rows
        ]  # fmt: skip

    async def work_is_due(self) -> None:
        """Do once all that is due."""
        due = DueWork(self.engine, self.app.work)
        while await due._one():
            pass

    async def everything(self) -> str:
        """Every row of every table, as text."""
        names = await self.pool.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        assert len(names) > 5
        found = [repr([dict(row) for row in await self.pool.fetch(f"SELECT * FROM {name}")]) for (name,) in names]
        return "\n".join(found)


def submitted(
    event: Event, offset: int = 0, event_id: str = "event-1", agency: str = AGENCY, value: bytes | None = None
) -> OneRecord:
    """A record as an agency puts it on its own topic; `value` instead of the event's own bytes."""
    named = str(getattr(event, "submission_id"))  # noqa: B009 - every event of the family has one
    topic = topics.ENFORCEMENT_SUBMISSIONS.for_party(agency)
    headers = _bytes(Envelope(event_id, f"/enforcement/{agency}", event.TYPE, SENT_AT, named))
    stamp = int(SENT_AT.timestamp() * 1000)
    return OneRecord(topic, 0, offset, named.encode(), value or encode(event), headers, stamp)


def approved(event: Event, n: int = 1, trace: str | None = None) -> OneRecord:
    """A record as the enforcement side says it to the gateway."""
    named = str(getattr(event, "crossing_id"))  # noqa: B009 - every event of the topic has one
    source, cause = "/upstream/referral-enforcement", "the-cause-of-it"
    envelope = Envelope(f"approved-{n}", source, event.TYPE, SENT_AT, named, "the-case-of-it", cause, 2, trace)
    headers = [*_bytes(envelope), ("ce_sequence", f"{STREAM}:{n}".encode())]
    return OneRecord(topics.ENFORCEMENT_CROSSINGS.name, 0, n - 1, named.encode(), encode(event), headers)


def _bytes(envelope: Envelope) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in to_headers(envelope)]


@asynccontextmanager
async def _running(dsn: str, package: str, app: App, now: datetime) -> AsyncIterator[Site]:
    pool: Any
    async with asyncpg.create_pool(dsn, min_size=1, max_size=3) as pool:
        async with pool.acquire() as conn:
            await migrate(conn, ("upstream_runtime", package))
            stream, secret = await runtime_store.instance(conn)
        clock = Stopped(now)
        said: list[Said] = []
        engine = Engine(pool, Mind(app, stream, secret), clock, said.extend)
        consumer = consumer_of(app, engine, clock, Noted())
        web = application(app, engine, dict)
        async with AsyncClient(transport=ASGITransport(web), base_url="http://127.0.0.1") as client:
            yield Site(app, engine, pool, clock, consumer, client)


@asynccontextmanager
async def enforcement(dsn: str, folder: Path, now: datetime, *, contact: str = "off") -> AsyncIterator[Site]:
    """The enforcement side on an empty database."""
    (folder / "link-key").write_text("link-key-of-a-test")
    (folder / "staff-token").write_text(STAFF_TOKEN)
    more = {"UPSTREAM_OVP_PUBLIC_KEY": str(write_ovp_key(folder)), "UPSTREAM_OFFER_CONTACT": contact}
    settings = Settings("referral-enforcement", "", dsn, folder, 0, "http://127.0.0.1", None, more)
    async with _running(dsn, "upstream_referral.enforcement", enforcement_wiring(settings), now) as site:
        yield site


@asynccontextmanager
async def gateway(dsn: str, folder: Path, now: datetime) -> AsyncIterator[Site]:
    """The gateway on an empty database."""
    settings = Settings("referral-gateway", "", dsn, folder, 0, "http://127.0.0.1", None, {})
    async with _running(dsn, "upstream_referral.gateway", gateway_wiring(settings), now) as site:
        yield site
