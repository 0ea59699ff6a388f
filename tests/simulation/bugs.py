"""Bugs planted in the engine, to show that the simulation sees them: each patches one promise away, for as long as it is open.

None of them is a switch of the product. What they break is named by the design page's exam.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from support import engine_service
from support.engine_service import Counter
from support.planted import whatever_comes_is_next

from upstream_runtime import consume, parked, parking, relay, store, undecided
from upstream_runtime.records import Item
from upstream_runtime.refused import RefusedError
from upstream_runtime.wiring import Aggregate, Change

UNGUARDED = """
INSERT INTO counter SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[])
ON CONFLICT (id) DO UPDATE SET version = excluded.version, labels = excluded.labels
"""
UNGUARDED_ANSWER = store.ANSWER + " ON CONFLICT DO NOTHING"
ADVANCE = """
INSERT INTO runtime.counter AS c (topic, partition, n) VALUES ($1, $2, $3)
ON CONFLICT (topic, partition) DO UPDATE SET n = c.n + excluded.n RETURNING n
"""
SAY_ONLY = "INSERT INTO runtime.outbox (topic, partition, n, key, value, headers, said_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"


@contextmanager
def watermark_outside_the_transaction() -> Iterator[None]:
    """Watermarks are kept in memory alone."""
    real = store.settle

    async def settle(conn: Any, moves: Any, partitions: Any) -> Any:
        del moves
        return await real(conn, {}, partitions)

    with patch.object(store, "settle", settle):
        yield


@contextmanager
def no_inbox() -> Iterator[None]:
    """Nobody asks whether an id was answered before."""

    async def none(*_: Any) -> dict[Any, Any]:
        return {}

    with (
        patch.object(consume, "first_answers", none),
        patch.object(parking, "first_answers", none),
        patch.object(store, "ANSWER", UNGUARDED_ANSWER),
    ):
        yield


@contextmanager
def save_without_version() -> Iterator[None]:
    """States are saved over whatever stands there."""

    async def save(conn: Any, changes: Sequence[Change[Counter]]) -> int:
        labels = [json.dumps(change.state.labels) for change in changes]
        await conn.execute(UNGUARDED, [change.key for change in changes], [change.version for change in changes], labels)
        return len(changes)

    with _slot(engine_service.COUNTER, "save", save):
        yield


@contextmanager
def gap_applied() -> Iterator[None]:
    """A record is applied though numbers are missing before it."""
    with patch.object(Item, "follows", whatever_comes_is_next):
        yield


@contextmanager
def sent_before_the_ack() -> Iterator[None]:
    """The relay takes for sent what it is about to send."""
    real = relay.Relay._send

    async def send(self: Any, producer: Any, ready: Any) -> None:
        self._positions |= {place: records[-1].n for place, records in ready.items() if records}
        await self._save_positions()
        await real(self, producer, ready)

    with patch.object(relay.Relay, "_send", send):
        yield


@contextmanager
def numbers_outside_the_transaction() -> Iterator[None]:
    """Numbers are drawn like a sequence's: for good, whatever becomes of the transaction."""

    async def say(conn: Any, counters: Any, rows: Any) -> None:
        drawing = conn.database.free[0]
        for place in sorted(counters):
            mine = [row for row in rows if (row.topic, row.partition) == place]
            drawn = drawing.raw.fetchval(ADVANCE, *place, len(mine))
            n = await conn.world.real(drawn, drawing.pid, conn.database.watcher)
            for row, number in zip(mine, range(n - len(mine) + 1, n + 1), strict=True):
                row.n = number
        values = [(row.topic, row.partition, row.n, row.key, row.value, row.headers, row.said_at) for row in rows]
        await conn.executemany(SAY_ONLY, values)

    real = store.settle

    async def settle(conn: Any, moves: Any, partitions: Any) -> Any:
        settled = await real(conn, moves, ())
        return None if settled is None else (dict.fromkeys(partitions, 0), settled[1])

    with patch.object(store, "settle", settle), patch.object(store, "say", say):
        yield


@contextmanager
def offset_before_the_effect() -> Iterator[None]:
    """Offsets are called done when a batch arrives; and the watermark is believed to stand there."""
    real = consume.Consumer.apply

    async def apply(self: Any, batch: Any) -> None:
        for item in batch:
            self.positions.done(item.place, item.record.offset + 1)
        self.positions.commit_once()
        await real(self, batch)

    with patch.object(consume.Consumer, "apply", apply):
        yield


@contextmanager
def set_aside_with_other_bytes() -> Iterator[None]:
    """A dead letter keeps the text of a record instead of its bytes."""
    real = undecided.Undecided._letter

    def letter(self: Any, item: Any, *more: Any) -> Any:
        found = real(self, item, *more)
        value = None if found.value is None else found.value.decode(errors="replace").encode()
        return replace(found, value=value)

    with patch.object(undecided.Undecided, "_letter", letter):
        yield


@contextmanager
def no_queue_behind_a_parked_key() -> Iterator[None]:
    """A parked key's later records are decided at once."""

    async def none(*_: Any) -> dict[Any, Any]:
        return {}

    with patch.object(parked, "locked", none):
        yield


@contextmanager
def refused_record_passed_over() -> Iterator[None]:
    """A record that the broker refuses is left behind, and the next ones go out."""
    real = relay.Relay._send

    async def send(self: Any, producer: Any, ready: Any) -> None:
        try:
            await real(self, producer, ready)
        except RefusedError:
            for place in [place for place in ready if place in self._refused]:
                self._positions[place] = self._positions.get(place, 0) + 1
            await self._save_positions()
            raise

    with patch.object(relay.Relay, "_send", send):
        yield


BUGS: dict[str, Callable[[], Any]] = {
    bug.__name__: bug
    for bug in (
        watermark_outside_the_transaction,
        no_inbox,
        save_without_version,
        gap_applied,
        sent_before_the_ack,
        numbers_outside_the_transaction,
        offset_before_the_effect,
        set_aside_with_other_bytes,
        no_queue_behind_a_parked_key,
        refused_record_passed_over,
    )
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """One bug, while this is open."""
    with ExitStack() as stack:
        stack.enter_context(BUGS[name]())
        yield


@contextmanager
def _slot(aggregate: Aggregate, name: str, value: Any) -> Iterator[None]:
    before = getattr(aggregate, name)
    object.__setattr__(aggregate, name, value)
    try:
        yield
    finally:
        object.__setattr__(aggregate, name, before)
