"""Row D5: the disk of the database server, or of the broker, is full. Needs a world of little room."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import asyncpg

from faults.journal import wall
from faults.lap import Lap
from faults.little_room import LittleRoom
from faults.pipeline import PROCESSES
from faults.world import PART_SECONDS
from upstream_stack.database_setup import Connection

FULL_SECONDS: Final = 12.0  # longer than an alert may take
KNOWN_AFTER_SECONDS: Final = 6.0
LOG_FILES_MAX: Final = 40  # more than a server keeps for later
# Who must write says so. Where the server gives up, everybody does.
SAYS: Final = {
    "postgres": ["database.unreachable", "relay.interrupted"],
    "kafka": ["broker.unreachable", "relay.interrupted", "partition.refused"],
}


async def database_disk_full(lap: Lap) -> None:
    """D5: nothing more can be written where the database lies. What fits into its pages still can be."""
    await _full(lap, "postgres", _nothing)


async def database_log_full(lap: Lap) -> None:
    """D5: not even the database server's own log gets its next file, so that it gives up."""
    conn = await lap.world.connection()  # on a full disk, it might let nobody in
    await _full(lap, "postgres", partial(_new_log_files, conn))
    conn.terminate()


async def broker_disk_full(lap: Lap) -> None:
    """D5: nothing more can be written where the broker's topics lie."""
    await _full(lap, "kafka", _nothing)


async def _nothing() -> None:
    return


async def _new_log_files(conn: Connection) -> None:
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        for _ in range(LOG_FILES_MAX):
            await conn.execute("SELECT pg_logical_emit_message(false, 'matrix', ''), pg_switch_wal()")


async def _full(lap: Lap, name: str, hasten: Callable[[], Awaitable[None]]) -> None:
    world = lap.world
    assert isinstance(world, LittleRoom), "only a lap with little room has this row"
    server = world.kafka if name == "kafka" else world.postgres
    gave_up: float | None = None
    world.fill(name)
    began, until = wall(), time.monotonic() + FULL_SECONDS
    try:
        await hasten()
        while time.monotonic() < until:
            world.fill(name)
            gave_up = gave_up or (None if server.lives else time.monotonic())
            await asyncio.sleep(0.2)
    finally:
        world.make_room(name)
    await _runs_again(world, name)
    known = gave_up is not None and until - gave_up > KNOWN_AFTER_SECONDS
    who = PROCESSES if known else ("a",)
    lap.injected("D5", began, kind=name, gave_up=gave_up is not None, alerts=dict.fromkeys(who, SAYS[name]))


async def _runs_again(world: LittleRoom, name: str) -> None:
    """Started again where it gave up, be it while it tries to come back by itself."""
    server, answers = (world.kafka, world.broker_answers) if name == "kafka" else (world.postgres, world.database_answers)
    async with asyncio.timeout(PART_SECONDS):
        while True:
            if not server.lives:
                server.start()
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    return await answers()
