"""The process's connections to its database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from asyncpg import Connection, Pool


@asynccontextmanager
async def connection(pool: Pool) -> AsyncIterator[Connection]:
    """One connection of the pool, as the type that stores work with (the pool lends a stand-in for it)."""
    async with pool.acquire() as lent:
        yield cast("Connection", lent)
