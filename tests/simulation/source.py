"""The reading side of the simulated log: groups, positions, and batches that outlive the assignment they were polled under.

Keeps to what `upstream_runtime.source` does with the real client. Offsets that are done are a hint, and may be lost.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulation.log import Log, Place, Record
from simulation.world import World

BATCHES_WAITING_MAX = 4
BATCH_SIZES = (1, 1, 2, 3, 5, 500)


@dataclass(slots=True)
class Group:
    """Who of a service's processes reads which partition, and from where the next one would."""

    places: list[Place]
    committed: dict[Place, int] = field(default_factory=dict)
    members: list["Source"] = field(default_factory=list)

    def rebalance(self, world: World) -> None:
        """Everything is taken away and given out anew, from where it was committed."""
        for member in self.members:
            member.places.clear()
            member.paused.clear()
        for place in self.places if self.members else ():
            member = world.dice.choice(self.members)
            member.places[place] = self.committed.get(place, 0)


class Source:
    """One process's reading. Implements `Positions`."""

    def __init__(self, world: World, log: Log, group: Group, owner: str) -> None:
        self.world = world
        self.log = log
        self.group = group
        self.owner = owner
        self.places: dict[Place, int] = {}
        self.paused: set[Place] = set()
        self.busy = False
        self.stopping = False
        self._queue: deque[tuple[int, list[Record]]] = deque()
        self._done: dict[Place, int] = {}
        self._rewinds: dict[Place, int | None] = {}
        self._rewound: dict[Place, int] = {}
        self._turn = 0

    @property
    def idle(self) -> bool:
        """Nothing to read, and nothing read that is not applied."""
        return not (self.busy or self._queue or self._can_poll() or self.paused)

    async def poll(self) -> None:
        while True:
            await self.world.turn(self.owner, "polls", ready=self._can_poll)
            self._poll_once()

    async def hand_over(self, take: Callable[[Sequence[Any]], Awaitable[None]]) -> None:
        while True:
            await self.world.turn(self.owner, "takes a batch", ready=lambda: bool(self._queue))
            batches, self._queue = list(self._queue), deque()
            records = [record for turn, batch in batches for record in batch if self._stands(turn, record)]
            self.world.note(f"  {[f'{r.topic}/{r.partition}:{r.offset}' for r in records]}")
            self.busy = True
            await take(records)
            self.busy = False

    async def commit(self) -> None:
        while True:
            await self.world.turn(self.owner, "commits offsets", ready=lambda: bool(self._done))
            self.commit_once()

    async def stop(self) -> None:
        """Finish the batch in hand, commit, and leave the group."""
        self.stopping = True
        await self.world.turn(self.owner, "leaves the group", ready=lambda: not self.busy)
        self.commit_once()
        self.leave()

    def leave(self) -> None:
        if self in self.group.members:
            self.group.members.remove(self)
        self.places.clear()

    def commit_once(self) -> None:
        done, self._done = self._done, {}
        self.group.committed |= {place: offset for place, offset in done.items() if place in self.places}

    # ---- Positions

    def rewind(self, place: Place, offset: int | None) -> None:
        self._rewinds[place] = offset

    def pause(self, place: Place) -> None:
        if place in self.places:
            self.paused.add(place)

    def resume(self, place: Place) -> None:
        self.paused.discard(place)

    def done(self, place: Place, offset: int) -> None:
        self._done[place] = offset

    def ours(self, place: Place) -> bool:
        return place in self.places

    # ---- reading

    def _can_poll(self) -> bool:
        if self.stopping or len(self._queue) >= BATCHES_WAITING_MAX:
            return False
        return any(place in self._rewinds or place in self._readable() for place in self.places)

    def _readable(self) -> list[Place]:
        return [p for p, at in self.places.items() if p not in self.paused and at < self.log.end(p)]

    def _poll_once(self) -> None:
        for place in [place for place in self._rewinds if place in self.places]:
            self.places[place] = self._rewinds.pop(place) or 0
            self._rewound[place] = self._turn
        batch: list[Record] = []
        for place in self._readable():
            if self.world.dice.random() < 0.7:
                found = self.log.read(place, self.places[place], self.world.dice.choice(BATCH_SIZES))
                self.places[place] += len(found)
                batch += found
        if batch:
            self._turn += 1
            self._queue.append((self._turn, batch))

    def _stands(self, turn: int, record: Record) -> bool:
        place = (record.topic, record.partition)
        return place not in self._rewinds and turn > self._rewound.get(place, 0)
