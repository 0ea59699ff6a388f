"""What was erased stays erased when a database is put back: which rows hold people's keys, and how a restore leaves them out.

Keys of tables in `APART` are in no backup: a restore keeps those that the database has now, of the people it knew then. What
other tables erased in place since the backup is erased again. Bodies that were blanked in the outbox are blanked again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from upstream_runtime import store_life
from upstream_schemas.topics import CATALOGUE
from upstream_stack.database_setup import Connection


@dataclass(frozen=True, slots=True)
class Apart:
    """A table of people's keys, and the column that says whose."""

    table: str
    owner: str


@dataclass(frozen=True, slots=True)
class InPlace:
    """A table whose rows are erased where they stand: which ones are, and how that is done."""

    table: str
    owner: str
    erased: str
    erase: str


APART: Final[Mapping[str, tuple[Apart, ...]]] = {
    "intake": (Apart("person", "request_id"),),
    "referral-outreach": (Apart("person_key", "owner_id"), Apart("content_key", "offer_id")),
}
_CONTACTS = InPlace("contact", "id", "erased", "locked = '', sealed_key = '', erased = true")
IN_PLACE: Final[Mapping[str, tuple[InPlace, ...]]] = {
    "scheduler": (InPlace("trainer", "trainer_id", "person_key IS NULL", "contact = NULL, person_key = NULL"),),
    "notifier-public": (_CONTACTS,),
    "notifier-outreach": (_CONTACTS,),
}


@dataclass(frozen=True, slots=True)
class Erased:
    """What a database has erased, as far as a backup of it could bring it back."""

    in_place: Mapping[InPlace, Sequence[UUID]]
    blanked: Sequence[tuple[str, int, int]]
    keys: Sequence[tuple[str, int, bytes]]


async def owners(connection: Connection, process: str) -> dict[str, list[str]]:
    """Whose keys there are, table by table; never a key."""
    return {
        apart.table: [str(row[0]) for row in await connection.fetch(f"SELECT {apart.owner} FROM {apart.table}")]  # noqa: S608
        for apart in APART.get(process, ())
    }


async def erased_now(connection: Connection, process: str) -> Erased:
    """What the database that is about to be replaced has erased."""
    in_place = {
        row: [found[0] for found in await connection.fetch(f"SELECT {row.owner} FROM {row.table} WHERE {row.erased}")]  # noqa: S608
        for row in IN_PLACE.get(process, ())
    }
    blanked = await connection.fetch("SELECT topic, partition, n FROM runtime.outbox WHERE value IS NULL")
    keys = await connection.fetch(_TOMBSTONES, await _compacted(connection))
    return Erased(in_place, [tuple(row) for row in blanked], [tuple(row) for row in keys])


_TOMBSTONES = """
SELECT topic, partition, key FROM (
  SELECT DISTINCT ON (topic, partition, key) topic, partition, key, value FROM runtime.outbox WHERE topic = ANY($1)
  ORDER BY topic, partition, key, n DESC
) AS last WHERE value IS NULL
"""


async def _compacted(connection: Connection) -> list[str]:
    names = await store_life.written_topics(connection)
    topics = [topic for topic in CATALOGUE if topic.compacted]
    return [name for name in names if any(topic.holds(name) for topic in topics)]


async def erase_again(connection: Connection, process: str, erased: Erased, known: Mapping[str, Sequence[str]]) -> None:
    """Erase in the database that was put back what was erased since, and drop keys of people whom the backup did not know."""
    for row, ids in erased.in_place.items():
        await connection.execute(f"UPDATE {row.table} SET {row.erase} WHERE {row.owner} = ANY($1)", ids)  # noqa: S608
    for apart in APART.get(process, ()):
        ids = [UUID(owner) for owner in known.get(apart.table, ())]
        await connection.execute(f"DELETE FROM {apart.table} WHERE {apart.owner} <> ALL($1)", ids)  # noqa: S608
    await connection.executemany(
        "UPDATE runtime.outbox SET value = NULL WHERE topic = $1 AND partition = $2 AND n = $3", erased.blanked
    )
    await connection.executemany(
        "UPDATE runtime.outbox SET value = NULL WHERE topic = $1 AND partition = $2 AND key = $3", erased.keys
    )
