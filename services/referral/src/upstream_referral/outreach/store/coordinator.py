"""What the coordinator works with, in the database: crossings, and the desk's own mailbox. Every statement in view."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from asyncpg import Connection
from pydantic import TypeAdapter

from upstream_referral.outreach.model import Crossing, Desk, Locked
from upstream_runtime.wiring import Change, Stored

_CROSSING: Final = TypeAdapter(Crossing)
_DESK: Final = TypeAdapter(Desk)
_NOTHING: Final = Locked("", "")
WAITING_MAX: Final = 500


async def load_crossings(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Crossing]]:
    """Crossings by id; ids without one are left out."""
    rows = await conn.fetch("SELECT crossing_id, version, body FROM crossing WHERE crossing_id = ANY($1::uuid[])", list(keys))
    return {row["crossing_id"]: Stored(row["version"], _CROSSING.validate_json(row["body"])) for row in rows}


async def save_crossings(conn: Connection, changes: Sequence[Change[Crossing]]) -> int:
    """Write each crossing whose row still has the version that was loaded. Returns how many."""
    written: int = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::bool[], $6::jsonb[])
                AS c (crossing_id, loaded, version, received_at, waits, body)
        ), inserted AS (
            INSERT INTO crossing (crossing_id, version, received_at, waits, body)
            SELECT crossing_id, version, received_at, waits, body FROM c WHERE loaded = 0 ORDER BY crossing_id
            ON CONFLICT (crossing_id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE crossing AS x SET version = c.version, waits = c.waits, body = c.body
              FROM c JOIN (SELECT crossing_id FROM crossing WHERE crossing_id = ANY($1) ORDER BY crossing_id FOR UPDATE) AS held
                       USING (crossing_id)
             WHERE x.crossing_id = c.crossing_id AND x.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.received_at for change in changes],
        [change.state.acknowledged_by is None and change.state.what is not None for change in changes],
        [_CROSSING.dump_json(change.state).decode() for change in changes],
    )
    return written


async def crossings_waiting(conn: Connection) -> list[Crossing]:
    """What came through the wall and nobody has acknowledged yet, oldest first."""
    rows = await conn.fetch("SELECT body FROM crossing WHERE waits ORDER BY received_at, crossing_id LIMIT $1", WAITING_MAX)
    return [_CROSSING.validate_json(row["body"]) for row in rows]


async def load_desks(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Desk]]:
    """The desk, where its mailbox is set."""
    rows = await conn.fetch(
        """
        SELECT d.desk_id, d.version, d.contact, d.body, k.contact_key
          FROM desk AS d JOIN person_key AS k ON k.owner_id = d.desk_id WHERE d.desk_id = ANY($1::uuid[])
        """,
        list(keys),
    )
    return {
        row["desk_id"]: Stored(
            row["version"],
            replace(_DESK.validate_json(row["body"]), contact=Locked(row["contact_key"], row["contact"])),
        )
        for row in rows
    }


async def save_desks(conn: Connection, changes: Sequence[Change[Desk]]) -> int:
    """Write the desk where its row still has the version that was loaded, and its key. Returns how many."""
    written = 0
    for change in changes:  # there is one
        written += await conn.fetchval(
            """
            WITH saved AS (
                INSERT INTO desk (desk_id, version, contact, body) VALUES ($1, $3, $4, $6)
                ON CONFLICT (desk_id) DO UPDATE SET version = $3, contact = $4, body = $6 WHERE desk.version = $2
                RETURNING desk_id
            ), keyed AS (
                INSERT INTO person_key (owner_id, contact_key) SELECT desk_id, $5 FROM saved
                ON CONFLICT (owner_id) DO UPDATE SET contact_key = $5
                RETURNING 1
            )
            SELECT count(*) FROM keyed
            """,
            change.key,
            change.loaded,
            change.version,
            change.state.contact.text,
            change.state.contact.key,
            _DESK.dump_json(replace(change.state, contact=_NOTHING)).decode(),
        )
    return written
