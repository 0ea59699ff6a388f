"""Rows B: the broker is killed, restarted, restarted in a loop, and refuses records."""

import asyncio
import signal
from typing import Final

from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from faults import pipeline
from faults.journal import wall
from faults.lap import Lap
from upstream_stack.kafka_access import wait_for

TOO_SMALL: Final = "100"  # bytes: less than any batch with a record in it
USUAL: Final = "1048588"
KNOWN_AFTER_SECONDS: Final = 6.0  # an outage that long must have been said by everybody
AWAY: Final = {role: ["broker.unreachable"] for role in pipeline.PROCESSES}


async def kill_broker(lap: Lap, away_seconds: float | None = None) -> None:
    """B1: kill -9, away for a while, started again."""
    began = wall()
    away = lap.rng.choice((0.0, 2.0, KNOWN_AFTER_SECONDS)) if away_seconds is None else away_seconds
    await lap.world.kafka.end(signal.SIGKILL)
    await asyncio.sleep(away)
    lap.world.kafka.start()
    await lap.world.broker_answers()
    lap.injected("B1", began, alerts=AWAY if away >= KNOWN_AFTER_SECONDS else {})


async def restart_broker(lap: Lap) -> None:
    """B2: told to end, and started again."""
    began = wall()
    await lap.world.kafka.end(signal.SIGTERM)
    lap.world.kafka.start()
    await lap.world.broker_answers()
    lap.injected("B2", began)


async def restart_loop(lap: Lap, times: int = 3) -> None:
    """B3: killed again as soon as it is there, or before."""
    for _ in range(times):
        began = wall()
        if lap.world.kafka.running is None:
            lap.world.kafka.start()
        await asyncio.sleep(lap.rng.uniform(0.5, 4.0))
        await lap.world.kafka.end(signal.SIGKILL)
        lap.injected("B3", began)
    lap.world.kafka.start()
    await lap.world.broker_answers()


async def refuse_records(lap: Lap) -> None:
    """B6: the broker refuses what A says on one topic, for good as far as A can know."""
    await lap.flowing("c", "passed", 5)
    began, topic = wall(), pipeline.topics(lap.mark).moved.name
    await asyncio.to_thread(_limit, lap, topic, TOO_SMALL)
    await asyncio.sleep(lap.rng.uniform(4.0, 6.0))
    await asyncio.to_thread(_limit, lap, topic, USUAL)
    lap.injected("B6", began, alerts={"a": ["partition.refused"]})


def _limit(lap: Lap, topic: str, size: str) -> None:
    entry = ConfigEntry("max.message.bytes", size, incremental_operation=AlterConfigOpType.SET)
    change = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    wait_for(lap.world.admin.incremental_alter_configs([change]).values())
