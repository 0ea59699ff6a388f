"""Both sides of the wall and the gateway between them, in one process on three real databases, without a broker.

Clock, ids and randomness are the test's; records are carried from one outbox to the next reader by hand, so that everything
either side can observe is a value that two runs can be compared by. Builds only what the services' own wirings say.
"""

import json
import random
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from nacl.public import PrivateKey, SealedBox
from support.engine_parts import Noted, OneRecord, consumer_of, take
from support.stopped_clock import Stopped

from upstream_referral.enforcement import app as enforcement_app
from upstream_referral.enforcement import decide as enforcement_rules
from upstream_referral.enforcement.model import Approver, Approves, Declines
from upstream_referral.gateway import app as gateway_app
from upstream_referral.outreach import app as outreach_app
from upstream_referral.outreach import decide as outreach_rules
from upstream_referral.outreach.model import Chosen, ProviderRegistered, TakenBack
from upstream_runtime import vault
from upstream_runtime.apply import Mind, Step, only
from upstream_runtime.consume import Consumer
from upstream_runtime.decision import Cause, steady_id
from upstream_runtime.due import DueWork
from upstream_runtime.engine import Engine
from upstream_runtime.migrate import migrate
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import App
from upstream_schemas import topics
from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.model import Event
from upstream_schemas.outreach import ReferralReceivedV1
from upstream_schemas.sealed import PADDED_BYTES, SelfReferral, padded

START = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
SIDES = ("enforcement", "gateway", "outreach")
PROVIDERS = ("bmit", "insight-alliance", "help")
Databases = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it lies in an outbox: all that a reader of its topic gets."""

    topic: str
    partition: int
    n: int
    key: bytes | None
    value: bytes | None
    headers: str
    said_at: datetime

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.value or b"{}")
        return found

    @property
    def attributes(self) -> dict[str, str]:
        return dict(json.loads(self.headers))


@dataclass(slots=True)
class Side:
    """One process on its own database."""

    app: App
    engine: Engine
    pool: Any
    consumer: Consumer
    stream: str
    carried: dict[tuple[str, int], int] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)

    async def said(self, prefix: str = "") -> list[Row]:
        """Everything said on topics whose names begin so, in order."""
        rows = await self.pool.fetch(
            "SELECT topic, partition, n, key, value, convert_from(headers, 'UTF8') AS headers, said_at FROM runtime.outbox"
            " WHERE starts_with(topic, $1) ORDER BY topic, partition, n",
            prefix,
        )
        return [Row(*row) for row in rows]

    async def tables(self) -> str:
        """Every row of every table but the database's own secret, as text; bytes also as the text they spell."""
        names = await self.pool.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename NOT IN ('migration', 'instance')"
        )
        found = [f"{name} {[tuple(row) for row in await self.pool.fetch(f'SELECT * FROM {name}')]}" for (name,) in names]
        return "\n".join(sorted(found))

    async def works(self) -> None:
        """Do all that is due now."""
        due = DueWork(self.engine, self.app.work)
        for _ in range(500):
            if not await due._one():
                return
        raise AssertionError("due work that never ends")

    async def tell(self, aggregate: str, key: UUID, rule: Any, fact: object, named: str) -> Any:
        """One command through one transaction."""
        cause = Cause(named, "/test/pages", self.engine.now())
        applied = await self.engine.transact(only(Step(_aggregate(self.app, aggregate), key, rule, fact, cause)))
        return applied.answers[0]


def _aggregate(app: App, name: str) -> Any:
    known = [work.aggregate for work in app.work] + [route.aggregate for route in app.routes]
    return next(aggregate for aggregate in (*known, *(inlet.aggregate for inlet in app.inlets)) if aggregate.name == name)


