"""A city that answers when it is told to: a source's two topics on a real broker, which no service reads."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from upstream_stack.kafka_access import admin_client, wait_for
from upstream_stack.stack import Stack

SUBMISSION_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Submitted:
    """A record as it lies on the broker."""

    event_id: str
    key: str
    value: bytes


class SilentCity:
    """One source, whose credentials file is `credentials`."""

    def __init__(self, config: dict[str, str], folder: Path) -> None:
        """`config` is the administrator's, who may do everything."""
        source = f"silent_{uuid4().hex[:8]}"  # no slug has an underscore, so intake looks past it
        self.credentials = folder / f"{source}.json"
        self.credentials.write_text(json.dumps(config | {"source": source}))
        self.submissions, self.results = f"city.submissions.{source}.v1", f"city.results.{source}.v1"
        admin = admin_client(config)
        wait_for(admin.create_topics([NewTopic(name, 1, 1) for name in (self.submissions, self.results)]).values())
        self._producer = Producer(config)
        self._reader = Consumer({**config, "group.id": f"test.{uuid4()}", "enable.auto.commit": False})
        self._reader.assign([TopicPartition(self.submissions, 0, 0)])

    def next_submission(self) -> Submitted:
        """The next one, waited for."""
        deadline = time.monotonic() + SUBMISSION_SECONDS
        while time.monotonic() < deadline:
            message = self._reader.poll(0.5)
            if message is not None and message.error() is None:
                headers = dict(cast("list[tuple[str, bytes]]", message.headers() or []))
                return Submitted(headers["ce_id"].decode(), (message.key() or b"").decode(), message.value() or b"")
        raise TimeoutError

    def answer(self, submitted: Submitted, verdict: str) -> None:
        """Any word as the verdict on it."""
        headers = {"ce_type": f"intake.submission.{verdict}.v1", "ce_causationid": submitted.event_id}
        value = json.dumps({"verdict": verdict})
        self._producer.produce(
            self.results, value, submitted.key, headers=[(name, text.encode()) for name, text in headers.items()]
        )
        assert self._producer.flush(20) == 0

    def close(self) -> None:
        """The topics stay, as those of any source."""
        self._reader.close()


@contextmanager
def silent_city(stack: Stack, folder: Path) -> Iterator[SilentCity]:
    """One for one test."""
    city = SilentCity(stack.kafka_admin_config(), folder)
    try:
        yield city
    finally:
        city.close()
