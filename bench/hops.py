"""The product's real hops: a submission, intake's verdict, the notifier's mail; then a person's yes, and the scheduler's answer.

A stack of its own. Submissions come at a steady rate, and each of their groups says yes on its page: the time that each hop takes.
Then many are laid ready while intake stands still, and the time until each is answered and has its letters counts: submissions
a second, and what one of them costs.
"""

import asyncio
import json
import os
import signal
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx
from confluent_kafka import Producer

from upstream_stack.clock import fresh_id, now
from upstream_stack.demo.outside import Letters, from_now_on, open_page
from upstream_stack.demo.people import training_wish
from upstream_stack.layout import PORT_BASE_DEFAULT
from upstream_stack.patience import came_true
from upstream_stack.ports_in_use import free_base
from upstream_stack.proc_table import cost_of
from upstream_stack.processes import NAMES
from upstream_stack.stack import Stack

WARM = 200
STEADY_SECONDS, STEADY_RATE = 20, 20
ACCEPTED = 100
LAID_READY = 3_000
PATIENCE_SECONDS = 300.0
SUBMISSIONS: Final = "city.submissions.pdx311.v1"
SENT: Final = "notifier.notice.sent.v1"
Stop = tuple[str, str, str]
"""Topic, event, and the beginning of a letter's template, if it is about a letter."""
VERDICT: Final[Stop] = ("city.results.pdx311.v1", "intake.submission.accepted.v1", "")
ASKED: Final[Mapping[str, Stop]] = {
    "verdict": VERDICT,
    "letter": ("notifier.deliveries.v1", SENT, "request-received"),
    "agreement's letter": ("notifier.deliveries.v1", SENT, "agreement-proposed"),
}
AGREED: Final[Mapping[str, Stop]] = {
    "order": ("intake.requests.v1", "intake.training.requested.v1", ""),
    "scheduler's answer": ("scheduler.sessions.v1", "scheduler.session.accepted.v1", ""),
}
MEASURED: Final = ("intake", "scheduler", "notifier-public", "kafka", "postgres")
Figures = dict[str, Any]


class Watch:
    """Sees each case at each stop as it comes, on a clock that only runs forward."""

    def __init__(self, stack: Stack, stops: Mapping[str, Stop]) -> None:
        self.seen: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in stops}
        self.case_of: dict[str, str] = {}  # of a submission, and of a letter
        self._stops = stops
        self._over = threading.Event()
        topics = {topic for topic, _, _ in stops.values()}
        self._reader = from_now_on({**stack.kafka_admin_config(), "group.id": "bench.hops"}, topics)
        self._looking = threading.Thread(target=self._look)
        self._looking.start()

    def wait(self, count: int) -> None:
        """Until that many cases were at every stop, and a second longer, for whatever comes twice."""
        if not came_true(lambda: all(len(cases) >= count for cases in self.seen.values()), PATIENCE_SECONDS):
            found = {name: len(cases) for name, cases in self.seen.items()}
            raise SystemExit(f"{count} cases were to come within {PATIENCE_SECONDS:.0f} s: {found} did")
        time.sleep(1.0)

    def once(self) -> bool:
        """Whether each case was at each stop exactly once."""
        return all(len(times) == 1 for cases in self.seen.values() for times in cases.values())

    def milliseconds(self, name: str, began: Mapping[str, float]) -> dict[str, float]:
        """From each case's beginning to this stop."""
        taken = [(self.seen[name][case][0] - at) * 1000 for case, at in began.items()]
        cuts = quantiles(taken, n=100, method="inclusive")
        return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "max": round(max(taken), 1)}

    def close(self) -> None:
        self._over.set()
        self._looking.join()
        self._reader.close()

    def _look(self) -> None:
        while not self._over.is_set():
            if (message := self._reader.poll(0.1)) is not None and message.error() is None:
                self._take(message, time.perf_counter())

    def _take(self, message: Any, at: float) -> None:
        told = {name: value.decode() for name, value in message.headers()}
        case = told["ce_correlationid"]
        if told["ce_type"] in {VERDICT[1], SENT}:
            self.case_of[message.key().decode()] = case
        for name, (topic, event, template) in self._stops.items():
            here = (message.topic(), told["ce_type"]) == (topic, event)
            if here and (not template or json.loads(message.value())["template"].startswith(template)):
                self.seen[name][case].append(at)


@contextmanager
def watching(stack: Stack, stops: Mapping[str, Stop]) -> Iterator[Watch]:
    """Sees what comes from now on."""
    watch = Watch(stack, stops)
    try:
        yield watch
    finally:
        watch.close()


class City:
    """311, which publishes submissions; and when it did."""

    def __init__(self, stack: Stack) -> None:
        self.sent: dict[str, float] = {}
        self._producer = Producer({**stack.credentials("pdx311"), "linger.ms": 1, "compression.type": "zstd", "log_level": 0})

    def publish(self) -> None:
        """One more submission."""
        submission = fresh_id()
        self.sent[str(submission)] = time.perf_counter()
        self._producer.produce(SUBMISSIONS, _value(submission), str(submission), headers=_headers(submission))
        self._producer.poll(0)

    def flush(self) -> None:
        """All of them are on the broker."""
        self._producer.flush()


