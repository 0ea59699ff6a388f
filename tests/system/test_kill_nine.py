"""kill -9 in the middle of J1: whoever dies comes back, and everything happens exactly once.

In each round every service dies once, each at a moment of its own. The moments follow from UPSTREAM_KILL_SEED and are
printed; the same seed names the same steps and delays.
"""

import mailbox
import os
import signal
import threading
from dataclasses import dataclass
from hashlib import shake_128

import pytest
from support.system_deadly_mail import DeadlyMail, serving
from support.system_patience import events_of, everything_once, mail_of, patient

from upstream_stack.demo.journeys import training
from upstream_stack.demo.play import register
from upstream_stack.demo.scene import Scene
from upstream_stack.demo_command import DATA
from upstream_stack.processes import MAIL_SINK
from upstream_stack.stack import Stack

ROUNDS = 5
IN_J1 = ("intake", "scheduler", "notifier-public")
SEED = os.environ.get("UPSTREAM_KILL_SEED", "1")
STEPS_TO_DIE_IN = 8
DELAY_SECONDS_MAX = 0.4


@dataclass(frozen=True, slots=True)
class Death:
    """Who dies in which step of the journey, and how long after it began."""

    name: str
    step: int
    seconds: float


def deaths(number: int) -> list[Death]:
    """The moments of a round: a different step for each service."""
    drawn = shake_128(f"{SEED} {number}".encode()).digest(16)
    steps = list(range(STEPS_TO_DIE_IN))
    found = []
    for n, name in enumerate(IN_J1):
        step = steps.pop(drawn[2 * n] % len(steps))
        found.append(Death(name, step, round(drawn[2 * n + 1] / 255 * DELAY_SECONDS_MAX, 3)))
    return found


def kill(stack: Stack, name: str) -> None:
    pid = stack.pid(name)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def play_and_kill(stack: Stack, scene: Scene, planned: list[Death]) -> int:
    """Plays J1 to its end; how many died before it."""
    timers = []
    steps = training(scene)
    for number in range(100):
        for death in planned:
            if death.step == number:
                timers.append(threading.Timer(death.seconds, kill, (stack, death.name)))
                timers[-1].start()
        if next(steps, None) is None:
            break
    before_the_end = sum(timer.finished.is_set() for timer in timers)
    for timer in timers:
        timer.join()
    return before_the_end


@pytest.fixture(scope="module")
def registered(stack: Stack) -> Stack:
    register(stack, DATA)
    return stack


@pytest.mark.parametrize("number", range(ROUNDS))
def test_j1_completes_once_although_each_service_is_killed_in_it(
    registered: Stack, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    stack, planned = registered, deaths(number)
    print(f"seed {SEED}, round {number}: {planned}")
    restarts = {name: stack.process(name).restarts for name in IN_J1}
    scene = patient(monkeypatch, stack, move_clock=True)

    assert play_and_kill(stack, scene, planned) == len(planned)

    for name, before in restarts.items():
        stack.wait_until_up(name, restarts_min=before + 1, within_seconds=60)
    case = next(seen.correlation for seen in scene.topics.records if seen.type == "intake.request.closed.v1")
    scene.topics.close()
    everything_once(stack, case)


def test_a_kill_between_the_final_dot_and_the_commit_repeats_the_mail_once_under_its_id_and_the_row_says_so(
    without_sink: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peer that takes the mail kills its sender: once before any text, and once after the confirmation's final dot.

    Letters go out side by side, so what the killed process had in hand beside the one that killed it may be in doubt too.
    """
    peer = DeadlyMail(without_sink.layout.mail, lambda: kill(without_sink, "notifier-public"), after_dot_of=b"text/calendar")
    restarts = without_sink.process("notifier-public").restarts
    mailbox.Maildir(without_sink.layout.mail, create=True)
    with serving(peer, without_sink.ports.service(MAIL_SINK.port_offset)):
        scene = patient(monkeypatch, without_sink, move_clock=True)
        for _ in training(scene):
            pass
    case = next(seen.correlation for seen in scene.topics.records if seen.type == "intake.request.closed.v1")
    scene.topics.close()

    assert peer.killed_at == ["recipient", "final dot"]
    assert without_sink.process("notifier-public").restarts == restarts + 2
    everything_once(without_sink, case)
    mailed = mail_of(without_sink, case)
    doubtful = [one for one in mailed if "unknown" in one.outcomes]
    repeated = [one for one in mailed if len(one.recipients) == 2]
    assert {one.outcomes for one in doubtful} == {("unknown", "taken")}
    assert any(one.template.startswith("session-confirmed") for one in repeated)
    assert any(len(one.recipients) == 1 for one in doubtful)
    assert events_of(without_sink, case)["notifier.notice.outcome-unknown.v1"] == len(doubtful)
