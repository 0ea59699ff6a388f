"""Streams of numbers: what a restored database sends its records under, and which stream a reader may go on with.

Numbers of a partition go on through a restore, the stream they belong to does not: it ends with the last number that the
restored database knows, and the next one names it. Touches neither database nor broker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import structlog

from upstream_runtime import metrics
from upstream_runtime.store import Mark, Partition
from upstream_schemas.envelope import PREVIOUS_SEQUENCE, SEQUENCE

log = structlog.get_logger()
Headers = list[tuple[str, bytes]]


# ---- sending


@dataclass(frozen=True, slots=True)
class Ended:
    """A stream that is over, and its last number that counts on each partition it spoke on."""

    stream: str
    last: dict[Partition, int]


@dataclass(frozen=True, slots=True)
class Streams:
    """The stream of new numbers, and those before it in order.

    `compacted` are beginnings of names of topics on which the first record of a stream may vanish: there all of its records
    name the stream before, elsewhere only the first one does.
    """

    current: str
    ended: tuple[Ended, ...] = ()
    compacted: tuple[str, ...] = ()

    def of(self, place: Partition) -> Callable[[int], Headers]:
        """The headers that tell a record's number on this partition."""
        if not self.ended:
            prefix = f"{self.current}:".encode()
            return lambda n: [(SEQUENCE, b"%b%d" % (prefix, n))]
        spans = self._spans(place)[::-1]
        every = bool(self.compacted) and place[0].startswith(self.compacted)

        def headers(n: int) -> Headers:
            for after, stream, named in spans:
                if n > after:
                    sequence = (SEQUENCE, f"{stream}:{n}".encode())
                    return [sequence, (PREVIOUS_SEQUENCE, named)] if named and (every or n == after + 1) else [sequence]
            raise AssertionError("numbers begin at 1")

        return headers

    def _spans(self, place: Partition) -> list[tuple[int, str, bytes]]:
        """Of each stream that has numbers here: the number before its first one, its name, and how it names those before it."""
        spans: list[tuple[int, str, bytes]] = []
        names = [ended.stream for ended in self.ended] + [self.current]
        lasts = [ended.last.get(place, 0) for ended in self.ended]
        after, before = 0, list[str]()
        for name, last in zip(names, [*lasts, None], strict=True):
            if last is None or last > after:
                spans.append((after, name, ",".join(before).encode()))
                before = []
            if last is not None:
                before.append(f"{name}:{last}")
                after = max(after, last)
        return spans


# ---- reading


class Follows(Enum):
    """What a record is to a reader of its partition."""

    NEXT = "it is to be applied now"
    PASSED = "it was applied, or its stream is over"
    NOT_YET = "something is missing before it, or nobody announced its stream"


@dataclass(frozen=True, slots=True)
class Turn:
    """Where one stream takes the place of another: at which number, and the last one before it that its producer knows.

    Records of the old one up to `had` were applied: where that is more than `counts`, the producer has forgotten some.
    """

    place: Partition
    n: int
    counts: int
    had: int


def follows_stream(
    place: Partition, mark: Mark, previous: Sequence[Mark], known: Mark, passed: Mapping[str, int], *, dense: bool
) -> tuple[Follows, Turn | None]:
    """What a record of another stream is to a reader that stands at `known` and has `passed` others, each up to a number.

    `previous` are the streams that the record names, each with its last number that counts: one of them must be known, and
    known to its end where numbers have no holes (`dense`).
    """
    if mark.stream in passed:
        return Follows.PASSED, None
    had = {**passed, known.stream: known.n}
    for stream, counts in previous:
        if stream in had and (not dense or (mark.n == counts + 1 and had[stream] >= counts)):
            forgotten = stream != known.stream
            return Follows.NEXT, Turn(place, mark.n, counts, max(known.n, counts + 1) if forgotten else known.n)
    return Follows.NOT_YET, None


def tell_turn(turn: Turn) -> None:
    """Say that a stream took another's place, and raise the alarm where its producer has forgotten what was applied."""
    topic, partition = turn.place
    if turn.had <= turn.counts:
        log.info("partition.new-stream", topic=topic, partition=partition, n=turn.n)
        return
    metrics.SET_BACK.labels(topic).inc()
    log.error("partition.set-back", topic=topic, partition=partition, n=turn.n, count=turn.had - turn.counts)
