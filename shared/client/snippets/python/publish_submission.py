"""Publishes one submission and waits for its verdict.

    pip install confluent-kafka
    python publish_submission.py pdx311.json submission.json [EVENT_ID]

Exit code: 0 accepted or duplicate, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
After a 6 it prints the command that sends the same record again, with the id that it had.
"""

import json
import shlex
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

EXIT_CODES = {"accepted": 0, "duplicate": 0, "redirected": 3, "rejected": 4, "quarantined": 5}
NO_ANSWER, REFUSED = 6, 7
NOT_LET_IN = {
    KafkaError._AUTHENTICATION,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.MSG_SIZE_TOO_LARGE,
}


def main(credentials_file: str, submission_file: str, event_id: str = "") -> int:
    credentials = json.loads(Path(credentials_file).read_text(encoding="utf-8"))
    source = credentials["source"]
    settings = {name: value for name, value in credentials.items() if name != "source"}
    settings |= {"error_cb": stop_where_refused, "log_level": 0}

    # A submission without an id gets the event's, so that this one id makes the same record again.
    submission = json.loads(Path(submission_file).read_text(encoding="utf-8"))
    event_id = event_id or str(uuid.uuid4())
    key = submission.setdefault("submission_id", event_id)
    try:
        answer = send(settings, source, submission, event_id)
        verdict = texts(answer)["ce_type"].removeprefix("intake.submission.").partition(".")[0]
        print(verdict, answer.value().decode())
        if verdict in EXIT_CODES:
            return EXIT_CODES[verdict]
        why = f"this program does not know the verdict {verdict}"
    except KafkaException as error:
        why = error.args[0].str()
        if error.args[0].code() in NOT_LET_IN:
            print(f"the broker refused: {why}", file=sys.stderr)
            return REFUSED
    except TimeoutError:
        why = "no verdict in 30 s"
    again = shlex.join([Path(sys.executable).name, sys.argv[0], credentials_file, submission_file, event_id])
    print(f"no answer to event {event_id}, submission {key}: {why}", file=sys.stderr)
    print(f"send the same record again, it counts once: {again}", file=sys.stderr)
    return NO_ANSWER


def send(settings: dict[str, Any], source: str, submission: dict[str, Any], event_id: str) -> Message:
    """The verdict on it. Raises KafkaException, or TimeoutError where none came in time."""
    until = time.monotonic() + 30
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": f"/city/{source}",
        "ce_type": "city.submission.submitted.v1",
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_subject": submission["submission_id"],
        "content-type": "application/json",
    }

    # Where the verdicts end now, before anything is sent: ours comes after it.
    consumer = Consumer(settings | {"group.id": f"{source}.snippet", "enable.auto.commit": False})
    results = TopicPartition(f"city.results.{source}.v1", 0)
    try:
        _, results.offset = consumer.get_watermark_offsets(results, timeout=10)
    except KafkaException:
        consumer.poll(1.0)  # tells error_cb the broker's own reason, where it has one
        raise
    consumer.assign([results])

    producer = Producer(settings | {"enable.idempotence": True, "message.timeout.ms": 20_000})
    producer.produce(
        f"city.submissions.{source}.v1",
        key=submission["submission_id"],
        value=json.dumps(submission),
        headers=headers,
        on_delivery=lambda error, _: stop_where_refused(error),
    )
    producer.flush(20)

    while time.monotonic() < until:
        message = consumer.poll(1.0)
        if message is None:
            continue
        stop_where_refused(message.error())
        if message.error() is None and texts(message).get("ce_causationid") == event_id:
            return message
    raise TimeoutError


def texts(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers() or [] if value is not None}


def stop_where_refused(error: KafkaError | None) -> None:
    if error is not None and error.code() in NOT_LET_IN:
        raise KafkaException(error)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
