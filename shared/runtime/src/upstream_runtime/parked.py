"""All SQL about parked keys and about what operators did. Decides nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import Connection

from upstream_runtime.records import Kept, Polled, as_json, from_kept
from upstream_runtime.store import SetAside


class StateKey(NamedTuple):
    """Which state: the aggregate's name, and the key in it."""

    aggregate: str
    key: UUID


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """A key that waits. `waiting` counts its records."""

    of: StateKey
    reason: str
    parked_at: datetime
    waiting: int
    tries: int
    try_at: datetime


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A record with its place in the queue of its key. Of an `unread` one nobody knew the keys when it was parked."""

    place: int
    record: Kept
    unread: bool


class Letter(NamedTuple):
    """A record that was set aside: where it stood, why, when, and when it was put back, if it was."""

    id: UUID
    topic: str
    partition: int
    offset: int
    reason: str
    set_aside_at: datetime
    redriven_at: datetime | None


class Waiting(NamedTuple):
    """Where a parked record stands, and how large it is."""

    topic: str
    partition: int
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ToPark:
    """A record for the end of a key's queue."""

    of: StateKey
    reason: str
    record: Polled
    unread: bool


@dataclass(frozen=True, slots=True)
class Act:
    """What an operator did."""

    id: UUID
    at: datetime
    act: str
    target: str
    by: str
    why: str
    outcome: str


LOCKED = """
SELECT aggregate, key, reason, parked_at, waiting, tries, try_at FROM runtime.parked_key
WHERE (aggregate, key) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) ORDER BY aggregate, key FOR UPDATE
"""


async def locked(conn: Connection, keys: Iterable[StateKey]) -> dict[StateKey, ParkedKey]:
    """Those of these keys that are parked, locked until the commit."""
    wanted = sorted(keys)
    rows = await conn.fetch(LOCKED, [of.aggregate for of in wanted], [of.key for of in wanted])
    return {found.of: found for found in map(_key, rows)}


PARK_KEYS = """
INSERT INTO runtime.parked_key AS p (aggregate, key, reason, parked_at, waiting, try_at)
SELECT aggregate, key, reason, $4::timestamptz, waiting, $4::timestamptz + $5 * interval '1 second'
FROM unnest($1::text[], $2::uuid[], $3::text[], $6::int[]) AS k (aggregate, key, reason, waiting)
ON CONFLICT (aggregate, key) DO UPDATE SET waiting = p.waiting + excluded.waiting
"""
PARK = """
INSERT INTO runtime.parked (aggregate, key, topic, partition, position, broker_ms, record_key, value, headers, unread)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def park(conn: Connection, rows: Sequence[ToPark], now: datetime, first_try_seconds: float) -> None:
    """Put records at the end of their keys' queues, in this order. A key that is not parked yet is parked."""
    counts: dict[StateKey, tuple[str, int]] = {}
    for row in rows:
        reason, count = counts.get(row.of, (row.reason, 0))
        counts[row.of] = (reason, count + 1)
    keys = sorted(counts)
    await conn.execute(
        PARK_KEYS,
        [of.aggregate for of in keys],
        [of.key for of in keys],
        [counts[of][0] for of in keys],
        now,
        first_try_seconds,
        [counts[of][1] for of in keys],
    )
    await conn.executemany(PARK, [(*row.of, *_columns(row.record), row.unread) for row in rows])


def _columns(record: Polled) -> tuple[Any, ...]:
    place = (record.topic, record.partition, record.offset, record.timestamp)
    return (*place, record.key, record.value, as_json(record.headers))


