"""A made-up event with three versions, and a second edition of the first: what proves the machinery of versions.

Nothing of Upstream uses it. A lamp's repair was first told in minutes, then in seconds, then as a list of repairs.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from upstream_schemas.model import Event, Id, Line, Record
from upstream_schemas.privacy import Open
from upstream_schemas.topic import Topic, Zone


class LampRepairedV1(Event):
    """A lamp was repaired, told in minutes."""

    TYPE: ClassVar[str] = "sample.lamp.repaired.v1"
    lamp_id: Annotated[Id, Open] = Field(description="The lamp; also the record's key")
    minutes: Annotated[int, Open] = Field(ge=0, le=10_000, description="How long it took, minutes")


class LampRepairedV1Edition2(Event):
    """The same version, later: a field was added that nobody must write."""

    TYPE: ClassVar[str] = "sample.lamp.repaired.v1"
    lamp_id: Annotated[Id, Open] = Field(description="The lamp; also the record's key")
    minutes: Annotated[int, Open] = Field(ge=0, le=10_000, description="How long it took, minutes")
    crew: Annotated[Line | None, Open] = Field(None, description="Which crew")


class LampRepairedV2(Event):
    """A lamp was repaired, told in seconds."""

    TYPE: ClassVar[str] = "sample.lamp.repaired.v2"
    lamp_id: Annotated[Id, Open] = Field(description="The lamp; also the record's key")
    duration_seconds: Annotated[int, Open] = Field(ge=0, le=600_000, description="How long it took, seconds")
    crew: Annotated[Line | None, Open] = Field(None, description="Which crew")


class Repair(Record):
    """One repair of several."""

    duration_seconds: Annotated[int, Open] = Field(ge=0, le=600_000, description="How long it took, seconds")
    crew: Annotated[Line | None, Open] = Field(None, description="Which crew")


class LampRepairedV3(Event):
    """A lamp was repaired, perhaps more than once on one day."""

    TYPE: ClassVar[str] = "sample.lamp.repaired.v3"
    lamp_id: Annotated[Id, Open] = Field(description="The lamp; also the record's key")
    repairs: tuple[Repair, ...] = Field(min_length=1, max_length=20, description="All repairs of the day")


def in_seconds(old: LampRepairedV1) -> LampRepairedV2:
    return LampRepairedV2(lamp_id=old.lamp_id, duration_seconds=old.minutes * 60)


def as_a_list(old: LampRepairedV2) -> LampRepairedV3:
    return LampRepairedV3(lamp_id=old.lamp_id, repairs=(Repair(duration_seconds=old.duration_seconds, crew=old.crew),))


VERSIONS: tuple[type[Event], ...] = (LampRepairedV1, LampRepairedV2, LampRepairedV3)
UPCASTERS: Mapping[type[Event], Callable[[Any], Event]] = {LampRepairedV1: in_seconds, LampRepairedV2: as_a_list}


def lamps(*known: type[Event]) -> Topic:
    """The topic as a program knows it that was built when there were just these versions."""
    return Topic(
        name="sample.lamps.v1",
        key="lamp_id",
        events=known,
        producer="sample",
        consumers=("reader",),
        zone=Zone.OPEN,
        retention=timedelta(days=30),
        doc="Lamps that were repaired.",
    )
