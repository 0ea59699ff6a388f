"""The seeded scheduler: one call at a time is let go, and time stands still until nothing else can happen.

Everything that runs (processes' loops, statements, records on their way) waits here for its turn; the dice say whose turn it
is and what becomes of it. Statements run on a real database: one that waits for another transaction's lock is noticed, and
the world goes on without it. Must not know what the processes do.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from simulation.faults import Fate, Faults, Kind

START = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
LOOP_TURNS = 8  # of the event loop, until whoever was let go waits again
GLANCE_SECONDS = 0.002  # a statement that takes longer is looked at: does it wait for a lock?
COARSE_SECONDS = (0.15, 1.0)
BLOCKED = "SELECT pid, pg_blocking_pids(pid) AS by FROM unnest($1::int[]) AS pid"
OWNER: ContextVar[str] = ContextVar("owner", default="world")
PART: ContextVar[str] = ContextVar("part", default="")
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Waiting:
    """One call that waits for its turn."""

    owner: str
    what: str
    kind: Kind
    ready: Callable[[], bool]
    fire: Callable[[Fate], None]


@dataclass(slots=True, eq=False)
class Underway:
    """A statement that runs on a real session."""

    task: "asyncio.Task[Any]"
    pid: int
    watcher: asyncpg.Connection
    blocked_by: Sequence[int] = ()


@dataclass(slots=True)
class World:
    """Whose turn it is. `sticky` is how likely the same owner goes on, `haste` how likely time passes before it must."""

    seed: int
    dice: Random = field(init=False)
    faults: Faults = field(init=False)
    sticky: float = field(init=False)
    haste: float = field(init=False)
    trace: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 1000.0
    waiting: list[Waiting] = field(default_factory=list)
    alarms: list[tuple[float, int, Waiting]] = field(default_factory=list)
    underway: list[Underway] = field(default_factory=list)
    dying: list[str] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    released: bool = False  # whether a statement ended since the blocked ones were last looked at
    _ids: Random = field(init=False)
    _ticks: int = 0
    _last: str = ""

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.faults = Faults(Random(self.dice.random()))
        self._ids = Random(self.dice.random())
        self.sticky = self.dice.choice((0.0, 0.3, 0.7, 0.9, 0.97))
        self.haste = self.dice.choice((0.0, 0.01, 0.05))

    # ---- what stands in for clock and chance

    def now(self) -> datetime:
        """The moment on everybody's wall; no two are the same."""
        self._ticks += 1
        return START + timedelta(seconds=round(self.seconds - 1000.0, 3), microseconds=self._ticks)

    def uuid(self) -> UUID:
        return UUID(int=self._ids.getrandbits(128) & ~(0xF << 76) & ~(3 << 62) | 4 << 76 | 2 << 62)

    def note(self, text: str) -> None:
        self.trace.append(text)

    # ---- waiting

    async def turn(self, owner: str, what: str, kind: Kind = Kind.PLAIN, ready: Callable[[], bool] | None = None) -> Fate:
        """Wait to be let go; the answer is what becomes of the call. `owner` is the process that makes it."""
        if owner in self.dead:
            raise ConnectionAbortedError(owner)
        future: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()
        one = Waiting(owner, f"{PART.get()} {what}", kind, ready or _always, partial(_decide, future))
        self.waiting.append(one)
        try:
            return await future
        finally:
            if one in self.waiting:
                self.waiting.remove(one)

    async def sleep(self, seconds: float) -> None:
        """Sleep on the world's clock; where it matters little, a whole second, because idle turns cost real time."""
        when = self.seconds + (seconds if seconds < COARSE_SECONDS[0] else max(seconds, COARSE_SECONDS[1]))
        await self.turn(OWNER.get(), "wakes", ready=self._alarm(when))

    @asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[None]:
        """asyncio.timeout on the world's clock."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            ready = self._alarm(self.seconds + seconds)
            one = Waiting(
                OWNER.get(), f"{PART.get()} has waited long enough", Kind.PLAIN, ready, lambda _: limit.reschedule(loop.time())
            )
            self.waiting.append(one)
            try:
                yield
            finally:
                if one in self.waiting:
                    self.waiting.remove(one)

    def _alarm(self, when: float) -> Callable[[], bool]:
        ready = lambda: self.seconds >= when  # noqa: E731 - carries its moment with it
        ready.when = when  # type: ignore[attr-defined]
        return ready

    # ---- statements on real sessions

    async def real(self, call: Awaitable[T], pid: int, watcher: asyncpg.Connection) -> T:
        """Run a statement; it is not broken off when whoever waits for it is."""
        task = asyncio.ensure_future(call)
        task.add_done_callback(_looked_at)
        self.underway.append(Underway(task, pid, watcher))
        return await asyncio.shield(task)

    async def settle(self) -> None:
        """Until everything waits: for its turn, or for a lock."""
        while True:
            for _ in range(LOOP_TURNS):
                await asyncio.sleep(0)
            before, self.underway = self.underway, [one for one in self.underway if not one.task.done()]
            if len(before) > len(self.underway):
                continue
            if self.released:
                self.released = False
                await self._look()
            running = [one for one in self.underway if not one.blocked_by or self._deadlocked(one)]
            if not running:
                if self.released:
                    continue
                return
            done, _ = await asyncio.wait(
                [one.task for one in running], timeout=GLANCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                await self._look()

    async def _look(self) -> None:
        for watcher in {id(one.watcher): one.watcher for one in self.underway}.values():
            mine = [one for one in self.underway if one.watcher is watcher]
            found = {row["pid"]: row["by"] for row in await watcher.fetch(BLOCKED, [one.pid for one in mine])}
            for one in mine:
                one.blocked_by = found[one.pid]

    def _deadlocked(self, one: Underway) -> bool:
        """Whether it waits for itself in the end: the server will break that in a moment."""
        mine = {each.pid: each.blocked_by for each in self.underway if each.watcher is one.watcher}
        seen: set[int] = set()
        ahead = list(one.blocked_by)
        while ahead:
            pid = ahead.pop()
            if pid == one.pid:
                return True
            if pid not in seen:
                seen.add(pid)
                ahead += mine.get(pid, ())
        return False

    def may_lock(self, pid: int, watcher: asyncpg.Connection) -> bool:
        """Whether a session may take locks now: no two may wait for the same, for who would get it first is chance."""
        blocked = [one for one in self.underway if one.watcher is watcher and one.blocked_by]
        return not blocked or any(pid in one.blocked_by for one in blocked)

    # ---- whose turn it is

    async def go_on(self) -> bool:
        """Let one go. False where nothing can happen before time passes."""
        able = sorted((one for one in self.waiting if one.ready()), key=_by_name)
        if not able:
            return False
        same = [one for one in able if one.owner == self._last]
        one = self.dice.choice(same if same and self.dice.random() < self.sticky else able)
        await self.let_go(one, self.faults.draw(one.kind))
        return True

    async def let_go(self, one: Waiting, fate: Fate) -> None:
        self._last = one.owner
        self.waiting.remove(one)
        self.note(f"{one.owner} {one.what}" if fate is Fate.GOES else f"{one.owner} {one.what}: {fate.value}")
        if fate is Fate.DIES_BEFORE:
            self.dying.append(one.owner)
            self.waiting.append(one)
        else:
            one.fire(fate)
        await self.settle()

    def time_passes(self, seconds: float | None = None) -> bool:
        """To the next moment that somebody waits for, or so many seconds. False where nobody waits for any."""
        if seconds is None:
            ahead = [when for one in self.waiting if (when := getattr(one.ready, "when", 0.0)) > self.seconds]
            if not ahead:
                return False
            self.seconds = min(ahead)
        else:
            self.seconds += seconds
        self.note(f"time {self.seconds:.3f}")
        return True


def _decide(future: "asyncio.Future[Fate]", fate: Fate) -> None:
    if not future.done():
        future.set_result(fate)


def _looked_at(task: "asyncio.Task[Any]") -> None:
    """Whoever asked for it may be gone by now; what went wrong with it is of no more interest."""
    if not task.cancelled():
        task.exception()


def _by_name(one: Waiting) -> tuple[str, str]:
    """Who came first must not matter: that is as the real server had it."""
    return one.owner, one.what


def _always() -> bool:
    return True
