"""People and systems with patience: a journey that goes on while parts of the stack die and come back.

A browser that gets no page tries again, and whoever waits for a letter waits on. Where the services' own waiting times
would have to pass, their clock is moved on a minute at a time.
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial, partialmethod
from typing import Any, TypeVar

import httpx
import pytest
from support.system_mail import mails
from support.system_tables import rows
from support.system_topics import attributes, everything

from upstream_stack.clock import advance
from upstream_stack.demo import outside
from upstream_stack.demo.outside import Letter, Letters, NotSeenError, Topics
from upstream_stack.demo.scene import READ, Scene
from upstream_stack.errors import Trouble
from upstream_stack.stack import Stack

PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 1.0
A_MINUTE = timedelta(seconds=61)
NUMBERED = ("intake.requests.v1", "scheduler.sessions.v1", "notifier.deliveries.v1", "city.results.pdx311.v1")
SETTLED = {"sent", "suppressed", "expired", "failed", "outcome_unknown"}
T = TypeVar("T")


class FirstOfEach(Letters):
    """A mailbox that shows a repeated mail once; whether a repeat was allowed is another question (`mail_of`)."""

    def all(self) -> list[Letter]:
        found: dict[str, Letter] = {}
        for letter in super().all():
            found.setdefault(letter.message_id, letter)
        return list(found.values())


def patient(monkeypatch: pytest.MonkeyPatch, stack: Stack, *, move_clock: bool = False) -> Scene:
    """A scene for journeys whose people do not give up; with `move_clock`, a minute passes for the services at every look."""
    real = outside.wait_for

    def wait_for(what: str, look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
        for _ in range(int(seconds / LOOK_SECONDS)):
            try:
                return real(what, look, LOOK_SECONDS)
            except NotSeenError:
                if move_clock:
                    advance(stack.layout.clock, A_MINUTE)
        raise NotSeenError(what)

    monkeypatch.setattr(outside, "wait_for", wait_for)
    monkeypatch.setattr(Stack, "run", partialmethod(_run_again, Stack.run))
    for method in ("get", "post"):
        monkeypatch.setattr(httpx, method, partial(_again_and_again, getattr(httpx, method)))
    return Scene(stack, FirstOfEach(stack.layout.mail), Topics(stack.kafka_admin_config(), READ))


def _run_again(stack: Stack, run: Callable[..., str], *words: str, **more: Any) -> str:
    """A command that meets a process that is just away is given once more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return run(stack, *words, **more)
        except Trouble:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def _again_and_again(ask: Callable[..., httpx.Response], *words: Any, **more: Any) -> httpx.Response:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = ask(*words, **more)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
        else:
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                return answer
        time.sleep(0.2)


# ---- what must hold of a case, read from databases, mailbox and topics


@dataclass(frozen=True, slots=True)
class Mailed:
    """One notice: its template and stage, how its attempts ended, and how often its mail lies in the mailbox."""

    template: str
    stage: str
    outcomes: tuple[str, ...]
    recipients: tuple[str, ...]

    @property
    def once(self) -> bool:
        """Exactly one mail; or two, and then a row says that nobody could know."""
        return len(self.recipients) == 1 or (len(self.recipients) == 2 and "unknown" in self.outcomes)


def mail_of(stack: Stack, case: str) -> list[Mailed]:
    """Every notice of a case."""
    notices = rows(stack, "notifier-public", "SELECT id, stage, body FROM notice WHERE request_id::text = $1", case)
    attempts = rows(stack, "notifier-public", "SELECT notice_id, outcome FROM attempt ORDER BY notice_id, n")
    outcomes: dict[str, list[str]] = defaultdict(list)
    for notice_id, outcome in attempts:
        outcomes[str(notice_id)].append(outcome)
    arrived: dict[str, list[str]] = defaultdict(list)
    for mail in mails(stack):
        arrived[str(mail["message-id"]).strip("<>").partition("@")[0]].append(str(mail["to"]))
    return [
        Mailed(json.loads(body)["wanted"]["template"], stage, tuple(outcomes[str(key)]), tuple(arrived[str(key)]))
        for key, stage, body in notices
    ]


def sessions_of(stack: Stack, case: str) -> int:
    return len(rows(stack, "scheduler", "SELECT 1 FROM session WHERE request_id::text = $1", case))


def events_of(stack: Stack, case: str) -> Counter[str]:
    """How many different events of each type were published about a case; a record sent twice is one event."""
    found = everything(stack.kafka_admin_config(), NUMBERED)
    seen = {
        (attributes(m)["ce_id"], attributes(m)["ce_type"])
        for records in found.values()
        for m in records
        if attributes(m)["ce_correlationid"] == case
    }
    return Counter(kind for _, kind in seen)


def wrong_numbers(stack: Stack) -> Mapping[tuple[str, int], str]:
    """Partitions on which a number is missing, or was given to two different records; empty where all is well."""
    wrong: dict[tuple[str, int], str] = {}
    given: dict[tuple[str, int], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for topic, records in everything(stack.kafka_admin_config(), NUMBERED).items():
        for message in records:
            told = attributes(message)
            given[topic, message.partition() or 0][int(told["ce_sequence"].rpartition(":")[2])].add(told["ce_id"])
    for place, numbers in given.items():
        if sorted(numbers) != list(range(min(numbers), max(numbers) + 1)):
            wrong[place] = "missing"
        if any(len(ids) > 1 for ids in numbers.values()):
            wrong[place] = "given twice"
    return wrong


def everything_once(stack: Stack, case: str) -> None:
    """Asserts that a case which went through J1 left one session, one confirmation for each side, and no doubt unspoken."""
    outside.wait_for("the end of every notice", lambda: {mailed.stage for mailed in mail_of(stack, case)} <= SETTLED or None)
    mailed = mail_of(stack, case)
    assert [one for one in mailed if one.stage == "sent" and not one.once] == []
    confirmations = [one for one in mailed if one.template.startswith("session-confirmed")]
    assert [one.stage for one in confirmations] == ["sent", "sent"]
    assert len({one.recipients[0] for one in confirmations}) == 2
    assert sessions_of(stack, case) == 1
    once = ("scheduler.session.confirmed.v1", "scheduler.session.delivered.v1", "intake.training.requested.v1")
    events = events_of(stack, case)
    assert {kind: events[kind] for kind in (*once, "intake.request.closed.v1")} == dict.fromkeys(
        (*once, "intake.request.closed.v1"), 1
    )
    assert wrong_numbers(stack) == {}
