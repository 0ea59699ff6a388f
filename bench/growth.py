"""`make growth`: how the cost of an event grows with what is stored, with replicas, and with few hot keys.

Uses the yardsticks' Kafka, PostgreSQL, load and reader, and the benchmark service as it is. Every lap preloads events while the
service is stopped, lets it drain them, and sees that each follow-up came once. Environment: YARDSTICKS, PGBIN, EVENTS_MAX.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from facts import YARDSTICKS, machine, psql_folder
from picture import bars
from upstream_stack.clock import fresh_id, now
from upstream_stack.parts.kafka_jars import kafka_jars
from upstream_stack.terminal import Checklist

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parent / "docs" / "pictures"
EVENTS_MAX = int(os.environ.get("EVENTS_MAX", "1000000"))
STORED = (10_000, 100_000, 300_000, 1_000_000)
LAP = 20_000  # events that are measured
REPLICAS = (1, 2, 3)
HOT_KEYS = (1, 10, 50, 5000)
WAIT_SECONDS = 600
Row = dict[str, Any]


class Hop:
    """The hop of the yardsticks with our service in it; `peers` is their runner."""

    def __init__(self, peers: Any, given: Namespace, mark: str, replicas: int = 1) -> None:
        self.peers = peers
        self.topics = (f"in-{mark}", f"out-{mark}")
        self.kafka = f"127.0.0.1:{given.kafka_port}"
        admin = AdminClient({"bootstrap.servers": self.kafka})
        for future in admin.create_topics([NewTopic(name, peers.PARTS, 1) for name in self.topics]).values():
            future.result()
        peers.psql(given.pgbin, given.pg_port, "-d", "bench", "-c", "DROP SCHEMA public CASCADE", "-c", "CREATE SCHEMA public")
        peers.psql(given.pgbin, given.pg_port, "-d", "bench", "-f", str(YARDSTICKS / "schema.sql"))
        settings = {
            "BENCH_KAFKA": self.kafka,
            "BENCH_PG_DSN": f"postgresql://postgres@127.0.0.1:{given.pg_port}/bench",
            "BENCH_IN": self.topics[0],
            "BENCH_OUT": self.topics[1],
            "PYTHONPATH": str(HERE),
        }
        self.reader = peers.Reader(self.kafka, self.topics[1])
        self.reader.start()
        self.services: list[subprocess.Popen[bytes]] = []
        for _ in range(replicas):
            words = [sys.executable, "-m", "upstream_bench"]
            self.services.append(
                subprocess.Popen(
                    words, env={**os.environ, **settings}, cwd=HERE, stdout=subprocess.DEVNULL, start_new_session=True
                )
            )
            self._settled()
        self.total = 0

    def _settled(self) -> None:
        """The first one makes the tables; the others join its group."""
        time.sleep(6.0 if len(self.services) > 1 else 3.0)

    def drain(self, count: int) -> Row:
        """Lay `count` events ready, let the service drain them. Events a second, CPU for 1,000 of them, and that none is missing."""
        self._signal(signal.SIGSTOP)
        bulk = Producer(
            {
                "bootstrap.servers": self.kafka,
                "linger.ms": 5,
                "compression.type": "zstd",
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        for _ in range(count):
            _, key, value = self.peers.make_event()
            bulk.produce(self.topics[0], value, key)
            bulk.poll(0)
        bulk.flush()
        self.total += count
        time.sleep(0.3)
        before = sum(self.peers.cpu(service.pid) for service in self.services)
        started = time.perf_counter()
        self._signal(signal.SIGCONT)
        complete = self.reader.wait(self.total, WAIT_SECONDS)
        seconds = time.perf_counter() - started
        used = sum(self.peers.cpu(service.pid) for service in self.services) - before
        return {"evs": round(count / seconds), "cpu_ms_per_event": round(used / count * 1000, 4), "complete": complete}

    def doubled(self) -> int:
        """How many events have more than one follow-up."""
        causes = [json.loads(value)["cause"] for _, value in self.reader.got]
        return len(causes) - len(set(causes))

    def end(self) -> None:
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        for service in self.services:
            service.wait(30)
        self.reader.halt = True
        self.reader.join()

    def _signal(self, number: int) -> None:
        for service in self.services:
            os.killpg(service.pid, number)


@contextmanager
def parts(peers: Any) -> Iterator[Namespace]:
    """Kafka and PostgreSQL as the yardsticks start them."""
    with tempfile.TemporaryDirectory(prefix="upstream-growth-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        given = Namespace(kafka_port=29292, pg_port=25632, pgbin=psql_folder())
        kafka = peers.start_kafka(work, str(kafka_jars(Checklist().progress)), given.kafka_port)
        postgres = peers.start_postgres(work, given.pgbin, given.pg_port)
        try:
            peers.psql(given.pgbin, given.pg_port, "-c", "CREATE DATABASE bench")
            yield given
        finally:
            for part in (postgres, kafka):
                os.killpg(part.pid, signal.SIGINT)
                part.wait(30)


@contextmanager
def hop(peers: Any, given: Namespace, replicas: int = 1) -> Iterator[Hop]:
    found = Hop(peers, given, fresh_id().hex[-8:], replicas)
    try:
        found.drain(5_000)  # warm
        yield found
        if found.doubled():
            raise SystemExit(f"{found.doubled()} follow-ups were doubled")
    finally:
        found.end()


def by_stored(peers: Any, given: Namespace) -> list[Row]:
    """The same lap after ever more events."""
    rows = []
    with hop(peers, given) as found:
        for stored in [count for count in STORED if count <= EVENTS_MAX]:
            while found.total < stored - LAP:
                found.drain(min(100_000, stored - LAP - found.total))
            rows.append({"stored": stored, **found.drain(LAP)})
    return rows


def by_replicas(peers: Any, given: Namespace) -> list[Row]:
    """One, two and three processes of one group."""
    rows = []
    for replicas in REPLICAS:
        with hop(peers, given, replicas) as found:
            rows.append({"replicas": replicas, **found.drain(2 * LAP)})
    return rows


def by_keys(peers: Any, given: Namespace) -> list[Row]:
    """All events on few keys: their order must be kept, so that nothing about one key can be done at once."""
    rows, pool = [], list(peers.KEY_POOL)
    for keys in HOT_KEYS:
        peers.KEY_POOL[:] = pool[:keys]
        with hop(peers, given) as found:
            rows.append({"keys": keys, **found.drain(LAP)})
    peers.KEY_POOL[:] = pool
    return rows


def main(wanted: Sequence[str]) -> None:
    """Measure, draw, keep."""
    sys.path.insert(0, str(YARDSTICKS))
    peers = importlib.import_module("run_peers")
    kinds = {"stored": by_stored, "replicas": by_replicas, "keys": by_keys}
    results: Row = {"measured_at": now().isoformat(), "machine": machine()}
    with parts(peers) as given:
        for kind in wanted or kinds:
            results[kind] = kinds[kind](peers, given)
            print(kind, json.dumps(results[kind]), flush=True)
    file = HERE / "results" / f"growth-{now():%Y-%m-%dT%H%M%SZ}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n")
    PICTURES.mkdir(exist_ok=True)
    for kind in wanted or kinds:
        rows = [(f"{row[kind]:,}", float(row["cpu_ms_per_event"])) for row in results[kind]]
        (PICTURES / f"growth-{kind}.svg").write_text(bars(f"CPU of the service for one event, by {kind}", "ms", rows))
    print(f"Kept in {file.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main(sys.argv[1:])
