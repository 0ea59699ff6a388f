"""The first journey with the broker and the database in containers, and what it left there read by somebody else's library."""

from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from rich.console import Console
from support.infra import Infra
from support.infra_containers import PARTS
from support.system_topics import everything

from upstream_schemas.topics import events_of
from upstream_stack.demo.play import Report, play
from upstream_stack.demo.scene import READ
from upstream_stack.demo_command import DATA
from upstream_stack.stack import Stack


@pytest.fixture(scope="module")
def played(contained: Stack) -> Report:
    return play(contained, DATA, Console(quiet=True), ["J1"])["J1"]


def test_the_first_journey_goes_as_the_mission_tells_it(played: Report) -> None:
    assert [step.step for step in played.steps if not step.ok] == []
    assert played.ok
    print([(step.step, step.seconds) for step in played.steps])


@pytest.mark.usefixtures("played")
def test_broker_and_database_are_none_of_the_stack_s_own_processes(contained: Stack, infra: Infra) -> None:
    if infra.driver.name == "external":
        return
    state = contained.state()
    assert state is not None
    assert "intake" in state.processes
    assert not state.processes.keys() & PARTS.keys()


@pytest.mark.usefixtures("played")
def test_every_record_that_it_left_is_an_event_to_the_standard_s_own_library(contained: Stack) -> None:
    known = {event.TYPE for event in events_of()}
    records = [record for topic in everything(contained.kafka_admin_config(), READ).values() for record in topic]
    said = [record for record in records if record.value() is not None]
    assert len(said) > 15
    for record in said:
        headers: Any = dict(record.headers() or [])
        event = from_kafka_event(KafkaMessage(headers, record.key(), record.value() or b""))
        assert event.get_type() in known
        assert (event.get_specversion(), event.get_datacontenttype()) == ("1.0", "application/json")
        assert event.get_extension("partitionkey") == (record.key() or b"").decode()
        assert isinstance(event.get_data(), dict)
