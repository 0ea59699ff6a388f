"""Referrals in the database, with the keys that belong to them. Every statement in view; nothing is decided or opened here.

Keys stand in tables of their own. Which of them go follows from the state that is saved: what no longer stands in it is
deleted in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Connection, Record
from pydantic import TypeAdapter

from upstream_referral.outreach.model import NOBODY, ContentKey, Locked, Person, Referral
from upstream_runtime.wiring import Change, Stored

_REFERRAL: Final = TypeAdapter(Referral)
WAITING_MAX: Final = 500
UNMET_SHOWN: Final = timedelta(days=14)

_ROW = """
    SELECT r.referral_id, r.version, r.details, r.contact, r.body, p.details_key, p.contact_key,
           ARRAY(SELECT k.offer_id FROM content_key AS k WHERE k.referral_id = r.referral_id ORDER BY k.offer_id) AS offer_ids,
           ARRAY(SELECT k.key FROM content_key AS k WHERE k.referral_id = r.referral_id ORDER BY k.offer_id) AS content_keys
      FROM referral AS r LEFT JOIN person_key AS p ON p.owner_id = r.referral_id
"""


async def load_referrals(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Referral]]:
    """Referrals by id; ids without one are left out."""
    rows = await conn.fetch(_ROW + "WHERE r.referral_id = ANY($1::uuid[])", list(keys))
    return {row["referral_id"]: Stored(row["version"], _referral(row)) for row in rows}


async def referral_by_page(conn: Connection, page_hash: str) -> Referral | None:
    """The referral whose page has this hash of its secret."""
    row = await conn.fetchrow(_ROW + "WHERE r.page_hash = $1 ORDER BY r.referral_id LIMIT 1", page_hash)
    return None if row is None else _referral(row)


async def referrals_waiting(conn: Connection, now: datetime) -> list[Referral]:
    """What a coordinator may look after: hand-offs that are late before everything else, then unmet, then open choices."""
    rows = await conn.fetch(
        _ROW
        + """
        WHERE (r.stage IN ('choosing', 'unmet') OR r.late IS NOT NULL) AND (r.stage <> 'unmet' OR r.since > $1)
        ORDER BY r.late IS NULL, r.stage = 'choosing', r.since, r.referral_id LIMIT $2
        """,
        now - UNMET_SHOWN,
        WAITING_MAX,
    )
    return [_referral(row) for row in rows]


async def referral_ids(conn: Connection, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
    """The referrals behind the ids that providers know them by."""
    rows = await conn.fetch("SELECT offer_id, referral_id FROM offer WHERE offer_id = ANY($1::uuid[])", list(ids))
    return {row["offer_id"]: row["referral_id"] for row in rows}


async def save_referrals(conn: Connection, changes: Sequence[Change[Referral]]) -> int:
    """Write each referral whose row still has the version that was loaded, and its keys. Returns how many."""
    written = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                                 $8::text[], $9::text[], $10::jsonb[])
                AS c (referral_id, loaded, version, page_hash, stage, late, since, details, contact, body)
        ), inserted AS (
            INSERT INTO referral (referral_id, version, page_hash, stage, late, since, details, contact, body)
            SELECT referral_id, version, page_hash, stage, late, since, details, contact, body
              FROM c WHERE loaded = 0 ORDER BY referral_id
            ON CONFLICT (referral_id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE referral AS r
               SET version = c.version, page_hash = c.page_hash, stage = c.stage, late = c.late, since = c.since,
                   details = c.details, contact = c.contact, body = c.body
              FROM c JOIN (SELECT referral_id FROM referral WHERE referral_id = ANY($1) ORDER BY referral_id FOR UPDATE) AS held
                       USING (referral_id)
             WHERE r.referral_id = c.referral_id AND r.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.page_hash for change in changes],
        [change.state.stage for change in changes],
        [change.state.late for change in changes],
        [change.state.since for change in changes],
        [_text(change.state.person.details) for change in changes],
        [_text(change.state.person.contact) for change in changes],
        [_REFERRAL.dump_json(replace(change.state, person=NOBODY, content_keys=())).decode() for change in changes],
    )
    if written == len(changes):
        referrals = [change.state for change in changes]
        await _save_person_keys(conn, referrals)
        await _save_offers(conn, referrals)
        await _save_content_keys(conn, referrals)
    return int(written)


async def _save_person_keys(conn: Connection, referrals: Sequence[Referral]) -> None:
    kept = [referral for referral in referrals if referral.person != NOBODY]
    await conn.execute(
        """
        INSERT INTO person_key (owner_id, details_key, contact_key)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) ON CONFLICT (owner_id) DO NOTHING
        """,
        [referral.referral_id for referral in kept],
        [_key(referral.person.details) for referral in kept],
        [_key(referral.person.contact) for referral in kept],
    )
    nobody = [referral.referral_id for referral in referrals if referral.person == NOBODY]
    await conn.execute("DELETE FROM person_key WHERE owner_id = ANY($1::uuid[])", nobody)


async def _save_offers(conn: Connection, referrals: Sequence[Referral]) -> None:
    pairs = [
        (consent.offer.offer_id, referral.referral_id)
        for referral in referrals
        for consent in referral.consents
        if consent.offer is not None
    ]
    await conn.execute(
        "INSERT INTO offer (offer_id, referral_id) SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT (offer_id) DO NOTHING",
        [offer_id for offer_id, _ in pairs],
        [referral_id for _, referral_id in pairs],
    )


async def _save_content_keys(conn: Connection, referrals: Sequence[Referral]) -> None:
    kept = [(key, referral.referral_id) for referral in referrals for key in referral.content_keys]
    await conn.execute(
        "DELETE FROM content_key WHERE referral_id = ANY($1::uuid[]) AND offer_id <> ALL($2::uuid[])",
        [referral.referral_id for referral in referrals],
        [key.offer_id for key, _ in kept],
    )
    await conn.execute(
        """
        INSERT INTO content_key (offer_id, referral_id, key)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) ON CONFLICT (offer_id) DO NOTHING
        """,
        [key.offer_id for key, _ in kept],
        [referral_id for _, referral_id in kept],
        [key.key for key, _ in kept],
    )


def _referral(row: Record) -> Referral:
    pairs = zip(row["offer_ids"], row["content_keys"], strict=True)
    person = Person(_locked(row["details_key"], row["details"]), _locked(row["contact_key"], row["contact"]))
    keys = tuple(ContentKey(offer_id, key) for offer_id, key in pairs)
    return replace(_REFERRAL.validate_json(row["body"]), person=person, content_keys=keys)


def _locked(key: str | None, text: str | None) -> Locked | None:
    """A text without its key is nothing."""
    return None if key is None or text is None else Locked(key, text)


def _text(locked: Locked | None) -> str | None:
    return None if locked is None else locked.text


def _key(locked: Locked | None) -> str | None:
    return None if locked is None else locked.key
