"""A broker that lost its data while records flow: one command, and everything is delivered, nothing twice."""

import shutil
import signal
import time
from collections.abc import Iterator

import pytest
from stack.conftest import discard, new_stack
from support.engine_relay import in_order
from support.stack_load import NAMES, City, load, requests, until
from support.system_tables import rows
from support.system_topics import attributes, everything

from upstream_stack.errors import Trouble
from upstream_stack.processes import KAFKA
from upstream_stack.stack import Stack
from upstream_stack.stop import send_signal

OURS = (
    "intake.requests.v1",
    "intake.contacts.v1",
    "scheduler.sessions.v1",
    "notifier.deliveries.v1",
    "city.results.pdx311.v1",
)
READERS = {"scheduler": ("intake.requests.v1",), "notifier-public": ("intake.requests.v1", "intake.contacts.v1")}
SPEAKERS = ("intake", "scheduler", "notifier-public")
Place = tuple[str, int]


def counters(stack: Stack, process: str) -> dict[Place, int]:
    return {(t, p): n for t, p, n in rows(stack, process, "SELECT topic, partition, n FROM runtime.counter")}


def watermarks(stack: Stack, process: str) -> dict[Place, int]:
    return {(t, p): n for t, p, n in rows(stack, process, "SELECT topic, partition, n FROM runtime.watermark")}


def caught_up(stack: Stack) -> bool:
    said = counters(stack, "intake")
    return all(
        watermarks(stack, reader).get(place) == n
        for reader, topics in READERS.items()
        for place, n in said.items()
        if place[0] in topics
    )


def numbers(stack: Stack) -> dict[Place, list[int]]:
    """What stands on our topics now, as numbers in their order."""
    found: dict[Place, list[int]] = {}
    for topic, messages in everything(stack.kafka_admin_config(), OURS).items():
        for message in messages:
            _, _, n = attributes(message)["ce_sequence"].partition(":")
            found.setdefault((topic, message.partition() or 0), []).append(int(n))
    return found


def complete(stack: Stack) -> bool:
    """Whether every number that was given out stands on our topics."""
    found = {place: sorted(set(ns)) for place, ns in numbers(stack).items()}
    said = {place: n for process in SPEAKERS for place, n in counters(stack, process).items() if place[0] in OURS}
    return found == {place: list(range(1, n + 1)) for place, n in said.items()}


def nothing_lost_and_nothing_doubled(city: City) -> None:
    """Every submission has one request, one verdict and one notice of each kind; every reader has every record."""
    stack = city.stack
    until("readers lack records", lambda: caught_up(stack))
    assert requests(stack) == len(city.sent)
    assert {submission: len(set(ids)) for submission, ids in city.verdicts().items()} == dict.fromkeys(city.sent, 1)
    notices = rows(stack, "notifier-public", "SELECT count(*) FROM notice GROUP BY request_id")
    assert [notice["count"] for notice in notices] == [2] * len(city.sent)
    until("topics lack records", lambda: complete(stack))
    assert all(in_order(found) for found in numbers(stack).values())
    for name in READERS:
        assert "partition.gap" not in stack.layout.log(name).read_text()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = new_stack(tmp_path_factory.mktemp("wiped"))
    stack.up(*NAMES)
    yield stack
    discard(stack)


def forgotten_by_the_broker(stack: Stack) -> None:
    """Its files go while it takes submissions that nobody has read yet; then it goes, if it has not seen that and ended."""
    intake, kafka = stack.pid("intake"), stack.pid(KAFKA)
    assert intake is not None and kafka is not None
    send_signal(intake, signal.SIGSTOP)
    time.sleep(1)
    shutil.rmtree(stack.layout.kafka / "data")
    time.sleep(1)
    send_signal(kafka, signal.SIGKILL)
    send_signal(intake, signal.SIGCONT)


def test_a_broker_that_is_wiped_under_load_is_rebuilt_by_one_command_and_nothing_is_lost_or_doubled(whole: Stack) -> None:
    with load(whole) as city:
        until("no request", lambda: requests(whole) >= 100)
        forgotten_by_the_broker(whole)
        began = time.monotonic()
        told = whole.run("rebuild-topics")
        print(told, f"{time.monotonic() - began:.1f} s", sep="\n")
        assert "formatted anew" in told
        before = len(city.sent)
        until("nothing is handed over", lambda: len(city.sent) > before + 50)
    until("readers lack records", lambda: caught_up(whole))
    pending = city.pending()
    print(f"{len(city.sent)} handed over, {len(pending)} not answered after the rebuild")
    assert pending, "the broker forgot nothing that was acknowledged and not read, so nothing was shown"
    city.hand_over_again(pending)
    until("pending submissions are not answered", lambda: not city.pending())
    nothing_lost_and_nothing_doubled(city)
    assert "nothing to rebuild" in whole.run("rebuild-topics")


def test_a_stack_whose_broker_was_wiped_while_it_was_down_does_not_start_before_topics_are_rebuilt(whole: Stack) -> None:
    whole.down()
    shutil.rmtree(whole.layout.kafka / "data")
    with pytest.raises(Trouble, match="The broker was wiped") as refusal:
        whole.up(*NAMES)
    assert refusal.value.fix.endswith("rebuild-topics")
    whole.run("rebuild-topics")
    whole.up(*NAMES)
    until("topics lack records", lambda: complete(whole))


def test_topics_of_one_service_are_sent_again_while_it_runs(whole: Stack) -> None:
    before = sum(map(len, numbers(whole).values()))
    said = sum(n for place, n in counters(whole, "scheduler").items())
    assert f"{said} records are sent again" in whole.run("rebuild-topics", "--process", "scheduler")
    until("nothing is sent again", lambda: sum(map(len, numbers(whole).values())) >= before + said)
