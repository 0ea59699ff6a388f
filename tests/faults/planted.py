"""The checker's own exam: bugs that a careless hand could put into the engine, each planted by the launcher alone.

A planted bug replaces a function of the product in one process of one lap. Nothing of this can be reached from the product.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from asyncpg import Connection
from support.planted import whatever_comes_is_next

from faults import pipeline
from upstream_runtime import relay, run, store
from upstream_runtime.apply import Applied, Mind, Plan, Prepare
from upstream_runtime.consume import Consumer
from upstream_runtime.database import connection
from upstream_runtime.engine import Engine
from upstream_runtime.parking import Parking
from upstream_runtime.records import Item
from upstream_runtime.relay import Relay
from upstream_runtime.store import Partition, Said, SetAside
from upstream_runtime.undecided import Undecided
from upstream_runtime.wiring import Refusal

WINDOW_SECONDS: Final = 0.08  # how long a bug's window stays open for a kill to fall into


def _instead(place: object, **new: object) -> None:
    """Put these where the product looks its own up."""
    for name, value in new.items():
        getattr(place, name)  # what the product no longer has cannot be replaced
        setattr(place, name, value)


def offset_before_effect() -> None:
    """The offset is committed, and then the record is applied."""
    real = Consumer.apply

    async def apply(self: Any, batch: Sequence[Any]) -> None:
        for item in batch:
            self.positions.done(item.place, item.record.offset + 1)
        await self.positions._commit_once()
        await asyncio.sleep(WINDOW_SECONDS)
        await real(self, batch)

    _instead(Consumer, apply=apply)


def inbox_removed() -> None:
    """Nobody remembers which ids were answered."""

    async def first_answers(*_: Any) -> dict[tuple[str, str], Any]:
        return {}

    async def answer(*_: Any) -> None:
        return

    _instead(store, first_answers=first_answers, answer=answer)


def watermark_apart() -> None:
    """The watermark moves in a transaction of its own, after the one that applied the record."""
    moves: ContextVar[Any] = ContextVar("moves", default=None)
    settle, apply = store.settle, Mind.apply

    async def settle_numbers(conn: Connection, given: store.Moves, places: Any) -> Any:
        moves.set(given)
        return await settle(conn, {}, places)

    async def apply_then_mark(self: Mind, conn: Connection, prepare: Prepare, now: Any) -> Applied:
        applied = await apply(self, conn, prepare, now)
        await asyncio.sleep(WINDOW_SECONDS)
        if moves.get():
            await settle(conn, moves.get(), ())
        return applied

    _instead(store, settle=settle_numbers)
    _instead(Mind, apply=apply_then_mark)


def gap_applied() -> None:
    """Whatever number comes is the next one."""
    _instead(Item, follows=whatever_comes_is_next)


def numbers_outside() -> None:
    """Numbers are drawn before the transaction commits, and for good."""
    wanted: ContextVar[Counter[Partition]] = ContextVar("wanted")
    write, settle, say = Mind._write, store.settle, store.say
    draw = (
        "INSERT INTO runtime.counter AS c SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[])"
        " ON CONFLICT (topic, partition) DO UPDATE SET n = c.n + excluded.n RETURNING topic, partition, n"
    )
    pools: list[Any] = []
    init = Engine.__init__

    def remember(self: Any, pool: Any, *rest: Any) -> None:
        pools.append(pool)
        init(self, pool, *rest)

    async def write_wanting(self: Mind, conn: Connection, plan: Plan, applied: Applied, now: Any) -> None:
        wanted.set(Counter((said.topic, said.partition) for said in applied.said))
        await write(self, conn, plan, applied, now)

    async def settle_drawing(conn: Connection, moves: store.Moves, places: Any) -> Any:
        settled = await settle(conn, moves, ())
        if settled is None:
            return None
        counts = wanted.get()
        rows = sorted(counts)
        async with connection(pools[0]) as other:
            drawn = await other.fetch(draw, [t for t, _ in rows], [p for _, p in rows], [counts[row] for row in rows])
        await asyncio.sleep(WINDOW_SECONDS)
        return {(topic, partition): n - counts[topic, partition] for topic, partition, n in drawn}, settled[1]

    async def say_only(conn: Connection, _: dict[Partition, int], rows: Sequence[Said]) -> None:
        await say(conn, {}, rows)

    _instead(Engine, __init__=remember)
    _instead(Mind, _write=write_wanting)
    _instead(store, settle=settle_drawing, say=say_only)


def save_without_version() -> None:
    """A state is written over whatever is there."""
    blind = pipeline.SAVE.replace("account.version = change.loaded AND ", "")
    kept = "DO UPDATE SET version = excluded.version, count = excluded.count"
    save = pipeline.save

    async def late(conn: Connection, changes: Any) -> int:
        await asyncio.sleep(WINDOW_SECONDS)
        return await save(conn, changes)

    _instead(pipeline, SAVE=blind.replace("DO NOTHING", f"(id) {kept}"), save=late)


def relay_without_lease() -> None:
    """Every replica sends: the lease is anybody's."""
    everybodys = "UPDATE runtime.lease SET holder = $1, epoch = 1, expires_at = now() + $2::interval RETURNING epoch"
    _instead(store, TAKE_LEASE=everybodys)


