"""The live broker as clients of the tests see it: a city system with its own credentials, and everything on a topic.

Judges nothing: what was sent, what came back, and where it lies.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from upstream_client.clock import fresh_id
from upstream_stack.clock import now, read_offset
from upstream_stack.stack import Stack

SECONDS = 60.0
STARTING = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE}
Header = tuple[str, bytes | None]


def fresh() -> str:
    """An id for something new."""
    return str(fresh_id())


def services_time(stack: Stack) -> datetime:
    return now() + read_offset(stack.layout.clock)


@dataclass(frozen=True, slots=True)
class Record:
    """What a client hands to the broker."""

    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One record on a results topic."""

    key: bytes | None
    headers: Mapping[str, str]
    data: Mapping[str, Any]
    raw: bytes


@dataclass(slots=True)
class Desk:
    """A city system with librdkafka and nothing else: it sends what it likes, and reads its answers in their order."""

    stack: Stack
    slug: str = "pdx311"
    _read_up_to: int = field(init=False)

    def __post_init__(self) -> None:
        self._read_up_to = ends(self.config, self.results)[0]

    @property
    def config(self) -> dict[str, str]:
        return self.stack.credentials(self.slug)

    @property
    def submissions(self) -> str:
        return f"city.submissions.{self.slug}.v1"

    @property
    def results(self) -> str:
        return f"city.results.{self.slug}.v1"

    def send(self, records: Iterable[Record]) -> list[int]:
        """The offsets at which the records lie. KafkaException where the broker takes one not."""
        offsets: list[int] = []
        producer = Producer({**self.config, "acks": "all", "enable.idempotence": True, "linger.ms": 5})

        def placed(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                raise KafkaException(error)
            offsets.append(message.offset() or 0)

        for record in records:
            headers: list[Any] = list(record.headers)
            producer.produce(self.submissions, record.value, record.key, headers=headers, on_delivery=placed)
        assert producer.flush(SECONDS) == 0
        return offsets

    def answers(self, count: int) -> list[Answer]:
        """The next answers, all of them, once there are at least `count`. TimeoutError otherwise."""
        deadline = time.monotonic() + SECONDS
        while ends(self.config, self.results)[0] < self._read_up_to + count:
            if time.monotonic() > deadline:
                raise TimeoutError(self.results)
            time.sleep(0.05)
        found = everything_on(self.config, self.results, self._read_up_to)
        self._read_up_to += len(found)
        return [_answer(message) for message in found]


def submission_record(document: Mapping[str, Any], at: datetime, source: str = "pdx311", **attributes: str) -> Record:
    """A well-formed record of this submission; `attributes` replace those of the envelope."""
    named = {
        "specversion": "1.0",
        "id": fresh(),
        "source": f"/city/{source}",
        "type": "city.submission.submitted.v1",
        "time": at.isoformat(),
        "subject": document["submission_id"],
    } | attributes
    headers = [(f"ce_{name}", value.encode()) for name, value in named.items()]
    headers.append(("content-type", b"application/json"))
    return Record(document["submission_id"].encode(), json.dumps(document).encode(), tuple(headers))


def question(at: datetime, **changes: Any) -> dict[str, Any]:
    """Somebody without a name asks something: accepted, and a person answers it."""
    return {
        "submission_id": fresh(),
        "revision": 1,
        "channel": "web",
        "submitted_at": at.isoformat(),
        "intent": "question",
        "language": "en",
        "anonymous": True,
    } | changes


def ends(config: Mapping[str, str], topic: str) -> list[int]:
    """Where each partition ends."""
    consumer = _consumer(config)
    try:
        partitions = consumer.list_topics(topic, timeout=SECONDS).topics[topic].partitions
        return [_end(consumer, TopicPartition(topic, n)) for n in sorted(partitions)]
    finally:
        consumer.close()


def _end(consumer: Consumer, place: TopicPartition) -> int:
    """Where a partition ends. A broker that has only just started does not know yet that it leads it."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return int(consumer.get_watermark_offsets(place, timeout=SECONDS)[1])
        except KafkaException as refusal:
            if refusal.args[0].code() not in STARTING or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def everything_on(config: Mapping[str, str], topic: str, after: int = 0) -> list[Message]:
    """Every record of a topic that lies there now, in the order of each partition; `after` is the offset to begin at."""
    return everything(config, (topic,), after)[topic]


def everything(config: Mapping[str, str], topics: Iterable[str], after: int = 0) -> dict[str, list[Message]]:
    """The same for many topics in one go."""
    found: dict[str, list[Message]] = {topic: [] for topic in topics}
    consumer = _consumer(config)
    try:
        known = consumer.list_topics(timeout=SECONDS).topics
        open_places = {(topic, number) for topic in found for number in known[topic].partitions}
        consumer.assign([TopicPartition(topic, number, max(after, 0)) for topic, number in open_places])
        while open_places:
            message = consumer.poll(SECONDS)
            if message is None:
                raise TimeoutError(str(sorted(open_places)))
            error = message.error()
            if error is None:
                found[str(message.topic())].append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                open_places.discard((str(message.topic()), message.partition() or 0))
    finally:
        consumer.close()
    return found


def _consumer(config: Mapping[str, str]) -> Consumer:
    """A reader of its own group, with nothing committed; it begins at the earliest record and is told where a partition ends."""
    reading = {"auto.offset.reset": "earliest", "enable.partition.eof": True, "enable.auto.commit": False, "log_level": 0}
    return Consumer({**config, **reading, "group.id": f"{config['sasl.username']}.watching"})


def _answer(message: Message) -> Answer:
    raw = message.value() or b""
    everything = raw + repr(message.headers()).encode() + (message.key() or b"")
    return Answer(message.key(), attributes(message), json.loads(raw), everything)


def attributes(message: Message) -> dict[str, str]:
    """The headers of a record of ours."""
    found: Any = message.headers() or []
    return {name: value.decode() for name, value in found}
