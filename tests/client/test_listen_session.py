"""One connection's records: a lane for each referral, whatever arrives while something is noted or committed."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiokafka import TopicPartition
from nacl.public import PrivateKey
from support.provider_builders import KEY_ID, Wire, confirmed, key_file, wire

from upstream_client.provider.handed_over import HandedOver
from upstream_client.provider.handover import Handover
from upstream_client.provider.news import News
from upstream_client.provider.offsets import Offsets
from upstream_client.provider.opening import PrivateKeys
from upstream_client.provider.poison import Poison
from upstream_client.provider.session import Session

PLACE = TopicPartition("provider.referrals.sample.v1", 0)


class NextDuringCommit:
    """A Kafka consumer whose next record arrives exactly while what came before it is being committed."""

    def __init__(self, records: list[Wire]) -> None:
        self._records = records
        self._may_read = asyncio.Semaphore(1)
        self._read = asyncio.Event()
        self.committed: list[int] = []

    async def getmany(self, *_: Any, **__: Any) -> dict[TopicPartition, list[Wire]]:
        await self._may_read.acquire()
        if not self._records:
            await asyncio.Event().wait()
        self._read.set()
        return {PLACE: [self._records.pop(0)]}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self._read.clear()
        self._may_read.release()
        if self._records:
            await self._read.wait()
            await asyncio.sleep(0.01)  # the reader takes what it has got
        self.committed.append(offsets[PLACE])


class Desk:
    """A sink that takes everything, and keys that nobody asks for."""

    def __init__(self) -> None:
        self.got: list[UUID] = []

    async def hand_over(self, news: News) -> None:
        self.got.append(UUID(str(news.id)))

    def trial_answered(self) -> None:
        raise AssertionError

    async def follow(self) -> None:
        await asyncio.Event().wait()

    async def newest_of(self, _: object) -> None:
        raise AssertionError

    async def news(self, within_seconds: float) -> None:
        raise AssertionError


async def test_a_record_that_comes_while_the_one_before_it_is_committed_is_handed_over_once_and_after_it(
    tmp_path: Path,
) -> None:
    referral, ids = uuid4(), [uuid4() for _ in range(3)]
    consumer = NextDuringCommit([wire(confirmed(referral, f"answer-{n}"), str(ids[n]), n) for n in range(3)])
    desk = Desk()
    keys = PrivateKeys(key_file(tmp_path / "keys.json", PrivateKey.generate(), KEY_ID))
    handover = Handover(desk, keys, desk, Poison(tmp_path))
    whole: Any = consumer
    session = Session(whole, "sample", whole, PLACE, handover, HandedOver(tmp_path), Offsets(0))
    async with asyncio.timeout(10):
        await session.run(3)
    assert desk.got == ids
    assert consumer.committed == [1, 2, 3]
