"""Records that are published at marks of a clock, so that the moment they appear tells nothing (catalogue: `tick`)."""

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

import structlog

from upstream_runtime import metrics
from upstream_runtime.store import Partition, Said

MISSED_AFTER: Final = timedelta(seconds=1)
log = structlog.get_logger()


def ripe(ready: dict[Partition, list[Said]], ticking: tuple[str, ...], now: datetime) -> dict[Partition, list[Said]]:
    """Without what is not to be published before its mark; what is left out is found in the table when it is time.

    `ticking` are beginnings of names of topics. A mark that was missed is an alarm: lateness tells something too.
    """
    if not any(topic.startswith(ticking) for topic, _ in ready):
        return ready
    going = {place: _of(place, records, ticking, now) for place, records in ready.items()}
    return {place: records for place, records in going.items() if records}


def _of(place: Partition, records: list[Said], ticking: tuple[str, ...], now: datetime) -> list[Said]:
    if not place[0].startswith(ticking):
        return records
    going = list(takewhile(lambda record: record.said_at <= now, records))  # nothing overtakes: numbers have no holes
    late = [record for record in going if now - record.said_at > MISSED_AFTER]
    if late:
        metrics.MARKS_MISSED.labels(place[0]).inc(len(late))
        log.error("mark.missed", topic=place[0], partition=place[1], n=late[0].n, count=len(late))
    return going
