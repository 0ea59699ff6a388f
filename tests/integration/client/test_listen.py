"""`upstream listen` against a real broker: every referral is handed over, in order, under one id, whatever dies in between."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.provider_builders import NAME, Wire, confirmed, erasure, withdrawn
from support.provider_city import City
from support.provider_receiver import Content, Receiver, receiving

from upstream_schemas.provider import TrialReceivedV1, TrialSentV1
from upstream_stack.stack import Stack

KILLS = 20


@pytest.fixture
def city(broker: Stack, tmp_path: Path) -> City:
    return City(broker, tmp_path)


class Laptop:
    """A provider's computer: credentials, a state folder, and the program."""

    def __init__(self, city: City, folder: Path) -> None:
        self.city = city
        self.state = folder / "state"

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "upstream_client", "listen", "--state-dir", str(self.state), *words],
            env={**os.environ, "UPSTREAM_CREDENTIALS": str(self.city.credentials)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def listen(self, *words: str) -> tuple[int, str, str]:
        program = self.start(*words)
        out, err = program.communicate(timeout=90)
        assert "Traceback" not in err
        return program.returncode, out, err

    def once(self) -> list[dict[str, Any]]:
        """Everything that lies there and was not handed over."""
        code, out, err = self.listen("--once", "--jsonl")
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    def poison(self) -> list[dict[str, Any]]:
        file = self.state / "poison.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def files_holding(self, text: str) -> list[Path]:
        return [path for path in self.state.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]

    def secret(self) -> str:
        return (self.state / "webhook-secret").read_text().strip()


@pytest.fixture
def laptop(city: City, tmp_path: Path) -> Laptop:
    return Laptop(city, tmp_path)


@pytest.fixture
def receiver(laptop: Laptop) -> Iterator[Receiver]:
    with receiving(Receiver(laptop.secret)) as found:
        yield found


def wait_until(condition: Callable[[], object], within_seconds: float = 60.0) -> None:
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_offer_is_opened_and_handed_over_once(city: City, laptop: Laptop) -> None:
    referral_id, record_id = city.offer()

    [told] = laptop.once()

    assert (told["id"], told["type"]) == (record_id, "referral.offered")
    assert told["data"]["referral_id"] == str(referral_id)
    assert told["data"]["offer"]["name"] == NAME
    assert city.committed() == 1
    assert laptop.once() == []
    assert laptop.files_holding(NAME) == []


def test_a_person_reads_it_in_plain_words_with_the_command_to_type(city: City, laptop: Laptop) -> None:
    referral_id, _ = city.offer()

    _, out, _ = laptop.listen("--once")

    assert NAME in out
    assert f"upstream accept --provider {city.provider} {referral_id}" in out


def test_an_offer_waits_for_its_key(city: City, laptop: Laptop) -> None:
    late, key = city.sealed("Late Example")
    city.say(late)
    prompt, _ = city.offer()
    program = laptop.start("--jsonl")
    assert program.stdout is not None
    first = json.loads(program.stdout.readline())
    city.give_key(key)
    second = json.loads(program.stdout.readline())
    program.terminate()
    program.communicate()

    assert first["data"]["referral_id"] == str(prompt)
    assert second["data"]["offer"]["name"] == "Late Example"
    wait_until(lambda: city.committed() <= 2)


def test_a_run_that_shall_end_leaves_an_offer_without_its_key_to_the_next(city: City, laptop: Laptop) -> None:
    offer, key = city.sealed()
    city.say(offer)
    prompt, _ = city.offer()

    code, out, _ = laptop.listen("--once", "--jsonl")
    city.give_key(key)

    assert (code, city.committed()) == (6, -1001)
    assert json.loads(out)["data"]["referral_id"] == str(prompt)
    assert [told["data"]["referral_id"] for told in laptop.once()] == [str(offer.referral_id)]
    assert city.committed() == 2


def test_an_offer_whose_key_is_destroyed_is_told_as_erased(city: City, laptop: Laptop) -> None:
    referral_id, _ = city.offer()
    city.destroy_key(referral_id)

    [told] = laptop.once()

    assert told["type"] == "referral.offer-erased"
    assert "offer" not in told["data"]


def test_an_offer_taken_back_further_on_is_told_as_erased_in_order(city: City, laptop: Laptop) -> None:
    offer, _ = city.sealed()
    city.say(offer)
    city.say(withdrawn(offer.referral_id))
    city.say(erasure(offer.referral_id))

    assert [told["type"] for told in laptop.once()] == [
        "referral.offer-erased", "referral.withdrawn", "referral.erasure-requested",
    ]  # fmt: skip


def test_a_trial_is_answered_and_told(city: City, laptop: Laptop) -> None:
    trial = TrialSentV1(referral_id=uuid4())
    trial_id = city.say(trial)

    _, out, _ = laptop.listen("--once")
    [(event_id, said)] = city.said()
    city.say(confirmed(trial.referral_id, event_id))

    assert "test received ✓" in out
    assert said == TrialReceivedV1(referral_id=trial.referral_id)
    assert trial_id in event_id
    assert laptop.once() == []


def test_what_cannot_be_read_or_opened_goes_to_a_file_sealed_and_the_rest_goes_on(city: City, laptop: Laptop) -> None:
    city.put(city.referrals, Wire(b"no id", b"{}", (("ce_id", b"x"),)))
    foreign, _ = city.sealed()
    _, other_key = city.sealed()
    city.give_key(other_key.model_copy(update={"referral_id": foreign.referral_id}))
    city.say(foreign)
    referral_id, _ = city.offer()

    assert [told["data"]["referral_id"] for told in laptop.once()] == [str(referral_id)]
    assert [(entry["offset"], entry["reason"]) for entry in laptop.poison()] == [(0, "not-cloudevents"), (1, "cannot-open")]
    assert city.committed() == 3
    assert (laptop.state / "poison.jsonl").stat().st_mode & 0o777 == 0o600


def test_on_erasure_nothing_of_the_referral_stays_in_the_state_folder(city: City, laptop: Laptop) -> None:
    foreign, _ = city.sealed()
    _, other_key = city.sealed()
    city.give_key(other_key.model_copy(update={"referral_id": foreign.referral_id}))
    city.say(foreign)
    laptop.once()
    assert laptop.files_holding(str(foreign.referral_id)) != []

    city.say(erasure(foreign.referral_id))
    _, out, _ = laptop.listen("--once")

    assert f"upstream attest --provider {city.provider} {foreign.referral_id}" in out
    assert laptop.files_holding(str(foreign.referral_id)) == []


def test_the_record_written_twice_is_handed_over_once(city: City, laptop: Laptop) -> None:
    offer, key = city.sealed()
    city.give_key(key)
    city.say(offer, "one-id")
    city.say(offer, "one-id")

    assert [told["id"] for told in laptop.once()] == ["one-id"]
    assert city.committed() == 2


def test_two_programs_do_not_share_a_state_folder(city: City, laptop: Laptop) -> None:
    first = laptop.start()
    assert first.stderr is not None
    first.stderr.readline()

    code, _, err = laptop.listen("--once")
    first.kill()
    first.communicate()

    assert code == 2
    assert "Another program listens" in err


def test_a_closed_standard_output_loses_nothing(city: City, laptop: Laptop) -> None:
    program = laptop.start("--jsonl")
    assert program.stdout is not None
    program.stdout.close()
    referral_id, _ = city.offer()
    assert program.wait(30) == 6

    assert [told["data"]["referral_id"] for told in laptop.once()] == [str(referral_id)]
    assert program.stderr is not None
    program.stderr.close()


def test_a_receiver_gets_signed_webhooks(city: City, laptop: Laptop, receiver: Receiver) -> None:
    referral_id, record_id = city.offer()

    code, out, _ = laptop.listen("--once", "--forward-to", receiver.url)

    assert (code, out, receiver.refused_count) == (0, "", 0)
    [(webhook_id, content)] = receiver.taken
    assert (webhook_id, content["id"]) == (record_id, record_id)
    assert content["data"]["referral_id"] == str(referral_id)
    assert content["data"]["offer"]["name"] == NAME
    assert (laptop.state / "webhook-secret").stat().st_mode & 0o777 == 0o600


def test_a_receiver_that_fails_is_tried_again_with_the_same_id(city: City, laptop: Laptop, receiver: Receiver) -> None:
    _, record_id = city.offer()
    answers = [503, 404, 204]
    asked: list[str] = []

    def answer(content: Content) -> int:
        asked.append(content["id"])
        return answers.pop(0)

    receiver.answer = answer
    code, _, _ = laptop.listen("--once", "--forward-to", receiver.url)

    assert (code, asked, receiver.ids()) == (0, [record_id] * 3, [record_id])


def test_what_is_taken_back_while_the_receiver_is_away_is_never_handed_over(
    city: City, laptop: Laptop, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 503
    referral_id, _ = city.offer()
    program = laptop.start("--forward-to", receiver.url)
    assert program.stderr is not None
    while "it answers 503" not in program.stderr.readline():
        pass
    city.destroy_key(referral_id)
    receiver.answer = lambda _: 204
    wait_until(receiver.ids)
    program.terminate()
    program.communicate()

    assert [content["type"] for _, content in receiver.taken] == ["referral.offer-erased"]


def test_a_record_that_the_receiver_refuses_five_times_is_set_aside(city: City, laptop: Laptop, receiver: Receiver) -> None:
    refused, _ = city.offer("Refused Example")
    taken, _ = city.offer()
    receiver.answer = lambda content: 422 if content["data"]["referral_id"] == str(refused) else 200

    code, _, err = laptop.listen("--once", "--forward-to", receiver.url)

    assert code == 0
    assert [content["data"]["referral_id"] for _, content in receiver.taken] == [str(taken)]
    assert [(entry["reason"], entry["key"]) for entry in laptop.poison()] == [("receiver-422", str(refused))]
    assert laptop.files_holding("Refused Example") == []
    assert "Refused Example" not in err


@pytest.mark.process_control
def test_a_broker_that_dies_while_we_listen_costs_nothing(broker: Stack, city: City, laptop: Laptop) -> None:
    before, _ = city.offer()
    program = laptop.start("--jsonl")
    assert program.stdout is not None
    first = json.loads(program.stdout.readline())
    restarts, pid = broker.process("kafka").restarts, broker.pid("kafka")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    broker.wait_until_up("kafka", restarts_min=restarts + 1, within_seconds=60)
    after, _ = city.offer()
    second = json.loads(program.stdout.readline())
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=30)

    assert [told["data"]["referral_id"] for told in (first, second)] == [str(before), str(after)]
    assert (program.returncode, "Traceback" in err) == (0, False)


def slowly(_: Content) -> int:
    time.sleep(0.01)
    return 204


def test_a_listener_killed_twenty_times_hands_over_every_referral_in_order_under_one_id(
    city: City, laptop: Laptop, receiver: Receiver
) -> None:
    receiver.answer = slowly
    expected: dict[UUID, list[str]] = {}
    for number in range(KILLS):
        batch = [city.offer(f"Number {number} Example") for _ in range(3)]
        for referral_id, record_id in batch:
            expected[referral_id] = [record_id, city.say(confirmed(referral_id, "a")), city.say(withdrawn(referral_id))]
        seen = len(receiver.taken)
        program = laptop.start("--forward-to", receiver.url)
        wait_until(lambda seen=seen, more=number % 7 + 1: len(receiver.taken) >= seen + more)  # type: ignore[misc]
        program.kill()
        program.communicate()
    code, _, _ = laptop.listen("--once", "--forward-to", receiver.url)

    assert code == 0
    assert receiver.refused_count == 0
    assert {referral_id: receiver.of(referral_id) for referral_id in expected} == expected
    assert city.committed() == 9 * KILLS
    assert laptop.poison() == []
