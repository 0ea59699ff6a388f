"""Real intake, in verdicts per second: the whole way from a submission on a source's topic to the verdict on its results.

A stack of its own; intake is stopped, submissions are laid ready, intake goes on, and the time to the last verdict counts.
"""

import json
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from confluent_kafka import Consumer, Producer, TopicPartition

from upstream_stack.clock import fresh_id, now
from upstream_stack.demo.people import training_wish
from upstream_stack.layout import PORT_BASE_DEFAULT
from upstream_stack.ports_in_use import free_base
from upstream_stack.processes import NAMES
from upstream_stack.stack import Stack

SUBMISSIONS = 3_000
PATIENCE_SECONDS = 300


def verdicts_per_second() -> dict[str, Any]:
    """How fast intake answers, with scheduler and notifier at work beside it, and whether every record got one verdict."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "run", free_base(NAMES, other_than=PORT_BASE_DEFAULT))
        stack.up()
        try:
            return _measure(stack)
        finally:
            stack.reset()


def _measure(stack: Stack) -> dict[str, Any]:
    intake = stack.pid("intake")
    if intake is None:
        raise SystemExit("intake is away")
    reader = _reader(stack)
    os.kill(intake, signal.SIGSTOP)
    _publish(stack)
    started = time.perf_counter()
    os.kill(intake, signal.SIGCONT)
    answered: list[str] = []
    while len(answered) < SUBMISSIONS and time.perf_counter() - started < PATIENCE_SECONDS:
        answered += [_cause(message) for message in reader.consume(1000, timeout=0.2)]
    seconds = time.perf_counter() - started
    reader.close()
    return {
        "submissions": SUBMISSIONS,
        "verdicts": len(answered),
        "answered_once": len(set(answered)) == len(answered) == SUBMISSIONS,
        "verdicts_per_second": round(len(answered) / seconds),
    }


def _reader(stack: Stack) -> Consumer:
    reader = Consumer({**stack.credentials("pdx311"), "group.id": "pdx311.bench"})
    place = TopicPartition("city.results.pdx311.v1", 0)
    reader.assign([TopicPartition(place.topic, 0, reader.get_watermark_offsets(place)[1])])
    return reader


def _publish(stack: Stack) -> None:
    producer = Producer({**stack.credentials("pdx311"), "linger.ms": 5, "compression.type": "zstd"})
    for _ in range(SUBMISSIONS):
        submission = fresh_id()
        producer.produce("city.submissions.pdx311.v1", _value(submission), str(submission), headers=_headers(submission))
        producer.poll(0)
    producer.flush()


def _value(submission: UUID) -> bytes:
    return json.dumps(training_wish(submission, now(), "bench@example.org")).encode()


def _headers(submission: UUID) -> dict[str, str | bytes | None]:
    return {
        "ce_specversion": "1.0",
        "ce_id": f"bench-{submission}",
        "ce_source": "/city/pdx311",
        "ce_type": "city.submission.submitted.v1",
        "ce_time": now().isoformat(),
        "content-type": "application/json",
    }


def _cause(message: Any) -> str:
    return str(dict(message.headers())["ce_causationid"].decode())
