"""What the checker looks at: journals, logs, topics and tables, read by principals that wrote none of them.

Imports nothing of the product. Holds rows as they were found; `invariants.py` says what they mean.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from faults.journal import Line, read

READ_SECONDS: Final = 30.0
ENDED: Final = "SELECT stream, topic, partition, n FROM runtime.ended_stream JOIN runtime.ended_number USING (place)"
Place = tuple[str, int]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """One record on a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    def header(self, name: str) -> str | None:
        """A header's text where it stands there exactly once and can be read."""
        values = [value for header, value in self.headers if header == name and value is not None]
        try:
            return values[0].decode() if len(values) == 1 else None
        except UnicodeDecodeError:
            return None

    @property
    def sequence(self) -> tuple[str, int]:
        """The stream and the number of a record of ours."""
        stream, _, n = (self.header("ce_sequence") or ":0").partition(":")
        return stream, int(n)


@dataclass(slots=True)
class Base:
    """One process's database."""

    stream: str = ""
    effects: list[Row] = field(default_factory=list)
    counters: dict[Place, int] = field(default_factory=dict)
    sent: dict[Place, int] = field(default_factory=dict)
    marks: dict[Place, int] = field(default_factory=dict)
    outbox: dict[Place, list[tuple[int, bytes | None]]] = field(default_factory=dict)
    set_aside: list[Row] = field(default_factory=list)
    parked: list[Row] = field(default_factory=list)
    due: int = 0
    ended: dict[str, dict[Place, int]] = field(default_factory=dict)  # streams before it, and what of them counts

    def counts(self, found: Found) -> bool:
        """Whether a record on a topic is one that this database knows to have said."""
        stream, n = found.sequence
        place = found.topic, found.partition
        return stream == self.stream or n <= self.ended.get(stream, {}).get(place, 0)


@dataclass(slots=True)
class Evidence:
    """All of one lap."""

    lap: Line
    client: list[Line] = field(default_factory=list)
    faults: list[Line] = field(default_factory=list)
    logs: dict[str, list[Line]] = field(default_factory=dict)
    topics: dict[str, list[Found]] = field(default_factory=dict)
    bases: dict[str, Base] = field(default_factory=dict)
    forbidden_reads: list[str] = field(default_factory=list)
    quiet_after: float = 0.0

    @property
    def strain(self) -> float:
        """By how much bounds in seconds are stretched, because others used the machine."""
        return float(self.lap.get("strain", 1.0))

    @property
    def asks(self) -> list[Found]:
        """What stands on the outside parties' topics."""
        return [record for topic in self.lap["asks"].values() for record in self.topics.get(topic, [])]


async def base_of(dsn: str) -> Base:
    """One database's tables."""
    conn = await asyncpg.connect(dsn)
    try:
        found = Base(str(await conn.fetchval("SELECT stream FROM runtime.instance")))
        found.effects = [dict(row) for row in await conn.fetch("SELECT * FROM effect ORDER BY serial")]
        for stream, topic, partition, n in await conn.fetch(ENDED):
            found.ended.setdefault(stream, {})[topic, partition] = n
        found.set_aside = [dict(row) for row in await conn.fetch("SELECT * FROM runtime.set_aside")]
        found.counters, found.sent, found.marks = [
            {(row["topic"], row["partition"]): row["n"] for row in await conn.fetch(f"SELECT * FROM runtime.{table}")}
            for table in ("counter", "sent", "watermark")
        ]
        for row in await conn.fetch("SELECT topic, partition, n, value FROM runtime.outbox ORDER BY topic, partition, n"):
            found.outbox.setdefault((row["topic"], row["partition"]), []).append((row["n"], row["value"]))
        found.due = await conn.fetchval("SELECT count(*) FROM runtime.due")
        found.parked = [dict(row) for row in await conn.fetch("SELECT * FROM runtime.parked ORDER BY place")]
    finally:
        await conn.close()
    return found


def read_topics(config: Mapping[str, str], topics: list[str]) -> dict[str, list[Found]]:
    """Everything on these topics now, each partition in its order."""
    reader = Consumer({**config, "group.id": config["sasl.username"], "enable.auto.commit": False, "log_level": 0})
    places = [
        TopicPartition(topic, partition, OFFSET_BEGINNING)
        for topic in topics
        for partition in reader.list_topics(topic, timeout=READ_SECONDS).topics[topic].partitions
    ]
    ends = {(p.topic, p.partition): reader.get_watermark_offsets(p, timeout=READ_SECONDS)[1] for p in places}
    reader.assign([place for place in places if ends[place.topic, place.partition]])
    found: dict[str, list[Found]] = {topic: [] for topic in topics}
    open_places = {place for place, end in ends.items() if end}
    deadline = time.monotonic() + READ_SECONDS
    while open_places:
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing more on {sorted(open_places)}")
        for message in reader.consume(1000, 0.2):
            deadline = time.monotonic() + READ_SECONDS
            topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
            if message.error() is not None:
                raise ConnectionError(str(message.error()))
            headers: Any = tuple(message.headers() or ())
            found[topic].append(Found(topic, partition, offset, message.key(), message.value(), headers))
            if offset + 1 >= ends[topic, partition]:
                open_places.discard((topic, partition))
    reader.close()
    return found


def logs_of(folder: Path) -> dict[str, list[Line]]:
    """What each process logged, by its role; replicas together."""
    found: dict[str, list[Line]] = {}
    for path in sorted(folder.glob("*.log")):
        lines = [{**line, "moment": _moment(line)} for line in read(path) if isinstance(line, dict) and "timestamp" in line]
        found.setdefault(path.stem[0], []).extend(lines)
    return found


def _moment(line: Line) -> float:
    return datetime.fromisoformat(line["timestamp"]).timestamp()


def lap_of(folder: Path) -> Line:
    """What the lap is: names, addresses, the checker's own credentials."""
    lap: Line = json.loads((folder / "lap.json").read_text())
    return lap
