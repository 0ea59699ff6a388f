"""Migrations: numbered SQL files, each applied once, in order, in one transaction, by the database's owner."""

from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from asyncpg import Connection

LOCK = 7_153_001
LEDGER = """
CREATE TABLE IF NOT EXISTS migration (
  package text NOT NULL, name text NOT NULL, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (package, name)
)
"""


class ChangedMigrationError(Exception):
    """A migration that was applied before has another text now. Names it."""


async def migrate(conn: Connection, packages: tuple[str, ...]) -> list[str]:
    """Apply what is not applied yet, the engine's own first. Returns the names of the new ones."""
    fresh = []
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await conn.execute(LEDGER)
        known = {(p, n): h for p, n, h in await conn.fetch("SELECT package, name, hash FROM migration")}
        for package in packages:
            for file in _files(package):
                text = file.read_text()
                mark = sha256(text.encode()).hexdigest()
                if known.get((package, file.name), mark) != mark:
                    raise ChangedMigrationError(f"{package} {file.name}")
                if (package, file.name) not in known:
                    await conn.execute(text)
                    await conn.execute("INSERT INTO migration VALUES ($1, $2, $3)", package, file.name, mark)
                    fresh.append(file.name)
    return fresh


def _files(package: str) -> list[Traversable]:
    folder = files(package) / "migrations"
    return sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
