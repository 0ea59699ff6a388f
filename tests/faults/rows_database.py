"""Rows D: the database server loses sessions, dies, stands in the way, and has no connection left."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from faults.journal import wall
from faults.lap import Lap
from faults.pipeline import PROCESSES

KNOWN_AFTER_SECONDS: Final = 6.0
CONNECTIONS_MAX: Final = 15  # of a service's role
AWAY: Final = {role: ["database.unreachable", "relay.interrupted"] for role in PROCESSES}
UNSERIALIZABLE: Final = """
CREATE FUNCTION unserializable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF random() < 0.3 THEN RAISE EXCEPTION 'of the matrix' USING ERRCODE = '40001'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER unserializable BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION unserializable();
"""
TERMINATE: Final = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1 AND random() < $2"


async def end_sessions(lap: Lap, role: str) -> None:
    """D1: sessions of one process are terminated, one or all of them."""
    began = wall()
    conn = await lap.world.connection()
    await conn.fetchval(TERMINATE, lap.database(role), lap.rng.choice((0.5, 1.0)))
    await conn.close()
    lap.injected("D1", began, process=role)


async def kill_server(lap: Lap) -> None:
    """D2: the postmaster is killed with -9."""
    await _away(lap, "D2", signal.SIGKILL)


async def stop_server_immediately(lap: Lap) -> None:
    """D3: an immediate stop: every session ends in the middle of what it does."""
    await _away(lap, "D3", signal.SIGQUIT)


async def _away(lap: Lap, row: str, number: signal.Signals) -> None:
    began, away = wall(), lap.rng.choice((0.0, 2.0, KNOWN_AFTER_SECONDS))
    server = lap.world.postgres
    await server.end(number)
    await asyncio.sleep(away)
    while server.running is None or server.running.poll() is not None:
        server.start()  # refused while a session of the killed one still holds its memory
        await asyncio.sleep(0.5)
    await lap.world.database_answers()
    lap.injected(row, began, alerts=AWAY if away >= KNOWN_AFTER_SECONDS else {})


async def sit_in_a_transaction(lap: Lap, role: str) -> None:
    """D6: a session holds the rows that every number comes from, and does nothing, until the server ends it."""
    began = wall()
    conn = await lap.world.connection(lap.database(role))
    try:
        await conn.execute("BEGIN")
        await conn.execute("UPDATE runtime.counter SET n = n")
        await asyncio.sleep(7)
    finally:
        conn.terminate()
    lap.injected("D6", began, process=role)


async def deadlock(lap: Lap, role: str) -> None:
    """D7: somebody takes the same rows in the opposite order."""
    began = wall()
    conn = await lap.world.connection(lap.database(role))
    try:
        for _ in range(3):
            try:
                async with conn.transaction():
                    await conn.execute("SELECT FROM runtime.watermark FOR UPDATE")
                    await asyncio.sleep(0.1)
                    await conn.execute("SELECT FROM account ORDER BY id DESC FOR UPDATE")
            except asyncpg.DeadlockDetectedError:
                continue
    finally:
        await conn.close()
    lap.injected("D7", began, process=role, kind="deadlock")


async def unserializable(lap: Lap, role: str) -> None:
    """D7: the server says of every third change that it cannot be serialized."""
    began = wall()
    conn = await lap.world.connection(lap.database(role))
    await conn.execute(UNSERIALIZABLE)
    await asyncio.sleep(2)
    await conn.execute("DROP TRIGGER unserializable ON account; DROP FUNCTION unserializable()")
    await conn.close()
    lap.injected("D7", began, process=role, kind="serialization")


async def no_connection_left(lap: Lap, role: str) -> None:
    """D7: every connection of a service's role is taken, and its own are ended."""
    began = wall()
    admin = await lap.world.connection()
    await admin.fetchval(TERMINATE, lap.database(role), 1.0)
    taken: list[asyncpg.Connection[asyncpg.Record]] = []
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        try:
            taken.append(await asyncpg.connect(lap.dsn(lap.database(role), role)))
        except (asyncpg.TooManyConnectionsError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.05)
    for conn in taken:
        conn.terminate()
    await admin.close()
    lap.injected("D7", began, process=role, kind="connections", taken=len(taken))


async def while_it_is_there(row: Callable[[Lap, str], Awaitable[None]], lap: Lap, role: str) -> None:
    """Inject one of these; where the server dies under it, that was another row's doing, and this one is not counted."""
    try:
        await row(lap, role)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        await asyncio.sleep(0.5)
        await lap.world.database_answers()
        conn = await lap.world.connection(lap.database(role))
        await conn.execute("DROP TRIGGER IF EXISTS unserializable ON account; DROP FUNCTION IF EXISTS unserializable()")
        await conn.close()
