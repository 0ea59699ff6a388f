"""All SQL of the gateway: its counters. Must keep nothing of a crossing."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from asyncpg import Connection
from pydantic import TypeAdapter

from upstream_referral.gateway.model import Counters
from upstream_runtime.wiring import Change, Stored

_COUNTERS: Final = TypeAdapter(Counters)


async def load_counters(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Counters]]:
    """The counters by their key, once anything was counted."""
    rows = await conn.fetch("SELECT id, version, body FROM counters WHERE id = ANY($1::uuid[])", list(keys))
    return {row["id"]: Stored(row["version"], _COUNTERS.validate_json(row["body"])) for row in rows}


async def save_counters(conn: Connection, changes: Sequence[Change[Counters]]) -> int:
    """Write the counters whose row still has the version that was loaded. Returns how many."""
    written = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[]) AS c (id, loaded, version, body)
        ), inserted AS (
            INSERT INTO counters (id, version, body) SELECT id, version, body FROM c WHERE loaded = 0 ORDER BY id
            ON CONFLICT (id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE counters AS k SET version = c.version, body = c.body
              FROM c JOIN (SELECT id FROM counters WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE) AS held USING (id)
             WHERE k.id = c.id AND k.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [_COUNTERS.dump_json(change.state).decode() for change in changes],
    )
    return int(written)
