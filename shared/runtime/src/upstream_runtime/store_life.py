"""All SQL about the life of numbers: how long rows are kept, which cluster is sent to, and which stream follows which.

Arrays go in, rows come out; nothing here decides anything. What deletes does so in batches, and says how many rows went.
"""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Connection, Record

from upstream_runtime.store import Partition
from upstream_runtime.streams import Ended, Streams

# ---- how long rows are kept


async def written_topics(conn: Connection) -> list[str]:
    """The topics that something was said on."""
    return [topic for (topic,) in await conn.fetch("SELECT DISTINCT topic FROM runtime.counter")]


async def read_topics(conn: Connection) -> list[str]:
    """The topics that something was applied from."""
    return [topic for (topic,) in await conn.fetch("SELECT DISTINCT topic FROM runtime.watermark")]


DROP_SENT = """
WITH oldest AS (
  SELECT topic, partition, o.n,
    bool_and(o.n <= s.n AND o.said_at < $2) OVER (PARTITION BY topic, partition ORDER BY o.n) AS goes
  FROM runtime.sent s
  CROSS JOIN LATERAL (
    SELECT n, said_at FROM runtime.outbox o WHERE o.topic = s.topic AND o.partition = s.partition ORDER BY n LIMIT $3
  ) o
  WHERE topic = ANY($1)
)
DELETE FROM runtime.outbox WHERE (topic, partition, n) IN (SELECT topic, partition, n FROM oldest WHERE goes)
"""


async def drop_sent(conn: Connection, topics: Sequence[str], before: datetime, limit: int) -> int:
    """Delete the oldest rows that were sent, and said before that moment, up to `limit` a partition. Leaves no holes."""
    return _count(await conn.execute(DROP_SENT, topics, before, limit))


DROP_SUPERSEDED = """
WITH kept AS (
  SELECT topic, partition, o.n, o.value IS NULL AS erased, o.n <= s.n AND o.n < c.n AND o.said_at < $2 AS may_go,
    lead(o.n) OVER same_key AS later, lag(o.n) OVER same_key AS earlier
  FROM runtime.outbox o JOIN runtime.sent s USING (topic, partition) JOIN runtime.counter c USING (topic, partition)
  WHERE topic = ANY($1)
  WINDOW same_key AS (PARTITION BY topic, partition, o.key ORDER BY o.n)
), gone AS (
  SELECT topic, partition, n FROM kept WHERE may_go AND (later IS NOT NULL OR erased AND earlier IS NULL)
  ORDER BY topic, partition, n LIMIT $3
)
DELETE FROM runtime.outbox WHERE (topic, partition, n) IN (SELECT topic, partition, n FROM gone)
"""


async def drop_superseded(conn: Connection, topics: Sequence[str], before: datetime, limit: int) -> int:
    """Delete rows of compacted topics that were sent, and said before that moment, where a later one of their key follows.

    The last row of a key stays, unless it is a tombstone with nothing before it; the last one of a partition always stays.
    """
    return _count(await conn.execute(DROP_SUPERSEDED, topics, before, limit))


DROP_ANSWERED = """
DELETE FROM runtime.inbox WHERE (topic, id) IN (
  SELECT topic, id FROM runtime.inbox WHERE topic = ANY($1) AND answered_at < $2 LIMIT $3)
"""


async def drop_answered(conn: Connection, topics: Sequence[str], before: datetime, limit: int) -> int:
    """Forget the answers that were given before that moment on these topics."""
    return _count(await conn.execute(DROP_ANSWERED, topics, before, limit))


DROP_ASIDE = "DELETE FROM runtime.set_aside WHERE id IN (SELECT id FROM runtime.set_aside WHERE set_aside_at < $1 LIMIT $2)"


async def drop_set_aside(conn: Connection, before: datetime, limit: int) -> int:
    """Delete records that were set aside before that moment, with their bodies."""
    return _count(await conn.execute(DROP_ASIDE, before, limit))


async def tidy_alone(conn: Connection) -> bool:
    """Whether no other replica tidies just now; then none does until this transaction ends."""
    return bool(await conn.fetchval("SELECT pg_try_advisory_xact_lock(7153002)"))


def _count(told: str) -> int:
    return int(told.rpartition(" ")[2])


# ---- the cluster that is sent to

MEET_CLUSTER = "UPDATE runtime.lease SET cluster = coalesce(cluster, $2) WHERE epoch = $1 RETURNING cluster"


