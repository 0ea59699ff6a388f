"""Parked keys: a record that can be read but not decided on waits, later ones of its key behind it, and all others flow.

`hold_back` is the route's half, inside the transaction of a batch; `run` is the drain's, which tries parked keys again, each
in a transaction of its own and in the order in which its records came. Both lock the parked key's row first.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Final

import structlog
from asyncpg import Connection

from upstream_runtime import metrics, parked, store
from upstream_runtime.apply import Plan, Step
from upstream_runtime.engine import Engine
from upstream_runtime.failures import Trouble, trouble
from upstream_runtime.firsts import first_answers, refusal_of
from upstream_runtime.parked import ParkedKey, ParkedRecord, StateKey, ToPark
from upstream_runtime.records import Item, Reader
from upstream_runtime.store import SetAside
from upstream_runtime.undecided import Undecided
from upstream_runtime.waking import woken

LOOK_SECONDS: Final = 0.5
LOOK_ANYWAY_EVERY: Final = 10  # turns: another process may have parked a key, and died
FIRST_TRY_SECONDS: Final = 5.0
TRY_SECONDS_MAX: Final = 600.0
DRAINED_AT_ONCE: Final = 100  # records
KEYS_MAX: Final = 1000  # more than that is no matter of single keys: partitions stop instead
WAITING_MAX: Final = 10_000  # records of one key
log = structlog.get_logger()
Pair = tuple[Step, Item]
Poison = tuple[Step, str]  # a step that failed, and the class of its failure


class ParkingFullError(Exception):
    """There is no room to park in: the partition stops, visibly, instead of emptying its topic into a table."""


class NotReadableNowError(Exception):
    """Something that reading needs is not there."""


class ElsewhereError(Exception):
    """A parked record concerns other keys than when it was parked: a person must look."""


class Parking:
    """The parked keys of one process's database. `some` is False where this process knows of none; others may have parked."""

    def __init__(self, engine: Engine, reader: Reader, undecided: Undecided) -> None:
        self.some = True
        self.wake = asyncio.Event()
        self._engine = engine
        self._reader = reader
        self._undecided = undecided

    # ---- the route's half

    async def hold_back(
        self, conn: Connection, pairs: Sequence[Pair], poison: Sequence[Poison], now: datetime
    ) -> tuple[list[Step], list[Item]]:
        """The steps that may be decided now, and the records of which a step was queued behind its parked key instead.

        A step of `poison` parks its key. Raises ParkingFullError.
        """
        steps = [step for step, _ in pairs]
        await self._engine.mind.resolve(conn, steps)
        known = await parked.locked(conn, {_state_of(step) for step in steps if step.aggregate})
        waiting = {of: key.waiting for of, key in known.items()}
        reasons = {(id(item), _state_of(step)): why for step, item in pairs for bad, why in poison if bad is step}
        flowing: list[Step] = []
        queued: dict[tuple[int, StateKey], ToPark] = {}  # one row for a record and a key, whatever it asks of it
        held_back: dict[int, Item] = {}
        for step, item in pairs:
            of = _state_of(step)
            one = (id(item), of)
            if step.aggregate is None or (of not in waiting and one not in reasons):
                flowing.append(step)
            elif one not in queued:
                waiting[of] = waiting.get(of, 0) + 1
                queued[one] = ToPark(of, reasons.get(one, ""), item.record, step.unread)
                held_back[id(item)] = item
        if queued:
            await self._park(conn, list(queued.values()), waiting, len(waiting) - len(known), now)
        return flowing, list(held_back.values())

    async def _park(
        self, conn: Connection, rows: Sequence[ToPark], waiting: dict[StateKey, int], new_keys: int, now: datetime
    ) -> None:
        if max(waiting.values()) > WAITING_MAX or (new_keys and new_keys + await parked.count(conn) > KEYS_MAX):
            raise ParkingFullError
        await parked.park(conn, rows, now, FIRST_TRY_SECONDS)

    # ---- the drain's half

    async def run(self) -> None:
        """Try parked keys again when their time has come. Runs beside the route until it is cancelled."""
        for turn in count():
            look = self.some or not turn % LOOK_ANYWAY_EVERY
            if not (look and await self._engine.patiently(self.once)):
                await woken(self.wake, LOOK_SECONDS)

    async def once(self) -> bool:
        """Try one parked key that is due: all that waits for it, else its first record alone. False where none is due."""
        tried: list[ParkedKey] = []
        for limit in (DRAINED_AT_ONCE, 1):
            tried.clear()
            try:
                await self._engine.transact(partial(self._drain, limit=limit, tried=tried))
            except Exception as error:
                if not tried or trouble(error) is Trouble.INFRASTRUCTURE:
                    raise
                failed: Exception = error
            else:
                return bool(tried) or await self._none_is_due()
        await self._put_off(tried[0], failed)
        return True

    async def _drain(self, conn: Connection, now: datetime, *, limit: int, tried: list[ParkedKey]) -> Plan:
        tried.clear()
        found = await parked.claim(conn, now)
        if found is None:
            return Plan()
        tried.append(found)
        steps, aside, places = await self._waiting(conn, found.of, limit, now)
        await parked.release(conn, found.of, places, now)
        return Plan(steps, set_aside=aside, resolved=True)

    async def _waiting(
        self, conn: Connection, of: StateKey, limit: int, now: datetime
    ) -> tuple[list[Step], list[SetAside], list[int]]:
        """What the first records of a key's queue ask for, read anew: a mended service reads what its elder could not."""
        records = await parked.first(conn, of, limit)
        items = [self._read(record) for record in records]
        first = await first_answers(conn, items)
        steps: list[Step] = []
        aside: list[SetAside] = []
        places: list[int] = []
        seen: set[tuple[str, str]] = set()
        for record, item in zip(records, items, strict=True):
            if item.identity and item.identity[:2] in seen:
                break
            places.append(record.place)
            if item.identity:
                seen.add(item.identity[:2])
            refusal, remember = refusal_of(item, first)
            if refusal is not None:
                said, letters = self._undecided.of(item, refusal, remember, now)
                known = await store.already_set_aside(conn, [letter.id for letter in letters])
                steps += said if not known else []
                aside += [letter for letter in letters if letter.id not in known]
                continue
            steps += await self._steps_now(conn, of, record, item, now)
        return steps, aside, places

    def _read(self, parked_record: ParkedRecord) -> Item:
        try:
            return self._reader.read(parked_record.record)
        except OSError as missing:  # a key file that is not there keeps its own key waiting, and no other
            raise NotReadableNowError from missing

    async def _steps_now(self, conn: Connection, of: StateKey, record: ParkedRecord, item: Item, now: datetime) -> list[Step]:
        """What a record that waited for a key asks of it today. Where nobody could read it then, all that it asks.

        Raises ElsewhereError where it concerns other keys by now, some of which may have had it.
        """
        await self._engine.mind.resolve(conn, item.steps)
        mine = [step for step in item.steps if _state_of(step) == of]
        others = [step for step in item.steps if _state_of(step) != of]
        if not others or (mine and not record.unread):
            return mine
        if not record.unread and len(others) > 1:
            raise ElsewhereError
        flowing, _ = await self.hold_back(conn, [(step, item) for step in others], (), now)
        return mine + flowing

    async def _put_off(self, tried: ParkedKey, error: Exception) -> None:
        wait = min(FIRST_TRY_SECONDS * 2 ** min(tried.tries, 10), TRY_SECONDS_MAX)
        until = self._engine.now() + timedelta(seconds=wait)
        await self._engine.ask(partial(parked.put_off, tried=tried, reason=type(error).__name__, until=until))
        log.error("key.still-parked", aggregate=tried.of.aggregate, key=str(tried.of.key), attempt=tried.tries, exc_info=error)

    async def _none_is_due(self) -> bool:
        self.some = False  # before the look: whoever parks meanwhile says so again
        found = await self._engine.ask(parked.count)
        metrics.PARKED.set(found)
        self.some |= found > 0
        return False


def _state_of(step: Step) -> StateKey:
    return StateKey(step.aggregate.name if step.aggregate else "", step.key)
