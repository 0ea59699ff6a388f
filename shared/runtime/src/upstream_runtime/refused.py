"""Partitions with a batch that the broker refused: when each is tried again, and how far it goes record by record.

Must not send anything, and must not let anything overtake what was refused.
"""

import time
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka.errors import BrokerResponseError

from upstream_runtime.clock import jitter
from upstream_runtime.store import Partition

REFUSED_SECONDS: Final = (1.0, 5.0)
log = structlog.get_logger()


class RefusedError(Exception):
    """The broker refused a record for good. The producer that sent it is of no more use (docs/decisions/0002)."""


@dataclass(slots=True)
class Refused:
    """A partition with a refused batch, not tried again before `until`.

    Up to `last` it goes record by record (`alone`): what stands before the refused one gets out, and nothing behind it.
    """

    last: int
    seconds: float
    until: float = 0.0
    alone: bool = False
    said: bool = False


class RefusedPartitions:
    """The partitions of one relay that wait for their refused record."""

    def __init__(self) -> None:
        self._found: dict[Partition, Refused] = {}

    def __contains__(self, place: Partition) -> bool:
        """Whether it goes record by record."""
        return place in self._found

    def may_go(self, place: Partition) -> bool:
        """Whether it is time to try."""
        return place not in self._found or time.monotonic() >= self._found[place].until

    def hold_back(self, place: Partition, n: int, last: int, error: BrokerResponseError) -> None:
        """A batch from `n` to `last` was refused: record by record at once, and where one alone was refused, after a while."""
        refused = self._found.setdefault(place, Refused(last, REFUSED_SECONDS[0]))
        if refused.alone:
            refused.until = time.monotonic() + jitter(refused.seconds)
            refused.seconds = min(refused.seconds * 2, REFUSED_SECONDS[1])
            if not refused.said:
                log.error("partition.refused", topic=place[0], partition=place[1], n=n, exc_info=error)
            refused.said = True
        refused.alone = True

    def got_through(self, place: Partition, n: int) -> None:
        """Everything up to `n` was taken."""
        if place in self._found and n >= self._found[place].last and self._found.pop(place).said:
            log.info("partition.accepted", topic=place[0], partition=place[1], n=n)
