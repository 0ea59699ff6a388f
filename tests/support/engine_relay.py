"""A relay beside a test: what was said goes to a real topic, and is read back as its readers see it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

from support.engine_kafka import ADMIN, Bus
from support.engine_parts import Running
from support.engine_service import COUNTER, told

from upstream_runtime.apply import Step, only
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Cause, Decision
from upstream_runtime.producing import idempotent_producer
from upstream_runtime.relay import Relay
from upstream_runtime.streams import Streams


def relay_of(bus: Bus, one: Running, user: str = ADMIN, password: str | None = None) -> Relay:
    producer = partial(idempotent_producer, bus.servers, user, password or bus.password)
    relay = Relay(one.pool, Streams(one.engine.mind.stream), producer, one.clock)
    one.engine._offer = relay.offer
    return relay


@asynccontextmanager
async def relaying(relay: Relay) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(relay.run())
    try:
        yield task
        assert not task.done(), "the relay came to an end"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def say(one: Running, label: str, key: UUID | None = None, padding: int = 0) -> None:
    """One effect, said on the topic of shown counters."""
    cause = Cause(str(fresh_id()), "/test", one.clock.now())
    decide = told if not padding else padded(padding)
    await one.engine.transact(only(Step(COUNTER, key or fresh_id(), decide, label, cause)))


def padded(size: int) -> Any:
    def decide(state: Any, label: str, ctx: Any) -> Decision[Any]:
        decision = told(state, label, ctx)
        shown: Any = decision.events[0]
        return Decision(
            decision.state,
            (shown.model_copy(update={"padding": random.Random(size).randbytes(size // 2).hex()}),),
            decision.due,
            decision.answer,
        )

    return decide


def numbers(bus: Bus, one: Running) -> dict[int, list[int]]:
    """The numbers on the topic of shown counters as they stand there, for each partition."""
    found: dict[int, list[int]] = {}
    for record in bus.read(one.topics.shown.name):
        headers: dict[str, Any] = dict(record.headers() or [])
        stream, _, n = headers["ce_sequence"].decode().partition(":")
        assert stream == one.engine.mind.stream
        found.setdefault(record.partition() or 0, []).append(int(n))
    return found


def in_order(found: list[int]) -> bool:
    """As a reader applies it: every number that is new to it is the last one's successor."""
    last = 0
    for n in found:
        if n > last + 1:
            return False
        last = max(last, n)
    return True
