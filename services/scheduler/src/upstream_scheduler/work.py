"""What time-driven work looks at before it decides. Reads only; the deciding is `decide`'s, the wiring is `app`'s."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Connection, Record

from upstream_scheduler import roster, store
from upstream_scheduler.model import Facts, Session, Span, Taken, WeekPlace

_WEEK: Final = timedelta(days=7)


async def look_for_slot(conn: Connection, session: Session | None, _now: datetime) -> Facts:
    """Trainers with the topic, venues, and what they are booked for in the weeks of the order."""
    if session is None:
        return Facts((), ())
    order = session.order
    trainers = await roster.trainers_for(conn, order.topic)
    inside = Span(order.earliest - _WEEK, order.latest + _WEEK)  # bookings of the first week's Monday, in any time zone
    ids = [trainer.trainer_id for trainer in trainers]
    rows = await store.trainers_taken(conn, ids, (inside.start - _WEEK).date(), inside.end.date())
    venue_rows = await store.venues_taken(conn, inside)
    return Facts(
        trainers=trainers,
        venues=await roster.active_venues(conn),
        taken=(*_taken("trainer_id", rows), *_taken("venue_id", venue_rows)),
        week_places=tuple(WeekPlace(row["trainer_id"], row["week"], row["ordinal"]) for row in rows),
    )


async def look_for_waiting(conn: Connection, _none: None, _now: datetime) -> tuple[UUID, ...]:
    """Everybody who might get what has become free."""
    return await store.sessions_without_slot(conn)


def _taken(column: str, rows: Iterable[Record]) -> Iterable[Taken]:
    return (Taken(row[column], Span(row["starts_at"], row["ends_at"])) for row in rows)
