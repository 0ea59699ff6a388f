"""Numbers that are missing on our own topics: looked for once from the earliest record, then alarmed and waited for.

Knows what is missing and where reading must go on. Must not apply anything.
"""

import time
from dataclasses import dataclass, field
from typing import Final

import structlog

from upstream_runtime import metrics
from upstream_runtime.records import Item
from upstream_runtime.store import Mark, Partition

LOOK_AGAIN_SECONDS: Final = 30.0
log = structlog.get_logger()


@dataclass(slots=True)
class Gap:
    """A hole in a partition's numbers: the one expected, the first record behind the hole, and where that lies.

    Of a stream that nobody announced no number is next, and `found` is one that is never reached.
    """

    expected: int
    found: int
    offset: int
    behind: Mark
    looked_at: float = field(default_factory=time.monotonic)
    alarmed: bool = False


def gap_before(item: Item, known: Mark) -> Gap:
    """The hole before this record of ours, which is not next."""
    return Gap(known.n + 1, max(item.mark.n, known.n + 2), item.record.offset, item.mark)


class Gaps:
    """The holes of the partitions that one process reads. What `noted` and `filled` return is where to read on."""

    def __init__(self) -> None:
        self._of: dict[Partition, Gap] = {}

    def get(self, place: Partition) -> Gap | None:
        """The hole of a partition."""
        return self._of.get(place)

    def alarmed(self) -> dict[Partition, Gap]:
        """The holes that were looked for in vain."""
        return {place: gap for place, gap in self._of.items() if gap.alarmed}

    def noted(self, place: Partition, gap: Gap, known: Mark) -> bool:
        """Note a hole. True where it is new: then everything is to be read once more from the earliest record."""
        before = self._of.get(place)
        if before is None or before.expected != gap.expected:
            self._of[place] = gap
            return True
        looked_again = gap.offset <= before.offset or gap.looked_at > before.looked_at + LOOK_AGAIN_SECONDS
        if looked_again and not before.alarmed and known.n + 1 < gap.found:
            before.alarmed = True
            metrics.GAPS.labels(place[0]).inc()
            log.error("partition.gap", topic=place[0], partition=place[1], expected=gap.expected, n=gap.found)
        return False

    def filled(self, place: Partition, n: int) -> int | None:
        """The offset to read on from, once the hole is filled up to the record that was refused behind it."""
        gap = self._of.get(place)
        if gap is None or n < gap.found - 1:
            return None
        del self._of[place]
        return gap.offset if n == gap.found - 1 else None

    def forget(self, place: Partition) -> None:
        """An operator accepted the hole."""
        self._of.pop(place, None)
