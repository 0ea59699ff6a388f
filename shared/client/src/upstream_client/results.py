"""`upstream results`: the verdicts of one source, as they lie on its results topic. Changes nothing but where it goes on."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from upstream_client.broker import Broker, refusal
from upstream_client.credentials import Credentials, credentials_for, source_named
from upstream_client.terminal import print_json, print_verdict, warn
from upstream_client.trouble import NO_ANSWER, REFUSED, Trouble
from upstream_client.waiting import read_answer
from upstream_schemas.envelope import Unreadable
from upstream_schemas.topics import CITY_RESULTS

POLL_MS: Final = 500
COMMIT_AT_MOST: Final = 500  # records printed between two commits


def results(
    source: Annotated[str | None, typer.Option(help="Which source you are; default: the one the credentials name.")] = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="All that the topic holds, not only what is new.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more until stopped.")] = False,
    credentials: Annotated[Path | None, typer.Option(help="Your credentials file.")] = None,
    in_json: Annotated[bool, typer.Option("--json", help="One JSON object a verdict.")] = False,
) -> None:
    """Show the verdicts that were not shown yet. Where to go on is kept on the broker, in the group <source>.results."""
    found = credentials_for(source, credentials)
    name = source_named(source, found)
    try:
        asyncio.run(_show(found, name, from_beginning=from_beginning, follow=follow, in_json=in_json))
    except KeyboardInterrupt:
        raise typer.Exit from None
    except (KafkaError, OSError) as error:
        raise _trouble(error, found, name) from None


def _trouble(error: BaseException, credentials: Credentials, source: str) -> Trouble:
    why = refusal(error)
    if why is None:
        return Trouble(
            "The verdicts cannot be read", f"{credentials.bootstrap}: {error}", "try again when the broker answers", NO_ANSWER
        )
    return Trouble(f"The broker refused to show the verdicts of {source}", why, f"use the credentials of {source}", REFUSED)


async def _show(credentials: Credentials, source: str, *, from_beginning: bool, follow: bool, in_json: bool) -> None:
    broker = Broker(credentials)
    await broker.admit([CITY_RESULTS.for_party(source)])
    async with broker.reader(CITY_RESULTS.for_party(source), group=f"{source}.results") as (consumer, partition):
        end = (await consumer.end_offsets([partition]))[partition]
        if from_beginning:
            await consumer.seek_to_beginning(partition)
        while follow or await consumer.position(partition) < end:
            await _show_next(consumer, partition, in_json=in_json)


async def _show_next(consumer: AIOKafkaConsumer, partition: TopicPartition, *, in_json: bool) -> None:
    """Prints what came, then commits: a verdict is shown twice rather than never."""
    found = await consumer.getmany(partition, timeout_ms=POLL_MS, max_records=COMMIT_AT_MOST)
    records = found.get(partition, [])
    for record in records:
        _print(record, in_json=in_json)
    if records:
        await consumer.commit({partition: records[-1].offset + 1})


def _print(record: Any, *, in_json: bool) -> None:
    try:
        causation, verdict = read_answer(record.headers, record.value)
    except Unreadable as error:
        warn(f"offset {record.offset} cannot be read ({error.code}): a newer upstream-client may know it")
        return
    if in_json:
        print_json({"offset": record.offset, "event_id": causation} | verdict.model_dump(mode="json", exclude_none=True))
    else:
        print_verdict(verdict, str(verdict.submission_id) if verdict.submission_id else None)
