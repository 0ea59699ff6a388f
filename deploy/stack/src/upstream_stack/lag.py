"""How long the oldest unread record has waited, found by offsets and times alone: no right to read a record is needed.

A broker says which offset first has a given time or a later one. Halving the span between two times finds the time of a known
offset. Pure: the question is handed in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Partition = tuple[str, int]
"""Topic and partition number."""


@dataclass(frozen=True, slots=True)
class Found:
    """The first record at or after a time: its offset and its own time, milliseconds since 1970."""

    offset: int
    time_ms: int


FirstAt = Callable[[Mapping[Partition, int]], Mapping[Partition, Found | None]]
"""For each partition and time: the first record at or after that time, or None where there is none."""

_PRECISION_MS = 250


def times_of(targets: Mapping[Partition, int], first_at: FirstAt, oldest_ms: int, newest_ms: int) -> dict[Partition, int]:
    """The time of each target offset, exact where a question meets it, else at most `_PRECISION_MS` early.

    Times are taken to grow with offsets, which they do where the broker or one relay stamps them.
    """
    spans = {partition: _Span(offset, oldest_ms, newest_ms + 1) for partition, offset in targets.items()}
    while asked := {partition: span.middle for partition, span in spans.items() if span.is_wide}:
        answers = first_at(asked)
        for partition in asked:
            spans[partition] = spans[partition].narrowed(answers[partition])
    return {partition: span.low for partition, span in spans.items()}


@dataclass(frozen=True, slots=True)
class _Span:
    """The target's record is not older than `low` and older than `high`."""

    offset: int
    low: int
    high: int

    @property
    def is_wide(self) -> bool:
        return self.high - self.low > _PRECISION_MS

    @property
    def middle(self) -> int:
        return (self.low + self.high) // 2

    def narrowed(self, found: Found | None) -> "_Span":
        """What the answer about `middle` leaves."""
        if found is None or found.offset > self.offset:
            return _Span(self.offset, self.low, self.middle)
        if found.offset == self.offset:
            return _Span(self.offset, found.time_ms, found.time_ms)
        return _Span(self.offset, max(self.middle, min(found.time_ms, self.high)), self.high)
