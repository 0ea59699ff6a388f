"""Putting a database back to an older state, so that nobody takes its next records for ones they had.

Its numbers go on under a new stream, which names the one it follows. What was erased since the backup is erased again. The
groups it reads with forget how far they came, so that it reads again what it has forgotten; watermarks drop the rest.
"""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from upstream_runtime import store_life
from upstream_runtime.store import Partition
from upstream_runtime.streams import Ended, Streams
from upstream_schemas.topics import consumer_groups
from upstream_stack import backups, erasures
from upstream_stack.database_setup import Connection, connect_as_admin
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import ANSWER_SECONDS, admin_client, own_config
from upstream_stack.processes import Service
from upstream_stack.rights import ADMIN
from upstream_stack.settings import Target

_GROUP_SECONDS = 30.0
_PAUSE_SECONDS = 0.5


async def put_back(target: Target, row: Service, folder: Path) -> str:
    """Put a service's database back, in one transaction; the service must not run. Says what was done."""
    manifest = backups.read_manifest(folder, row)
    await asyncio.to_thread(_forget_positions, target, row)  # costs nothing where the rest fails: they are hints
    connection = await connect_as_admin(target.layout, target.ports, row.database)
    try:
        async with connection.transaction():
            replaced = await store_life.streams(connection)
            erased = await erasures.erased_now(connection, row.name)
            await backups.put_back(connection, row, folder, manifest)
            await _begin_stream(connection, row, replaced)
            await erasures.erase_again(connection, row.name, erased, manifest.owners)
    finally:
        await connection.close()
    return f"as it was at {manifest.taken_at}, {len(manifest.tables)} tables"


async def _begin_stream(connection: Connection, row: Service, replaced: Streams) -> None:
    """The stream of the backup ends with its last number, and with it those that were begun since, none of whose numbers count."""
    restored = await store_life.streams(connection)
    counters = await store_life.counters(connection)
    line = [*replaced.ended, Ended(replaced.current, {})]
    if row.name in erasures.APART and restored.current not in {ended.stream for ended in line}:
        why = "the database that is there now has no history with it, so nobody knows whose keys were destroyed since"
        raise Trouble(f"{row.name} cannot be put back to this", why, command("backup", row.name))
    await store_life.begin_stream(connection)
    for stream in _begun_since(line, restored, counters):
        await store_life.end_stream(connection, stream, counters)


def _begun_since(line: list[Ended], restored: Streams, counters: dict[Partition, int]) -> list[str]:
    """The streams that the replaced database began after the backup. Trouble where its readers left the backup's line before."""
    known = {restored.current, *(ended.stream for ended in restored.ended)}
    begun = []
    for before, ended in pairwise(line):
        if ended.stream not in known:
            if any(before.last.get(place, 0) < n for place, n in counters.items()):
                why = "an older one was put back after it was taken, and readers went on from that one"
                raise Trouble("This backup was given up", why, command("restore", "--help"))
            begun.append(ended.stream)
    return begun


def _forget_positions(target: Target, row: Service) -> None:
    """How far its groups came is the broker's hint alone.

    A broker that has only just started does not know its groups yet, and takes members that are gone for present.
    """
    admin = admin_client(own_config(target.layout, target.ports, ADMIN))
    deadline = time.monotonic() + _GROUP_SECONDS
    for group in consumer_groups(row.name):
        while (refusal := _removed(admin, group)) is not None:
            if time.monotonic() > deadline:
                raise Trouble(
                    f"Group {group} cannot be removed", f"the broker says {refusal.name()}", command("logs", "kafka")
                )
            time.sleep(_PAUSE_SECONDS)


def _removed(admin: AdminClient, group: str) -> KafkaError | None:
    """Why a group could not be removed; None where it is gone."""
    try:
        admin.delete_consumer_groups([group])[group].result(ANSWER_SECONDS)
    except KafkaException as refusal:
        error: KafkaError = refusal.args[0]
        return None if error.code() == KafkaError.GROUP_ID_NOT_FOUND else error
    return None
