"""`upstream accept` and its like against a real broker: each gets its answer, and what is said again is the same record."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from support.provider_builders import confirmed, erasure, not_taken
from support.provider_city import City

from upstream_schemas.model import Event
from upstream_schemas.provider import (
    CapacityUpdatedV1,
    ContactFailedV1,
    ContactMadeV1,
    ErasureAttestedV1,
    ForProvider,
    ProviderAcceptedV1,
    ProviderClosedV1,
    ProviderDeclinedV1,
    ProviderRedirectedV1,
    ProviderWaitlistedV1,
    ReferralOfferMissedV1,
    ReferralOfferWithdrawnV1,
)
from upstream_stack.stack import Stack

REFERRAL = uuid4()
Answer = Callable[[ForProvider, str], Event]


@pytest.fixture
def city(broker: Stack, tmp_path: Path) -> City:
    return City(broker, tmp_path)


class Laptop:
    """A provider's computer, and a city that answers what it says, once."""

    def __init__(self, city: City, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.city = city
        self.state = folder / "state"
        self._pool = pool

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "upstream_client", *words, "--state-dir", str(self.state)],
            env={**os.environ, "UPSTREAM_CREDENTIALS": str(self.city.credentials)},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout) if "--json" in words else {
            "stdout": done.stdout,
            "stderr": done.stderr,
        }

    def say(self, *words: str, answer: Answer) -> tuple[int, dict[str, Any], ForProvider]:
        """Runs a verb while the city answers; exit code, what is told, and what the city read."""
        answering = self._pool.submit(self._answer, answer)
        code, told = self.run(*words, "--json")
        event_id, event = answering.result(60)
        assert told["event_id"] == event_id
        return code, told, event

    def _answer(self, answer: Answer) -> tuple[str, ForProvider]:
        [(event_id, event)] = self.city.said()
        self.city.say(answer(event, event_id))
        return event_id, event

    def kept(self) -> list[Path]:
        return [path for path in self.state.rglob("*") if path.is_file()]


@pytest.fixture
def laptop(city: City, tmp_path: Path) -> Iterator[Laptop]:
    with ThreadPoolExecutor(1) as pool:
        yield Laptop(city, tmp_path, pool)


def yes(event: ForProvider, event_id: str) -> Event:
    return confirmed(event.referral_id, event_id)


def missed(event: ForProvider, event_id: str) -> Event:
    return ReferralOfferMissedV1(referral_id=event.referral_id, answer_to=event_id)


def taken_back(event: ForProvider, event_id: str) -> Event:
    return ReferralOfferWithdrawnV1(referral_id=event.referral_id, answer_to=event_id)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("accept", str(REFERRAL)), ProviderAcceptedV1(referral_id=REFERRAL)),
        (
            ("decline", str(REFERRAL), "--reason", "no-capacity"),
            ProviderDeclinedV1(referral_id=REFERRAL, reason="no-capacity"),
        ),
        (("waitlist", str(REFERRAL)), ProviderWaitlistedV1(referral_id=REFERRAL)),
        (("redirect", str(REFERRAL), "--to", "bmit"), ProviderRedirectedV1(referral_id=REFERRAL, to_service="bmit")),
        (("contacted", str(REFERRAL)), ContactMadeV1(referral_id=REFERRAL)),
        (("unreachable", str(REFERRAL)), ContactFailedV1(referral_id=REFERRAL)),
        (("close", str(REFERRAL), "--outcome", "got-help"), ProviderClosedV1(referral_id=REFERRAL, outcome="got-help")),
        (("attest", str(REFERRAL)), ErasureAttestedV1(referral_id=REFERRAL)),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_each_verb_says_its_event_and_is_confirmed(laptop: Laptop, words: tuple[str, ...], said: ForProvider) -> None:
    code, told, event = laptop.say(*words, answer=yes)

    assert (code, told["outcome"], told["referral_id"]) == (0, "confirmed", str(REFERRAL))
    assert event == said
    assert laptop.kept() == []


def test_capacity_is_about_a_service_and_no_referral(laptop: Laptop) -> None:
    code, _, event = laptop.say("capacity", "--service", "ario", "--available", "3", answer=yes)

    assert code == 0
    assert isinstance(event, CapacityUpdatedV1)
    assert (event.service, event.available) == ("ario", 3)


@pytest.mark.parametrize(
    ("answer", "word", "expected"),
    [(missed, "too-late", 5), (taken_back, "withdrawn", 8), (not_taken, "not-taken", 4)],
    ids=["too late", "withdrawn", "not taken"],
)
def test_each_answer_has_its_exit_code(laptop: Laptop, answer: Answer, word: str, expected: int) -> None:
    code, told, _ = laptop.say("accept", str(REFERRAL), answer=answer)

    assert (code, told["outcome"], told["exit_code"]) == (expected, word, expected)
    assert laptop.kept() == []


def test_an_answer_to_somebody_elses_record_is_not_ours(city: City, laptop: Laptop) -> None:
    city.say(confirmed(REFERRAL, "another"))

    assert laptop.run("accept", str(REFERRAL), "--timeout", "3")[0] == 6


def test_what_got_no_answer_is_said_again_under_its_id_and_its_answer_is_found(city: City, laptop: Laptop) -> None:
    code, told = laptop.run("accept", str(REFERRAL), "--timeout", "2", "--json")
    [(event_id, event)] = city.said()
    city.say(confirmed(event.referral_id, event_id))
    again_code, again = laptop.run("accept", str(REFERRAL), "--json")

    assert (code, told["outcome"], told["event_id"]) == (6, "no-answer", event_id)
    assert (again_code, again["outcome"], again["event_id"]) == (0, "confirmed", event_id)
    assert laptop.kept() == []


def test_another_word_on_the_same_matter_replaces_what_got_no_answer(city: City, laptop: Laptop) -> None:
    laptop.run("decline", str(REFERRAL), "--reason", "other", "--timeout", "1")
    laptop.run("decline", str(REFERRAL), "--reason", "conflict", "--timeout", "1")

    ids = {event_id for event_id, _ in city.said(2)}
    assert len(ids) == 2
    assert len(laptop.kept()) == 1


def test_erasure_forgets_what_waits_for_an_answer(city: City, laptop: Laptop) -> None:
    laptop.run("contacted", str(REFERRAL), "--timeout", "1")
    assert len(laptop.kept()) == 1
    city.say(erasure(REFERRAL))
    laptop.run("listen", "--once")

    assert {path.name for path in laptop.kept()} == {"lock", "handed-over.json"}
    assert not [path for path in laptop.kept() if str(REFERRAL) in path.read_text()]


def test_another_provider_is_refused_by_the_broker(laptop: Laptop) -> None:
    code, told = laptop.run("accept", str(REFERRAL), "--provider", "nobody", "--json")

    assert (code, told["outcome"], told["why"]) == (7, "refused", "unknown-topic")
    assert laptop.run("listen", "--provider", "nobody", "--once")[0] == 7
