"""The producer that the relay sends with: its settings, and numbered records as batches of it.

Must not choose what is sent, or when.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.metadata import MetadataRequest
from pydantic_core import from_json

from upstream_runtime.store import Said
from upstream_runtime.streams import Headers

BATCH_BYTES_MAX: Final = 512 * 1024
CLOSE_SECONDS_MAX: Final = 2.0
log = structlog.get_logger()


def batches(
    producer: AIOKafkaProducer, numbered: Callable[[int], Headers], records: Sequence[Said], count_max: int
) -> Iterator[tuple[BatchBuilder, int, int]]:
    """Records of one partition as batches in order, each with how many it holds and the last one's number.

    `numbered` gives the headers that tell a number.
    """
    batch, count, last = producer.create_batch(), 0, 0
    for record in records:
        if count == count_max or not _append(batch, numbered, record):
            yield batch, count, last
            batch, count = producer.create_batch(), 0
            _append(batch, numbered, record)
        count, last = count + 1, record.n
    yield batch, count, last


def _append(batch: BatchBuilder, numbered: Callable[[int], Headers], record: Said) -> bool:
    """False where the batch is full. An empty one takes any record."""
    pairs = record.pairs or [(name, value.encode()) for name, value in from_json(record.headers)]
    headers = [*pairs, *numbered(record.n)]
    at = int(record.said_at.timestamp() * 1000)
    return batch.append(key=record.key, value=record.value, timestamp=at, headers=headers) is not None


async def cluster_of(producer: AIOKafkaProducer) -> str:
    """The id of the cluster that a started producer is connected to: a broker that was formatted anew has another one."""
    client = producer.client
    told = await client.send(client.get_random_node(), MetadataRequest([]))
    return str(told.cluster_id)


async def close(producer: AIOKafkaProducer) -> None:
    """Close it, whatever state it is in."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS_MAX):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        log.info("relay.producer-not-closed", exc_info=error)


def idempotent_producer(servers: str, user: str, password: str | None) -> AIOKafkaProducer:
    """A producer with every guarantee on: all replicas, idempotent, zstd."""
    secured: dict[str, Any] = {}
    if password is not None:
        secured = {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }
    return AIOKafkaProducer(
        bootstrap_servers=servers,
        client_id=user,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        max_batch_size=BATCH_BYTES_MAX,
        max_request_size=2 * BATCH_BYTES_MAX,
        linger_ms=0,
        **secured,
    )