def producer_kept() -> None:
    """After an error, the same producer goes on."""
    init = Relay.__init__

    async def nothing(*_: Any) -> None:
        return

    def kept(make: Callable[[], AIOKafkaProducer]) -> Callable[[], AIOKafkaProducer]:
        made: list[AIOKafkaProducer] = []

        def again() -> AIOKafkaProducer:
            if made:
                made[0].start = nothing
            else:
                made.append(make())
            return made[0]

        return again

    def keeping(self: Any, pool: Any, streams: Any, producer: Any, *rest: Any) -> None:
        init(self, pool, streams, kept(producer), *rest)

    _instead(Relay, __init__=keeping)
    _instead(relay, close=nothing)


def acks_of_one() -> None:
    """What the leader alone has counts as sent: acks=1."""

    def careless(servers: str, user: str, password: str | None) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=servers.split(","), client_id=user, acks=1, security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512", sasl_plain_username=user, sasl_plain_password=password,
        )  # fmt: skip

    _instead(run, idempotent_producer=careless)


def without_parking() -> None:
    """What cannot be decided on is set aside at once, and what comes behind it is applied."""

    async def set_aside(self: Parking, conn: Connection, pairs: Any, poison: Any, now: Any) -> tuple[list[Any], list[Any]]:
        bad = [step for step, _ in poison]
        items = {id(item): item for step, item in pairs if step in bad}
        letters = [self._undecided._letter(item, Refusal("quarantined", "undecidable"), now) for item in items.values()]
        await store.set_aside(conn, letters)
        return [step for step, item in pairs if id(item) not in items], []

    _instead(Parking, hold_back=set_aside)


def sent_before_ack() -> None:
    """What is on its way counts as sent."""
    real = Relay._send_partition

    async def send(self: Any, producer: AIOKafkaProducer, place: Partition, records: list[Said]) -> None:
        self._positions[place] = records[-1].n
        await self._save_positions()
        await asyncio.sleep(WINDOW_SECONDS)
        await real(self, producer, place, records)

    _instead(Relay, _send_partition=send)


def upcaster_missing() -> None:
    """The new version does not know how to read the old one."""
    _instead(pipeline, UPCASTERS={})


def altered_letter() -> None:
    """A dead letter is kept, but not as it came."""
    real = Undecided._letter

    def letter(self: Undecided, *about: Any) -> SetAside:
        kept = real(self, *about)
        return replace(kept, value=kept.value[:-1] if kept.value else kept.value)

    _instead(Undecided, _letter=letter)


BUGS: Final[dict[str, Callable[[], None]]] = {
    bug.__name__.replace("_", "-"): bug
    for bug in (
        offset_before_effect, inbox_removed, watermark_apart, gap_applied, numbers_outside, save_without_version,
        relay_without_lease, producer_kept, acks_of_one, without_parking, sent_before_ack, upcaster_missing, altered_letter,
    )
}  # fmt: skip


def plant(name: str) -> None:
    """Put this bug into this process."""
    BUGS[name]()
