"""The services' databases, read by roles that do not write them."""

import asyncio
from typing import Any

import asyncpg

from upstream_stack.processes import SERVICES
from upstream_stack.stack import Stack


def rows(stack: Stack, process: str, query: str, *arguments: Any) -> list[Any]:
    """What a query finds in the database of a process, as its reader."""

    async def read() -> list[Any]:
        connection = await asyncpg.connect(stack.database_dsn(process, "reader"))
        try:
            found: list[Any] = await connection.fetch(query, *arguments)
            return found
        finally:
            await connection.close()

    return asyncio.run(read())


def every_row(stack: Stack) -> list[tuple[str, str, str]]:
    """(process, table, row as text) of every row of every table that any service has, bytes in hexadecimal."""
    found = []
    for service in SERVICES:
        tables = rows(
            stack,
            service.name,
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
        )
        for schema, table in tables:
            for (text,) in rows(stack, service.name, f'SELECT t::text FROM "{schema}"."{table}" AS t'):
                found.append((service.name, f"{schema}.{table}", text))
    return found