CLAIM = """
SELECT aggregate, key, reason, parked_at, waiting, tries, try_at FROM runtime.parked_key
WHERE try_at <= $1 ORDER BY try_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""


async def claim(conn: Connection, now: datetime) -> ParkedKey | None:
    """A parked key that is to be tried again and that nobody else holds."""
    row = await conn.fetchrow(CLAIM, now)
    return _key(row) if row else None


FIRST = """
SELECT place, unread, topic, partition, position, broker_ms, record_key, value, headers FROM runtime.parked
WHERE aggregate = $1 AND key = $2 ORDER BY place LIMIT $3
"""


async def first(conn: Connection, of: StateKey, limit: int) -> list[ParkedRecord]:
    """The records that have waited longest for a key, in order."""
    rows = await conn.fetch(FIRST, *of, limit)
    return [ParkedRecord(row["place"], _kept(row), row["unread"]) for row in rows]


def _kept(row: Any) -> Kept:
    place = (row["topic"], row["partition"], row["position"], row["broker_ms"])
    return Kept(*place, row["record_key"], row["value"], from_kept(row["headers"]))


async def waiting(conn: Connection, of: StateKey, limit: int) -> list[Waiting]:
    """The records that wait for a key, in order, without what they hold."""
    rows = await conn.fetch(
        "SELECT topic, partition, position, coalesce(octet_length(value), 0) FROM runtime.parked"
        " WHERE aggregate = $1 AND key = $2 ORDER BY place LIMIT $3",
        *of, limit,
    )  # fmt: skip
    return [Waiting(*row) for row in rows]


async def release(conn: Connection, of: StateKey, places: Sequence[int], now: datetime) -> None:
    """Take records out of a key's queue. A key without any is no longer parked; another one's turn comes after all that are due."""
    await conn.execute("DELETE FROM runtime.parked WHERE aggregate = $1 AND key = $2 AND place = ANY($3)", *of, places)
    await conn.execute(
        "UPDATE runtime.parked_key SET waiting = waiting - $3, tries = 0, try_at = $4 WHERE aggregate = $1 AND key = $2",
        *of,
        len(places),
        now,
    )
    await conn.execute("DELETE FROM runtime.parked_key WHERE aggregate = $1 AND key = $2 AND waiting = 0", *of)


async def put_off(conn: Connection, tried: ParkedKey, reason: str, until: datetime) -> None:
    """It failed again. Nothing is changed where somebody else tried it or asked for it meanwhile."""
    await conn.execute(
        "UPDATE runtime.parked_key SET tries = tries + 1, reason = $4, try_at = $5"
        " WHERE aggregate = $1 AND key = $2 AND try_at = $3",
        *tried.of, tried.try_at, reason, until,
    )  # fmt: skip


async def make_due(conn: Connection, of: StateKey, now: datetime) -> bool:
    """Let a parked key be tried at once. False where it is not parked."""
    changed: str = await conn.execute("UPDATE runtime.parked_key SET try_at = $3 WHERE aggregate = $1 AND key = $2", *of, now)
    return changed != "UPDATE 0"


async def count(conn: Connection) -> int:
    """How many keys are parked."""
    found: int = await conn.fetchval("SELECT count(*) FROM runtime.parked_key")
    return found


LONGEST = """
SELECT aggregate, key, reason, parked_at, waiting, tries, try_at FROM runtime.parked_key ORDER BY parked_at LIMIT $1
"""


async def keys(conn: Connection, limit: int) -> list[ParkedKey]:
    """The parked keys that have waited longest."""
    return [_key(row) for row in await conn.fetch(LONGEST, limit)]


def _key(row: Any) -> ParkedKey:
    return ParkedKey(StateKey(row["aggregate"], row["key"]), *tuple(row)[2:])


TAKE_SET_ASIDE = """
UPDATE runtime.set_aside SET redriven_at = $2 WHERE id = $1 AND redriven_at IS NULL
RETURNING id, topic, partition, position, reason, pointer, key, value, headers, value_hash, value_bytes, set_aside_at
"""


async def take_set_aside(conn: Connection, letter: UUID, now: datetime) -> SetAside | None:
    """A record that was set aside, marked as put back; None where there is none or it was put back before."""
    row = await conn.fetchrow(TAKE_SET_ASIDE, letter, now)
    return SetAside(*row) if row else None


async def letters(conn: Connection, limit: int) -> list[Letter]:
    """The records that were set aside, the latest first."""
    rows = await conn.fetch(
        "SELECT id, topic, partition, position, reason, set_aside_at, redriven_at FROM runtime.set_aside"
        " ORDER BY set_aside_at DESC, id LIMIT $1",
        limit,
    )
    return [Letter(*row) for row in rows]


async def forget_answer(conn: Connection, topic: str, event_id: str, body_hash: bytes) -> None:
    """Let the next answer to this record from outside be its first; another record under its id keeps its own."""
    await conn.execute("DELETE FROM runtime.inbox WHERE topic = $1 AND id = $2 AND hash = $3", topic, event_id, body_hash)


async def note(conn: Connection, act: Act) -> None:
    """Keep what an operator did."""
    await conn.execute(
        "INSERT INTO runtime.operator_act (id, at, act, target, by, why, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        act.id, act.at, act.act, act.target, act.by, act.why, act.outcome,
    )  # fmt: skip


async def acts(conn: Connection, limit: int) -> list[Act]:
    """What operators did, the latest first."""
    rows = await conn.fetch(
        "SELECT id, at, act, target, by, why, outcome FROM runtime.operator_act ORDER BY at DESC, id DESC LIMIT $1", limit
    )
    return [Act(*row) for row in rows]
