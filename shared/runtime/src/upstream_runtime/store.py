"""All SQL of the engine. One function is one statement, or one short round of them where SQL needs two.

Arrays go in, rows come out; nothing here decides anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from asyncpg import Connection, Record

from upstream_runtime.decision import Due

Partition = tuple[str, int]


class Mark(NamedTuple):
    """A watermark: how far a partition was applied, and of which stream (own topics) or cluster (outside topics)."""

    stream: str
    n: int


@dataclass(slots=True)
class Said:
    """One outgoing record. `n` is 0 until it is numbered; a null value is a tombstone, or a body that was blanked.

    `pairs` are the headers once more, unwritten, while the record has not left memory.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: bytes
    said_at: datetime
    n: int = 0
    pairs: list[tuple[str, bytes]] | None = None


@dataclass(frozen=True, slots=True)
class DueRow:
    """A claimed row of due work."""

    kind: str
    key: UUID
    due_at: datetime
    correlation: str | None
    attempts: int


class Answered(NamedTuple):
    """A record from outside and the answer it got."""

    topic: str
    id: str
    hash: bytes
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that was set aside for a person. `value` is None where nothing of it may be kept."""

    id: UUID
    topic: str
    partition: int
    position: int
    reason: str
    pointer: str | None
    key: bytes | None
    value: bytes | None
    headers: bytes | None
    value_hash: bytes
    value_bytes: int
    set_aside_at: datetime


async def instance(conn: Connection) -> tuple[str, bytes]:
    """This database's stream and secret."""
    stream, secret = (await conn.fetch("SELECT stream::text, secret FROM runtime.instance"))[0]
    return stream, secret


async def marks(conn: Connection, topics: Sequence[str]) -> dict[Partition, Mark]:
    """The watermarks of these topics' partitions, those that have one."""
    rows = await conn.fetch("SELECT topic, partition, stream, n FROM runtime.watermark WHERE topic = ANY($1)", topics)
    return {(topic, partition): Mark(stream, n) for topic, partition, stream, n in rows}


FIRST_ANSWERS = """
SELECT first.* FROM unnest($2::text[]) AS wanted (id)
CROSS JOIN LATERAL (SELECT topic, id, hash, answer FROM runtime.inbox i WHERE i.topic = $1 AND i.id = wanted.id OFFSET 0) first
"""


async def first_answers(conn: Connection, topic: str, ids: Sequence[str]) -> dict[tuple[str, str], Answered]:
    """What was answered before to records of a topic with these ids."""
    rows = await conn.fetch(FIRST_ANSWERS, topic, ids)
    return {(row["topic"], row["id"]): Answered(*row) for row in rows}


ANSWER = """
INSERT INTO runtime.inbox (topic, id, hash, answer, answered_at)
SELECT topic, id, hash, answer, $5 FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[]) AS a (topic, id, hash, answer)
"""


async def answer(conn: Connection, rows: Iterable[Answered], now: datetime) -> None:
    """Keep the answers of records from outside."""
    found = sorted(rows, key=lambda row: (row.topic, row.id))
    await conn.execute(
        ANSWER, [r.topic for r in found], [r.id for r in found], [r.hash for r in found], [r.answer for r in found], now
    )


SET_ASIDE = "INSERT INTO runtime.set_aside VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


async def set_aside(conn: Connection, rows: Sequence[SetAside]) -> None:
    """Keep records that a person must look at."""
    await conn.executemany(
        SET_ASIDE,
        [astuple(row) for row in sorted(rows, key=lambda row: row.id)],
    )


async def already_set_aside(conn: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these records that were set aside before."""
    return {row["id"] for row in await conn.fetch("SELECT id FROM runtime.set_aside WHERE id = ANY($1)", ids)}


PUT_DUE = """
INSERT INTO runtime.due (kind, key, due_at, waits_for, correlation)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[])
ON CONFLICT (kind, key) DO UPDATE SET due_at = excluded.due_at, waits_for = excluded.waits_for, attempts = 0
"""
DROP_DUE = "DELETE FROM runtime.due WHERE (kind, key) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))"
WAKE_DUE = "UPDATE runtime.due SET due_at = least(due_at, $2) WHERE waits_for = ANY($1::uuid[])"


async def put_due(conn: Connection, rows: Sequence[tuple[Due, str]]) -> None:
    """Write what must be looked at again, and take back what need not be. Rows are (due, correlation)."""
    ordered = sorted(rows, key=lambda row: (row[0].kind, row[0].key))
    put = [row for row in ordered if row[0].at is not None]
    drop = [due for due, _ in ordered if due.at is None]
    if put:
        await conn.execute(
            PUT_DUE,
            [due.kind for due, _ in put],
            [due.key for due, _ in put],
            [due.at for due, _ in put],
            [due.waits_for for due, _ in put],
            [correlation for _, correlation in put],
        )
    if drop:
        await conn.execute(DROP_DUE, [due.kind for due in drop], [due.key for due in drop])


async def wake_due(conn: Connection, keys: Sequence[UUID], now: datetime) -> None:
    """What waited for an event of these keys is due now."""
    await conn.execute(WAKE_DUE, keys, now)


CLAIM_DUE = """
SELECT kind, key, due_at, correlation, attempts FROM runtime.due
WHERE due_at <= $1 AND kind = ANY($2::text[]) ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""


