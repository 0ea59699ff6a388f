"""Trainers and venues in the database. Every statement in view; nothing is decided here.

What names a trainer stands in `contact` only, encrypted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID, uuid5

from asyncpg import Connection, Record
from pydantic import TypeAdapter

from upstream_runtime.wiring import Change, Stored
from upstream_scheduler.model import Trainer, Venue

_TRAINER: Final = TypeAdapter(Trainer)
_VENUE: Final = TypeAdapter(Venue)
_NAMES: Final = UUID("5c4ed01e-0000-8000-8000-000000000002")


def trainer_id(slug: str) -> UUID:
    """The key of a trainer, by the short name that staff use. The name must not tell who it is."""
    return uuid5(_NAMES, f"trainer/{slug}")


def venue_id(code: str) -> UUID:
    """The key of a venue, by its code."""
    return uuid5(_NAMES, f"venue/{code}")


async def load_trainers(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Trainer]]:
    """The trainers with these ids."""
    rows = await conn.fetch(
        "SELECT trainer_id, version, contact, person_key, body FROM trainer WHERE trainer_id = ANY($1)", keys
    )
    return {row["trainer_id"]: Stored(row["version"], _trainer_in(row)) for row in rows}


async def all_trainers(conn: Connection) -> list[Trainer]:
    """Everybody on the roster, by short name."""
    return [_trainer_in(row) for row in await conn.fetch("SELECT contact, person_key, body FROM trainer ORDER BY slug")]


async def trainers_for(conn: Connection, topic: str) -> tuple[Trainer, ...]:
    """Active trainers who train this topic."""
    rows = await conn.fetch(
        "SELECT contact, person_key, body FROM trainer WHERE active AND $1 = ANY(skills) ORDER BY trainer_id", topic
    )
    return tuple(_trainer_in(row) for row in rows)


def _trainer_in(row: Record) -> Trainer:
    return replace(_TRAINER.validate_json(row["body"]), contact=row["contact"], person_key=row["person_key"])


SAVE_TRAINERS = """
WITH change AS (
  SELECT c.*, ARRAY(SELECT jsonb_array_elements_text(c.body -> 'skills')) AS skills
  FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::bool[], $6::text[], $7::text[], $8::jsonb[])
    AS c (trainer_id, loaded, version, slug, active, contact, person_key, body)
), first AS (
  INSERT INTO trainer (trainer_id, version, slug, active, skills, contact, person_key, body)
  SELECT trainer_id, version, slug, active, skills, contact, person_key, body FROM change WHERE loaded = 0
  ORDER BY trainer_id
  ON CONFLICT (trainer_id) DO NOTHING RETURNING 1
), later AS (
  UPDATE trainer t SET version = change.version, active = change.active, skills = change.skills,
    contact = change.contact, person_key = change.person_key, body = change.body
  FROM change JOIN (SELECT trainer_id FROM trainer WHERE trainer_id = ANY($1) ORDER BY trainer_id FOR UPDATE) AS held
    USING (trainer_id)
  WHERE t.trainer_id = change.trainer_id AND change.loaded > 0 AND t.version = change.loaded RETURNING 1
) SELECT (SELECT count(*) FROM first) + (SELECT count(*) FROM later)
"""


async def save_trainers(conn: Connection, changes: Sequence[Change[Trainer]]) -> int:
    """Write these trainers."""
    plain = [replace(change.state, contact=None, person_key=None) for change in changes]
    written: int = await conn.fetchval(
        SAVE_TRAINERS,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.slug for change in changes],
        [change.state.active for change in changes],
        [change.state.contact for change in changes],
        [change.state.person_key for change in changes],
        [_TRAINER.dump_json(trainer).decode() for trainer in plain],
    )
    return written


async def load_venues(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Venue]]:
    """The venues with these ids."""
    rows = await conn.fetch("SELECT venue_id, version, body FROM venue WHERE venue_id = ANY($1)", keys)
    return {row["venue_id"]: Stored(row["version"], _VENUE.validate_json(row["body"])) for row in rows}


async def active_venues(conn: Connection) -> tuple[Venue, ...]:
    """All venues in use."""
    rows = await conn.fetch("SELECT body FROM venue WHERE active ORDER BY venue_id")
    return tuple(_VENUE.validate_json(row["body"]) for row in rows)


SAVE_VENUES = """
WITH change AS (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::bool[], $6::jsonb[])
    AS change (venue_id, loaded, version, code, active, body)
), first AS (
  INSERT INTO venue (venue_id, version, code, active, body)
  SELECT venue_id, version, code, active, body FROM change WHERE loaded = 0 ORDER BY venue_id
  ON CONFLICT (venue_id) DO NOTHING RETURNING 1
), later AS (
  UPDATE venue v SET version = change.version, active = change.active, body = change.body
  FROM change JOIN (SELECT venue_id FROM venue WHERE venue_id = ANY($1) ORDER BY venue_id FOR UPDATE) AS held
    USING (venue_id)
  WHERE v.venue_id = change.venue_id AND change.loaded > 0 AND v.version = change.loaded RETURNING 1
) SELECT (SELECT count(*) FROM first) + (SELECT count(*) FROM later)
"""


async def save_venues(conn: Connection, changes: Sequence[Change[Venue]]) -> int:
    """Write these venues."""
    written: int = await conn.fetchval(
        SAVE_VENUES,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.code for change in changes],
        [change.state.active for change in changes],
        [_VENUE.dump_json(change.state).decode() for change in changes],
    )
    return written