async def meet_cluster(conn: Connection, epoch: int, cluster: str) -> str | None:
    """The cluster that this database sends to: the first one that a relay met. None where the lease is another's by now."""
    known: str | None = await conn.fetchval(MEET_CLUSTER, epoch, cluster)
    return known


async def known_cluster(conn: Connection) -> str | None:
    """The cluster that this database sends to, if it has ever met one."""
    known: str | None = await conn.fetchval("SELECT cluster FROM runtime.lease")
    return known


BEGIN_AGAIN = """
UPDATE runtime.lease SET epoch = epoch + 1, holder = gen_random_uuid(), expires_at = '-infinity', cluster = coalesce($1, cluster)
"""
SEND_AGAIN = """
WITH oldest AS (
  SELECT s.topic, s.partition, (
    SELECT n FROM runtime.outbox o WHERE o.topic = s.topic AND o.partition = s.partition ORDER BY n LIMIT 1) AS n
  FROM runtime.sent s
), moved AS (
  UPDATE runtime.sent s SET n = least(s.n, oldest.n - 1) FROM oldest
  WHERE s.topic = oldest.topic AND s.partition = oldest.partition AND oldest.n IS NOT NULL
  RETURNING s.topic, s.partition, s.n
)
SELECT count(*) FROM runtime.outbox o JOIN moved m ON m.topic = o.topic AND m.partition = o.partition AND o.n > m.n
"""


async def send_again(conn: Connection, cluster: str | None) -> int:
    """Everything that is kept goes out again, to this cluster, with its old numbers; how many records that is.

    A relay that runs loses its lease and begins again.
    """
    async with conn.transaction():
        await conn.execute(BEGIN_AGAIN, cluster)
        count: int = await conn.fetchval(SEND_AGAIN)
    return count


# ---- which stream follows which

ENDED = """
SELECT place, stream, topic, partition, n FROM runtime.ended_stream LEFT JOIN runtime.ended_number USING (place) ORDER BY place
"""


async def streams(conn: Connection, compacted: tuple[str, ...] = ()) -> Streams:
    """The stream that numbers belong to now, and those before it."""
    current: str = await conn.fetchval("SELECT stream::text FROM runtime.instance")
    found: dict[int, Ended] = {}
    rows: list[Record] = await conn.fetch(ENDED)
    for place, stream, topic, partition, n in rows:
        ended = found.setdefault(place, Ended(stream, {}))
        if topic is not None:
            ended.last[topic, partition] = n
    return Streams(current, tuple(found.values()), compacted)


END_STREAM = """
WITH ended AS (
  INSERT INTO runtime.ended_stream (place, stream)
  SELECT coalesce(max(place), 0) + 1, $1 FROM runtime.ended_stream RETURNING place
)
INSERT INTO runtime.ended_number SELECT place, u.* FROM ended, unnest($2::text[], $3::int[], $4::bigint[]) AS u
"""


async def end_stream(conn: Connection, stream: str, last: dict[Partition, int]) -> None:
    """Write down a stream that is over, and its last number that counts on each partition."""
    places = sorted(last)
    await conn.execute(END_STREAM, stream, [t for t, _ in places], [p for _, p in places], [last[place] for place in places])


async def begin_stream(conn: Connection) -> None:
    """Numbers belong to a new stream from here on. Run it where the database was set back, before anything says anything."""
    stream: str = await conn.fetchval("SELECT stream::text FROM runtime.instance")
    await end_stream(conn, stream, await counters(conn))
    await conn.execute("UPDATE runtime.instance SET stream = gen_random_uuid()")
    await conn.execute(BEGIN_AGAIN, None)


async def counters(conn: Connection) -> dict[Partition, int]:
    """The last number that was given out on each partition."""
    return {
        (topic, partition): n for topic, partition, n in await conn.fetch("SELECT topic, partition, n FROM runtime.counter")
    }


async def passed_streams(conn: Connection, topics: Sequence[str]) -> dict[Partition, dict[str, int]]:
    """The streams that another one took the place of on these topics' partitions, and how far each was applied."""
    rows = await conn.fetch("SELECT topic, partition, stream, n FROM runtime.passed_stream WHERE topic = ANY($1)", topics)
    found: dict[Partition, dict[str, int]] = {}
    for topic, partition, stream, n in rows:
        found.setdefault((topic, partition), {})[stream] = n
    return found
