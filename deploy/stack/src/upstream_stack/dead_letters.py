"""`upstream-stack dead-letters …`: records that were set aside, read from their topics by their zone's operator. What puts one back is the process's own door.

No operator sees both sides of the wall. Whoever sits at this machine holds the passwords of all of them, so this view asks
each in turn: what joins the sides is that person, not a principal.
"""

import base64
import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from rich.table import Table

from upstream_schemas.codec import decode
from upstream_schemas.operations import DeadLetterRecordedV1
from upstream_schemas.topic import Topic
from upstream_schemas.topics import DEAD_LETTERS, OPERATOR_OF
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import ANSWER_SECONDS, own_config
from upstream_stack.rights import OPERATORS
from upstream_stack.settings import Target, running_target
from upstream_stack.terminal import out, print_json
from upstream_stack.waiting_commands import list_kept, redrive_letter

app = typer.Typer(help="Records that were set aside for a person.", no_args_is_help=True)

app.command(name="redrive")(redrive_letter)
app.command(name="kept")(list_kept)

_BODY_FIELDS = frozenset({"value", "key", "headers"})


@app.command(name="list")
def list_letters(*, as_json: Annotated[bool, typer.Option("--json", help="For a machine.")] = False) -> None:
    """Name every dead letter that is kept: where it came from, why, when, how large. No contents."""
    letters = list(read_letters(running_target()))
    if as_json:
        print_json([letter.model_dump(mode="json", exclude=set(_BODY_FIELDS)) for letter in letters])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "process", "topic", "partition", "offset", "reason", "set aside at", "bytes"):
        table.add_column(heading, justify="right" if heading in ("partition", "offset", "bytes") else "left")
    for letter in letters:
        place = (letter.topic, str(letter.partition), str(letter.offset))
        table.add_row(
            str(letter.dead_letter_id),
            letter.process,
            *place,
            letter.reason,
            str(letter.set_aside_at),
            str(letter.value_bytes),
        )
    out.print(table if letters else "No dead letters.")


@app.command()
def show(
    dead_letter_id: Annotated[str, typer.Argument(help="Its id, as `dead-letters list` shows it.")],
    *,
    body: Annotated[bool, typer.Option("--body", help="Also write the record's bytes, which may be personal data.")] = False,
) -> None:
    """Print what is known of one dead letter; with --body its bytes follow on standard output, as they came."""
    found = next((letter for letter in read_letters(running_target()) if str(letter.dead_letter_id) == dead_letter_id), None)
    if found is None:
        raise Trouble(f"There is no dead letter {dead_letter_id}", "none of that id is kept", command("dead-letters", "list"))
    sys.stdout.write(json.dumps(found.model_dump(mode="json", exclude=set(_BODY_FIELDS)), indent=2) + "\n")
    if body:
        if found.value is None:
            raise Trouble("Its bytes were not kept", f"reason {found.reason}", command("dead-letters", "list"))
        sys.stdout.flush()
        sys.stdout.buffer.write(base64.b64decode(found.value))


def read_letters(chosen: Target) -> Iterator[DeadLetterRecordedV1]:
    """Every dead letter that the topics still keep, process by process in the order they were set aside."""
    for operator in OPERATORS:
        kept = [topic for topic in DEAD_LETTERS.values() if OPERATOR_OF[topic.zone] == operator]
        yield from _read_as(chosen, operator, kept)


def _read_as(chosen: Target, operator: str, topics: list[Topic]) -> Iterator[DeadLetterRecordedV1]:
    consumer = Consumer(
        own_config(chosen.layout, chosen.ports, operator)
        | {"group.id": operator, "enable.auto.commit": False, "enable.partition.eof": False, "log_level": 0}
    )
    try:
        for topic in topics:
            for number in range(topic.partitions):
                yield from _read(consumer, TopicPartition(topic.name, number))
    finally:
        consumer.close()


def _read(consumer: Consumer, partition: TopicPartition) -> Iterator[DeadLetterRecordedV1]:
    first, end = consumer.get_watermark_offsets(partition, timeout=ANSWER_SECONDS)
    if first == end:
        return
    consumer.assign([TopicPartition(partition.topic, partition.partition, first)])
    position = first
    while position < end:
        record = _poll(consumer, partition.topic)
        position = (record.offset() or 0) + 1
        yield decode(record.value() or b"", DeadLetterRecordedV1)


def _poll(consumer: Consumer, topic: str) -> Message:
    """The next record. The library asks for the group's coordinator although no group is used, and an operator may not: passed over."""
    while True:
        record = consumer.poll(ANSWER_SECONDS)
        error = None if record is None else record.error()
        if record is not None and error is None:
            return record
        if error is None or error.code() != KafkaError.GROUP_AUTHORIZATION_FAILED:
            why = "the broker sent nothing" if error is None else error.str()
            raise Trouble(f"{topic} cannot be read", why, command("logs", "kafka"))
