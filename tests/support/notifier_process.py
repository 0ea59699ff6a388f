"""The notifier's own wiring on a real database and a real mail server, without broker."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Connection, Pool
from nacl.public import PrivateKey
from pydantic_core import to_json
from support.notifier_builders import group
from support.scripted_mail_server import Script, serving
from support.stopped_clock import Stopped

from upstream_notifier.app import wiring
from upstream_runtime import store as runtime_store
from upstream_runtime.apply import Mind, Plan, Step
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Cause
from upstream_runtime.due import DueWork
from upstream_runtime.engine import Engine
from upstream_runtime.migrate import migrate
from upstream_runtime.settings import Settings
from upstream_runtime.store import Said
from upstream_runtime.vault import Seal, key_text, lock, new_key, sealer
from upstream_runtime.wiring import App, Tombstone
from upstream_schemas.intake import ContactUpsertedV1
from upstream_schemas.model import Event
from upstream_schemas.outreach import OutreachContactUpsertedV1
from upstream_schemas.scheduler import Recipient
from upstream_schemas.topic import Topic

LEFT = "SELECT count(*) FROM runtime.due WHERE due_at <= $1 OR kind = 'unresolved'"
LINK = "https://upstream.example.org/r/token"
CONTACT_OF = {"notifier-public": ContactUpsertedV1, "notifier-outreach": OutreachContactUpsertedV1}
ASHA = {"name": "Asha Example", "email": "asha@example.org", "phone": "+15035550100", "consent_contact": True}


@dataclass(slots=True)
class Lane:
    """One lane's engine on the test's database, and the mail server it talks to."""

    app: App
    engine: Engine
    pool: Pool
    clock: Stopped
    mail: Script
    seal: Seal
    said: list[str] = field(default_factory=list)

    async def hear(self, event: Event) -> None:
        """One event through one transaction, as if it had been polled."""
        route = next(route for route in self.app.routes if type(event) in route.topic.events)
        key = getattr(event, route.topic.key)
        pairs = route.steps(event) if route.steps else ((key, event),)
        await self._apply(route.topic, [(to, fact) for to, fact in pairs if type(fact) in route.on])

    async def hear_erased(self, contact_id: UUID) -> None:
        contacts = next(route.topic for route in self.app.routes if Tombstone in route.on)
        await self._apply(contacts, [(contact_id, Tombstone(contact_id))])

    async def _apply(self, topic: Topic, pairs: list[tuple[UUID, Any]]) -> None:
        route = next(route for route in self.app.routes if route.topic is topic)
        cause = Cause(str(fresh_id()), "/test", self.clock.now())
        steps = [Step(route.aggregate, key, route.on[type(fact)], fact, cause) for key, fact in pairs]

        async def plan(_: Any, __: datetime) -> Plan:
            return Plan(steps)

        await self.engine.transact(plan)

    async def knows(self, contact_id: UUID, **fields: Any) -> None:
        """The contact arrives, sealed as its owner seals it."""
        key = new_key()
        locked = lock(key, to_json({**ASHA, **fields}).decode())
        arrived = CONTACT_OF[self.app.process]
        await self.hear(arrived(contact_id=contact_id, contact=locked, key=self.seal(key_text(key)), language="so"))

    def group(self) -> Recipient:
        """The group, with a link sealed to this lane."""
        return group("en").model_copy(update={"answer_link": self.seal(LINK)})

    async def work_is_done(self) -> None:
        """Let the clock door do all that is due, and bring every attempt to its end."""
        async with self._working():
            while await self.pool.fetchval(LEFT, self.clock.now()):
                await asyncio.sleep(0.02)

    async def dies_while_the_server_takes_a_message(self) -> None:
        """Work until the mail server has a whole message and has not answered yet; then stop dead."""
        async with self._working():
            while not self.mail.live:
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        loop = asyncio.create_task(DueWork(self.engine, self.app.work).run())
        yield
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop

    async def attempts(self) -> list[tuple[int, str]]:
        rows = await self.pool.fetch("SELECT n, outcome FROM attempt ORDER BY started_at, n")
        return [(row["n"], row["outcome"]) for row in rows]

    def subjects(self) -> list[str]:
        return [str(message["Subject"]).partition(": ")[2] for message in self.mail.messages()]


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    conn = await asyncpg.connect(dsn)
    try:
        yield conn
    finally:
        await conn.close()


@asynccontextmanager
async def running(dsn: str, folder: Path, now: datetime, process: str = "notifier-public") -> AsyncIterator[Lane]:
    """One lane on an empty database, with the clock stopped at `now`."""
    private, mail, said = PrivateKey.generate(), Script(), list[str]()
    (folder / "lane-private-key").write_text(b64encode(bytes(private)).decode())
    (folder / "lane.pub").write_text(b64encode(bytes(private.public_key)).decode())
    async with connected(dsn) as conn:
        await migrate(conn, ("upstream_runtime", "upstream_notifier"))
        stream, secret = await runtime_store.instance(conn)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=3) as pool, serving(mail) as port:
        more = {"UPSTREAM_SMTP": f"127.0.0.1:{port}", "UPSTREAM_MAIL_FROM": "PCS <pcs@upstream.example.org>"}
        app = wiring(Settings(process, "", dsn, folder, 0, "http://127.0.0.1", None, more))
        clock = Stopped(now)
        engine = Engine(pool, Mind(app, stream, secret), clock, lambda new: said.extend(_types(new)))
        yield Lane(app, engine, pool, clock, mail, sealer(folder / "lane.pub"), said)


def _types(said: list[Said]) -> list[str]:
    return [dict(_headers(one))["ce_type"].split(".")[2] for one in said]


def _headers(said: Said) -> list[tuple[str, str]]:
    return [(name, value) for name, value in json.loads(said.headers)]
