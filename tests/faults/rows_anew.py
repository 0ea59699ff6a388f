"""Rows B4 and D4: a broker that lost everything is rebuilt, a database is put back to a backup. What the product does then is its own.

In the order that `upstream-stack rebuild-topics` and `upstream-stack restore` keep to, with the functions that they call.
"""

import asyncio
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException

from faults.journal import wall
from faults.lap import Lap
from faults.pipeline import PROCESSES
from faults.rows_broker import AWAY, KNOWN_AFTER_SECONDS
from upstream_runtime import store_life
from upstream_stack import backups, restore
from upstream_stack.kafka_access import ANSWER_SECONDS
from upstream_stack.processes import Service
from upstream_stack.settings import Target

GONE_SECONDS: Final = 15.0


async def wipe_broker(lap: Lap) -> None:
    """B4: killed with -9 under load, its data removed, formatted anew; everything that is kept goes out to it again."""
    world, began = lap.world, wall()
    await world.kafka.end(signal.SIGKILL)
    await asyncio.to_thread(shutil.rmtree, world.layout.kafka / "data")
    await asyncio.to_thread(world.prepare_brokers)
    world.kafka.start()
    await world.broker_answers()
    away = wall() - began
    cluster = str((await asyncio.to_thread(world.admin.describe_cluster().result)).cluster_id)
    for role in PROCESSES:
        conn = await world.connection(lap.database(role))
        await store_life.send_again(conn, cluster)
        await conn.close()
    await asyncio.gather(*(_end(lap, role) for role in PROCESSES))
    anew = wall()
    for role in PROCESSES:
        lap.launch(role)
    await asyncio.to_thread(lap.prepare_broker)
    assert lap.client is not None, "the client was never started"
    lap.client.send_signal(signal.SIGHUP)
    await lap.ready(*PROCESSES)
    lap.injected("B4", began, anew=anew, alerts=AWAY if away >= KNOWN_AFTER_SECONDS else {})


async def restore_database(lap: Lap, role: str) -> None:
    """D4: a process's database is put back to a backup of a few seconds before, and it goes on from there.

    What it had said since, its readers have and it has not: they say so.
    """
    row, target = Service(lap.principal(role), "", 0, lap.database(role), ()), Target(lap.world.layout, lap.world.ports)
    folder = Path(tempfile.mkdtemp(prefix=f"backup-{role}-", dir=lap.folder))
    began = wall()
    await backups.take(target, row, folder)
    await asyncio.sleep(lap.rng.uniform(2.0, 4.0))
    await lap.flowing("c", "passed", 20)
    await _end(lap, role)
    await asyncio.to_thread(_forget_partners, lap, role)
    await restore.put_back(target, row, folder)
    ahead = await _ahead(lap, role)
    lap.launch(role)
    await lap.ready(role)
    alerts = {reader: ["partition.set-back"] for reader in ahead}
    lap.injected("D4", began, process=role, since=wall(), alerts=alerts)
    await lap.flowing("c", "passed", 50)


def _forget_partners(lap: Lap, role: str) -> None:
    """The group that reads what partners ask is in no catalogue here, so the restore does not know of it."""
    group, deadline = f"{lap.principal(role)}.partners", time.monotonic() + GONE_SECONDS
    while role == "a":
        try:
            lap.world.admin.delete_consumer_groups([group])[group].result(ANSWER_SECONDS)
        except KafkaException:  # a static member is there until its session ends
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


async def _ahead(lap: Lap, role: str) -> list[str]:
    """The readers that have applied more than the database that was put back knows to have said."""
    conn = await lap.world.connection(lap.database(role))
    said = await store_life.counters(conn)
    await conn.close()
    found = []
    for reader in (other for other in PROCESSES if other != role):
        conn = await lap.world.connection(lap.database(reader))
        rows = await conn.fetch("SELECT topic, partition, n FROM runtime.watermark")
        await conn.close()
        if any(n > said.get((topic, partition), n) for topic, partition, n in rows):
            found.append(reader)
    return found


async def _end(lap: Lap, role: str) -> None:
    lap.running[role].tell_to_end()
    if not await lap.running[role].ended(GONE_SECONDS):
        lap.running[role].kill()
