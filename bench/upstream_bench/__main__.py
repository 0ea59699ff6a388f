"""Started by the yardsticks' runner: takes its settings from BENCH_…, prepares the database, and serves."""

import os
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import uvloop

from upstream_bench.app import wiring
from upstream_runtime import log
from upstream_runtime.run import prepare, serve
from upstream_runtime.settings import Settings


def settings() -> Settings:
    """The runner's database trusts everybody and its broker asks for nothing."""
    secrets = Path(mkdtemp())
    (secrets / "database-password").write_text("none")
    return Settings(
        process="bench", kafka=os.environ["BENCH_KAFKA"], database=os.environ["BENCH_PG_DSN"], secrets=secrets, port=0,
        public_url="http://127.0.0.1", clock=None, more={"UPSTREAM_KAFKA_SECURITY": "none"},
    )  # fmt: skip


async def forget_last_lap(database: str) -> None:
    """The runner wipes schema public before each lap, and knows of no other."""
    conn = await asyncpg.connect(database)
    if await conn.fetchval("SELECT to_regclass('public.migration') IS NULL"):
        await conn.execute("DROP SCHEMA IF EXISTS runtime CASCADE")
    await conn.close()


async def main() -> None:
    found = settings()
    await forget_last_lap(found.database)
    await prepare(found, "upstream_bench")
    await serve(found, wiring(found))


if __name__ == "__main__":
    log.configure("bench")
    uvloop.run(main())
