"""How far behind our readers are, by the tool that comes with the broker: behind while one sleeps, not at all once it is awake."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from support.infra_engine import BROKER_IMAGE
from support.system_topics import Desk, question, services_time, submission_record
from testcontainers.core.container import DockerContainer

from upstream_schemas.topics import consumer_groups
from upstream_stack.kafka_quotas import client_properties
from upstream_stack.processes import SERVICES
from upstream_stack.stack import Stack

SETTLED_SECONDS = 90.0
RECORDS = 30
OURS = {group for row in SERVICES for group in consumer_groups(row.name)}
TOOL = "/opt/kafka/bin/kafka-consumer-groups.sh"


def lag(stack: Stack) -> Counter[str]:
    """Records that each of our groups has still to read, as `kafka-consumer-groups.sh --describe --all-groups` says."""
    words = f"{TOOL} --bootstrap-server {stack.bootstrap} --command-config /tmp/client --describe --all-groups"
    client = DockerContainer(BROKER_IMAGE).with_command(["bash", "-c", words]).with_kwargs(network_mode="host")
    client.with_copy_into_container(client_properties(stack.layout, stack.ports).encode(), "/tmp/client")
    with client:
        status = client.wait()
        said = b"".join(client.get_logs()).decode()
    assert status == 0, said
    found = Counter[str]()
    for group, _, _, current, end, *_ in (line.split() for line in said.splitlines() if line.partition(" ")[0] in OURS):
        found[group] += int(end) - (0 if current == "-" else int(current))
    return found


@contextmanager
def asleep(stack: Stack, name: str) -> Iterator[None]:
    pid = stack.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def settles(stack: Stack, behind: dict[str, int]) -> None:
    """Until the tool says so, and of every other group that nothing is left to read."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while (found := +lag(stack)) != behind:
        assert time.monotonic() < deadline, found


def test_what_a_sleeping_reader_leaves_lying_is_counted_and_all_of_it_is_made_up_for(contained: Stack) -> None:
    desk, at = Desk(contained), services_time(contained)
    desk.send([submission_record(question(at), at)])
    assert len(desk.answers(1)) == 1
    settles(contained, {})
    with asleep(contained, "intake"):
        desk.send(submission_record(question(at), at) for _ in range(RECORDS))
        settles(contained, {"intake.partners": RECORDS})
    assert len(desk.answers(RECORDS)) == RECORDS
    settles(contained, {})
