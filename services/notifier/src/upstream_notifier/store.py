"""All SQL of the notifier. Must not decide anything, and must not open what is sealed."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from asyncpg import Connection
from pydantic import TypeAdapter

from upstream_notifier.model import Contact, Notice
from upstream_runtime.wiring import Change, Stored

_NOTICE: Final = TypeAdapter(Notice)


async def load_contacts(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Contact]]:
    """Contacts by id, erased ones included."""
    rows = await conn.fetch(
        "SELECT id, version, language, locked, sealed_key, erased FROM contact WHERE id = ANY($1::uuid[])", list(keys)
    )
    return {
        row["id"]: Stored(row["version"], Contact(row["locked"], row["sealed_key"], row["language"], row["erased"]))
        for row in rows
    }


async def save_contacts(conn: Connection, changes: Sequence[Change[Contact]]) -> int:
    """Write each contact whose row still has the version that was loaded. Returns how many."""
    written = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[])
                AS c (id, loaded, version, language, locked, sealed_key, erased)
        ), inserted AS (
            INSERT INTO contact (id, version, language, locked, sealed_key, erased)
            SELECT id, version, language, locked, sealed_key, erased FROM c WHERE loaded = 0 ORDER BY id
            ON CONFLICT (id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE contact AS o
               SET version = c.version, language = c.language, locked = c.locked, sealed_key = c.sealed_key,
                   erased = c.erased
              FROM c JOIN (SELECT id FROM contact WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE) AS held USING (id)
             WHERE o.id = c.id AND o.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.language for change in changes],
        [change.state.locked for change in changes],
        [change.state.sealed_key for change in changes],
        [change.state.erased for change in changes],
    )
    return int(written)


async def load_notices(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Notice]]:
    """Notices by id."""
    rows = await conn.fetch("SELECT id, version, body FROM notice WHERE id = ANY($1::uuid[])", list(keys))
    return {row["id"]: Stored(row["version"], _NOTICE.validate_json(row["body"])) for row in rows}


async def save_notices(conn: Connection, changes: Sequence[Change[Notice]]) -> int:
    """Write each notice whose row still has the version that was loaded, and its latest attempt. Returns how many."""
    written = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::int[],
                                 $8::text[], $9::text[])
                AS c (id, loaded, version, request_id, subject, contact_id, calendar_sequence, stage, body)
        ), inserted AS (
            INSERT INTO notice (id, version, request_id, subject, contact_id, calendar_sequence, stage, body)
            SELECT id, version, request_id, subject, contact_id, calendar_sequence, stage, body
              FROM c WHERE loaded = 0 ORDER BY id
            ON CONFLICT (id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE notice AS o
               SET version = c.version, stage = c.stage, body = c.body
              FROM c JOIN (SELECT id FROM notice WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE) AS held USING (id)
             WHERE o.id = c.id AND o.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.wanted.request_id for change in changes],
        [change.state.wanted.subject for change in changes],
        [change.state.wanted.contact_id for change in changes],
        [None if change.state.wanted.entry is None else change.state.wanted.entry.sequence for change in changes],
        [change.state.stage.value for change in changes],
        [_NOTICE.dump_json(change.state).decode() for change in changes],
    )
    if written == len(changes):
        await _save_attempts(conn, [change.state for change in changes])
    return int(written)


async def _save_attempts(conn: Connection, notices: Sequence[Notice]) -> None:
    tried = [(notice.wanted.notice_id, notice.attempt) for notice in notices if notice.attempt is not None]
    if tried:
        await conn.execute(
            """
            INSERT INTO attempt (notice_id, n, started_at, ended_at, outcome)
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::text[])
            ON CONFLICT (notice_id, n) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome
            """,
            [key for key, _ in tried],
            [attempt.n for _, attempt in tried],
            [attempt.started_at for _, attempt in tried],
            [attempt.ended_at for _, attempt in tried],
            [attempt.outcome.value for _, attempt in tried],
        )


async def overtaken(conn: Connection, notice: Notice) -> bool:
    """Is there later calendar news of the same session for the same person?"""
    entry = notice.wanted.entry
    return entry is not None and await conn.fetchval(
        "SELECT EXISTS (SELECT FROM notice WHERE subject = $1 AND contact_id = $2 AND calendar_sequence > $3)",
        notice.wanted.subject,
        notice.wanted.contact_id,
        entry.sequence,
    )
