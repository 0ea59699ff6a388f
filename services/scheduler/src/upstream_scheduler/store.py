"""Sessions in the database, with the bookings that follow from them. Every statement in view; nothing is decided here.

A booking that another transaction took first makes `save_sessions` raise what PostgreSQL raises (23P01, 23505).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from asyncpg import Connection, Record
from pydantic import TypeAdapter

from upstream_runtime.wiring import Change, Stored
from upstream_scheduler.model import Held, Session, Span, Stage

_SESSION: Final = TypeAdapter(Session)
_STATUS: Final = {Stage.HELD: "held", Stage.CONFIRMED: "confirmed", Stage.DELIVERED: "done"}


@dataclass(frozen=True, slots=True)
class _Booked:
    """A session whose slot occupies trainers and a venue."""

    request_id: UUID
    status: str
    held: Held

    @property
    def during(self) -> Span:
        return self.held.slot.booked


async def load_sessions(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Session]]:
    """The sessions of these requests."""
    rows = await conn.fetch("SELECT request_id, version, body FROM session WHERE request_id = ANY($1)", keys)
    return {row["request_id"]: Stored(row["version"], session_in(row)) for row in rows}


def session_in(row: Record) -> Session:
    """The session in a row's `body`."""
    return _SESSION.validate_json(row["body"])


SAVE_SESSIONS = """
WITH change AS (
  SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[])
    AS change (request_id, loaded, version, session_id, reference, stage, asked_at, body)
), first AS (
  INSERT INTO session (request_id, version, session_id, reference, stage, asked_at, body)
  SELECT request_id, version, session_id, reference, stage, asked_at, body FROM change WHERE loaded = 0 ORDER BY request_id
  ON CONFLICT (request_id) DO NOTHING RETURNING 1
), later AS (
  UPDATE session s SET version = change.version, stage = change.stage, body = change.body
  FROM change JOIN (SELECT request_id FROM session WHERE request_id = ANY($1) ORDER BY request_id FOR UPDATE) AS held
    USING (request_id)
  WHERE s.request_id = change.request_id AND change.loaded > 0 AND s.version = change.loaded RETURNING 1
) SELECT (SELECT count(*) FROM first) + (SELECT count(*) FROM later)
"""
FREE_TRAINERS = "DELETE FROM trainer_booking WHERE request_id = ANY($1)"
FREE_VENUES = "DELETE FROM venue_booking WHERE request_id = ANY($1)"
BOOK_TRAINERS = """
INSERT INTO trainer_booking (request_id, trainer_id, during, status, week, ordinal, ordinal_max)
SELECT request_id, trainer_id, tstzrange(starts_at, ends_at), status, week, ordinal, ordinal_max
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::date[], $7::int[], $8::int[])
  AS b (request_id, trainer_id, starts_at, ends_at, status, week, ordinal, ordinal_max) ORDER BY trainer_id, starts_at
"""
BOOK_VENUES = """
INSERT INTO venue_booking (request_id, venue_id, during, status)
SELECT request_id, venue_id, tstzrange(starts_at, ends_at), status
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[])
  AS b (request_id, venue_id, starts_at, ends_at, status) ORDER BY venue_id, starts_at
"""


async def save_sessions(conn: Connection, changes: Sequence[Change[Session]]) -> int:
    """Write these sessions and replace the bookings that follow from them; none where a version has moved."""
    written: int = await conn.fetchval(
        SAVE_SESSIONS,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.session_id for change in changes],
        [change.state.reference for change in changes],
        [change.state.stage for change in changes],
        [change.state.asked_at for change in changes],
        [_SESSION.dump_json(change.state).decode() for change in changes],
    )
    if written == len(changes):
        await _replace_bookings(conn, [change.state for change in changes])
    return written


