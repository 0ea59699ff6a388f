"""kill -9 in the middle of J4, J5 and J6: whoever dies comes back; no second offer crosses, no provider is told twice.

In each round every process of the journey dies once, each at a moment of its own, drawn as in `test_kill_nine`.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import shake_128

import pytest
from support.system_patience import patient
from support.system_topics import attributes, everything_on

from upstream_stack.demo.journeys_referral import FIRST, SECOND, help_found, nobody_left
from upstream_stack.demo.journeys_wall import offer_of_help
from upstream_stack.demo.scene import Scene, Step
from upstream_stack.stack import Stack

ROUNDS = 5
SEED = os.environ.get("UPSTREAM_KILL_SEED", "1")
DELAY_SECONDS_MAX = 0.8
IN_J4 = ("intake", "referral-outreach", "notifier-outreach")
IN_J6 = ("referral-enforcement", "referral-gateway", "referral-outreach", "notifier-outreach")
MADE = "outreach.referral-offer.made.v1"


def play_and_kill(stack: Stack, steps: Iterator[Step], names: tuple[str, ...], number: int, steps_count: int) -> None:
    """Plays a journey to its end while each of these is killed once, in a step and after a delay that follow from the seed."""
    drawn = shake_128(f"{SEED} referral {number}".encode()).digest(2 * len(names))
    planned = [(drawn[2 * n] % steps_count, drawn[2 * n + 1] / 255 * DELAY_SECONDS_MAX, name) for n, name in enumerate(names)]
    print(f"seed {SEED}, round {number}: {planned}")
    restarts = {name: stack.process(name).restarts for name in names}
    timers = []
    for step in range(100):
        for at, seconds, name in planned:
            if at == step:
                timers.append(threading.Timer(seconds, kill, (stack, name)))
                timers[-1].start()
        if next(steps, None) is None:
            break
    for timer in timers:
        timer.join()
    for name in names:
        stack.wait_until_up(name, restarts_min=restarts[name] + 1, within_seconds=60)


def kill(stack: Stack, name: str) -> None:
    pid = stack.pid(name)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def keys_of(stack: Stack, topic: str, kind: str) -> Counter[bytes]:
    """How many different records of this type each key has; one that was sent again has its old number and is no news."""
    records = [m for m in everything_on(stack.kafka_admin_config(), topic) if attributes(m)["ce_type"] == kind]
    once = {(message.partition(), attributes(message)["ce_sequence"]): message.key() or b"" for message in records}
    return Counter(once.values())


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> Iterator[Scene]:
    found = patient(monkeypatch, stack)
    yield found
    found.close()


def counts(stack: Stack, topic: str, kind: str) -> Callable[[], int]:
    return lambda: sum(keys_of(stack, topic, kind).values())


@pytest.mark.parametrize("number", range(ROUNDS))
def test_j4_completes_although_each_process_is_killed_in_it(stack: Stack, scene: Scene, number: int) -> None:
    scene.provider(*FIRST)
    offers = counts(stack, f"provider.referrals.{FIRST[0]}.v1", MADE)
    before = offers()
    play_and_kill(stack, help_found(scene), IN_J4, number, steps_count=6)
    assert offers() == before + 1
    assert set(keys_of(stack, f"provider.referrals.{FIRST[0]}.v1", MADE).values()) == {1}


@pytest.mark.parametrize("number", range(ROUNDS))
def test_j5_completes_although_each_process_is_killed_in_it(stack: Stack, scene: Scene, number: int) -> None:
    asked = {slug: counts(stack, f"provider.referrals.{slug}.v1", MADE) for slug, _ in both(scene)}
    unmet = counts(stack, "outreach.referrals.v1", "outreach.referral.unmet.v1")
    before, unmet_before = {slug: count() for slug, count in asked.items()}, unmet()
    play_and_kill(stack, nobody_left(scene), IN_J4, number, steps_count=4)
    assert {slug: count() for slug, count in asked.items()} == {slug: count + 1 for slug, count in before.items()}
    assert unmet() == unmet_before + 1


def both(scene: Scene) -> tuple[tuple[str, str], ...]:
    for provider in (FIRST, SECOND):
        scene.provider(*provider)
    return FIRST, SECOND


@pytest.mark.parametrize("number", range(ROUNDS))
def test_j6_completes_although_each_process_is_killed_in_it(stack: Stack, scene: Scene, number: int) -> None:
    crossed = counts(stack, "crossing.help-offers.v1", "gateway.help-offer.crossed.v1")
    before = crossed()
    play_and_kill(stack, offer_of_help(scene), IN_J6, number, steps_count=4)
    assert crossed() == before + 1
