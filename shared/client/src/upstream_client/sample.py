"""A sample of what an outside party may send, held against every version of its event that is accepted. Pure; sends nothing.

Judges what stands there: a CloudEvent in structured form must be whole, plain data are what `upstream publish` would send. As in
every answer, a problem is a pointer and a code and never a value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from upstream_client.clock import fresh_id, now
from upstream_client.submission_file import TYPES, Item, inferred
from upstream_client.trouble import Trouble
from upstream_client.unmarked import Found, in_attributes, unmarked
from upstream_schemas.codec import by_type, decode_foreign, parse, read_foreign
from upstream_schemas.envelope import STRUCTURED_CONTENT_TYPE, Envelope, Unreadable
from upstream_schemas.model import EVENT_BYTES_MAX, Event
from upstream_schemas.topics import events_of, released

Problems = tuple[tuple[str, str], ...]
UNKNOWN_TYPE: Final = "unknown type"
FROM_OUTSIDE: Final = events_of(topic for topic in released() if topic.producer == topic.mark)
_DATA: Final = frozenset({"data", "data_base64"})
_STRUCTURED: Final = (("content-type", STRUCTURED_CONTENT_TYPE.encode()),)


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one sample.

    `type_name` is UNKNOWN_TYPE where the sample names none of ours, since what it names instead may be anything. `problems`
    are why it fits nothing, or not the version it names; `others` are the further versions of that event, each with its own
    problems. `skipped` counts fields that readers will not look at. `personal` only warns.
    """

    number: int
    type_name: str
    problems: Problems
    others: tuple[tuple[str, Problems], ...] = ()
    skipped: int = 0
    personal: tuple[Found, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the version it names takes it."""
        return not self.problems


def judged(item: Item, kind: str | None, source: str | None, events: tuple[type[Event], ...] = FROM_OUTSIDE) -> Judged:
    """One sample. `kind` names the type of plain data, `source` whose it must be. Raises Trouble where the type is unclear."""
    named = str(item.content["type"]) if "specversion" in item.content and "type" in item.content else ""
    try:
        envelope, document = _read(item, kind)
    except Unreadable as error:
        return Judged(item.number, _known(named, events), _told(error))
    type_name = _known(envelope.type, events)
    personal = tuple(_personal(item, envelope.type, document, events))
    if source is not None and envelope.source.rpartition("/")[2] != source:
        return Judged(item.number, type_name, (("/source", "source-mismatch"),), personal=personal)
    problems, skipped = _against(envelope, document, events)
    others = [event for event in _versions(envelope.type, events) if envelope.type != event.TYPE]
    told = tuple((event.TYPE, _against(envelope._replace(type=event.TYPE), document, events)[0]) for event in others)
    return Judged(item.number, type_name, problems, told, skipped, personal)


def type_called(name: str) -> str:
    """The type that a person calls `submitted`, or by its full name. Raises Trouble where nobody outside sends it."""
    found = TYPES.get(name, name)
    if found in by_type(FROM_OUTSIDE):
        return found
    what, why = f"There is no type {name}", "it is none of those that outside parties send"
    raise Trouble(what, why, f"use one of {', '.join((*TYPES, *by_type(FROM_OUTSIDE)))}")


def _read(item: Item, kind: str | None) -> tuple[Envelope, Any]:
    """Envelope and data. Plain data get the envelope that `upstream publish` would make."""
    value = item.text.encode(errors="replace")
    if "specversion" in item.content:
        return read_foreign(_STRUCTURED, value)
    if len(value) > EVENT_BYTES_MAX:
        raise Unreadable("oversize")
    document = parse(value)
    if kind is None and "referral_id" in document:
        raise Trouble(
            "It is not clear what the answer says",
            "plain data of a provider name no type",
            "add --type, such as --type provider.referral.accepted.v1",
        )
    type_name = kind or TYPES[inferred(document)]
    if type_name in TYPES.values() and "submission_id" not in document:
        document = {"submission_id": str(fresh_id()), **document}
    return Envelope(str(fresh_id()), "", type_name, now()), document


def _against(envelope: Envelope, document: Any, events: tuple[type[Event], ...]) -> tuple[Problems, int]:
    try:
        _, skipped = decode_foreign(envelope, document, events)
    except Unreadable as error:
        return _told(error), 0
    return (), skipped


def _known(type_name: str, events: tuple[type[Event], ...]) -> str:
    """The type as a reader may be shown it."""
    return type_name if type_name in by_type(events) else UNKNOWN_TYPE


def _told(error: Unreadable) -> Problems:
    return error.problems or (("", error.code),)


def _versions(type_name: str, events: Sequence[type[Event]]) -> list[type[Event]]:
    """All versions of one event that are accepted."""
    stem = type_name.rpartition(".v")[0]
    return [event for event in events if stem and event.TYPE.rpartition(".v")[0] == stem]


def _personal(item: Item, type_name: str, document: Any, events: tuple[type[Event], ...]) -> Iterator[Found]:
    year = now().year
    if "specversion" in item.content:
        yield from in_attributes({name: value for name, value in item.content.items() if name not in _DATA}, year)
    known = [event for event in events if type_name == event.TYPE] or _versions(type_name, events)[-1:]
    for event in known:
        yield from unmarked(document, event, year)
