"""What a row of the catalogue of topics says, and how the topics of a family are named after parties."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from upstream_schemas.model import Event


class Zone(StrEnum):
    """Who runs and sees a topic."""

    CITY = "city"
    OUTREACH = "outreach"
    PROVIDER = "provider"
    ENFORCEMENT = "enforcement"
    CROSSING = "crossing"
    OVERSIGHT = "oversight"
    OPEN = "open"


PARTY_MARKS: Final = ("<source>", "<slug>", "<agency>")
CITY_SCALE: Final = 6  # partitions; a constant of the catalogue, because the relay hashes keys with it


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, or one family of topics with a party's slug in the name.

    `key` names the field of every event whose value is the record's key. `producer` is the one principal that may write;
    a party mark such as `<source>` stands for that outside party itself. `retention` None means compacted.

    On a `discreet` topic a record tells nothing of where it came from: its id is random, its times are rounded down to the
    hour, and it names no cause, no case and no revision. With `tick`, records are published only at marks of that length
    since the epoch: the first one that is at least one tick after the record that caused them was received. Bodies
    in the producer's own table are blanked once they were sent and `blanked_after` has passed since they were said (on a discreet
    topic: since the full hour before).
    """

    name: str
    key: str
    events: tuple[type[Event], ...]
    producer: str
    consumers: tuple[str, ...]
    zone: Zone
    doc: str
    partitions: int = CITY_SCALE
    retention: timedelta | None = timedelta(days=30)
    planned: bool = False
    discreet: bool = False
    tick: timedelta | None = None
    blanked_after: timedelta | None = None

    @property
    def compacted(self) -> bool:
        """Kept for as long as its key lives: the last record of each key."""
        return self.retention is None

    @property
    def mark(self) -> str | None:
        """The party mark in the name, or None for a topic that stands alone."""
        return next((mark for mark in PARTY_MARKS if mark in self.name), None)

    @property
    def family_prefix(self) -> str | None:
        """The name up to the party mark, which is what a prefixed right grants; None for a topic that stands alone."""
        return None if self.mark is None else self.name[: self.name.index(self.mark)]

    def for_party(self, slug: str) -> str:
        """The name of one party's topic in this family."""
        return self.name if self.mark is None else self.name.replace(self.mark, slug)

    def holds(self, name: str) -> bool:
        """Whether a topic of the broker is this one, or one of this family."""
        return name == self.name or self.party_of(name) is not None

    def party_of(self, name: str) -> str | None:
        """The slug in a topic's name, or None where the name is not of this family."""
        if self.mark is None:
            return None
        before, after = self.name.split(self.mark)
        inside = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
        return name[len(before) : len(name) - len(after)] if inside else None
