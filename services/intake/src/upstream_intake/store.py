"""All SQL of intake. Must not decide anything, and must not open what is locked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from asyncpg import Connection, Record
from pydantic import TypeAdapter

from upstream_intake.model import NOBODY, Locked, Note, Person, Request, Service
from upstream_runtime.wiring import Change, Stored

_REQUEST: Final = TypeAdapter(Request)
_NOTES: Final = TypeAdapter(tuple[Note, ...])
_SERVICE: Final = TypeAdapter(Service)
WAITING_MAX = 500
SERVICES_MAX = 500

_ROW = """
    SELECT r.id, r.version, r.body, p.request_id, p.key, p.contact, p.note
      FROM request AS r LEFT JOIN person AS p ON p.request_id = r.id
"""


async def load_requests(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Request]]:
    """Requests by id; ids without one are left out."""
    rows = await conn.fetch(_ROW + "WHERE r.id = ANY($1::uuid[])", list(keys))
    return {row["id"]: _stored(row) for row in rows}


async def request_by_reference(conn: Connection, reference: str) -> Request | None:
    """The request a person's reference stands for."""
    row = await conn.fetchrow(_ROW + "WHERE r.reference = $1", reference)
    return None if row is None else _stored(row).state


async def requests_waiting(conn: Connection) -> list[Request]:
    """What waits for a person of the team, longest first."""
    rows = await conn.fetch(_ROW + f"WHERE r.waiting_at IS NOT NULL ORDER BY r.waiting_at, r.id LIMIT {WAITING_MAX}")
    return [_stored(row).state for row in rows]


async def save_requests(conn: Connection, changes: Sequence[Change[Request]]) -> int:
    """Write each request whose row still has the version that was loaded, and its person. Returns how many."""
    written = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
                AS c (id, loaded, version, reference, status, waiting_at, body)
        ), inserted AS (
            INSERT INTO request (id, version, reference, status, waiting_at, body)
            SELECT id, version, reference, status, waiting_at, body FROM c WHERE loaded = 0 ORDER BY id
            ON CONFLICT (id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE request AS r
               SET version = c.version, status = c.status, waiting_at = c.waiting_at, body = c.body
              FROM c JOIN (SELECT id FROM request WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE) AS held USING (id)
             WHERE r.id = c.id AND r.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.reference for change in changes],
        [change.state.status for change in changes],
        [change.state.waiting.since if change.state.waiting else None for change in changes],
        [_REQUEST.dump_json(replace(change.state, person=NOBODY)).decode() for change in changes],
    )
    if written == len(changes):
        await _save_people(conn, [change.state for change in changes])
    return int(written)


async def _save_people(conn: Connection, requests: Sequence[Request]) -> None:
    kept = [(request, request.person) for request in requests if request.person != NOBODY]
    if kept:
        await conn.execute(
            """
            INSERT INTO person (request_id, contact_id, key, contact, note)
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
            ON CONFLICT (request_id) DO UPDATE
               SET contact_id = excluded.contact_id, key = excluded.key, contact = excluded.contact, note = excluded.note
             WHERE (person.contact_id, person.key, person.note)
                   IS DISTINCT FROM (excluded.contact_id, excluded.key, excluded.note)
            """,
            [request.id for request, _ in kept],
            [request.contact_id for request, _ in kept],
            [person.contact.key if person.contact else None for _, person in kept],
            [person.contact.text if person.contact else None for _, person in kept],
            [_NOTES.dump_json(person.notes).decode() for _, person in kept],
        )
    nobody = [request.id for request in requests if request.person == NOBODY]
    if nobody:
        await conn.execute("DELETE FROM person WHERE request_id = ANY($1::uuid[])", nobody)


async def load_services(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Service | None]]:
    """Services of the directory by id; None for what was taken off it."""
    rows = await conn.fetch("SELECT id, version, body FROM service WHERE id = ANY($1::uuid[])", list(keys))
    return {row["id"]: Stored(row["version"], _service(row["body"])) for row in rows}


async def save_services(conn: Connection, changes: Sequence[Change[Service | None]]) -> int:
    """Write each service whose row still has the version that was loaded. Returns how many."""
    written = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[]) AS c (id, loaded, version, body)
        ), inserted AS (
            INSERT INTO service (id, version, body) SELECT id, version, body FROM c WHERE loaded = 0 ORDER BY id
            ON CONFLICT (id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE service AS s
               SET version = c.version, body = c.body
              FROM c JOIN (SELECT id FROM service WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE) AS held USING (id)
             WHERE s.id = c.id AND s.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [None if change.state is None else _SERVICE.dump_json(change.state).decode() for change in changes],
    )
    return int(written)


async def directory(conn: Connection) -> list[Service]:
    """All services that stand in the directory."""
    rows = await conn.fetch("SELECT body FROM service WHERE body IS NOT NULL ORDER BY id LIMIT $1", SERVICES_MAX)
    return [_SERVICE.validate_json(row["body"]) for row in rows]


def _service(body: str | None) -> Service | None:
    return None if body is None else _SERVICE.validate_json(body)


def _stored(row: Record) -> Stored[Request]:
    request = _REQUEST.validate_json(row["body"])
    return Stored(row["version"], replace(request, person=_person(row)))


def _person(row: Record) -> Person:
    if row["request_id"] is None:
        return NOBODY
    contact = Locked(row["key"], row["contact"]) if row["key"] is not None else None
    return Person(contact, _NOTES.validate_json(row["note"]))
