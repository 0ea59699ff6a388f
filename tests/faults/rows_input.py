"""Rows M, T and S: what comes in twice, late or broken; clocks that step; credentials that change."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition

from faults import pipeline
from faults.bad_input import CLASSES
from faults.evidence import read_topics
from faults.journal import wall
from faults.lap import PASSWORD, Lap
from upstream_stack.kafka_users import set_passwords

REPLAYED_MAX: Final = 1000


async def replay_segment(lap: Lap) -> None:
    """M3: an old stretch of a topic stands on it once more, bytes and numbers as they were."""
    began, topic = wall(), pipeline.topics(lap.mark).moved.name
    count = await asyncio.to_thread(_replay, lap, topic)
    lap.injected("M3", began, kind="segment", count=count)


def _replay(lap: Lap, topic: str) -> int:
    config: Mapping[str, Any] = lap.world.admin_config
    records = read_topics(config, [topic])[topic][:REPLAYED_MAX]
    producer = Producer({**config, "acks": "all", "enable.idempotence": True, "log_level": 0})
    for record in records:
        headers: Any = list(record.headers)
        producer.produce(record.topic, record.value, record.key, record.partition, headers=headers)
    producer.flush(15)
    return len(records)


async def move_offsets(lap: Lap, role: str, to: str) -> None:
    """M3: a group's offsets are set back to the beginning, or forward to the end, while nobody is in it."""
    began, group = wall(), lap.principal(role)
    lap.running[role].tell_to_end()
    await lap.running[role].ended(15)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(_set_offsets, lap, group, to)
    lap.launch(role)
    await lap.ready(role)
    lap.injected("M3", began, kind=f"offsets {to}", process=role)


def _set_offsets(lap: Lap, group: str, to: str) -> None:
    topic = pipeline.topics(lap.mark).moved
    ends = read_ends(lap, topic.name, topic.partitions)
    wanted = [TopicPartition(topic.name, p, 0 if to == "back" else end) for p, end in enumerate(ends)]
    deadline = time.monotonic() + 15
    while True:  # a static member leaves its group when its session ends
        asked = lap.world.admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, wanted)])
        try:
            refused = [place.error for place in asked[group].result(20).topic_partitions if place.error]
            if refused:
                raise KafkaException(refused[0])
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def read_ends(lap: Lap, topic: str, partitions: int) -> list[int]:
    """Where a topic's partitions end now."""
    reader = Consumer({**lap.world.admin_config, "group.id": "matrix-ends", "log_level": 0})
    try:
        return [reader.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in range(partitions)]
    finally:
        reader.close()


async def sicken(lap: Lap, role: str, share: float, seconds: float) -> None:
    """Nothing can be decided about a share of the accounts for a while: they are parked, and drained after that."""
    began = wall()
    sick = [account for account in lap.accounts if lap.rng.random() < share] or lap.accounts[:1]
    lap.mood(role).write_text("\n".join(sick))
    await asyncio.sleep(seconds)
    lap.mood(role).unlink()
    lap.injected("M5", began, process=role, count=len(sick))


async def poison_one(lap: Lap, role: str, seconds: float) -> None:
    """M5: one account among all others is poison. The checker compares how fast the others are with and without it."""
    await asyncio.sleep(seconds)
    began = wall()
    lap.mood(role).write_text(lap.accounts[0])
    await asyncio.sleep(seconds)
    lap.mood(role).unlink()
    lap.injected("M5", began, process=role, poison=lap.accounts[0], alerts={role: ["key.parked"]})


async def redrive_twice(lap: Lap, role: str) -> None:
    """S2: an operator has every parked key tried at once, and then asks for the same again."""
    began = wall()
    url, token = lap.running[role].url, {"authorization": f"Bearer {PASSWORD}"}
    order = {"by": "matrix", "reason": "it was mended"}
    async with httpx.AsyncClient(headers=token, timeout=10) as door:
        for key in (await door.get(f"{url}/operator/parked")).raise_for_status().json()["parked"]:
            for _ in range(2):
                answer = await door.post(f"{url}/operator/parked/{key['aggregate']}/{key['key']}", json=order)
                assert answer.status_code in (200, 404), answer.text
    lap.injected("S2", began, process=role)


def count_input(lap: Lap) -> None:
    """M1, M2, M4: what the client was told to do to its own asks, one fault for each kind."""
    began = wall()
    if lap.load.copies > 1:
        lap.injected("M1", began, copies=lap.load.copies)
    if lap.load.shuffled:
        lap.injected("M2", began)
    if lap.load.bad_each:
        for name in sorted(CLASSES):
            lap.injected("M4", began, kind=name, count=lap.load.bad_each)


async def step_clock(lap: Lap, step: float, offset: float) -> None:
    """T1 forward, T2 back: the processes' clock steps to `offset` seconds ahead of the wall, under load."""
    began = wall()
    fresh = lap.clock.with_suffix(".new")
    fresh.write_text(json.dumps({"offset_seconds": offset}))
    fresh.replace(lap.clock)
    await asyncio.sleep(1)
    lap.injected("T1" if step > 0 else "T2", began, seconds=step)


async def rotate_credentials(lap: Lap, role: str) -> None:
    """S3: a process's passwords on broker and database change under load; it is restarted with the new ones."""
    began, fresh = wall(), f"{PASSWORD}-{lap.rng.randrange(10**6)}"
    conn = await lap.world.connection()
    await conn.execute(f"ALTER ROLE \"{lap.database(role)}\" PASSWORD '{fresh}'")
    await conn.close()
    await asyncio.to_thread(set_passwords, lap.world.admin, {lap.principal(role): fresh})
    lap.passwords[role] = fresh
    await asyncio.sleep(1)  # it goes on meanwhile on the connections it has
    lap.running[role].tell_to_end()
    await lap.running[role].ended(15)
    lap.launch(role)
    await lap.ready(role)
    lap.injected("S3", began, process=role)
