"""Rows C, P, G and S1: processes that die at a chosen call, die at random, stand still, come and go, or are upgraded."""

import asyncio
import signal
import time
from typing import Final

from confluent_kafka.admin import NewPartitions

from faults import pipeline
from faults.journal import wall
from faults.lap import Lap
from upstream_stack.kafka_access import wait_for

CRASH_SECONDS_MAX: Final = 9.0  # a lease that a dead one left is waited for before anything is sent
PAUSE_SECONDS: Final = 8.0  # longer than the lease (5 s) and than the session (6 s)
# What each process does often enough to die at it.
POINTS: Final = {
    "a": ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13"),
    "b": ("C1", "C2", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13"),
    "c": ("C1", "C2", "C6", "C8", "C11", "C12", "C13"),
}
SELDOM: Final = ("C5", "C9", "C10", "C11", "C13")  # calls that come a few times in a short life


def crashes(lap: Lap, role: str) -> list[tuple[str, str]]:
    """Every crash point of a process, before and after its call, in an order drawn from the seed."""
    points = [(point, when) for point in POINTS[role] for when in ("before", "after")]
    lap.rng.shuffle(points)
    return points


async def crash_chain(lap: Lap, role: str, until: float) -> None:
    """C1–C13: one life after the other, each armed with the next crash point. A life that outlives its time is killed (C14)."""
    chain: list[tuple[str, str]] = []
    lap.running[role].kill()
    while time.monotonic() < until:
        chain = chain or crashes(lap, role)
        point, when = chain.pop()
        fired = lap.folder / f"fired-{role}-{lap.crashes}"
        lap.crashes += 1
        nth = lap.rng.randint(1, 2 if point in SELDOM else 15)
        process = lap.launch(role, crash={"point": point, "when": when, "nth": nth, "fired": str(fired)})
        if not await process.ended(CRASH_SECONDS_MAX):
            process.kill()
        began = wall()
        lap.injected(point if fired.exists() else "C14", began, process=role, when=when, nth=nth)
    lap.launch(role)
    await lap.ready(role)


async def kill_at_random(lap: Lap, role: str, until: float) -> None:
    """C14: kill -9, and started again."""
    while time.monotonic() < until:
        await asyncio.sleep(lap.rng.uniform(0.3, 3.0))
        await kill(lap, role)


async def kill(lap: Lap, role: str) -> None:
    """C14, once."""
    began = wall()
    lap.running[role].kill()
    lap.launch(role)
    await lap.ready(role)
    lap.injected("C14", began, process=role)


async def pause(lap: Lap, role: str, until: float) -> None:
    """P1, P2: one of two replicas stands still until its lease and its session are another's, then goes on as a zombie."""
    row, names = "P1" if role == "a" else "P2", [role, f"{role}2"]
    while time.monotonic() < until - PAUSE_SECONDS:
        name = names[lap.rng.randrange(2)]
        began = wall()
        lap.running[name].popen.send_signal(signal.SIGSTOP)
        await asyncio.sleep(PAUSE_SECONDS)
        lap.running[name].popen.send_signal(signal.SIGCONT)
        lap.injected(row, began, process=name)
        for _ in range(lap.rng.randint(1, 3)):
            await short_pause(lap, names[lap.rng.randrange(2)])


async def short_pause(lap: Lap, name: str) -> None:
    """P3: it stands still for less than its lease."""
    await asyncio.sleep(lap.rng.uniform(0.3, 1.0))
    began = wall()
    lap.running[name].popen.send_signal(signal.SIGSTOP)
    await asyncio.sleep(lap.rng.uniform(0.2, 1.5))
    lap.running[name].popen.send_signal(signal.SIGCONT)
    lap.injected("P3", began, process=name)


async def storm(lap: Lap, role: str, until: float) -> None:
    """G1: a second replica that comes, and is told to go or killed, again and again."""
    twin = f"{role}2"
    while time.monotonic() < until:
        began = wall()
        process = lap.launch(role, twin)
        await lap.ready(twin)
        await asyncio.sleep(lap.rng.uniform(0.2, 2.0))
        if lap.rng.random() < 0.5:
            process.tell_to_end()
            await process.ended(10)
        process.kill()
        lap.injected("G1", began, process=role)


async def raise_partitions(lap: Lap) -> None:
    """G2: somebody raises a topic's partitions on the broker. Nothing may change: the relay hashes with the catalogue's."""
    began, moved = wall(), pipeline.topics(lap.mark).moved
    wait_for(lap.world.admin.create_partitions([NewPartitions(moved.name, moved.partitions + 2)]).values())
    lap.injected("G2", began)


async def restart_static_member(lap: Lap, role: str) -> None:
    """G3: a static member is told to go, and comes back under its name within the session."""
    began = wall()
    lap.running[role].tell_to_end()
    await lap.running[role].ended(15)
    lap.launch(role)
    await lap.ready(role)
    lap.injected("G3", began, process=role)


async def upgrade(lap: Lap) -> None:
    """S1: a rolling upgrade with two versions of one event live: who reads goes first, who says goes last."""
    began = wall()
    for role in reversed(pipeline.PROCESSES):
        lap.versions[role] = 2
        await restart_static_member(lap, role)
    lap.injected("S1", began)
