"""Rows N: what the network does between a process and its broker or its database, through proxies."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from faults.journal import wall
from faults.lap import Lap
from faults.proxy import Proxy, Way

KNOWN_AFTER_SECONDS: Final = 6.0
SAYS: Final = {"kafka": ["broker.unreachable"], "postgres": ["database.unreachable", "relay.interrupted"]}


async def partition(proxy: Proxy, _: Lap) -> None:
    """N1: nothing passes, either way."""
    await proxy.block(Way.THERE, Way.BACK)


async def deaf(proxy: Proxy, _: Lap) -> None:
    """N2: what is asked arrives; no answer does."""
    await proxy.block(Way.BACK)


async def mute(proxy: Proxy, _: Lap) -> None:
    """N3: what is asked does not arrive."""
    await proxy.block(Way.THERE)


async def delay(proxy: Proxy, lap: Lap) -> None:
    """N4: every piece comes later."""
    proxy.delay_seconds = lap.rng.choice((0.05, 0.3))


async def cut(proxy: Proxy, lap: Lap) -> None:
    """N5: a connection ends after byte N."""
    proxy.cut = lap.rng.randint(1, 20_000)


ROWS: Final[dict[str, Callable[[Proxy, Lap], Awaitable[None]]]] = {
    "N1": partition, "N2": deaf, "N3": mute, "N4": delay, "N5": cut,
}  # fmt: skip


async def network(lap: Lap, role: str, until: float) -> None:
    """One thing after the other on one process's ways."""
    while time.monotonic() < until:
        row, name = lap.rng.choice(sorted(ROWS)), lap.rng.choice(("kafka", "postgres"))
        proxy, began = lap.proxies[role, name], wall()
        hold = lap.rng.choice((0.5, 1.5, 3.0))
        await ROWS[row](proxy, lap)
        await asyncio.sleep(hold)
        await proxy.heal()
        lap.injected(row, began, process=role, to=name, seconds=hold)
        await asyncio.sleep(lap.rng.uniform(0.2, 1.0))


async def long_partition(lap: Lap, role: str, name: str) -> None:
    """N1, so long that the process must have said so."""
    proxy, began = lap.proxies[role, name], wall()
    await proxy.block(Way.THERE, Way.BACK)
    await asyncio.sleep(KNOWN_AFTER_SECONDS + 5)
    await proxy.heal()
    lap.injected("N1", began, process=role, to=name, alerts={role: SAYS[name]})