async def _replace_bookings(conn: Connection, sessions: Sequence[Session]) -> None:
    known = [session.request_id for session in sessions if session.rounds]  # no slot was ever held: nothing to free
    if not known:
        return
    await conn.execute(FREE_TRAINERS, known)
    await conn.execute(FREE_VENUES, known)
    booked_now = [
        _Booked(session.request_id, _STATUS[session.stage], session.held)
        for session in sessions
        if session.held is not None and session.stage in _STATUS
    ]
    if booked_now:
        await _book_trainers(conn, booked_now)
        await _book_venues(conn, booked_now)


async def _book_trainers(conn: Connection, rows: Sequence[_Booked]) -> None:
    pairs = [(row, trainer) for row in rows for trainer in row.held.trainers]
    await conn.execute(
        BOOK_TRAINERS,
        [row.request_id for row, _ in pairs],
        [trainer.trainer_id for _, trainer in pairs],
        [row.during.start for row, _ in pairs],
        [row.during.end for row, _ in pairs],
        [row.status for row, _ in pairs],
        [trainer.week for _, trainer in pairs],
        [trainer.ordinal for _, trainer in pairs],
        [trainer.ordinal_max for _, trainer in pairs],
    )


async def _book_venues(conn: Connection, rows: Sequence[_Booked]) -> None:
    await conn.execute(
        BOOK_VENUES,
        [row.request_id for row in rows],
        [row.held.slot.place.venue_id for row in rows],
        [row.during.start for row in rows],
        [row.during.end for row in rows],
        [row.status for row in rows],
    )


WITHOUT_SLOT = "SELECT request_id FROM session WHERE stage IN ('seeking', 'waiting') ORDER BY asked_at, request_id"


async def sessions_without_slot(conn: Connection) -> tuple[UUID, ...]:
    """The requests that look or wait for a slot, the oldest first."""
    return tuple(row["request_id"] for row in await conn.fetch(WITHOUT_SLOT))


BY_REFERENCE = "SELECT request_id FROM session WHERE reference = $1 ORDER BY asked_at DESC LIMIT 1"


async def request_of(conn: Connection, reference: str) -> UUID | None:
    """The request with this reference."""
    request_id: UUID | None = await conn.fetchval(BY_REFERENCE, reference)
    return request_id


ALL_SESSIONS = """
SELECT body FROM session WHERE $1::text IS NULL OR stage = $1 ORDER BY asked_at DESC, request_id LIMIT $2
"""


async def all_sessions(conn: Connection, stage: str | None, limit: int) -> list[Session]:
    """The newest sessions, of one stage or of all."""
    return [session_in(row) for row in await conn.fetch(ALL_SESSIONS, stage, limit)]


UPCOMING = """
SELECT s.reference FROM trainer_booking b JOIN session s USING (request_id)
WHERE b.trainer_id = $1 AND b.status IN ('held', 'confirmed') ORDER BY b.during
"""


async def upcoming(conn: Connection, trainer_id: UUID) -> list[str]:
    """References of the sessions that still count on this trainer."""
    return [row["reference"] for row in await conn.fetch(UPCOMING, trainer_id)]


TRAINERS_TAKEN = """
SELECT trainer_id, lower(during) AS starts_at, upper(during) AS ends_at, status, week, ordinal
FROM trainer_booking WHERE trainer_id = ANY($1) AND week BETWEEN $2 AND $3
"""
VENUES_TAKEN = """
SELECT venue_id, lower(during) AS starts_at, upper(during) AS ends_at FROM venue_booking
WHERE status IN ('held', 'confirmed') AND upper(during) > $1 AND lower(during) < $2
"""


async def trainers_taken(conn: Connection, trainers: Sequence[UUID], first: date, last: date) -> list[Record]:
    """The bookings of these trainers in the weeks whose Mondays lie between two dates."""
    rows: list[Record] = await conn.fetch(TRAINERS_TAKEN, trainers, first, last)
    return rows


async def venues_taken(conn: Connection, inside: Span) -> list[Record]:
    """The bookings of all venues that touch this time."""
    rows: list[Record] = await conn.fetch(VENUES_TAKEN, inside.start, inside.end)
    return rows
