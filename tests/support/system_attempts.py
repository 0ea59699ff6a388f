"""What the broker itself lets a principal do, tried with bare requests of Kafka's protocol, many names in each.

A client library stops by itself at the first refusal; a bare request reaches the authorizer for every name. No attempt
changes anything, allowed or not: a write carries no record, and a group is spoken to as a member it does not have.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest

REFUSED = {"topic": 29, "group": 30}
Answered = tuple[str, str, int]  # operation, name, code


@dataclass(frozen=True, slots=True, order=True)
class Attempt:
    """One try. `operation` and `resource` are the words of `upstream_stack.rights.Acl`; who describes a group reads its offsets."""

    principal: str
    operation: str
    resource: str
    name: str


@asynccontextmanager
async def connected(config: dict[str, str]) -> AsyncIterator[Any]:
    """One authenticated connection, on which requests are answered in order."""
    host, _, port = config["bootstrap.servers"].partition(":")
    connection = await create_conn(
        host,
        int(port),
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=config["sasl.username"],
        sasl_plain_password=config["sasl.password"],
    )
    try:
        yield connection
    finally:
        connection.close()


async def tried(config: dict[str, str], topics: Iterable[str], groups: Iterable[str]) -> dict[Attempt, int]:
    """Each operation on each topic and group as this principal, with the code that the broker answered."""
    principal = config["sasl.username"]
    async with connected(config) as connection:
        found = [
            *[("topic", *answered) async for answered in _on_topics(connection, list(topics))],
            *[("group", *answered) async for answered in _on_groups(connection, groups)],
        ]
    return {Attempt(principal, operation, resource, name): code for resource, operation, name, code in found}


async def _on_topics(connection: Any, names: list[str]) -> AsyncIterator[Answered]:
    described = await connection.send(MetadataRequest(names, allow_auto_topic_creation=False))
    for code, name, *_ in described.topics:
        yield "describe", name, code
    first_byte = [(name, [(0, 0, 1)]) for name in names]
    no_record = [(name, [(0, b"")]) for name in names]
    read = await connection.send(FetchRequest(10, 0, 1, 0, first_byte))
    written = await connection.send(ProduceRequest(None, -1, 1000, no_record))
    for operation, answer in (("read", read), ("write", written)):
        for name, ((_, code, *_), *_) in answer.topics:
            yield operation, name, code


async def _on_groups(connection: Any, names: Iterable[str]) -> AsyncIterator[Answered]:
    for name in names:
        described = await connection.send(DescribeGroupsRequest([name]))
        yield "describe", name, described.groups[0][0]
        offsets = await connection.send(OffsetFetchRequest(name, None))
        yield "read offsets of", name, offsets.error_code
        beat = await connection.send(HeartbeatRequest(name, 1, "nobody"))
        yield "read", name, beat.error_code
