"""Rows R: of three brokers the one that leads is killed, the one that controls is killed, two are down, all are restarted in turn."""

import asyncio
import signal
from typing import Final
from zlib import crc32

from faults import pipeline, rows_input
from faults.journal import wall
from faults.lap import Lap
from faults.quorum import Quorum
from faults.world import Server

AWAY_SECONDS: Final = (0.0, 3.0, 7.0)
AHEAD_SECONDS: Final = 1.5  # far from what makes a leader go on without the others
DOWN_SECONDS: Final = 12.0  # longer than an alert may take


async def kill_leader(lap: Lap) -> None:
    """R1: the leader of what A says, or of what it is asked, is killed with -9, away for a while, and started again."""
    named = pipeline.topics(lap.mark)
    topic = lap.rng.choice((named.moved.name, named.asks.for_party(pipeline.PARTIES[0])))
    await _killed(lap, "R1", await asyncio.to_thread(_world(lap).leader, topic))


async def kill_controller(lap: Lap) -> None:
    """R2: so is the active controller."""
    await _killed(lap, "R2", _world(lap).controller())


async def kill_leader_ahead(lap: Lap) -> None:
    """R1 at its worst: what A says the leader alone has, because the others stand still, and then the leader is killed.

    Beforehand A can decide nothing, then only about accounts whose topic's partition is this leader's: nobody needs to be
    heard for that, and nothing that another broker must take comes before it.
    """
    world, moved = _world(lap), pipeline.topics(lap.mark).moved
    leader = await asyncio.to_thread(world.leader, moved.name)
    lap.mood("a").write_text("\n".join(lap.accounts))
    await asyncio.sleep(1)
    began, others = wall(), [broker for broker in world.brokers if broker is not leader]
    for broker in others:
        broker.stand_still()
    elsewhere = [account for account in lap.accounts if crc32(account.encode()) % moved.partitions]
    lap.mood("a").write_text("\n".join(elsewhere))
    await rows_input.redrive_twice(lap, "a")
    await asyncio.sleep(AHEAD_SECONDS)
    await leader.end(signal.SIGKILL)
    for broker in others:
        broker.go_on()
    lap.mood("a").unlink()
    leader.start()
    await world.broker_answers()
    lap.injected("R1", began, away=0.0)


async def two_down(lap: Lap) -> None:
    """R3: two of three are down. Nothing is acknowledged; A, which has something to say just then, must say that it cannot."""
    world = _world(lap)
    lap.mood("a").write_text("\n".join(lap.accounts))
    await asyncio.sleep(1)
    down = lap.rng.sample(world.brokers, 2)
    began = wall()
    await asyncio.gather(*(broker.end(signal.SIGKILL) for broker in down))
    lap.mood("a").unlink()
    await rows_input.redrive_twice(lap, "a")
    await asyncio.sleep(DOWN_SECONDS)
    for broker in down:
        broker.start()
    await world.broker_answers()
    lap.injected("R3", began, alerts={"a": ["broker.unreachable", "relay.interrupted"]})


async def restart_in_turn(lap: Lap) -> None:
    """R4: one after the other is told to end and started again, each when the one before it has caught up."""
    began, world = wall(), _world(lap)
    for broker in world.brokers:
        await broker.end(signal.SIGTERM)
        broker.start()
        await world.broker_answers()
    lap.injected("R4", began)


async def _killed(lap: Lap, row: str, broker: Server) -> None:
    began, away = wall(), lap.rng.choice(AWAY_SECONDS)
    await broker.end(signal.SIGKILL)
    await asyncio.sleep(away)
    broker.start()
    await lap.world.broker_answers()
    lap.injected(row, began, away=away)


def _world(lap: Lap) -> Quorum:
    assert isinstance(lap.world, Quorum), "only a lap of three brokers has these rows"
    return lap.world
