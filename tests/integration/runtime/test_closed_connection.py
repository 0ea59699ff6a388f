"""A connection that was closed under aiokafka, on the event loop that processes run on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from aiokafka import conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from upstream_runtime.closed_connection import Connection, tell_closed_from_wrong

Kind = type[conn.AIOKafkaConnection]
Does = Callable[[Kind], Coroutine[Any, Any, None]]


async def closed(kind: Kind) -> conn.AIOKafkaConnection:
    """A connection of this kind that is no more."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    found = kind(host, port)
    found._reader, found._writer = await asyncio.open_connection(host, port)
    found._read_task = asyncio.create_task(found._reader.read())
    found._versions = {MetadataRequest.API_KEY: (0, 5)}
    found._writer.transport.abort()
    await found._read_task
    await asyncio.sleep(0)
    server.close()
    return found


async def ask(kind: Kind) -> None:
    found = await closed(kind)
    try:
        await found.send(MetadataRequest([]))
    finally:
        assert kind is conn.AIOKafkaConnection or not found.connected()


async def log_in(kind: Kind) -> None:
    await (await closed(kind))._send_sasl_token(b"token")


@pytest.mark.parametrize("does", [ask, log_in])
def test_a_closed_connection_is_a_broken_one(does: Does) -> None:
    with pytest.raises(KafkaConnectionError):
        uvloop.run(does(Connection))


@pytest.mark.parametrize("does", [ask, log_in])
def test_the_library_does_not_say_so_yet(does: Does) -> None:
    """Where this is red, the library has mended it, and `closed_connection` can go."""
    with pytest.raises(RuntimeError, match="closed"):
        uvloop.run(does(conn.AIOKafkaConnection))


def test_connections_are_made_of_this_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conn, "AIOKafkaConnection", conn.AIOKafkaConnection)
    tell_closed_from_wrong()
    assert conn.create_conn.__globals__["AIOKafkaConnection"] is Connection
