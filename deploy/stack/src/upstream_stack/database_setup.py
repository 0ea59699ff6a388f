"""The databases and roles of the services, made once and kept. Creates no table: that is each service's migrations."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from string import Template
from typing import TypeAlias

import asyncpg

from upstream_stack.layout import DEPLOY, Layout, Ports
from upstream_stack.processes import POSTGRES, ROLES, SERVICES, Service, role_name, secrets_of
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import DATABASE_PASSWORD, read_secret

_ROLES = DEPLOY / "postgres" / "roles.sql"
_PRIVILEGES = DEPLOY / "postgres" / "privileges.sql"
_PAUSE_SECONDS = 0.05

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def wait_for_postgres(layout: Layout, ports: Ports) -> None:
    """Returns once the server answers a query; waits for ever, so give it a deadline."""
    while True:
        try:
            connection = await connect_as_admin(layout, ports)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            await connection.close()
            return


async def connect_as_admin(layout: Layout, ports: Ports, database: str = "postgres") -> Connection:
    """A connection of the one role that may do everything; the caller closes it."""
    return await asyncpg.connect(
        host=ports.host(POSTGRES),
        port=ports.postgres,
        user=ADMIN,
        password=read_secret(layout, ADMIN, DATABASE_PASSWORD),
        database=database,
    )


async def make_databases(layout: Layout, ports: Ports) -> int:
    """Makes what is missing, renews privileges and passwords from what is on file; the answer is how many databases there are."""
    async with _admin(layout, ports) as connection:
        for service in SERVICES:
            await _make_database(connection, service.database)
            await _set_passwords(connection, layout, service)
    for service in SERVICES:
        async with _admin(layout, ports, service.database) as connection, connection.transaction():
            for statement in _statements(_PRIVILEGES, service.database):
                await connection.execute(statement)
    return len(SERVICES)


@asynccontextmanager
async def _admin(layout: Layout, ports: Ports, database: str = "postgres") -> AsyncIterator[Connection]:
    connection = await connect_as_admin(layout, ports, database)
    try:
        yield connection
    finally:
        await connection.close()


async def _make_database(connection: Connection, database: str) -> None:
    """Roles first; a start that ended between roles and database leaves roles that own nothing, so they are made again."""
    if await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
        return
    for role in ROLES:
        await connection.execute(f"DROP ROLE IF EXISTS {role_name(database, role)}")
    for statement in _statements(_ROLES, database):
        await connection.execute(statement)


async def _set_passwords(connection: Connection, layout: Layout, service: Service) -> None:
    for role in ROLES:
        password = read_secret(layout, secrets_of(service.name, role), DATABASE_PASSWORD)
        statement = await connection.fetchval(
            "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)",
            role_name(service.database, role),
            password,
        )
        await connection.execute(statement)


def _statements(path: Path, database: str) -> list[str]:
    text = Template(path.read_text(encoding="utf-8")).substitute(DATABASE=database)
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [statement for statement in map(str.strip, "\n".join(lines).split(";")) if statement]
