"""The outreach side's own wiring on a real database, without broker: records in through its reader, and what it says."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from asyncpg import Connection, Pool
from nacl.public import PrivateKey
from support.engine_parts import take
from support.outreach_builders import NOW, details
from support.stopped_clock import Stopped

from upstream_referral.outreach import decide, store
from upstream_referral.outreach.app import MATTERS, wiring
from upstream_referral.outreach.model import (
    DONE,
    Chosen,
    Provider,
    ProviderRegistered,
    ProviderRemoved,
    Referral,
    TakenBack,
    TrialAsked,
)
from upstream_runtime import store as runtime_store
from upstream_runtime.apply import Mind, Step, only
from upstream_runtime.clock import fresh_id
from upstream_runtime.consume import Consumer
from upstream_runtime.decision import Cause, Decide
from upstream_runtime.due import DueWork
from upstream_runtime.engine import Engine
from upstream_runtime.migrate import migrate
from upstream_runtime.records import Reader
from upstream_runtime.settings import Settings
from upstream_runtime.store import Said
from upstream_runtime.vault import key_text, new_key, opener, sealer, unlock
from upstream_runtime.wiring import Aggregate, App
from upstream_schemas import topics
from upstream_schemas.codec import class_of, decode, encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.model import Event
from upstream_schemas.outreach import ReferralReceivedV1
from upstream_schemas.provider import ContentKeyDeliveredV1, ForProvider, ReferralOfferMadeV1
from upstream_schemas.sealed import PADDED_BYTES, OfferPayload, SelfReferral, padded

STAFF_TOKEN = "staff-token-of-a-test"
LEFT = "SELECT count(*) FROM runtime.due WHERE due_at <= $1"


class Nowhere:
    """Positions of a topic that is not there."""

    def rewind(self, place: tuple[str, int], offset: int | None) -> None: ...
    def pause(self, place: tuple[str, int]) -> None: ...
    def resume(self, place: tuple[str, int]) -> None: ...
    def done(self, place: tuple[str, int], offset: int) -> None: ...
    def ours(self, place: tuple[str, int]) -> bool:
        return False


@dataclass(frozen=True)
class Wire:
    """A record as the broker hands it over."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int
    offset: int
    partition: int = 0


@dataclass(slots=True)
class Heard:
    """One record that the process said: its topic, its type, and the event, None for a tombstone."""

    topic: str
    type: str
    key: UUID
    event: Any


@dataclass(slots=True)
class Company:
    """A provider on its side: its private key, and what it makes of what it gets."""

    slug: str
    private: PrivateKey = field(default_factory=PrivateKey.generate)

    @property
    def public_key(self) -> str:
        return b64encode(bytes(self.private.public_key)).decode()

    def opens(self, heard: list[Heard], offer_id: UUID) -> OfferPayload | None:
        """What an offer says to whoever has the provider's private key and reads its two topics; None once the key is gone."""
        sealed = next(one.event.sealed for one in heard if one.key == offer_id and isinstance(one.event, ReferralOfferMadeV1))
        keys = [one.event for one in heard if one.key == offer_id and one.topic.startswith("provider.keys.")]
        if not isinstance(keys[-1], ContentKeyDeliveredV1):
            return None
        content_key = opener(b64encode(bytes(self.private)).decode())(keys[-1].sealed_key)
        return decode(unlock(b64decode(content_key), sealed).encode(), OfferPayload)