@dataclass(slots=True)
class World:
    """Everything, and what people on either side do."""

    sides: dict[str, Side]
    clock: Stopped
    ovp: PrivateKey
    provider_keys: dict[str, PrivateKey]

    @property
    def police(self) -> Side:
        return self.sides["enforcement"]

    @property
    def gateway(self) -> Side:
        return self.sides["gateway"]

    @property
    def outreach(self) -> Side:
        return self.sides["outreach"]

    # ---- the enforcement side

    async def hands_over(self, event: Event, agency: str = "ppb", event_id: str = "handed-over-1") -> UUID:
        """An agency's record arrives; the id of the submission on this side."""
        named = getattr(event, "submission_id")  # noqa: B009 - every event of the family has one
        await self._foreign(
            self.police, topics.ENFORCEMENT_SUBMISSIONS.for_party(agency), f"/enforcement/{agency}", event, named, event_id
        )
        return steady_id(f"submission {agency} {named}", self.police.engine.mind.secret)

    async def approves(self, submission: UUID, role: Any, account: str, agency: str = "*") -> Any:
        """Somebody says yes on their page."""
        fact = Approves(Approver(role, agency, account))
        return await self.police.tell(
            "submission", submission, enforcement_rules.approved, fact, f"{role} {account} yes {submission}"
        )

    async def declines(self, submission: UUID, role: Any, account: str, agency: str = "*") -> Any:
        """Somebody says no on their page."""
        fact = Declines(Approver(role, agency, account))
        return await self.police.tell(
            "submission", submission, enforcement_rules.declined, fact, f"{role} {account} no {submission}"
        )

    async def carries(self) -> None:
        """What was said goes through the wall, and all due work is done."""
        for _ in range(3):
            await self._carry(self.police, self.gateway, "enforcement.crossings.")
            await self._carry(self.gateway, self.outreach, "crossing.")
            for side in self.sides.values():
                await side.works()

    # ---- the outreach side

    async def opens(self) -> None:
        """Three organisations register, and the directory stands."""
        secret = self.outreach.engine.mind.secret
        for slug in PROVIDERS:
            public = b64encode(bytes(self.provider_keys[slug].public_key)).decode()
            fact = ProviderRegistered(slug, f"{slug}-1", public, (slug,))
            key = outreach_rules.provider_id(slug, secret)
            await self.outreach.tell("matter", key, outreach_rules.provider_registered, fact, f"register {slug}")
        await self.carries()

    async def asks_for_help(self, referral: UUID, details: SelfReferral) -> None:
        """A sealed self-referral arrives from the city's form."""
        sealed = SealedBox(self.ovp.public_key).encrypt(padded(details.model_dump_json(), PADDED_BYTES).encode())
        event = ReferralReceivedV1(referral_id=referral, key_id="ovp-1", sealed=b64encode(sealed).decode())
        await self._own(
            self.outreach, topics.INTAKE_REFERRALS.name, "the-stream-of-intake", "/upstream/intake", event, str(referral)
        )
        await self.carries()

    async def chooses(self, referral: UUID, services: tuple[str, ...], classes: tuple[str, ...]) -> Any:
        """The participant ticks, and those who are to be told are told."""
        answer = await self.outreach.tell(
            "matter", referral, outreach_rules.chosen, Chosen(services, classes), f"choose {referral} {services}"
        )
        await self.carries()
        return answer

    async def takes_back(self, referral: UUID, service: str | None = None) -> Any:
        """The participant takes it back."""
        answer = await self.outreach.tell(
            "matter", referral, outreach_rules.taken_back, TakenBack(service), f"back {referral} {service}"
        )
        await self.carries()
        return answer

    async def provider_says(self, slug: str, event: Event, event_id: str) -> None:
        """A provider's record arrives."""
        named = getattr(event, "referral_id")  # noqa: B009 - every event of the family has one
        await self._foreign(
            self.outreach, topics.PROVIDER_RESPONSES.for_party(slug), f"/provider/{slug}", event, named, event_id
        )
        await self.carries()

    async def offered_to(self, slug: str) -> list[Row]:
        """Offers on a provider's topic."""
        rows = await self.outreach.said(topics.PROVIDER_REFERRALS.for_party(slug))
        return [row for row in rows if row.attributes["ce_type"] == "outreach.referral-offer.made.v1"]

    async def opened_by(self, slug: str, offer: Row) -> dict[str, Any]:
        """What a provider reads in an offer with the key on its keys topic; KeyError once that is gone."""
        rows = [row for row in await self.outreach.said(topics.PROVIDER_KEYS.for_party(slug)) if row.key == offer.key]
        if not rows or rows[-1].value is None:
            raise KeyError(offer.key)
        box = SealedBox(self.provider_keys[slug])
        key = b64decode(box.decrypt(b64decode(rows[-1].body["sealed_key"])))
        found: dict[str, Any] = json.loads(vault.unlock(key, offer.body["sealed"]))
        return found

    def later(self, **time: float) -> None:
        """Time passes."""
        self.clock.at += timedelta(**time)

    # ---- records from one to the other

    async def _foreign(self, side: Side, topic: str, source: str, event: Event, key: UUID, event_id: str) -> None:
        offset = side.offsets[topic] = side.offsets.get(topic, -1) + 1
        headers = to_headers(Envelope(event_id, source, event.TYPE, self.clock.at, str(key)))
        await take(side.consumer, [self._record(topic, 0, offset, str(key).encode(), encode(event), headers)])

    async def _own(self, side: Side, topic: str, stream: str, source: str, event: Event, named: str) -> None:
        n = side.offsets[topic] = side.offsets.get(topic, 0) + 1
        headers = [*to_headers(Envelope(named, source, event.TYPE, self.clock.at, named)), ("ce_sequence", f"{stream}:{n}")]
        await take(side.consumer, [self._record(topic, 0, n - 1, named.encode(), encode(event), headers)])

    async def _carry(self, writer: Side, reader: Side, prefix: str) -> None:
        for row in await writer.said(prefix):
            place = (row.topic, row.partition)
            if row.n > writer.carried.get(place, 0):
                headers = [*json.loads(row.headers), ("ce_sequence", f"{writer.stream}:{row.n}")]
                record = self._record(row.topic, row.partition, row.n - 1, row.key, row.value, headers, row.said_at)
                await take(reader.consumer, [record])
                writer.carried[place] = row.n

    def _record(
        self,
        topic: str,
        partition: int,
        offset: int,
        key: bytes | None,
        value: bytes | None,
        headers: Any,
        at: datetime | None = None,
    ) -> OneRecord:
        stamp = int((at or self.clock.at).timestamp() * 1000)
        return OneRecord(topic, partition, offset, key, value, [(name, text.encode()) for name, text in headers], stamp)


