"""Which event stood under each of the last numbers of our own topics: a number that comes again with another one is an alarm.

A producer whose database was put back by hand, and not by `restore`, gives its numbers out anew: readers drop those as
duplicates, and what they said would be lost without a word. Remembers a little, in memory: after a restart, only what came since.
"""

from typing import Final

import structlog

from upstream_runtime import metrics
from upstream_runtime.records import Item
from upstream_runtime.store import Partition

REMEMBERED: Final = 256  # numbers of each partition
log = structlog.get_logger()


class Numbers:
    """The last numbers of each partition that one process reads, with the ids of their events."""

    def __init__(self) -> None:
        self._ids: dict[Partition, dict[int, tuple[str, int, str | None]]] = {}

    def note(self, item: Item) -> None:
        """This record of ours is the one of its number."""
        stream, n = item.mark
        self._ids.setdefault(item.place, {})[n % REMEMBERED] = (stream, n, item.event_id)

    def compare(self, item: Item) -> None:
        """A record whose number was passed: says so where another event had that number."""
        stream, n = item.mark
        known = self._ids.get(item.place, {}).get(n % REMEMBERED)
        if known is not None and known[:2] == (stream, n) and known[2] != item.event_id:
            topic, partition = item.place
            metrics.REUSED.labels(topic).inc()
            log.error("number.reused", topic=topic, partition=partition, n=n, offset=item.record.offset)
