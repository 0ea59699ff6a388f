"""Broker and database away at the start, and killed in the middle of J1: services say so once, wait, and lose nothing."""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asyncpg.exceptions import InternalClientError
from support.system_parts import Parts
from support.system_patience import everything_once, patient
from support.system_topics import Desk, fresh, question, services_time, submission_record

from upstream_runtime.failures import Trouble, trouble
from upstream_stack.demo.journeys import training
from upstream_stack.demo.play import register
from upstream_stack.demo_command import DATA
from upstream_stack.processes import KAFKA, MAIL_SINK, POSTGRES, SERVICES
from upstream_stack.stack import Stack

SERVICE_NAMES = tuple(row.name for row in SERVICES)
AWAY_SECONDS = 4.0
STARTED_SECONDS_MAX = 60.0
TROUBLE = {"database.unreachable", "broker.unreachable", "relay.interrupted"}
LINES_MAX = 25  # of one service about one outage: its libraries have some ten things to say, each of them once


@pytest.fixture
def parts(second: Stack) -> Iterator[Parts]:
    """The second stack, with nobody to keep it."""
    second.down()
    found = Parts(second)
    yield found
    found.stop_all()


def told(entries: list[dict[str, Any]]) -> Counter[str]:
    """What was logged about trouble, by the name of the event."""
    return Counter(entry["event"] for entry in entries if entry["level"] in ("warning", "error"))


def said_once(entries: list[dict[str, Any]]) -> bool:
    """The trouble was named, each kind once, and libraries did not fill the log beside it."""
    found = told(entries)
    return bool(found.keys() & TROUBLE) and all(found[kind] <= 1 for kind in TROUBLE) and found.total() <= LINES_MAX


def wait_until_all_wait(parts: Parts) -> None:
    """Every service has started and said what is missing; then a while more, in which it says it no more."""
    deadline = time.monotonic() + STARTED_SECONDS_MAX
    while not all(told(parts.log(name)) for name in SERVICE_NAMES):
        assert time.monotonic() < deadline, {name: told(parts.log(name)) for name in SERVICE_NAMES}
        time.sleep(0.1)
    time.sleep(AWAY_SECONDS)


def test_without_a_broker_at_the_start_services_wait_and_begin_when_it_comes(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.start(POSTGRES, MAIL_SINK.name)
    parts.wait_for_database()
    parts.start(*SERVICE_NAMES)
    wait_until_all_wait(parts)
    assert {name: parts.running[name].poll() for name in SERVICE_NAMES} == dict.fromkeys(SERVICE_NAMES)
    waits = {"database": True, "broker": False, "relay": False}
    assert {name: parts.readiness(name) for name in SERVICE_NAMES} == dict.fromkeys(SERVICE_NAMES, waits)
    waiting = {name: told(parts.log(name)) for name in SERVICE_NAMES}
    print("without a broker:", waiting)

    parts.start(KAFKA)
    parts.wait_until_ready()

    assert {name: told(parts.log(name)) for name in SERVICE_NAMES if not said_once(parts.log(name))} == {}
    j1_completes(parts.stack, monkeypatch)


def test_without_a_database_at_the_start_services_wait_and_begin_when_it_comes(parts: Parts) -> None:
    parts.start(KAFKA, MAIL_SINK.name)
    parts.wait_for_broker()
    parts.start(*SERVICE_NAMES)
    desk = Desk(parts.stack)
    at = services_time(parts.stack)
    desk.send([submission_record(question(at), at) for _ in range(20)])
    wait_until_all_wait(parts)
    assert {name: parts.running[name].poll() for name in SERVICE_NAMES} == dict.fromkeys(SERVICE_NAMES)
    print("without a database:", {name: told(parts.log(name)) for name in SERVICE_NAMES})

    parts.start(POSTGRES)
    parts.wait_until_ready()

    assert Counter(answer.data["verdict"] for answer in desk.answers(20)) == {"accepted": 20}
    assert {name: told(parts.log(name)) for name in SERVICE_NAMES if not said_once(parts.log(name))} == {}


def test_a_connection_that_died_in_the_middle_of_a_word_is_the_machinery_s_trouble() -> None:
    assert trouble(InternalClientError("cannot switch to state 15")) is Trouble.INFRASTRUCTURE


@pytest.mark.parametrize(("name", "step"), [(KAFKA, 4), (POSTGRES, 2), (POSTGRES, 5)])
def test_killed_in_the_middle_of_j1_nothing_is_lost_and_nothing_happens_twice(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, name: str, step: int
) -> None:
    register(stack, DATA)
    logs = {row.name: stack.layout.log(row.name).stat().st_size for row in SERVICES}
    pids = {row.name: stack.pid(row.name) for row in SERVICES}
    restarts = stack.process(name).restarts

    case = j1_completes(stack, monkeypatch, dies=name, in_step=step)

    assert stack.wait_until_up(name, restarts_min=restarts + 1).restarts == restarts + 1
    assert {row.name: stack.pid(row.name) for row in SERVICES} == pids
    lines = {row.name: _entries(stack.layout.log(row.name), logs[row.name]) for row in SERVICES}
    print(f"{name} killed in step {step} of {case}:", {service: told(entries) for service, entries in lines.items()})
    assert {service: told(entries) for service, entries in lines.items() if not said_once(entries)} == {}


def test_what_is_published_while_the_broker_dies_and_comes_back_is_answered_exactly_once(stack: Stack) -> None:
    desk, at = Desk(stack), services_time(stack)
    restarts = stack.process(KAFKA).restarts
    records = [submission_record(question(at), at) for _ in range(100)]
    assassin = threading.Timer(0.3, _kill, (stack, KAFKA))
    assassin.start()
    for start in range(0, len(records), 10):
        desk.send(records[start : start + 10])
        time.sleep(0.05)
    assassin.join()
    stack.wait_until_up(KAFKA, restarts_min=restarts + 1, within_seconds=60)
    last = submission_record(question(at, submission_id=fresh()), at)
    desk.send([last])

    answers = desk.answers(len(records) + 1)

    first = {answer.data["source_event_id"]: answer.data["verdict"] for answer in reversed(answers)}
    assert Counter(first.values()) == {"accepted": len(records) + 1}
    again = [answer for answer in answers if answer.data["verdict"] != "accepted"]
    assert {answer.data["verdict"] for answer in again} <= {"duplicate"}


def j1_completes(stack: Stack, monkeypatch: pytest.MonkeyPatch, dies: str = "", in_step: int = -1) -> str:
    """J1, to its end and exactly once; `dies` is killed in the step."""
    scene = patient(monkeypatch, stack, move_clock=True)
    steps = training(scene)
    for number in range(100):
        if number == in_step:
            threading.Timer(0.05, _kill, (stack, dies)).start()
        if next(steps, None) is None:
            break
    case = next(seen.correlation for seen in scene.topics.records if seen.type == "intake.request.closed.v1")
    scene.topics.close()
    everything_once(stack, case)
    return case


def _kill(stack: Stack, name: str) -> None:
    pid = stack.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def _entries(log: Path, start: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_bytes()[start:].splitlines() if line.startswith(b"{")]
