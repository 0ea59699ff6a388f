"""All SQL of the enforcement side. Must not decide anything, and must not open what is locked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from asyncpg import Connection, Record
from pydantic import TypeAdapter

from upstream_referral.enforcement.model import Locked, Signature, Submission
from upstream_runtime.wiring import Change, Stored

_SUBMISSION: Final = TypeAdapter(Submission)
_SIGNATURES: Final = TypeAdapter(tuple[Signature, ...])
WAITING_MAX: Final = 500

_ROW: Final = """
    SELECT s.id, s.version, s.body, g.key, g.text,
           (SELECT coalesce(json_agg(json_build_object('role', n.role, 'account', n.account, 'word', n.word, 'at', n.at)
                                     ORDER BY n.at, n.word), '[]'::json)
              FROM signature AS n WHERE n.submission_id = s.id) AS signatures
      FROM submission AS s LEFT JOIN grounds AS g ON g.submission_id = s.id
"""


async def load_submissions(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Submission]]:
    """Submissions by id; ids without one are left out."""
    rows = await conn.fetch(_ROW + "WHERE s.id = ANY($1::uuid[])", list(keys))
    return {row["id"]: _stored(row) for row in rows}


async def submissions_waiting(conn: Connection, kinds: Sequence[str], agency: str | None) -> list[Submission]:
    """What of these kinds nobody has decided on to the end, longest first; of one agency, or of all (None)."""
    rows = await conn.fetch(
        _ROW
        + """
        WHERE s.ended IS NULL AND s.kind = ANY($1::text[]) AND ($2::text IS NULL OR s.agency = $2)
        ORDER BY s.received_at, s.id LIMIT $3
        """,
        list(kinds),
        agency,
        WAITING_MAX,
    )
    return [_stored(row).state for row in rows]


async def save_submissions(conn: Connection, changes: Sequence[Change[Submission]]) -> int:
    """Write each submission whose row still has the version that was loaded, with what belongs to it. Returns how many."""
    written = await conn.fetchval(
        """
        WITH c AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[])
                AS c (id, loaded, version, agency, kind, received_at, ended, body)
        ), inserted AS (
            INSERT INTO submission (id, version, agency, kind, received_at, ended, body)
            SELECT id, version, agency, kind, received_at, ended, body FROM c WHERE loaded = 0 ORDER BY id
            ON CONFLICT (id) DO NOTHING
            RETURNING 1
        ), updated AS (
            UPDATE submission AS s SET version = c.version, ended = c.ended, body = c.body
              FROM c JOIN (SELECT id FROM submission WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE) AS held USING (id)
             WHERE s.id = c.id AND s.version = c.loaded
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated)
        """,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [change.state.agency for change in changes],
        [change.state.kind for change in changes],
        [change.state.received_at for change in changes],
        [change.state.ended for change in changes],
        [_SUBMISSION.dump_json(replace(change.state, grounds=None, signatures=())).decode() for change in changes],
    )
    if written == len(changes):
        await _save_signatures(conn, [change.state for change in changes])
        await _save_grounds(conn, [change.state for change in changes])
    return int(written)


async def _save_signatures(conn: Connection, submissions: Sequence[Submission]) -> None:
    signed = [(submission.id, signature) for submission in submissions for signature in submission.signatures]
    if signed:
        await conn.execute(
            """
            INSERT INTO signature (submission_id, role, account, word, at)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
            ON CONFLICT (submission_id, role, word) DO NOTHING
            """,
            [key for key, _ in signed],
            [signature.role for _, signature in signed],
            [signature.account for _, signature in signed],
            [signature.word for _, signature in signed],
            [signature.at for _, signature in signed],
        )


async def _save_grounds(conn: Connection, submissions: Sequence[Submission]) -> None:
    kept = [(submission.id, submission.grounds) for submission in submissions if submission.grounds is not None]
    if kept:
        await conn.execute(
            """
            INSERT INTO grounds (submission_id, key, text) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
            ON CONFLICT (submission_id) DO NOTHING
            """,
            [key for key, _ in kept],
            [grounds.key for _, grounds in kept],
            [grounds.text for _, grounds in kept],
        )


def _stored(row: Record) -> Stored[Submission]:
    submission = _SUBMISSION.validate_json(row["body"])
    grounds = None if row["key"] is None else Locked(row["key"], row["text"])
    signatures = _SIGNATURES.validate_json(row["signatures"])
    return Stored(row["version"], replace(submission, grounds=grounds, signatures=signatures))
