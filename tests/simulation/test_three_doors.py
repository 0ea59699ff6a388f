"""Records, the clock and commands over HTTP race for one key, in two replicas: what comes out is some serial order."""

import json
from collections import Counter
from typing import Any

import uvloop
from simulation.city import DESK, HALL, MOVED
from simulation.database import Database, closed, emptied, opened
from simulation.run import Run

SEEDS = range(1, 26)
DOORS = {"click": "http", "reminded": "clock", "echo": "record of ours", "parks": "record from outside"}


async def _raced(dsn: str) -> tuple[list[str], Counter[str], int]:
    """What was not serial, the effects of each door, and how often one door was overtaken by another."""
    databases = [await opened(dsn, name) for name in (DESK, HALL)]
    wrong: list[str] = []
    doors: Counter[str] = Counter()
    overtaken = 0
    for seed in SEEDS:
        await emptied(databases)
        run = Run(seed, databases, keys=1)
        run.acts.weights = {run.acts.ask: 3, run.acts.click: 3}
        run.world.sticky = 0.0
        result = await run.run()
        wrong += [f"seed {seed}: {sentence}" for sentence in (*result.wrong, *await _not_serial(databases[0]))]
        labels = await _labels(databases[0].watcher)
        doors.update(DOORS[name] for label in labels for name in DOORS if label.startswith(name))
        overtaken += sum(line.endswith("ROLLBACK") for line in result.trace)
    for database in databases:
        await closed(database)
    return wrong, doors, overtaken


async def _labels(conn: Any) -> list[str]:
    found: list[str] = json.loads(await conn.fetchval("SELECT labels FROM counter") or "[]")
    return found


async def _not_serial(desk: Database) -> list[str]:
    """Every decision saw the state that the one before it left, and said what it then was."""
    labels = await _labels(desk.watcher)
    version = await desk.watcher.fetchval("SELECT version FROM counter")
    rows = await desk.watcher.fetch("SELECT value FROM runtime.outbox WHERE topic = $1 ORDER BY n", MOVED.name)
    said = [json.loads(row["value"]) for row in rows]
    seen = [labels[event["count"] - 1] == event["label"] for event in said]
    counts = [event["count"] for event in said]
    return [
        *([f"version {version} after {len(labels)} effects"] if labels and version != len(labels) else []),
        *([f"said of another state: {said}"] if not all(seen) else []),
        *([f"said in the order {counts}"] if counts != sorted(set(counts)) else []),
    ]


def test_three_doors_on_one_key_come_out_in_some_serial_order(server: str) -> None:
    wrong, doors, overtaken = uvloop.run(_raced(server))
    assert not wrong, "\n".join(wrong)
    assert set(doors) == set(DOORS.values()) and min(doors.values()) >= 20, doors
    assert overtaken >= 20, "they hardly met"