async def claim_due(conn: Connection, now: datetime, kinds: Sequence[str]) -> DueRow | None:
    """One row of due work that nobody else holds, or None."""
    row = await conn.fetchrow(CLAIM_DUE, now, kinds)
    return DueRow(*row) if row else None


async def settle_due(conn: Connection, row: DueRow) -> bool:
    """Take claimed work off the list. False where somebody did it, or moved it, since it was read."""
    changed: str = await conn.execute(
        "DELETE FROM runtime.due WHERE kind = $1 AND key = $2 AND due_at = $3", row.kind, row.key, row.due_at
    )
    return changed != "DELETE 0"


async def postpone_due(conn: Connection, row: DueRow, until: datetime) -> bool:
    """Work that failed is tried again later. False where a decision, or another worker it failed under, moved it meanwhile."""
    changed: str = await conn.execute(
        "UPDATE runtime.due SET due_at = $4, attempts = attempts + 1 WHERE kind = $1 AND key = $2 AND due_at = $3",
        row.kind, row.key, row.due_at, until,
    )  # fmt: skip
    return changed != "UPDATE 0"


SETTLE = """
WITH mark AS (
  SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::bigint[])
    AS mark (topic, partition, was_stream, was_n, stream, n)
), first AS (
  INSERT INTO runtime.watermark (topic, partition, stream, n)
  SELECT topic, partition, stream, n FROM mark WHERE was_n IS NULL ORDER BY topic, partition
  ON CONFLICT DO NOTHING RETURNING 1
), moved AS (
  UPDATE runtime.watermark w SET stream = mark.stream, n = mark.n FROM mark
  WHERE w.topic = mark.topic AND w.partition = mark.partition AND w.stream = mark.was_stream AND w.n = mark.was_n
  RETURNING 1
), locked AS (
  SELECT topic, partition, n FROM runtime.counter
  WHERE (topic, partition) IN (SELECT * FROM unnest($7::text[], $8::int[])) ORDER BY topic, partition FOR UPDATE
)
SELECT NULL AS topic, (SELECT count(*)::int FROM (SELECT FROM runtime.parked_key LIMIT 1) any_parked) AS partition,
  (SELECT count(*) FROM first) + (SELECT count(*) FROM moved) AS n
UNION ALL SELECT topic, partition, n FROM locked
"""
NEW_COUNTERS = """
INSERT INTO runtime.counter (topic, partition, n)
SELECT topic, partition, 0 FROM unnest($1::text[], $2::int[]) AS c (topic, partition) ON CONFLICT DO NOTHING
"""
Moves = dict[Partition, tuple[Mark | None, Mark]]


async def settle(conn: Connection, moves: Moves, partitions: Iterable[Partition]) -> tuple[dict[Partition, int], bool] | None:
    """Move watermarks from the value that was read to a new one, and lock the counters of these partitions until the commit.

    Returns the counters' last numbers, and whether any key is parked; None where somebody else moved a watermark meanwhile.
    """
    rows, wanted = sorted(moves.items()), sorted(partitions)
    moved, *locked = await conn.fetch(
        SETTLE,
        [topic for (topic, _), _ in rows],
        [partition for (_, partition), _ in rows],
        [was.stream if was else None for _, (was, _) in rows],
        [was.n if was else None for _, (was, _) in rows],
        [new.stream for _, (_, new) in rows],
        [new.n for _, (_, new) in rows],
        [topic for topic, _ in wanted],
        [partition for _, partition in wanted],
    )
    if moved["n"] < len(rows):
        return None
    if len(locked) < len(wanted):
        await conn.execute(NEW_COUNTERS, [topic for topic, _ in wanted], [partition for _, partition in wanted])
        return await settle(conn, {}, wanted)
    return {(topic, partition): n for topic, partition, n in locked}, bool(moved["partition"])


SAY = """
WITH advanced AS (
  UPDATE runtime.counter c SET n = u.n FROM unnest($1::text[], $2::int[], $3::bigint[]) AS u (topic, partition, n)
  WHERE c.topic = u.topic AND c.partition = u.partition
) INSERT INTO runtime.outbox (topic, partition, n, key, value, headers, said_at)
SELECT topic, partition, n, key, value, headers, said_at
FROM unnest($4::text[], $5::int[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bytea[], $10::timestamptz[])
  AS o (topic, partition, n, key, value, headers, said_at)
"""


async def say(conn: Connection, counters: dict[Partition, int], rows: Sequence[Said]) -> None:
    """Append numbered records to the outbox and move the counters on."""
    await conn.execute(
        SAY,
        [topic for topic, _ in counters],
        [partition for _, partition in counters],
        list(counters.values()),
        [row.topic for row in rows],
        [row.partition for row in rows],
        [row.n for row in rows],
        [row.key for row in rows],
        [row.value for row in rows],
        [row.headers for row in rows],
        [row.said_at for row in rows],
    )