@dataclass(slots=True)
class Running:
    """The process's engine on the test's database."""

    app: App
    engine: Engine
    consumer: Consumer
    pool: Pool
    clock: Stopped
    ovp: PrivateKey
    folder: Path
    lane: PrivateKey
    heard: list[Heard]
    offsets: Counter[str] = field(default_factory=Counter)

    # ---- what comes in

    async def takes(self, topic: str, event: Event, source: str, record_id: str | None = None) -> None:
        """One record through the process's own reader and consumer."""
        self.offsets[topic] += 1
        offset = self.offsets[topic]
        key = next(getattr(event, t.key) for t in topics.CATALOGUE if type(event) in t.events)
        envelope = Envelope(record_id or str(uuid4()), source, event.TYPE, self.clock.now(), str(key))
        headers = dict(to_headers(envelope))
        if source.startswith("/upstream/"):
            headers["ce_sequence"] = f"stream:{offset}"
        pairs = tuple((name, text.encode()) for name, text in headers.items())
        stamp = int(self.clock.now().timestamp() * 1000)
        value = encode(event, seal=lambda text: text)
        await take(self.consumer, [Wire(topic, str(key).encode(), value, pairs, stamp, offset)])

    async def help_is_asked(self, key_id: str = "ovp-1", *, by: PrivateKey | None = None, **wrote: Any) -> UUID:
        """Somebody fills in the form: what they wrote comes sealed."""
        referral_id = fresh_id()
        text = padded(details(**wrote).model_dump_json(exclude_none=True), PADDED_BYTES)
        sealed = _sealed(self.folder, by or self.ovp, text)
        event = ReferralReceivedV1(referral_id=referral_id, key_id=key_id, sealed=sealed)
        await self.takes(topics.INTAKE_REFERRALS.name, event, "/upstream/intake")
        return referral_id

    async def says(self, slug: str, kind: type[ForProvider], about: UUID, record_id: str | None = None, **fields: Any) -> str:
        """A provider's record comes in; the name of the one answer it gets."""
        before = len(self.heard)
        topic = topics.PROVIDER_RESPONSES.for_party(slug)
        await self.takes(topic, kind(referral_id=about, **fields), f"/provider/{slug}", record_id)
        answers = [one for one in self.heard[before:] if getattr(one.event, "answer_to", None) is not None]
        assert all(one.topic == topics.PROVIDER_REFERRALS.for_party(slug) for one in answers)
        return " ".join(one.type for one in answers)

    # ---- what people do

    async def tell(self, aggregate: Aggregate, key: UUID, rule: Decide[Any], fact: object) -> Any:
        cause = Cause(str(fresh_id()), "/test", self.clock.now())
        return (await self.engine.transact(only(Step(aggregate, key, rule, fact, cause)))).answers[0]

    async def registers(self, slug: str, *services: str) -> Company:
        """A provider with topics and a key of its own stands for these services."""
        company = Company(slug)
        fact = ProviderRegistered(slug, f"{slug}-1", company.public_key, services)
        assert await self.tell(MATTERS, self.provider_id(slug), decide.provider_registered, fact) == DONE
        await self.work_is_done()
        return company

    async def removes(self, slug: str) -> None:
        assert await self.tell(MATTERS, self.provider_id(slug), decide.provider_removed, ProviderRemoved()) == DONE
        await self.work_is_done()

    async def tries(self, slug: str) -> None:
        assert await self.tell(MATTERS, self.provider_id(slug), decide.trial_asked, TrialAsked()) == DONE

    async def chooses(self, key: UUID, *services: str, classes: tuple[str, ...] = ("name", "contact", "words")) -> Any:
        answer = await self.tell(MATTERS, key, decide.chosen, Chosen(services, classes))
        await self.work_is_done()
        return answer

    async def takes_back(self, key: UUID, service: str | None = None) -> Any:
        answer = await self.tell(MATTERS, key, decide.taken_back, TakenBack(service))
        await self.work_is_done()
        return answer

    async def passes(self, **time: float) -> None:
        """Time goes by, and what is due is done."""
        self.clock.at += timedelta(**time)
        await self.work_is_done()

    async def work_is_done(self) -> None:
        """Let the clock door do all that is due, and finish what it has in hand."""
        door = DueWork(self.engine, self.app.work)
        loop = asyncio.create_task(door.run())
        async with asyncio.timeout(60):
            while await self.pool.fetchval(LEFT, self.clock.now()):
                await asyncio.sleep(0.02)
                assert not loop.done(), loop.exception()
            await door.drain()
        await loop

    # ---- what is there

    def provider_id(self, slug: str) -> UUID:
        return decide.provider_id(slug, self.engine.mind.secret)

    async def referral(self, key: UUID) -> Referral:
        return (await self.engine.ask(lambda conn: store.load_referrals(conn, [key])))[key].state

    async def provider(self, slug: str) -> Provider:
        key = self.provider_id(slug)
        return (await self.engine.ask(lambda conn: store.load_providers(conn, [key])))[key].state

    async def offer_id(self, key: UUID, service: str) -> UUID:
        """The id that the provider of this service knows the referral by."""
        consent = (await self.referral(key)).consent(service)
        assert consent is not None and consent.offer is not None
        return consent.offer.offer_id

    def to(self, slug: str) -> list[str]:
        """What one provider was sent on both of its topics, in order; a cross where it is a tombstone."""
        return [
            one.type if one.event is not None else f"✝{one.type}"
            for one in self.heard
            if one.topic in {topics.PROVIDER_REFERRALS.for_party(slug), topics.PROVIDER_KEYS.for_party(slug)}
        ]

    def told(self, topic: str) -> list[str]:
        """What was said on one topic, in order."""
        return [one.type if one.event is not None else f"✝{one.type}" for one in self.heard if one.topic == topic]

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        return await self.pool.fetch(statement, *arguments)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    conn = await asyncpg.connect(dsn)
    try:
        yield conn
    finally:
        await conn.close()


