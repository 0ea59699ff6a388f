"""What anybody outside can see of the stack: mail that arrived, records on topics, pages with their forms."""

import json
import mailbox
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

import httpx
from confluent_kafka import Consumer, KafkaException, TopicPartition

PATIENCE_SECONDS = 20.0
_PAUSE_SECONDS = 0.03
T = TypeVar("T")


class NotSeenError(Exception):
    """Something that should have come did not come in time, or came differently. Says what."""


def wait_for(what: str, look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """The first thing `look` finds. Raises NotSeenError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(_PAUSE_SECONDS)
    raise NotSeenError(what)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it lies in the sink's maildir."""

    to: str
    subject: str
    text: str
    message_id: str
    calendar: str | None

    def link(self, door: str) -> str | None:
        """The first link of a door such as `/r/` in it."""
        found = re.search(rf"https?://\S+/{door}/\S+", self.text)
        return found[0] if found else None


class Letters:
    """The mail sink, read as a recipient reads a mailbox. Letters are opened once."""

    def __init__(self, folder: Path) -> None:
        self._box = mailbox.Maildir(folder, create=False)
        self._opened: dict[str, Letter] = {}

    def all(self) -> list[Letter]:
        """Every letter that arrived so far."""
        for key in self._box.iterkeys():
            if key not in self._opened:
                self._opened[key] = _letter(self._box.get_bytes(key))
        return list(self._opened.values())

    def wait(self, what: str, to: str, wanted: Callable[[Letter], bool]) -> Letter:
        """A letter to this address that is the one wanted. Raises NotSeenError."""
        return wait_for(what, lambda: next((mail for mail in self.all() if to in mail.to and wanted(mail)), None))


def _letter(raw: bytes) -> Letter:
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain",))
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    calendar = parts[0].get_content() if parts else None
    text = body.get_content() if isinstance(body, EmailMessage) else ""
    return Letter(str(mail["to"]), str(mail["subject"]), text, str(mail["message-id"]), calendar)


@dataclass(frozen=True, slots=True)
class Seen:
    """One record on a topic; `time_ms` is the broker's. An erased one is a tombstone: its key is all it has."""

    topic: str
    id: str
    type: str
    correlation: str
    causation: str
    data: Mapping[str, Any]
    key: str = ""
    time_ms: int = 0
    erased: bool = False


def from_now_on(config: Mapping[str, str], names: Iterable[str]) -> Consumer:
    """A consumer of all that comes on these topics from now on. Commits nothing."""
    consumer = Consumer({**config, "enable.auto.commit": False, "log_level": 0})
    known = consumer.list_topics(timeout=PATIENCE_SECONDS).topics
    places = [TopicPartition(name, partition) for name in names for partition in known[name].partitions]
    consumer.assign([wait_for(f"where {place.topic} ends", partial(_end_of, consumer, place)) for place in places])
    return consumer


def _end_of(consumer: Consumer, place: TopicPartition) -> TopicPartition | None:
    """None while the partition has no leader, as for a moment after its broker was away."""
    try:
        end = consumer.get_watermark_offsets(place)[1]
    except KafkaException:
        return None
    return TopicPartition(place.topic, place.partition, end)


@dataclass(slots=True)
class Topics:
    """Records on topics from now on, as somebody with the right to read them sees them.

    A record that was sent again, as a relay does that died before it noted how far it was, has its old id and is no news.
    """

    config: Mapping[str, str]
    names: tuple[str, ...]
    group: str = "demo"
    records: list[Seen] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _consumer: Consumer = field(init=False)

    def __post_init__(self) -> None:
        """Notes where each topic ends now."""
        self._consumer = from_now_on({**self.config, "group.id": self.group}, self.names)

    def wait(self, what: str, kind: str, wanted: Callable[[Seen], bool]) -> Seen:
        """A record of this type that is the one wanted. Raises NotSeenError."""

        def look() -> Seen | None:
            self.poll()
            return next((seen for seen in self.records if seen.type == kind and wanted(seen)), None)

        return wait_for(what, look)

    def poll(self) -> None:
        """Take in what has come meanwhile."""
        for message in self._consumer.consume(500, timeout=0.05):
            if message.error() is None and (seen := _seen(message)).id not in self._ids:
                self._ids.add(seen.id)
                self.records.append(seen)

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()


def _seen(message: Any) -> Seen:
    headers = {name: value.decode() for name, value in message.headers() or []}
    data, erased = json.loads(message.value() or b"{}"), message.value() is None
    correlation, causation = headers.get("ce_correlationid", ""), headers.get("ce_causationid", "")
    name = headers.get("ce_id") or f"{message.topic()}/{message.partition()}/{message.offset()}"
    key, time_ms = (message.key() or b"").decode(), message.timestamp()[1]
    return Seen(message.topic(), name, headers.get("ce_type", ""), correlation, causation, data, key, time_ms, erased)


class _Forms(HTMLParser):
    """The forms of a page: where they go, what they send without anybody typing, and which boxes can be ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.boxes: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((found.get("action", ""), {}))
        elif tag == "input" and found.get("type") == "hidden" and self.forms:
            self.forms[-1][1][found["name"]] = found.get("value", "")
        elif tag == "input" and found.get("type") == "checkbox":
            self.boxes.setdefault(found["name"], []).append(found.get("value", ""))


@dataclass(frozen=True, slots=True)
class Page:
    """A page as a person opened it."""

    address: str
    text: str

    def submit(self, action: str = "", /, **typed: str | list[str]) -> "Page":
        """Send the form whose address ends so (any form where `action` is empty), and see the page that follows.

        Raises NotSeenError where there is no such form.
        """
        where, hidden = self.form(action)
        return _page(httpx.post(where, data={**hidden, **typed}, follow_redirects=True))

    def form(self, action: str = "") -> tuple[str, dict[str, str]]:
        """Where the form goes whose address ends so, and what it sends without anybody typing. Raises NotSeenError."""
        forms = [form for form in self._parsed().forms if form[0].partition("?")[0].endswith(action)]
        if not forms:
            raise NotSeenError(f"a form for {action!r} on the page")
        where, hidden = forms[0]
        return urljoin(self.address, where), hidden

    def boxes(self, name: str) -> list[str]:
        """What can be ticked under this name, in the page's order."""
        return self._parsed().boxes.get(name, [])

    def below(self, words: str) -> "Page":
        """The rest of the page behind these words, for somebody who has found the entry they look for."""
        if words not in self.text:
            raise NotSeenError(f"{words!r} on the page")
        return Page(self.address, self.text.partition(words)[2])

    def _parsed(self) -> _Forms:
        parser = _Forms()
        parser.feed(self.text)
        return parser


def open_page(address: str) -> Page:
    """Open an address. Raises NotSeenError where it is not a page."""
    return _page(httpx.get(address, follow_redirects=True))


def _page(response: httpx.Response) -> Page:
    if response.status_code != httpx.codes.OK:
        raise NotSeenError(f"a page: the answer was {response.status_code}")
    return Page(str(response.url), response.text)