def chance(seed: str) -> Callable[[], UUID]:
    """Ids that look random and are the same for the same seed."""
    drawn = random.Random(seed)
    return lambda: UUID(int=drawn.getrandbits(128), version=4)


@asynccontextmanager
async def world(databases: Databases, folder: Path, *, contact: str = "on") -> AsyncIterator[World]:
    """Both sides and the gateway on empty databases; the same clock, ids and chance every time."""
    clock, ovp = Stopped(START), PrivateKey(sha256(b"ovp").digest())
    providers = {slug: PrivateKey(sha256(slug.encode()).digest()) for slug in PROVIDERS}
    more = _files(folder, ovp, contact)
    async with AsyncExitStack() as kept:
        sides = {}
        for name, app in (("enforcement", enforcement_app), ("gateway", gateway_app), ("outreach", outreach_app)):
            dsn = databases(name)
            settings = Settings(f"referral-{name}", "", dsn, folder, 0, "http://127.0.0.1", None, more)
            pool = await kept.enter_async_context(asyncpg.create_pool(dsn, min_size=1, max_size=3))
            sides[name] = await _side(name, pool, app.wiring(settings), clock)
        yield World(sides, clock, ovp, providers)


def _files(folder: Path, ovp: PrivateKey, contact: str) -> dict[str, str]:
    lane = PrivateKey(sha256(b"lane").digest())
    secrets = {
        "ovp-keys": json.dumps({"current": "ovp-1", "keys": {"ovp-1": b64encode(bytes(ovp)).decode()}}),
        "ovp.pub": f"ovp-1 {b64encode(bytes(ovp.public_key)).decode()}",
        "lane.pub": b64encode(bytes(lane.public_key)).decode(),
        "link-key": "link-key-of-a-test",
        "staff-token": "staff-token-of-a-test",
    }
    for name, text in secrets.items():
        (folder / name).write_text(text)
    return {
        "UPSTREAM_OVP_PUBLIC_KEY": str(folder / "ovp.pub"),
        "UPSTREAM_LANE_PUBLIC_KEY": str(folder / "lane.pub"),
        "UPSTREAM_OFFER_CONTACT": contact,
    }


async def _side(name: str, pool: Any, app: App, clock: Stopped) -> Side:
    stream, secret = steady_id(name, b"stream"), sha256(name.encode()).digest()
    async with pool.acquire() as conn:
        await migrate(conn, ("upstream_runtime", f"upstream_referral.{name}"))
        await conn.execute("UPDATE runtime.instance SET stream = $1, secret = $2", stream, secret)
    engine = Engine(pool, Mind(app, str(stream), secret, chance(name)), clock, lambda _: None)
    return Side(app, engine, pool, consumer_of(app, engine, clock, Noted()), str(stream))