BLANK_ERASED = """
UPDATE runtime.outbox o SET value = NULL
FROM unnest($1::text[], $2::int[], $3::bytea[]) AS e (topic, partition, key)
WHERE o.topic = e.topic AND o.partition = e.partition AND o.key = e.key AND o.value IS NOT NULL
"""


async def blank_erased(conn: Connection, tombstones: Sequence[Said]) -> None:
    """What a tombstone erases on its topic is erased in the outbox too; the numbers stay."""
    await conn.execute(
        BLANK_ERASED, [t.topic for t in tombstones], [t.partition for t in tombstones], [t.key for t in tombstones]
    )


BLANK_OLD = """
UPDATE runtime.outbox o SET value = NULL FROM runtime.sent s
WHERE o.topic = $1 AND s.topic = o.topic AND s.partition = o.partition AND o.n <= s.n AND o.said_at < $2 AND o.value IS NOT NULL
"""


async def blank_old(conn: Connection, topic: str, before: datetime) -> None:
    """Drop the bodies of records of a topic that were sent, and said before that moment; the numbers stay."""
    await conn.execute(BLANK_OLD, topic, before)


TAKE_LEASE = """
UPDATE runtime.lease SET holder = $1, epoch = epoch + (holder <> $1)::int, expires_at = now() + $2::interval
WHERE holder = $1 OR expires_at < now() RETURNING epoch
"""


async def take_lease(conn: Connection, holder: UUID, seconds: float) -> int | None:
    """The epoch of the relay's lease, taken or renewed; None while somebody else holds it."""
    epoch: int | None = await conn.fetchval(TAKE_LEASE, holder, timedelta(seconds=seconds))
    return epoch


async def give_lease_back(conn: Connection, holder: UUID) -> None:
    """Let the next one take over at once."""
    await conn.execute("UPDATE runtime.lease SET expires_at = '-infinity' WHERE holder = $1", holder)


async def sent(conn: Connection) -> dict[Partition, int]:
    """How far each partition was sent."""
    return {(topic, partition): n for topic, partition, n in await conn.fetch("SELECT topic, partition, n FROM runtime.sent")}


MOVE_SENT = """
INSERT INTO runtime.sent AS s (topic, partition, n)
SELECT topic, partition, n FROM unnest($2::text[], $3::int[], $4::bigint[]) AS u (topic, partition, n)
WHERE EXISTS (SELECT FROM runtime.lease WHERE epoch = $1 FOR SHARE)
ON CONFLICT (topic, partition) DO UPDATE SET n = greatest(s.n, excluded.n) RETURNING 1
"""


async def move_sent(conn: Connection, epoch: int, positions: dict[Partition, int]) -> bool:
    """Remember how far was sent, under this lease only. False when the lease is another's by now."""
    keys = sorted(positions)
    rows = await conn.fetch(MOVE_SENT, epoch, [t for t, _ in keys], [p for _, p in keys], [positions[k] for k in keys])
    return len(rows) == len(keys)


OLDEST_UNSENT = """
SELECT min(o.said_at) FROM runtime.counter c
LEFT JOIN runtime.sent s USING (topic, partition)
CROSS JOIN LATERAL (
  SELECT said_at FROM runtime.outbox o
  WHERE o.topic = c.topic AND o.partition = c.partition AND o.n > coalesce(s.n, 0) ORDER BY n LIMIT 1
) o
WHERE c.n > coalesce(s.n, 0)
"""


async def oldest_unsent(conn: Connection) -> datetime | None:
    """When the oldest record was said that is not known to be sent."""
    said_at: datetime | None = await conn.fetchval(OLDEST_UNSENT)
    return said_at


UNSENT = """
SELECT o.topic, o.partition, o.key, o.value, o.headers, o.said_at, o.n
FROM runtime.counter c
LEFT JOIN runtime.sent s USING (topic, partition)
CROSS JOIN LATERAL (
  SELECT * FROM runtime.outbox o
  WHERE o.topic = c.topic AND o.partition = c.partition AND o.n > greatest(coalesce(s.n, 0), coalesce(
    (SELECT u.n FROM unnest($1::text[], $2::int[], $3::bigint[]) AS u (topic, partition, n)
     WHERE u.topic = c.topic AND u.partition = c.partition), 0))
  ORDER BY o.n LIMIT $4
) o
WHERE c.n > coalesce(s.n, 0)
"""


async def unsent(conn: Connection, positions: dict[Partition, int], limit: int) -> list[Said]:
    """The next records of each partition after these positions, up to `limit` for each, in number order."""
    keys = list(positions)
    rows: list[Record] = await conn.fetch(
        UNSENT, [t for t, _ in keys], [p for _, p in keys], [positions[k] for k in keys], limit
    )
    return [Said(*row) for row in rows]