@asynccontextmanager
async def running(dsn: str, folder: Path, now: datetime = NOW) -> AsyncIterator[Running]:
    """The outreach side on an empty database, with the clock stopped at `now`."""
    ovp, lane = PrivateKey.generate(), PrivateKey.generate()
    async with connected(dsn) as conn:
        await migrate(conn, ("upstream_runtime", "upstream_referral.outreach"))
        stream, secret = await runtime_store.instance(conn)
    heard: list[Heard] = []
    async with asyncpg.create_pool(dsn, min_size=1, max_size=3) as pool:
        app, clock = wiring(_settings(dsn, folder, ovp, lane)), Stopped(now)
        engine = Engine(pool, Mind(app, stream, secret), clock, lambda said: heard.extend(_heard(said)))
        consumer = Consumer(engine, Reader(app, "cluster", clock, secret), Nowhere())
        process = Running(app, engine, consumer, pool, clock, ovp, folder, lane, heard)
        await process.work_is_done()
        yield process


def write_ovp_keys(folder: Path, **keys: PrivateKey) -> None:
    """OVP's secret file, with these keys by their ids (`ovp_1` for `ovp-1`)."""
    named = {name.replace("_", "-"): b64encode(bytes(key)).decode() for name, key in keys.items()}
    (folder / "ovp-keys").write_text(json.dumps({"current": list(named)[-1], "keys": named}))


def _settings(dsn: str, folder: Path, ovp: PrivateKey, lane: PrivateKey) -> Settings:
    write_ovp_keys(folder, ovp_1=ovp)
    (folder / "link-key").write_text("link-key-of-a-test")
    (folder / "staff-token").write_text(STAFF_TOKEN)
    (folder / "lane.pub").write_text(b64encode(bytes(lane.public_key)).decode())
    more = {"UPSTREAM_LANE_PUBLIC_KEY": str(folder / "lane.pub")}
    return Settings("referral-outreach", "", dsn, folder, 0, "http://127.0.0.1", None, more)


def _sealed(folder: Path, to: PrivateKey, text: str) -> str:
    public = folder / f"{key_text(new_key())[:8].replace('/', '_')}.pub"
    public.write_text(b64encode(bytes(to.public_key)).decode())
    return sealer(public)(text)


def _heard(said: list[Said]) -> Iterator[Heard]:
    for one in said:
        name = dict(json.loads(one.headers))["ce_type"]
        kind = class_of(name, topics.events_of())
        event = None if one.value is None else decode(one.value, kind)
        assert one.key is not None
        yield Heard(one.topic, name.partition(".")[2].rpartition(".")[0], UUID(one.key.decode()), event)


def wrote(**fields: Any) -> SelfReferral:
    """What Sam Example wrote."""
    return details(**fields)
