"""A process is restarted while submissions flow, as at every deployment: how long nothing comes out of it, and that nothing is lost."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from confluent_kafka import OFFSET_END, Consumer, TopicPartition
from faults.lap import strain
from support.stack_load import load, until

from upstream_stack.errors import Trouble
from upstream_stack.processes import LINK_KEY
from upstream_stack.stack import Stack

SAYS = {"intake": "city.results.pdx311.v1", "notifier-public": "notifier.deliveries.v1"}
"""Where a process answers for every submission that flows."""
FLOWING = 40


def ask_for_it(stack: Stack, name: str) -> None:
    stack.run("restart", name)


def end_it(stack: Stack, name: str) -> None:
    pid = stack.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGTERM)


WAYS: dict[str, tuple[Callable[[Stack, str], None], float]] = {"restart": (ask_for_it, 2.0), "SIGTERM": (end_it, 4.0)}
"""How, and the pause that is promised, in seconds. Without a relief the new process loads when the old one has ended."""


@contextmanager
def arrivals(stack: Stack, topic: str) -> Iterator[list[float]]:
    """The moments at which records come out on a topic, on a clock that only runs forward."""
    found: list[float] = []
    stop = threading.Event()
    reader = Consumer({**stack.kafka_admin_config(), "group.id": "test.arrivals", "enable.auto.commit": False, "log_level": 0})
    partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
    reader.assign([TopicPartition(topic, partition, OFFSET_END) for partition in partitions])

    def watch() -> None:
        while not stop.is_set():
            record = reader.poll(0.1)
            if record is not None and record.error() is None:
                found.append(time.monotonic())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield found
    finally:
        stop.set()
        watching.join()
        reader.close()


@pytest.mark.parametrize(("name", "way"), [("intake", "restart"), ("notifier-public", "restart"), ("intake", "SIGTERM")])
def test_a_restart_under_load_is_a_short_pause_and_costs_nothing(stack: Stack, name: str, way: str) -> None:
    begin_anew, pause_seconds_max = WAYS[way]
    with load(stack) as city, arrivals(stack, SAYS[name]) as found:
        until("a steady flow", lambda: len(found) > FLOWING)
        usual = max(later - earlier for earlier, later in pairwise(found[5:]))
        restarts, told, before = stack.process(name).restarts, time.monotonic(), len(found)
        begin_anew(stack, name)
        stack.wait_until_up(name, restarts_min=restarts + 1, within_seconds=60)
        ready = time.monotonic()
        until("the flow again", lambda: len(found) > before + 3 * FLOWING)
        stretched = strain()
    pause, ended = max((later - earlier, earlier) for earlier, later in pairwise(found[before - 1 :]))
    print(
        f"{name}: {pause:.2f} s without a record (before: {usual:.2f} s), the last {ended - told:.2f} s after {way}; "
        f"ready after {ready - told:.2f} s; machine x{stretched}"
    )
    until("a verdict for everything", lambda: not city.pending())
    answered = {submission: len(set(ids)) for submission, ids in city.verdicts().items() if submission in city.sent}
    assert answered == dict.fromkeys(city.sent, 1)
    assert pause <= pause_seconds_max * stretched
    if way == "restart":
        assert _began(stack, name) < ended, "the relief was there before the one that ran said its last"


def _began(stack: Stack, name: str) -> float:
    """When the process was started, on this clock: the kernel counts its ticks from the start of the machine."""
    identity = stack.process(name).identity
    assert identity is not None
    since_boot = identity.started_ticks / os.sysconf("SC_CLK_TCK")
    return since_boot - time.clock_gettime(time.CLOCK_BOOTTIME) + time.monotonic()


def test_a_relief_that_does_not_get_ready_changes_nothing(stack: Stack) -> None:
    before = stack.pid("intake")
    key = stack.layout.secrets / "intake" / LINK_KEY
    hidden = key.rename(key.with_suffix(".hidden"))
    try:
        with pytest.raises(Trouble, match="intake is not restarted") as refusal:
            stack.run("restart", "intake")
    finally:
        hidden.rename(key)
    assert f"no secret file '{LINK_KEY}'" in refusal.value.why
    assert stack.pid("intake") == before
    assert "intake" in stack.run("restart", "intake")
    assert stack.pid("intake") != before


def test_a_restart_of_what_is_not_a_service_is_refused(stack: Stack) -> None:
    with pytest.raises(Trouble, match="There is no kafka"):
        stack.run("restart", "kafka")
