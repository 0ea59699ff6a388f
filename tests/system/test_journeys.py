"""The journeys of the mission, by the demo's own eyes; twice, and then the stack is stopped and started again."""

import re
from collections.abc import Mapping

import pytest
from rich.console import Console

from upstream_stack.demo.journeys import JOURNEYS, status
from upstream_stack.demo.play import Report, play
from upstream_stack.demo_command import DATA
from upstream_stack.processes import NAMES
from upstream_stack.stack import Stack


@pytest.fixture(scope="module")
def played(stack: Stack) -> Mapping[str, Report]:
    return play(stack, DATA, Console(quiet=True))


def failed(report: Report) -> list[str]:
    return [step.step for step in report.steps if not step.ok]


def reference_in(report: Report) -> str:
    found = re.search(r"UP-[0-9A-Z]{4}-[0-9A-Z]{4}", report.steps[0].shown)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("journey", JOURNEYS)
def test_the_journey_goes_as_the_mission_tells_it(played: Mapping[str, Report], journey: str) -> None:
    assert failed(played[journey]) == []
    assert played[journey].ok
    print(journey, [(step.step, step.seconds) for step in played[journey].steps])


def test_all_of_them_once_more_on_the_same_stack_and_the_first_case_stays_as_it_was(
    stack: Stack, played: Mapping[str, Report]
) -> None:
    reference = reference_in(played["J1"])
    before = status(stack, reference)
    again = play(stack, DATA, Console(quiet=True))
    assert {journey: failed(report) for journey, report in again.items()} == {journey: [] for journey in JOURNEYS}
    assert reference_in(again["J1"]) != reference
    assert status(stack, reference) == before


def test_the_first_run_s_case_can_still_be_followed_after_down_and_up(stack: Stack, played: Mapping[str, Report]) -> None:
    reference = reference_in(played["J1"])
    before = status(stack, reference)
    assert len(before) >= 10
    stack.down()
    stack.up()
    assert {stack.process(name).state for name in NAMES} == {"up"}
    assert status(stack, reference) == before
