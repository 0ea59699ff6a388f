"""Publishes one submission and waits for its verdict.

    pip install confluent-kafka
    python publish_submission.py pdx311.json submission.json

Exit code: 0 accepted or duplicate, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
"""

import json
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

EXIT_CODES = {"accepted": 0, "duplicate": 0, "redirected": 3, "rejected": 4, "quarantined": 5}
NO_ANSWER, REFUSED = 6, 7
NOT_LET_IN = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.MSG_SIZE_TOO_LARGE,
}


def main(credentials_file: str, submission_file: str) -> int:
    credentials = json.loads(Path(credentials_file).read_text(encoding="utf-8"))
    source = credentials["source"]
    settings = {name: value for name, value in credentials.items() if name != "source"}
    settings |= {"error_cb": stop_where_refused, "log_level": 0}

    submission = json.loads(Path(submission_file).read_text(encoding="utf-8"))
    key = submission.setdefault("submission_id", str(uuid.uuid4()))
    event_id = str(uuid.uuid4())
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": f"/city/{source}",
        "ce_type": "city.submission.submitted.v1",
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_subject": key,
        "content-type": "application/json",
    }

    # Where the verdicts end now, before anything is sent: ours comes after it.
    consumer = Consumer(settings | {"group.id": f"{source}.snippet", "enable.auto.commit": False})
    results = TopicPartition(f"city.results.{source}.v1", 0)
    _, results.offset = consumer.get_watermark_offsets(results, timeout=10)
    consumer.assign([results])

    producer = Producer(settings | {"enable.idempotence": True, "message.timeout.ms": 30_000})
    producer.produce(
        f"city.submissions.{source}.v1",
        key=key,
        value=json.dumps(submission),
        headers=headers,
        on_delivery=lambda error, _: stop_where_refused(error),
    )
    producer.flush(30)

    until = time.monotonic() + 30
    while time.monotonic() < until:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        told = texts(message)
        if told.get("ce_causationid") == event_id:
            verdict = told["ce_type"].split(".")[2]  # intake.submission.<verdict>.v1
            print(verdict, message.value().decode())
            return EXIT_CODES[verdict]
    print("no answer yet: send it again with the same ids, it counts once", file=sys.stderr)
    return NO_ANSWER


def texts(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers() or [] if value is not None}


def stop_where_refused(error: KafkaError | None) -> None:
    if error is not None and error.code() in NOT_LET_IN:
        raise KafkaException(error)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KafkaException as error:
        print(f"the broker refused: {error.args[0].str()}", file=sys.stderr)
        sys.exit(REFUSED)
