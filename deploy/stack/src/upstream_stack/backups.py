"""Backups of one process's database: every table as PostgreSQL's COPY writes it, taken at one moment while everything runs.

A backup fits the version of the service that made it. It holds no keys that stand in a table of their own (`erasures`).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from upstream_stack import erasures
from upstream_stack.clock import now
from upstream_stack.database_setup import Connection, connect_as_admin
from upstream_stack.errors import Trouble, command
from upstream_stack.private_files import write_private
from upstream_stack.processes import Service
from upstream_stack.settings import Target

AGE_MAX: Final = timedelta(days=7)  # what a topic no longer holds, a database that was put back cannot read again
_MANIFEST = "manifest.json"
_OF_THE_SERVER = {"public.migration"}
Migrations = list[list[str]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is: of which process, when, made by which version, and whose keys there were."""

    process: str
    taken_at: str
    migrations: Migrations
    tables: list[str]
    owners: dict[str, list[str]]


async def take(target: Target, row: Service, folder: Path) -> Manifest:
    """Write a backup of a service's database into an empty folder."""
    connection = await connect_as_admin(target.layout, target.ports, row.database)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            kept = await tables(connection, row)
            found = Manifest(
                row.name, now().isoformat(), await migrations(connection), kept, await erasures.owners(connection, row.name)
            )
            for table in kept:
                query = f"SELECT {', '.join(await columns(connection, table))} FROM {table}"  # noqa: S608 - names of our own tables
                await connection.copy_from_query(query, output=folder / table, format="binary")
    finally:
        await connection.close()
    write_private(folder / _MANIFEST, json.dumps(asdict(found), indent=2))
    return found


def read_manifest(folder: Path, row: Service) -> Manifest:
    """What lies in a folder. Trouble where that is no backup of this service, or too old a one."""
    try:
        found = Manifest(**json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
        age = now() - datetime.fromisoformat(found.taken_at)
    except (OSError, ValueError, TypeError) as failure:
        raise Trouble(f"{folder} is no backup", type(failure).__name__, command("backup", row.name)) from None
    if found.process != row.name:
        raise Trouble(
            f"{folder} is no backup of {row.name}", f"it is one of {found.process}", command("restore", found.process)
        )
    if age < timedelta(0):
        raise Trouble(f"{folder} was taken in the future", found.taken_at, command("backup", row.name))
    if age > AGE_MAX:
        why = f"it is {age.days} days old, and topics keep no more than {AGE_MAX.days} days of what happened since"
        raise Trouble("This backup is too old", why, command("backup", row.name))
    return found


async def put_back(connection: Connection, row: Service, folder: Path, manifest: Manifest) -> None:
    """Replace what stands in the tables by what a backup holds, inside the caller's transaction. Keys apart stay as they are."""
    if await migrations(connection) != manifest.migrations:
        why = "the database has other migrations than when the backup was taken"
        raise Trouble("This backup is of another version", why, command("backup", row.name))
    if await tables(connection, row) != list(manifest.tables):
        raise Trouble(
            "This backup does not hold the tables of this version", "its manifest names others", command("backup", row.name)
        )
    await connection.execute("SET LOCAL session_replication_role = replica")  # no checks between tables, no triggers
    for table in manifest.tables:
        await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    for table in manifest.tables:
        schema, _, name = table.partition(".")
        fields = await columns(connection, table)
        await connection.copy_to_table(name, schema_name=schema, columns=fields, source=folder / table, format="binary")
    await _move_sequences(connection, manifest.tables)


async def tables(connection: Connection, row: Service) -> list[str]:
    """Every table that a backup holds."""
    rows = await connection.fetch(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'runtime') ORDER BY 1"
    )
    apart = {f"public.{table.table}" for table in erasures.APART.get(row.name, ())}
    return [name for (name,) in rows if name not in apart | _OF_THE_SERVER]


async def columns(connection: Connection, table: str) -> list[str]:
    """Its columns in order, without those that the server works out."""
    rows = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        table,
    )
    return [name for (name,) in rows]


async def migrations(connection: Connection) -> Migrations:
    """What made the database what it is."""
    return [list(row) for row in await connection.fetch("SELECT package, name, hash FROM migration ORDER BY 1, 2")]


async def _move_sequences(connection: Connection, names: Sequence[str]) -> None:
    for table in names:
        for column in await columns(connection, table):
            sequence = await connection.fetchval("SELECT pg_get_serial_sequence($1, $2)", table, column)
            if sequence is not None:
                last = await connection.fetchval(f"SELECT coalesce(max({column}), 0) FROM {table}")  # noqa: S608 - the same
                await connection.execute("SELECT setval($1::text::regclass, $2::bigint, false)", sequence, last + 1)
