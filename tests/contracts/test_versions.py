"""Every pair of versions: what one writes, the other reads, or refuses by name and never guesses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from contracts.instances import instances
from contracts.lamp_history import (
    UPCASTERS,
    VERSIONS,
    LampRepairedV1,
    LampRepairedV1Edition2,
    LampRepairedV2,
    LampRepairedV3,
    Repair,
    lamps,
)
from contracts.wire import headers, to_bytes, written
from hypothesis import given, settings
from hypothesis import strategies as st

from upstream_runtime.clock import Clock
from upstream_runtime.decision import Decision
from upstream_runtime.records import Item, Reader
from upstream_runtime.wiring import Aggregate, App, Route
from upstream_schemas.codec import decode
from upstream_schemas.golden import FOLDER, released
from upstream_schemas.model import Event
from upstream_schemas.topics import events_of

LAMP = "0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77"
each_pair = pytest.mark.parametrize(("writer", "reader"), list(product(range(3), range(3))))


@dataclass
class OnTopic:
    """A record as the reader gets it from the broker."""

    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    key: bytes | None = LAMP.encode()
    topic: str = "sample.lamps.v1"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0


async def no_states(*_: object) -> Mapping[Any, Any]:
    return {}


async def none_saved(*_: object) -> int:
    return 0


def program(newest: int) -> Reader:
    """A service that was built when version `newest + 1` was the newest: it knows that version and those before it."""
    route = Route(
        topic=lamps(*VERSIONS[: newest + 1]),
        aggregate=Aggregate("lamp", no_states, none_saved),
        on={VERSIONS[newest]: lambda *_: Decision()},
    )
    return Reader(App("reader", "none", (route,), upcasters=UPCASTERS), "cluster", Clock(), b"secret")


def received(said: Event) -> OnTopic:
    found = headers(ce_type=said.TYPE.encode(), ce_source=b"/sample", ce_sequence=b"stream:1")
    return OnTopic(written(said), [(name, value) for name, value in found if value is not None])


def read(said: Event, reader: int) -> Item:
    return program(reader).read(received(said))


@each_pair
def test_a_reader_gets_its_own_version_of_whatever_an_older_writer_says_and_refuses_newer_ones(
    writer: int, reader: int
) -> None:
    @settings(max_examples=25, deadline=None)
    @given(instances(VERSIONS[writer].model_json_schema()))
    def tried(document: Any) -> None:
        item = read(VERSIONS[writer].model_validate_json(to_bytes(document)), reader)
        if writer > reader:
            assert item.refusal is not None
            assert item.refusal.code == "unsupported-version"
        else:
            assert item.refusal is None
            (step,) = item.steps
            assert type(step.fact) is VERSIONS[reader]

    tried()


@given(minutes=st.integers(0, 10_000))
def test_nothing_is_lost_on_the_way_up(minutes: int) -> None:
    (step,) = read(LampRepairedV1.model_validate_json(to_bytes({"lamp_id": LAMP, "minutes": minutes})), 2).steps
    assert isinstance(step.fact, LampRepairedV3)
    assert str(step.fact.lamp_id) == LAMP
    assert step.fact.repairs == (Repair(duration_seconds=minutes * 60),)


@settings(max_examples=25, deadline=None)
@given(instances(LampRepairedV1Edition2.model_json_schema()))
def test_an_optional_field_added_within_a_version_stops_neither_older_nor_newer_readers(document: Any) -> None:
    said = LampRepairedV1Edition2.model_validate_json(to_bytes(document))
    older = decode(written(said), LampRepairedV1)
    assert dict(older) == {name: value for name, value in dict(said).items() if name != "crew"}
    newer = decode(written(older), LampRepairedV1Edition2)
    assert dict(newer) == {**dict(older), "crew": None}


def test_every_version_but_the_newest_has_one_way_up() -> None:
    assert set(UPCASTERS) == set(VERSIONS[:-1])
    assert isinstance(read(LampRepairedV2.model_validate_json(to_bytes({"lamp_id": LAMP, "duration_seconds": 1})), 2), Item)


@pytest.mark.parametrize("event", events_of(), ids=lambda event: event.TYPE)
def test_what_any_released_edition_allows_is_read_today(event: type[Event]) -> None:
    editions = released(FOLDER, event)
    assert editions

    @settings(max_examples=10, deadline=None)
    @given(st.one_of(*(instances(edition) for edition in editions)))
    def read_today(document: Any) -> None:
        assert isinstance(decode(to_bytes(document), event), event)

    read_today()