def measure() -> Figures:
    """How long each hop takes, submissions a second, and what one costs; with whether every stop was reached once."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "run", free_base(NAMES, other_than=PORT_BASE_DEFAULT))
        stack.up()
        try:
            _laid_ready(stack, WARM)
            steady, case_of = _steady(stack)
            return {"steady": steady, "agreed": _agreed(stack, case_of), "laid_ready": _laid_ready(stack, LAID_READY)}
        finally:
            stack.reset()


def _steady(stack: Stack) -> tuple[Figures, Mapping[str, str]]:
    city = City(stack)
    with watching(stack, ASKED) as watch:
        for _ in range(STEADY_SECONDS * STEADY_RATE):
            city.publish()
            time.sleep(1 / STEADY_RATE)
        watch.wait(len(city.sent))
        began = {watch.case_of[submission]: at for submission, at in city.sent.items()}
        hops = {name: watch.milliseconds(name, began) for name in ASKED}
        return {"a_second": STEADY_RATE, "once": watch.once(), "ms": hops}, watch.case_of


def _agreed(stack: Stack, case_of: Mapping[str, str]) -> Figures:
    """Each group that was asked says yes on its own page, one after the other."""
    pages = {case_of[notice]: link for notice, link in _links(stack).items() if notice in case_of}
    began: dict[str, float] = {}
    with watching(stack, AGREED) as watch, httpx.Client() as browser:
        for case, link in list(pages.items())[:ACCEPTED]:
            where, hidden = open_page(link).form("/accept")
            began[case] = time.perf_counter()
            browser.post(where, data=hidden)
        watch.wait(len(began))
        return {"cases": len(began), "once": watch.once(), "ms": {name: watch.milliseconds(name, began) for name in AGREED}}


def _links(stack: Stack) -> dict[str, str]:
    """The groups' own pages, by the letter they came in."""
    letters = Letters(stack.layout.mail).all()
    return {letter.message_id.strip("<").partition("@")[0]: link for letter in letters if (link := letter.link("r"))}


def _laid_ready(stack: Stack, count: int) -> Figures:
    intake = stack.pid("intake")
    assert intake is not None
    city = City(stack)
    with watching(stack, ASKED) as watch:
        os.kill(intake, signal.SIGSTOP)
        for _ in range(count):
            city.publish()
        city.flush()
        with _costs(stack, count) as costs:
            began = time.perf_counter()
            os.kill(intake, signal.SIGCONT)
            watch.wait(count)
        rates = {name: round(count / (max(map(max, cases.values())) - began)) for name, cases in watch.seen.items()}
        return {"submissions": count, "once": watch.once(), "a_second": rates} | costs


@contextmanager
def _costs(stack: Stack, count: int) -> Iterator[Figures]:
    """What the body takes for each of `count` submissions: CPU by process, bytes of WAL, bytes of records on the broker."""
    found: Figures = {}
    pids = {name: pid for name in MEASURED if (pid := stack.pid(name)) is not None}
    wal, records, before = _wal_bytes(stack), _record_bytes(stack), cost_of(pids.values())
    yield found
    after = cost_of(pids.values())
    used = {name: after[pid].cpu_seconds - before[pid].cpu_seconds for name, pid in pids.items()}
    found["cpu_ms"] = {name: round(seconds / count * 1000, 2) for name, seconds in used.items()}
    found["pss_mb"] = {name: round(after[pid].pss_bytes / 1e6) for name, pid in pids.items()}
    found["wal_bytes"] = round((_wal_bytes(stack) - wal) / count)
    found["record_bytes"] = round((_record_bytes(stack) - records) / count)


def _wal_bytes(stack: Stack) -> int:
    async def ask() -> int:
        connection = await asyncpg.connect(stack.database_dsn("intake", "reader"))
        written: int = await connection.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
        await connection.close()
        return written

    return asyncio.run(ask())


def _record_bytes(stack: Stack) -> int:
    """What the broker keeps of our topics: record batches as they went over the wire, compressed."""
    return sum(log.stat().st_size for log in (stack.layout.kafka / "data").glob("[a-z]*/*.log"))


def _value(submission: UUID) -> bytes:
    return json.dumps(training_wish(submission, now(), f"{submission.hex}@example.org")).encode()


def _headers(submission: UUID) -> list[tuple[str, str | bytes | None]]:
    return [
        ("ce_specversion", "1.0"),
        ("ce_id", f"bench-{submission}"),
        ("ce_source", "/city/pdx311"),
        ("ce_type", "city.submission.submitted.v1"),
        ("ce_time", now().isoformat()),
        ("content-type", "application/json"),
    ]


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
