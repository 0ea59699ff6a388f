"""Each service is wired to the topics that the catalogue says it reads, and to nothing else."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from architecture.wirings import PACKAGES, WIRINGS, wired

from upstream_runtime.wiring import App, Inlet, Route
from upstream_schemas import topics
from upstream_schemas.model import Event
from upstream_schemas.topic import Topic
from upstream_schemas.topics import CATALOGUE, PROCESSES, released

each_process = pytest.mark.parametrize("process", WIRINGS)


def heard(app: App) -> list[Route | Inlet]:
    return [*app.routes, *app.inlets]


def topic_of(ear: Route | Inlet) -> Topic:
    return ear.topic if isinstance(ear, Route) else ear.family


def named_in(source: Path) -> Iterator[str]:
    """Class names of events that a file makes: `SlotOfferedV1(…)` and `scheduler.SlotOfferedV1(…)`."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name[-2:-1] == "V" and name[-1].isdigit():
                yield name


def said(process: str) -> set[str]:
    """Every event class that the sources of a service make."""
    package = import_module(PACKAGES[process])
    folder = Path(str(package.__file__)).parent
    return {name for path in folder.rglob("*.py") for name in named_in(path)}


def test_every_process_of_the_catalogue_is_wired_here() -> None:
    assert set(WIRINGS) == set(PROCESSES)


@each_process
def test_it_hears_exactly_the_topics_that_the_catalogue_says_it_reads(process: str) -> None:
    expected = {topic.name for topic in released() if process in topic.consumers}
    ears = [topic_of(ear).name for ear in heard(wired(process))]
    assert sorted(ears) == sorted(expected)


@each_process
def test_it_uses_the_rows_of_the_catalogue_themselves(process: str) -> None:
    app = wired(process)
    assert app.process == process
    assert all(topic_of(ear) in CATALOGUE for ear in heard(app))
    assert app.catalogue is CATALOGUE


@each_process
def test_what_comes_from_outside_comes_in_through_an_inlet_and_our_own_through_a_route(process: str) -> None:
    for ear in heard(wired(process)):
        assert isinstance(ear, Inlet) is (topic_of(ear).producer == topic_of(ear).mark)


@each_process
def test_every_event_it_decides_on_stands_on_a_topic_it_hears(process: str) -> None:
    ears = heard(wired(process))
    decided = {kind for ear in ears for kind in ear.on if issubclass(kind, Event)}
    assert decided <= {event for ear in ears for event in topic_of(ear).events}


@each_process
def test_every_record_from_outside_has_a_decision_for_each_of_its_types(process: str) -> None:
    for inlet in wired(process).inlets:
        assert set(inlet.on) == set(inlet.family.events)


@each_process
def test_it_says_only_what_its_own_topics_carry(process: str) -> None:
    own = {event.__name__ for topic in released() if topic.producer == process for event in topic.events}
    assert said(process) - own == set()


@each_process
def test_it_says_every_event_of_its_own_topics(process: str) -> None:
    dead_letters = topics.DEAD_LETTERS[process]
    own = {
        event.__name__
        for topic in released()
        if topic.producer == process and topic is not dead_letters
        for event in topic.events
    }
    assert own - said(process) == set()


def test_an_event_made_in_a_source_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "decide.py"
    source.write_text("def d():\n    return [scheduler.SlotOfferedV1(), RequestClosedV1(), thing.made(), V1]\n")
    assert set(named_in(source)) == {"SlotOfferedV1", "RequestClosedV1"}
