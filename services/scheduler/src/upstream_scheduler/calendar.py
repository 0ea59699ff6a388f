"""Wall time to UTC and back. Availability is written in local time; everything is compared and added up in UTC.

A time that a day skips (02:30 on the spring switch day) is refused; one that a day has twice means the first.
Pure: must not ask for the time.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from upstream_scheduler.model import Away, Span, Stretch

STEP = timedelta(minutes=30)  # sessions start on the hour or the half hour
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime | None:
    """The moment of a wall time, UTC; None where that day skips it."""
    local = datetime.combine(day, wall, zone)
    moment = local.astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None) else None


def monday_of(moment: datetime, zone: ZoneInfo) -> date:
    """The Monday of the local week in which the moment lies."""
    local = moment.astimezone(zone).date()
    return local - timedelta(days=local.weekday())


def free_spans(weekly: Iterable[Stretch], exceptions: Iterable[Away], inside: Span, zone: ZoneInfo) -> tuple[Span, ...]:
    """The weekly stretches within `inside`, UTC, in order, touching ones joined; exceptions replace their day."""
    stretches, instead = tuple(weekly), {away.day: away.instead for away in exceptions}
    found: list[Span] = []
    for day in _days(inside, zone):
        own = ((stretch.start, stretch.end) for stretch in stretches if stretch.weekday == day.weekday())
        found.extend(_on(day, instead.get(day, own), zone))
    return tuple(_joined(cut for span in sorted(found, key=lambda span: span.start) if (cut := _cut(span, inside))))


def starts(spans: Iterable[Span], length: timedelta) -> Iterator[datetime]:
    """Every full and half hour from which `length` fits into one of the spans."""
    for span in spans:
        start = span.start + (_EPOCH - span.start) % STEP
        while start + length <= span.end:
            yield start
            start += STEP


def _days(inside: Span, zone: ZoneInfo) -> Iterator[date]:
    day, last = inside.start.astimezone(zone).date(), inside.end.astimezone(zone).date()
    while day <= last:
        yield day
        day += _DAY


def _on(day: date, stretches: Iterable[tuple[time, time]], zone: ZoneInfo) -> Iterator[Span]:
    for start, end in stretches:
        begins, ends = instant(day, start, zone), instant(day, end, zone)
        if begins is not None and ends is not None and begins < ends:
            yield Span(begins, ends)


def _cut(span: Span, inside: Span) -> Span | None:
    return Span(max(span.start, inside.start), min(span.end, inside.end)) if span.overlaps(inside) else None


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in spans:
        if last is not None and span.start <= last.end:
            last = Span(last.start, max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
