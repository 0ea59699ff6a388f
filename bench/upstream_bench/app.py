"""The benchmark service's wiring, decision and store in one place: small enough to be read beside the yardsticks."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import Connection
from pydantic_core import from_json, to_json

from upstream_bench.model import OrderMoved, OrderUpdated, Update
from upstream_runtime.decision import Context, Decision
from upstream_runtime.settings import Settings
from upstream_runtime.wiring import Aggregate, App, Asked, Change, Inlet, Refusal, Stored
from upstream_schemas.envelope import Envelope, Unreadable
from upstream_schemas.model import Event
from upstream_schemas.topic import Topic, Zone


@dataclass(frozen=True, slots=True)
class Account:
    """One key's state."""

    total: int
    count: int
    status: str
    region: str


def order_happened(state: Account | None, event: OrderMoved, context: Context[None]) -> Decision[Account]:
    """Advance the total, count the event, and say so."""
    order = event.data
    total = (state.total if state else 0) + order.amount_cents
    count = (state.count if state else 0) + 1
    update = Update(
        order_id=order.order_id, customer_id=order.customer_id, version=count, status=order.kind, total_cents=total,
        currency=order.currency, region=order.region, note="state advanced by event",
    )  # fmt: skip
    follow_up = OrderUpdated(
        id=context.id("follow-up"), type="order.updated", source="orders", key=event.key, cause=event.id, time=event.time,
        trace=event.trace, data=update,
    )  # fmt: skip
    return Decision(Account(total, count, order.kind, order.region), (follow_up,))


async def load(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Account]]:
    rows = await conn.fetch("SELECT key, version, body FROM state WHERE key = ANY($1::uuid[])", keys)
    return {key: Stored(version, Account(**from_json(body))) for key, version, body in rows}


SAVE = """
WITH change AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[]) AS change (key, loaded, version, body)
), fresh AS (
  INSERT INTO state (key, version, body) SELECT key, version, body FROM change WHERE loaded = 0
  ON CONFLICT DO NOTHING RETURNING 1
), moved AS (
  UPDATE state s SET version = change.version, body = change.body FROM change
  WHERE change.loaded > 0 AND s.key = change.key AND s.version = change.loaded RETURNING 1
) SELECT (SELECT count(*) FROM fresh) + (SELECT count(*) FROM moved)
"""


async def save(conn: Connection, changes: Sequence[Change[Account]]) -> int:
    written: int = await conn.fetchval(
        SAVE,
        [change.key for change in changes],
        [change.loaded for change in changes],
        [change.version for change in changes],
        [
            to_json({"total": c.state.total, "count": c.state.count, "status": c.state.status, "region": c.state.region})
            for c in changes
        ],
    )
    return written


def read(_: Sequence[tuple[str, bytes | None]], value: bytes | None) -> tuple[Envelope, Event]:
    """The envelope of a benchmark's event stands in its value."""
    event = OrderMoved.model_validate_json(value or b"", strict=False)
    return Envelope(str(event.id), event.source, event.type, event.time), event


def refuse(refusal: Refusal, _: Asked, __: Context[Any]) -> Sequence[Any]:
    raise Unreadable(refusal.code)


def wiring(_: Settings) -> App:
    """One inlet, one aggregate."""
    accounts = Aggregate("account", load, save)
    incoming = Topic(os.environ["BENCH_IN"], "key", (OrderMoved,), "<source>", ("bench",), Zone.CITY, "in")
    outgoing = Topic(os.environ["BENCH_OUT"], "key", (OrderUpdated,), "bench", (), Zone.CITY, "out")
    inlet = Inlet(
        family=incoming, aggregate=accounts, on={OrderMoved: order_happened},
        key=lambda event, _, __: event.key,  # type: ignore[attr-defined]
        screen=lambda _: None,
        prepare=lambda event, _: event, refuse=refuse, read=read,
    )  # fmt: skip
    return App("bench", None, inlets=(inlet,), catalogue=(incoming, outgoing))
