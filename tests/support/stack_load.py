"""A city system that never stops handing over submissions, and remembers each until it has its answer, as `upstream publish` does."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaException, Producer
from support.system_tables import rows
from support.system_topics import Record, attributes, everything_on, fresh, services_time, submission_record

from upstream_client.clock import fresh_id
from upstream_stack.demo import people
from upstream_stack.patience import came_true
from upstream_stack.processes import KAFKA, MAIL_SINK, POSTGRES
from upstream_stack.stack import Stack

SECONDS = 90.0
NAMES = (KAFKA, POSTGRES, MAIL_SINK.name, "intake", "scheduler", "notifier-public")
PAUSE_SECONDS = 0.05
TRIES_MAX = 5


def until(what: str, done: Callable[[], bool], seconds: float = SECONDS) -> None:
    assert came_true(done, seconds), what


def requests(stack: Stack) -> int:
    return int(rows(stack, "intake", "SELECT count(*) FROM request")[0][0])


@dataclass(slots=True)
class City:
    """What was handed over, by the id of the submission."""

    stack: Stack
    sent: dict[str, Record] = field(default_factory=dict)

    def hand_over(self, stop: threading.Event) -> None:
        """One submission after the other, each by somebody else, until told to stop; a broker that is away is waited for."""
        producer = Producer({**self.stack.credentials("pdx311"), "acks": "all", "enable.idempotence": True, "log_level": 0})
        while not stop.is_set():
            submission = fresh_id()
            wish = people.training_wish(submission, services_time(self.stack), f"{submission.hex}@example.org")
            record = submission_record(wish, services_time(self.stack), id=fresh())
            self.sent[str(submission)] = record
            _produce(producer, record)
            time.sleep(PAUSE_SECONDS)
        producer.flush(30)

    def hand_over_again(self, submissions: set[str]) -> None:
        """`upstream publish --pending`: the same bytes under the same ids.

        A broker that was wiped gives out its producers' numbers anew. A program that lived through that has still its old one,
        and another that gets the same number is told that it is out of order: it begins again, under the next number.
        """
        for _ in range(TRIES_MAX):
            with suppress(KafkaException):
                config = {**self.stack.credentials("pdx311"), "acks": "all", "enable.idempotence": True, "log_level": 0}
                producer = Producer(config)
                for submission in sorted(submissions):
                    _produce(producer, self.sent[submission])
                assert producer.flush(30) == 0
                return
        raise TimeoutError

    def verdicts(self) -> dict[str, list[str]]:
        """The ids of the verdicts `accepted` on the results topic, for each submission."""
        found: dict[str, list[str]] = {}
        for message in everything_on(self.stack.credentials("pdx311"), "city.results.pdx311.v1"):
            told = attributes(message)
            if told["ce_type"] == "intake.submission.accepted.v1":
                found.setdefault((message.key() or b"").decode(), []).append(told["ce_id"])
        return found

    def pending(self) -> set[str]:
        return self.sent.keys() - self.verdicts().keys()


def _produce(producer: Producer, record: Record) -> None:
    headers: list[Any] = list(record.headers)
    producer.produce("city.submissions.pdx311.v1", record.value, record.key, headers=headers)
    producer.poll(0)


@contextmanager
def load(stack: Stack) -> Iterator[City]:
    """Submissions flow beside the test."""
    city, stop = City(stack), threading.Event()
    sending = threading.Thread(target=city.hand_over, args=(stop,))
    sending.start()
    try:
        yield city
    finally:
        stop.set()
        sending.join()
