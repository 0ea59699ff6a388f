"""`upstream` against a real broker and the real intake: one verdict for each record, and nothing unanswered is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from support.client_builders import cloudevent, submission

from upstream_client.clock import fresh_id
from upstream_stack.stack import Stack

SOURCE = "sample-desk"
STREET_ISSUE = "There is a pothole in front of our house"


@pytest.fixture(scope="module")
def credentials(stack: Stack) -> Iterator[Path]:
    """A source of these tests alone, so that its topics hold nothing else."""
    stack.run("source", "add", SOURCE)
    yield stack.layout.credentials / f"{SOURCE}.json"
    stack.run("source", "revoke", SOURCE)


class Desk:
    """A partner's desk: a folder, credentials, and the program."""

    def __init__(self, folder: Path, credentials: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._environment = {**os.environ, "UPSTREAM_CREDENTIALS": str(credentials)}

    def start(self, *words: str, given: bytes = b"") -> subprocess.Popen[bytes]:
        (self.folder / "given").write_bytes(given)
        with (self.folder / "given").open("rb") as stdin:
            return subprocess.Popen(
                [sys.executable, "-m", "upstream_client", *words],
                cwd=self.folder,
                env=self._environment,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

    def publish(self, *words: str, given: bytes = b"") -> tuple[int, list[dict[str, Any]]]:
        """Exit code, and what is told about each record in the order of the records."""
        return _ended(self.start("publish", "--state", str(self.state), "--json", *words, given=given))

    def send(self, content: Any, *words: str) -> tuple[int, list[dict[str, Any]]]:
        return self.publish("-", *words, given=json.dumps(content).encode())

    def results(self, *words: str) -> list[dict[str, Any]]:
        code, told = _ended(self.start("results", "--json", *words))
        assert code == 0
        return told

    def kept_count(self) -> int:
        return len([path for path in self.state.rglob("*") if path.is_file() and path.suffix != ".draft"])


def _ended(program: subprocess.Popen[bytes]) -> tuple[int, list[dict[str, Any]]]:
    out, err = program.communicate(timeout=120)
    assert b"Traceback" not in err
    told = [json.loads(line) for line in out.splitlines()]
    return program.returncode, sorted(told, key=lambda entry: int(entry.get("record", 0)))


@pytest.fixture
def desk(tmp_path: Path, credentials: Path) -> Desk:
    return Desk(tmp_path, credentials)


@contextmanager
def intake_asleep(stack: Stack) -> Iterator[int]:
    """Intake takes nothing and answers nothing meanwhile."""
    pid = stack.pid("intake")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def words_of(told: list[dict[str, Any]]) -> list[str]:
    return [str(entry["outcome"]) for entry in told]


def test_a_submission_is_accepted_under_a_reference(desk: Desk) -> None:
    code, [told] = desk.send(submission())

    assert (code, told["outcome"], told["exit_code"]) == (0, "accepted", 0)
    assert told["reference"].startswith("UP-")
    assert told["source_event_id"] == told["event_id"]
    assert desk.kept_count() == 0


def test_each_record_of_a_file_gets_its_own_verdict_and_the_highest_code_counts(desk: Desk) -> None:
    street = submission(intent="question", group=None, topics=[], service_name="Pothole", safety_interest=STREET_ISSUE)
    plain = {name: value for name, value in street.items() if value is not None}
    content = [submission(), plain, submission(group={"size": 0, "connections": []}), submission()]

    code, told = desk.send(content)

    assert code == 4
    assert words_of(told) == ["accepted", "redirected", "rejected", "accepted"]
    assert told[1]["redirect"]["wording"]
    assert told[2]["problems"] == [{"pointer": "/group/size", "code": "greater-than-equal"}]


def test_the_same_event_again_is_a_duplicate_with_the_first_reference(desk: Desk) -> None:
    event = cloudevent(id=str(fresh_id()), source=f"/city/{SOURCE}", data=submission(submission_id=str(fresh_id())))

    first_code, [first] = desk.send(event)
    code, [again] = desk.send(event)

    assert (first_code, first["outcome"]) == (0, "accepted")
    assert (code, again["outcome"], again["first_verdict"]) == (0, "duplicate", "accepted")
    assert again["reference"] == first["reference"]


def test_two_records_of_one_event_in_one_file_each_get_an_answer(desk: Desk) -> None:
    event = cloudevent(id=str(fresh_id()), source=f"/city/{SOURCE}", data=submission(submission_id=str(fresh_id())))

    code, told = desk.send([event, event])

    assert (code, words_of(told)) == (0, ["accepted", "duplicate"])


def test_a_submission_is_amended_and_withdrawn_under_the_id_it_was_given(desk: Desk) -> None:
    _, [first] = desk.send(submission())
    same = {"submission_id": first["submission_id"]}

    amended = desk.send(submission(**same, revision=2, language="en"), "--type", "amended")
    withdrawn = desk.send({**same, "revision": 3, "withdrawn_at": "2026-11-21T10:00:00Z"})

    for code, [told] in (amended, withdrawn):
        assert (code, told["outcome"], told["reference"]) == (0, "accepted", first["reference"])


@pytest.mark.parametrize(
    ("words", "given", "reason"),
    [
        (("--key", "k"), b"{}", "not-cloudevents"),
        (("--key", "k", "--header", "n"), b"{}", "null-header"),
        (("--header", "ce_id=a", "--header", "ce_id=a"), b"{}", "duplicate-header"),
        (("--header", "ce_id=oversize-1"), b"x" * 300_000, "oversize"),
    ],
)
def test_a_record_that_cannot_be_read_is_answered_by_where_it_lies(
    desk: Desk, words: tuple[str, ...], given: bytes, reason: str
) -> None:
    code, [told] = desk.publish("--raw", "-", *words, given=given)

    assert (code, told["outcome"], told["reason_code"]) == (5, "quarantined", reason)
    assert told["offset"] >= 0


def test_a_record_without_a_value_is_answered(desk: Desk) -> None:
    code, [told] = desk.publish("--raw", "--null-value", "--key", str(fresh_id()), "--header", f"ce_id={fresh_id()}")

    assert (code, told["reason_code"]) == (5, "empty-value")


def test_another_sources_topic_is_refused_and_nothing_is_kept(desk: Desk) -> None:
    code, [told] = desk.send(submission(), "--source", "parks")

    assert (code, told["outcome"], told["why"]) == (7, "refused", "not-authorised")
    assert desk.kept_count() == 0


def test_a_wrong_password_is_refused(desk: Desk, credentials: Path) -> None:
    wrong = json.loads(credentials.read_bytes()) | {"sasl.password": "wrong"}
    (desk.folder / "wrong.json").write_text(json.dumps(wrong))

    code, [told] = desk.send(submission(), "--credentials", "wrong.json")

    assert (code, told["why"]) == (7, "not-authenticated")


def test_a_record_of_two_megabytes_is_refused_and_its_neighbours_are_answered(desk: Desk) -> None:
    code, told = desk.send([submission(), submission(safety_interest="x" * 2_000_000), submission()])

    assert (code, words_of(told)) == (7, ["accepted", "refused", "accepted"])
    assert told[1]["why"] == "too-large"
    assert desk.kept_count() == 0


@contextmanager
def broker_takes_at_most(stack: Stack, size_bytes: int) -> Iterator[None]:
    """A broker of another operator, who allows less than the client knows."""
    admin = AdminClient({**stack.kafka_admin_config(), "log_level": 0})

    def change(how: AlterConfigOpType, value: str | None) -> None:
        entry = ConfigEntry("max.message.bytes", value, incremental_operation=how)
        topic = ConfigResource(ResourceType.TOPIC, f"city.submissions.{SOURCE}.v1", incremental_configs=[entry])
        [done] = admin.incremental_alter_configs([topic]).values()
        done.result(10)
        time.sleep(1)  # the broker reads its new setting a moment later

    before = admin.describe_configs([ConfigResource(ResourceType.TOPIC, f"city.submissions.{SOURCE}.v1")])
    usual = next(iter(before.values())).result(10)["max.message.bytes"].value
    change(AlterConfigOpType.SET, str(size_bytes))
    try:
        yield
    finally:
        change(AlterConfigOpType.SET, usual)


def test_what_the_broker_itself_refuses_does_not_hold_up_what_comes_behind(desk: Desk, stack: Stack) -> None:
    content = [submission() for _ in range(5)]
    content[1] = submission(safety_interest="x" * 60_000)

    with broker_takes_at_most(stack, 50_000):
        code, told = desk.send(content, "--timeout", "10")

    assert (code, words_of(told)) == (7, ["accepted", "refused", "accepted", "accepted", "accepted"])


def test_what_gets_no_answer_is_kept_and_its_first_verdict_is_found_later(desk: Desk, stack: Stack) -> None:
    with intake_asleep(stack):
        code, [told] = desk.send(submission(), "--timeout", "1")
    assert (code, told["outcome"], desk.kept_count()) == (6, "no-answer", 1)

    later_code, [later] = desk.publish("--pending")

    assert (later_code, later["event_id"], later["outcome"]) == (0, told["event_id"], "accepted")
    assert desk.kept_count() == 0
    assert desk.publish("--pending") == (0, [])


def test_a_program_that_is_killed_leaves_its_record_to_be_sent_again(desk: Desk, stack: Stack) -> None:
    with intake_asleep(stack):
        program = desk.start("publish", "--state", str(desk.state), "-", given=json.dumps(submission()).encode())
        _wait_until(lambda: desk.kept_count() == 1)
        program.kill()
        program.communicate()

    code, told = desk.publish("--pending")

    assert (code, words_of(told), desk.kept_count()) == (0, ["accepted"], 0)


def test_a_record_is_sent_again_with_the_same_id_until_it_is_answered(desk: Desk, stack: Stack) -> None:
    with intake_asleep(stack):
        program = desk.start("publish", "--json", "--state", str(desk.state), "-", given=json.dumps(submission()).encode())
        time.sleep(7)  # the first pause is 5 s
    code, [told] = _ended(program)

    assert (code, told["outcome"]) == (0, "accepted")
    _wait_until(lambda: len(_answers_to(desk, told)) == 2)
    assert [answer["verdict"] for answer in _answers_to(desk, told)] == ["accepted", "duplicate"]


def _answers_to(desk: Desk, told: dict[str, Any]) -> list[dict[str, Any]]:
    return [answer for answer in desk.results("--from-beginning") if answer["event_id"] == told["event_id"]]


@pytest.mark.process_control
def test_a_broker_that_dies_while_we_wait_costs_no_answer(desk: Desk, stack: Stack) -> None:
    restarts = stack.process("kafka").restarts
    with intake_asleep(stack):
        program = desk.start(
            "publish", "--json", "--timeout", "90", "--state", str(desk.state), "-", given=json.dumps(submission()).encode()
        )
        _wait_until(lambda: desk.kept_count() == 1)
        pid = stack.pid("kafka")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        stack.wait_until_up("kafka", restarts_min=restarts + 1, within_seconds=60)
    code, [told] = _ended(program)

    assert (code, desk.kept_count()) == (0, 0)
    assert told["outcome"] in {"accepted", "duplicate"}


def test_verdicts_are_shown_once_and_all_of_them_on_request(desk: Desk) -> None:
    desk.results()
    _, told = desk.send([submission(), submission()])

    assert [verdict["reference"] for verdict in desk.results()] == [entry["reference"] for entry in told]
    assert desk.results() == []
    assert len(desk.results("--from-beginning")) >= 2


def test_verdicts_are_followed_as_they_come(desk: Desk) -> None:
    desk.results()
    follower = desk.start("results", "--follow", "--json")
    _, [told] = desk.send(submission())
    assert follower.stdout is not None
    line = json.loads(follower.stdout.readline())
    follower.send_signal(signal.SIGINT)
    follower.communicate(timeout=30)

    assert line["reference"] == told["reference"]
    assert follower.returncode == 0


def test_verdicts_of_another_source_are_refused(desk: Desk) -> None:
    assert _ended(desk.start("results", "--source", "parks")) == (7, [])


def _wait_until(condition: Any, within_seconds: float = 30.0) -> None:
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
