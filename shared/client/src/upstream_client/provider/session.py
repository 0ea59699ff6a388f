"""What goes on over one connection: records are read, each referral has a lane, and what is done is noted and committed.

Must not decide what a record means, nor reconnect: whatever goes wrong ends the session, and the next begins with what is
not done.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from upstream_client.broker import CLOSE_SECONDS, Broker
from upstream_client.provider.handed_over import HandedOver
from upstream_client.provider.handover import Handover
from upstream_client.provider.incoming import Incoming, Polled, read_incoming
from upstream_client.provider.kept_answers import forget_answers
from upstream_client.provider.offsets import Offsets
from upstream_client.provider.saying import answers_trial, say_trial_received
from upstream_client.terminal import warn
from upstream_schemas.envelope import Unreadable
from upstream_schemas.provider import ErasureRequestedV1, ReferralOfferWithdrawnV1, TrialSentV1

POLL_MS: Final = 200
READ_AHEAD_MAX: Final = 1000  # records that are not done
KEYLESS_SECONDS: Final = 5.0  # after which a run that shall end leaves an offer without its key to the next
PAUSE_SECONDS: Final = 0.05
COMMIT_SECONDS_MAX: Final = 10.0
Lane = deque[Incoming]


@dataclass(slots=True)
class Session:
    """One provider's referrals on one connection. `run` raises an ExceptionGroup of whatever went wrong first."""

    broker: Broker
    provider: str
    consumer: AIOKafkaConsumer
    partition: TopicPartition
    handover: Handover
    handed_over: HandedOver
    offsets: Offsets
    _lanes: dict[UUID | None, Lane] = field(default_factory=dict)
    _workers: set[asyncio.Task[None]] = field(default_factory=set)
    _step: asyncio.Event = field(default_factory=asyncio.Event)
    _committing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, end: int | None) -> None:
        """Until everything before `end` is done, or could not be; for ever where there is none."""
        async with asyncio.TaskGroup() as crew:
            reading = crew.create_task(self._read(crew))
            following = crew.create_task(self.handover.keys.follow())
            await self._until_done(end)
            async with self._committing:  # the last commit ends first
                pass
            for task in (reading, following, *self._workers):
                task.cancel()

    async def _until_done(self, end: int | None) -> None:
        keyless_seconds = 0.0
        while end is None or self.offsets.next_offset < end:
            await asyncio.sleep(PAUSE_SECONDS)
            only_keyless = self.offsets.after_last >= (end or 0) and self.offsets.open == self.handover.keyless
            keyless_seconds = keyless_seconds + PAUSE_SECONDS if only_keyless else 0.0
            if end is not None and keyless_seconds > KEYLESS_SECONDS:
                return

    async def _read(self, crew: asyncio.TaskGroup) -> None:
        while True:
            found = await self.consumer.getmany(self.partition, timeout_ms=POLL_MS, max_records=READ_AHEAD_MAX)
            for record in found.get(self.partition, ()):
                self.offsets.taken(record.offset)
                await self._take(record, crew)
            while len(self.offsets.open) >= READ_AHEAD_MAX:
                self._step.clear()
                await self._step.wait()

    async def _take(self, record: Polled, crew: asyncio.TaskGroup) -> None:
        """Into the lane of its referral."""
        try:
            incoming = read_incoming(record)
        except Unreadable as error:
            warn(f"the record at offset {record.offset} cannot be read ({error.code}): a newer upstream-client may know it")
            place = f"{record.partition}/{record.offset}"  # stands for the id it may not have
            if place not in self.handed_over:
                self.handover.poison.add(record, error.code)
            await self._done(record, place)
            return
        if incoming.id in self.handed_over or answers_trial(incoming.event):
            await self._done(record, incoming.id)
            return
        lane = self._lanes.setdefault(incoming.referral_id, deque())
        lane.append(incoming)
        if len(lane) == 1:
            worker = crew.create_task(self._work(incoming.referral_id, lane))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self, referral_id: UUID | None, lane: Lane) -> None:
        """One record after the other, the next only when the one before is done."""
        while lane:
            incoming = lane[0]
            if incoming.id not in self.handed_over:
                taken = await self.handover.bring(incoming, lambda: _overtaken(lane))
                await self._afterwards(incoming, taken=taken)
            await self._done(incoming.record, incoming.id)
            lane.popleft()  # only now: an empty lane would be taken for one that nobody works on
        del self._lanes[referral_id]

    async def _afterwards(self, incoming: Incoming, *, taken: bool) -> None:
        """What this program does by itself."""
        if not taken:
            return
        if isinstance(incoming.event, TrialSentV1):
            await say_trial_received(self.broker, self.provider, incoming.id, incoming.event)
            self.handover.sink.trial_answered()
        if isinstance(incoming.event, ErasureRequestedV1):
            self.handover.poison.forget(incoming.event.referral_id)
            forget_answers(self.handed_over.folder, incoming.event.referral_id)

    async def _done(self, record: Polled, record_id: str) -> None:
        """Noted here first, then on the broker: what is noted twice is harmless, what is committed too early is lost."""
        async with self._committing:
            before = self.offsets.next_offset
            self.offsets.done(record.offset)
            self._step.set()
            self.handed_over.note(record_id, self.offsets.next_offset)
            if self.offsets.next_offset > before:
                async with asyncio.timeout(COMMIT_SECONDS_MAX):  # then this connection is worth nothing, and a new one begins
                    await _unbroken(self.consumer.commit({self.partition: self.offsets.next_offset}))


async def _unbroken(commit: Coroutine[Any, Any, None]) -> None:
    """What began goes to its end, also when we are told to stop meanwhile."""
    task = asyncio.ensure_future(commit)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=CLOSE_SECONDS)
        raise


def _overtaken(lane: Lane) -> bool:
    """Whether what stands first was taken back further on."""
    return any(isinstance(incoming.event, ReferralOfferWithdrawnV1 | ErasureRequestedV1) for incoming in list(lane)[1:])
