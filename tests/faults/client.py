"""The outside party: asks at a steady rate, writes down what it meant before it sends, and asks again until it is answered.

A process of its own (`python -m faults.client <lap folder>`), which imports nothing of the product. SIGTERM: nothing new is
asked, what is open is asked until it is answered or time is up. What is never answered is *unknown*. SIGHUP: the broker was
wiped, so it begins anew there, and reads its answers from the beginning.
"""

import json
import random
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition

from faults.bad_input import CLASSES, Sent, headers_of
from faults.journal import Journal, Line, wall

TICK_SECONDS: Final = 0.02
ASK_AGAIN_SECONDS: Final = (3.0, 6.0)  # twice as long each time
OPEN_MAX: Final = 1500  # asks without an answer; with so many, nothing new is asked


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked. Shares are of all asks: `abandoned` are sent once and never again, `bad` cannot be decided on.

    `copies` is how often each one is sent at most; `shuffled` sends each tick's asks in another order than they were made.
    `bad_each` sends that many of each bad class at the beginning, as fast as it goes.
    """

    rate: float = 80.0
    accounts: int = 40
    abandoned: float = 0.02
    bad: float = 0.0
    copies: int = 1
    shuffled: bool = False
    bad_each: int = 0


def accounts_of(rng: random.Random, load: Load) -> list[str]:
    """The accounts of a lap: the first thing that is drawn from its seed."""
    return [str(UUID(int=rng.getrandbits(128), version=4)) for _ in range(load.accounts)]


@dataclass(slots=True)
class Open:
    """An ask without an answer."""

    sent: Sent
    party: str
    at: float
    abandoned: bool
    patience: float = ASK_AGAIN_SECONDS[0]


@dataclass(slots=True)
class Client:
    """One party's program for a lap; all of its asks come from the seed."""

    lap: Line
    folder: Path
    load: Load
    rng: random.Random
    journal: Journal
    open: dict[str, Open] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    stopping: bool = False
    wiped: bool = False

    def run(self) -> None:
        producer, reader = self._producer(), self._reader()
        accounts = accounts_of(self.rng, self.load)
        self._bad_ones(producer, accounts)
        began, made = time.monotonic(), 0
        while not self.stopping:
            if self.wiped:
                self.wiped = False
                producer.purge()
                reader.close()
                producer, reader = self._producer(), self._reader()
            due = int((time.monotonic() - began) * self.load.rate) - made
            made += due
            due = due if len(self.open) < OPEN_MAX else 0
            self._ask(producer, [self.rng.choice(accounts) for _ in range(due)])
            self._look_after(producer, reader)
        deadline = time.monotonic() + self.lap["patience"] / 2
        while any(not ask.abandoned for ask in self.open.values()) and time.monotonic() < deadline:
            self._look_after(producer, reader)
        producer.flush(5)
        for _ in range(10):
            self._hear(reader)
        reader.close()

    def _producer(self) -> Producer:
        return Producer(
            {
                **self.lap["kafka"]["client"],
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": 4000,
                "log_level": 0,
            }
        )

    def _reader(self) -> Consumer:
        reader = Consumer(
            {
                **self.lap["kafka"]["client"],
                "group.id": self.lap["kafka"]["client"]["sasl.username"],
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        reader.assign([TopicPartition(topic, 0, OFFSET_BEGINNING) for topic in self.lap["answers"].values()])
        return reader

    def _ask(self, producer: Producer, accounts: list[str]) -> None:
        new: list[Open] = []
        for account in accounts:
            party = self.rng.choice(sorted(self.lap["asks"]))
            abandoned = self.rng.random() < self.load.abandoned
            kind = self.rng.choice(sorted(CLASSES)) if self.rng.random() < self.load.bad else ""
            sent = CLASSES[kind](self.rng, party, account) if kind else self._good(party, account)
            new.append(Open(sent, party, time.monotonic(), abandoned))
        if not new:
            return
        self._write({"what": "intent", **_about(ask)} for ask in new)
        sends = [ask for ask in new for _ in range(self.rng.randint(min(2, self.load.copies), self.load.copies))]
        if self.load.shuffled:
            self.rng.shuffle(sends)
        for ask in new:
            if not ask.sent.kind and ask.sent.id is not None:
                self.open[ask.sent.id] = ask
        for ask in sends:
            self._send(producer, ask)

    def _bad_ones(self, producer: Producer, accounts: list[str]) -> None:
        for count in range(self.load.bad_each):
            for kind in sorted(CLASSES):
                party = sorted(self.lap["asks"])[count % 2]
                sent = CLASSES[kind](self.rng, party, self.rng.choice(accounts))
                self._write([{"what": "intent", **_about(Open(sent, party, 0, abandoned=True))}], sync=False)
                self._send(producer, Open(sent, party, 0, abandoned=True))
            producer.flush(20)

    def _good(self, party: str, account: str) -> Sent:
        ask = str(UUID(int=self.rng.getrandbits(128), version=4))
        value = json.dumps({"account_id": account, "padding": "." * self.rng.choice((0, 40, 400))}).encode()
        return Sent("", ask, account.encode(), value, headers_of(party, ask))

    def _send(self, producer: Producer, ask: Open) -> None:
        headers: Any = ask.sent.headers
        try:
            producer.produce(self.lap["asks"][ask.party], ask.sent.value, ask.sent.key, headers=headers)
        except BufferError:
            return  # the broker is away and the queue is full: asked again later

    def _look_after(self, producer: Producer, reader: Consumer) -> None:
        producer.poll(0)
        self._hear(reader)
        now = time.monotonic()
        for ask in self.open.values():
            if not ask.abandoned and now - ask.at > ask.patience:
                ask.at, ask.patience = now, min(2 * ask.patience, ASK_AGAIN_SECONDS[1])
                self._send(producer, ask)

    def _hear(self, reader: Consumer) -> None:
        lines = [line for message in reader.consume(500, TICK_SECONDS) if (line := self._outcome(message))]
        if lines:
            self._write(lines)

    def _outcome(self, message: Message) -> Line | None:
        value = message.value()
        if message.error() is not None or value is None:
            return None
        answer = json.loads(value)
        ask = answer.get("ask")
        if ask is None or ask in self.answered:
            return None
        self.answered.add(ask)
        self.open.pop(ask, None)
        good = answer["verdict"] in ("accepted", "duplicate")
        return {"what": "ok" if good else "fail", "ask": ask, "code": answer["code"]}

    def _write(self, lines: Iterator[Line] | list[Line], *, sync: bool = True) -> None:
        self.journal.write([{**line, "at": wall()} for line in lines], sync=sync)


def _about(ask: Open) -> Line:
    return {"ask": ask.sent.id, "kind": ask.sent.kind, "party": ask.party, "abandoned": ask.abandoned}


def main() -> None:
    folder = Path(sys.argv[1])
    lap = json.loads((folder / "lap.json").read_text())
    client = Client(lap, folder, Load(**lap["load"]), random.Random(lap["seed"]), Journal(folder / "client.jsonl"))

    def stop(_: int, __: object) -> None:
        client.stopping = True

    def begin_anew(_: int, __: object) -> None:
        client.wiped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, begin_anew)
    client.run()


if __name__ == "__main__":
    main()
