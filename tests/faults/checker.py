"""The checker: a process of its own, with a database role that can only read and a Kafka principal that can only read.

`python -m faults.checker <lap folder>` waits until everything is applied, reads all there is, and prints one JSON line with
the violations of each invariant. Imports nothing of the product.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import asyncpg
from confluent_kafka import Consumer, KafkaException, TopicPartition

from faults.evidence import Evidence, base_of, lap_of, logs_of, read_topics
from faults.invariants import INVARIANTS, effects, outcomes, said_again
from faults.journal import Line, read, wall

SHOWN_MAX: Final = 5
APPLIED: Final = (("a", "asked"), ("b", "moved"), ("c", "passed"))  # where each kind of event is counted, once
STILL: Final = "SELECT topic, partition, n FROM runtime."
NEVER: Final = 9999.0
HEARD: Final = "SELECT topic, n FROM runtime.watermark WHERE stream = $1"  # of outside topics, the stream is the cluster


async def quiet(lap: Line, patience: float) -> float:
    """Wait until every record is applied, said and sent; seconds since healing. NEVER where patience ended first."""
    deadline = time.monotonic() + patience
    config = lap["kafka"]["checker"]
    ends = Consumer({**config, "group.id": config["sasl.username"], "enable.auto.commit": False, "log_level": 0})
    try:
        while not await _still(lap, ends):
            if time.monotonic() > deadline:
                return NEVER
            await asyncio.sleep(0.2)
    finally:
        ends.close()
    healed: float = lap.get("healed", wall())
    return wall() - healed


async def _still(lap: Line, reader: Consumer) -> bool:
    try:
        marks, counters, sent, due, heard_up_to = {}, {}, {}, 0, dict[str, int]()
        cluster = reader.list_topics(timeout=3).cluster_id
        for process, dsn in lap["checker"].items():
            conn = await asyncpg.connect(dsn, timeout=3)
            marks[process], counters[process], sent[process] = [
                {(t, p): n for t, p, n in await conn.fetch(STILL + table)} for table in ("watermark", "counter", "sent")
            ]
            due += await conn.fetchval("SELECT (SELECT count(*) FROM runtime.due) + (SELECT count(*) FROM runtime.parked_key)")
            heard_up_to |= {row[0]: row[1] for row in await conn.fetch(HEARD, cluster)}
            await conn.close()
        asks = [TopicPartition(topic, 0) for topic in lap["asks"].values()]
        ends = {place.topic: reader.get_watermark_offsets(place, timeout=3)[1] for place in asks}
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaException, TimeoutError):
        return False
    heard = all(heard_up_to.get(topic, -1) + 1 >= end for topic, end in ends.items())
    said = all(sent[process] == counters[process] for process in sent)
    applied = all(
        marks[reader].get(place, 0) == last
        for numbers in counters.values()
        for place, last in numbers.items()
        for reader in lap["readers"].get(place[0], ())
    )
    return heard and said and applied and due == 0


async def forbidden_reads(lap: Line) -> list[str]:
    """Read what one may not, and tell what came of it."""
    found = []
    for who, topic in lap["forbidden_topics"]:
        if await asyncio.to_thread(_could_read, lap["kafka"][who], topic):
            found.append(f"{who} read {topic}")
    for dsn in lap["forbidden_databases"]:
        try:
            conn = await asyncpg.connect(dsn, timeout=5)
        except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidAuthorizationSpecificationError):
            continue
        await conn.close()
        found.append(f"{dsn.rpartition('/')[2]} let a stranger in")
    return found


def _could_read(config: dict[str, Any], topic: str) -> bool:
    reader = Consumer({**config, "group.id": config["sasl.username"], "enable.auto.commit": False, "log_level": 0})
    try:
        reader.assign([TopicPartition(topic, 0, 0)])
        message = reader.consume(1, 1.0)
        return bool(message) and message[0].error() is None
    except KafkaException:
        return False
    finally:
        reader.close()


async def gather(folder: Path, lap: Line) -> Evidence:
    """Everything there is, after it became quiet."""
    patience = float(lap.get("patience", 90))
    quiet_after = await quiet(lap, patience)
    topics = [*lap["asks"].values(), *lap["answers"].values(), lap["moved"], lap["passed"], *lap["letters"]]
    return Evidence(
        lap,
        client=list(read(folder / "client.jsonl")),
        faults=list(read(folder / "faults.jsonl")),
        logs=logs_of(folder),
        topics=await asyncio.to_thread(read_topics, lap["kafka"]["checker"], topics),
        bases={process: await base_of(dsn) for process, dsn in lap["checker"].items()},
        forbidden_reads=await forbidden_reads(lap) if lap["forbidden_topics"] else [],
        quiet_after=quiet_after,
    )


def verdict(found: Evidence) -> Line:
    """Counts and the first few violations of each invariant."""
    violations = {name: ask(found) for name, ask in INVARIANTS.items()}
    told, counted = outcomes(found), effects(found)
    return {
        "asks": len(told),
        "acknowledged": sum(what == "ok" for what in told.values()),
        "refused": sum(what == "fail" for what in told.values()),
        "unknown": sum(what is None for what in told.values()),
        "events": sum(counted[place].total() for place in APPLIED),
        "records": sum(map(len, found.topics.values())),
        "again": sum(said.total() for said in said_again(found).values()),
        "set_aside": sum(len(base.set_aside) for base in found.bases.values()),
        "parked": sum(len(base.parked) for base in found.bases.values()),
        "strain": found.strain,
        "quiet_after": round(found.quiet_after, 1),
        "violations": {name: len(lines) for name, lines in violations.items()},
        "first": {name: lines[:SHOWN_MAX] for name, lines in violations.items() if lines},
    }


def main() -> None:
    folder = Path(sys.argv[1])
    print(json.dumps(verdict(asyncio.run(gather(folder, lap_of(folder))))))


if __name__ == "__main__":
    main()
