"""A small TCP proxy that breaks networks on purpose: partitions, one-way streets, delays, and cuts after byte N.

All chance comes from the seed it is given. Knows no protocol.
"""

import asyncio
import random
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

CHUNK_BYTES: Final = 64 * 1024


class Way(Enum):
    """A direction: towards the server, or back."""

    THERE = "there"
    BACK = "back"


@dataclass(slots=True)
class Proxy:
    """Listens on `port` and passes everything on to `target` on loopback, but for what is broken just now.

    `blocked` ways let nothing through: bytes wait, connections stay open. `delay_seconds` holds each piece back up to that
    long. `cut` ends the next connection that carries so many more bytes, in the middle of whatever they belong to.
    """

    port: int
    target: int
    rng: random.Random
    blocked: set[Way] = field(default_factory=set)
    delay_seconds: float = 0.0
    cut: int | None = None
    cuts: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _server: asyncio.Server | None = None
    _passing: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def block(self, *ways: Way) -> None:
        """Nothing passes these ways until `heal`."""
        self.blocked |= set(ways)

    async def heal(self) -> None:
        """Everything passes again; what waited goes first."""
        self.blocked.clear()
        self.delay_seconds = 0.0
        self.cut = None
        async with self._changed:
            self._changed.notify_all()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        passing = {
            asyncio.create_task(self._pass(reader, back, Way.THERE)),
            asyncio.create_task(self._pass(there, writer, Way.BACK)),
        }
        self._passing |= passing
        await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        for one in passing:
            one.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        self._passing -= passing
        writer.transport.abort()
        back.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._hold(way)
            if self.cut is not None:
                self.cut -= len(data)
                if self.cut <= 0:
                    self.cuts += 1
                    writer.write(data[: len(data) + self.cut])
                    self.cut = None
                    return
            writer.write(data)
            await writer.drain()

    async def _hold(self, way: Way) -> None:
        if self.delay_seconds:
            await asyncio.sleep(self.rng.random() * self.delay_seconds)
        if way in self.blocked:
            async with self._changed:
                await self._changed.wait_for(lambda: way not in self.blocked)
