"""Every way a record from a city system can be wrong, with the one verdict it must get (contracts, "Bad input").

Each record carries CANARY wherever its fault leaves room for it, so that an answer that repeats a value is seen.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import shake_128
from typing import Any

from support.system_topics import Header, Record, fresh, question, submission_record

CANARY = "Zyxwvcanary"
SUBMITTED, AMENDED = "city.submission.submitted.v1", "city.submission.amended.v1"


@dataclass(frozen=True, slots=True)
class Row:
    """One record and what must come of it. `problem` is a pointer and a code; `unnamed` has no readable key or no readable id."""

    name: str
    record: Record
    verdict: str
    reason: str | None
    problem: tuple[str, str] | None = None
    unnamed: bool = False

    @property
    def for_a_person(self) -> bool:
        return self.verdict == "quarantined"


def good(at: datetime) -> Record:
    return submission_record(question(at), at)


def bad_input(at: datetime) -> list[Row]:
    """The rows in the order in which they must be sent."""
    return [
        *_bodies(at),
        *_fields(at),
        *_envelopes(at),
        *_keys(at),
        *_times(at),
        *_repeats(at),
        *_revisions(at),
        *_structured(at),
    ]


def _bodies(at: datetime) -> Iterator[Row]:
    record = submission_record(_marked(at), at)
    text = record.value or b""
    opening, canary = text[:-1], json.dumps(CANARY).encode()
    noise = shake_128(b"noise").digest(300)
    bodies: tuple[tuple[str, bytes | None, str], ...] = (
        ("null value", None, "empty-value"),
        ("empty value", b"", "empty-value"),
        ("nothing but spaces", b" \r\n ", "empty-value"),
        ("random bytes", CANARY.encode() + noise, "malformed-json"),
        ("bad UTF-8", opening + b', "topic_text": "' + CANARY.encode() + b'\xff\xfe"}', "malformed-json"),
        ("UTF-16", json.dumps(_marked(at)).encode("utf-16"), "malformed-json"),
        ("byte order mark", b"\xef\xbb\xbf" + text, "malformed-json"),
        ("trailing bytes", text + b" " + CANARY.encode(), "malformed-json"),
        ("two documents", text + text, "malformed-json"),
        ("cut off", text[:-40], "malformed-json"),
        ("nested 3,000 deep", opening + b', "extra": ' + b"[" * 3000 + canary + b"]" * 3000 + b"}", "malformed-json"),
        ("nested 100 deep", opening + b', "extra": ' + b"[" * 100 + canary + b"]" * 100 + b"}", "too-deep"),
        ("number of 5,000 digits", opening + b', "extra": ' + b"7" * 5000 + b"}", "malformed-json"),
        ("duplicate key", opening + b', "intent": ' + canary + b"}", "duplicate-key"),
        ("duplicate key inside", opening + b', "extra": {"a": 1, "a": ' + canary + b"}}", "duplicate-key"),
        ("U+0000 escaped", opening + b', "topic_text": "' + CANARY.encode() + b'\\u0000"}', "forbidden-character"),
        ("U+0000 as it is", opening + b', "topic_text": "' + CANARY.encode() + b'\x00"}', "malformed-json"),
        ("lone surrogate", opening + b', "topic_text": "' + CANARY.encode() + b'\\ud800"}', "forbidden-character"),
        ("NaN", opening + b', "extra": [' + canary + b", NaN]}", "not-a-number"),
        ("Infinity", opening + b', "extra": [' + canary + b", -Infinity]}", "not-a-number"),
        ("1e999", opening + b', "extra": [' + canary + b", 1e999]}", "not-a-number"),
        ("300 KiB", opening + b', "extra": "' + CANARY.encode() * (300 * 1024 // len(CANARY)) + b'"}', "oversize"),
        ("100 KiB that is no JSON", CANARY.encode() * (100 * 1024 // len(CANARY)), "malformed-json"),
    )
    for name, body, reason in bodies:
        yield Row(name, _again(record, value=body), "quarantined", reason)


def _fields(at: datetime) -> Iterator[Row]:
    group = {"size": 12, "connections": ["live"]}
    fields: tuple[tuple[str, dict[str, Any], tuple[str, str]], ...] = (
        ("true for an integer", {"revision": True}, ("/revision", "int-type")),
        ("text for an integer", {"group": group | {"size": "12"}}, ("/group/size", "int-type")),
        ("fraction for an integer", {"group": group | {"size": 12.5}}, ("/group/size", "int-type")),
        ("text for a boolean", {"anonymous": "true"}, ("/anonymous", "bool-type")),
        ("epoch number for a time", {"submitted_at": 1_795_000_000}, ("/submitted_at", "string-type")),
        ("epoch number in quotes", {"submitted_at": "1795000000"}, ("/submitted_at", "string-pattern-mismatch")),
        ("time without an offset", {"submitted_at": "2026-11-21T09:30:00"}, ("/submitted_at", "string-pattern-mismatch")),
        ("text too long", {"safety_interest": CANARY * 400}, ("/safety_interest", "string-too-long")),
        ("size out of range", {"group": group | {"size": 0}}, ("/group/size", "greater-than-equal")),
        ("unknown intent", {"intent": CANARY}, ("/intent", "literal-error")),
        ("anonymous with a name", {"requester": _requester()}, ("", "value-error")),
        ("no object", {}, ("", "model-type")),
    )
    for name, changes, problem in fields:
        record = submission_record(_marked(at) | changes, at)
        if name == "no object":
            record = replace(record, value=json.dumps([CANARY]).encode())
        yield Row(name, record, "rejected", "schema-violation", problem)


def _envelopes(at: datetime) -> Iterator[Row]:
    for name in ("ce_id", "ce_source", "ce_type", "ce_time"):
        yield _headed(f"{name} missing", at, "missing-header", unnamed=name == "ce_id", without=name)
    yield _headed("ce_specversion missing", at, "not-cloudevents", without="ce_specversion")
    yield Row(
        "no headers", replace(submission_record(_marked(at), at), headers=()), "quarantined", "not-cloudevents", unnamed=True
    )
    yield _headed("ce_type twice", at, "duplicate-header", extra=(("ce_type", SUBMITTED.encode()),))
    yield _headed("ce_id twice", at, "duplicate-header", unnamed=True, extra=(("ce_id", CANARY.encode()),))
    yield _headed("foreign header twice", at, "duplicate-header", extra=(("x", CANARY.encode()), ("x", b"2")))
    yield _headed("null header", at, "null-header", extra=(("traceparent", None),))
    yield _headed("null ce_id", at, "null-header", unnamed=True, without="ce_id", extra=(("ce_id", None),))
    yield _headed("header that is no text", at, "header-not-text", extra=(("x", CANARY.encode() + b"\xff"),))
    yield _headed("40 headers", at, "too-many-headers", extra=tuple((f"x{n}", CANARY.encode()) for n in range(40)))
    yield _enveloped("id of 150 letters", at, "bad-id", unnamed=True, id=CANARY + "i" * 139)
    yield _enveloped("time that is none", at, "bad-time", time=CANARY)
    yield _enveloped("unknown version", at, "unsupported-version", type="city.submission.submitted.v9")
    yield _enveloped("unknown type", at, "unknown-type", type=f"city.submission.{CANARY.lower()}.v1")
    yield _enveloped("type of ours", at, "unknown-type", type="intake.training.requested.v1")
    yield _enveloped("source that is not the topic's", at, "source-mismatch", source="/city/parks")


def _keys(at: datetime) -> Iterator[Row]:
    for name, key, unnamed in (
        ("wrong key", fresh().encode(), False),
        ("null key", None, True),
        ("key that is no UUID", CANARY.encode(), True),
        ("key that is no text", b"\xff\xfe", True),
    ):
        yield Row(name, replace(submission_record(_marked(at), at), key=key), "quarantined", "key-mismatch", unnamed=unnamed)


def _times(at: datetime) -> Iterator[Row]:
    tomorrow = at + timedelta(days=1)
    yield Row("time in the future", submission_record(_marked(at), tomorrow), "rejected", "time-in-future")
    years_ago = at - timedelta(days=700)
    yield Row("very old", submission_record(very_old(years_ago), years_ago), "accepted", None)


def _repeats(at: datetime) -> Iterator[Row]:
    first = submission_record(_marked(at), at)
    yield Row("an id", first, "accepted", None)
    yield Row("same id, same bytes", first, "duplicate", None)
    yield Row("same id, other bytes", replace(first, value=(first.value or b"") + b" "), "quarantined", "id-reuse")
    yield Row("same id, same bytes, once more", first, "duplicate", None)
    wrong = submission_record(_marked(at) | {"revision": True}, at)
    yield Row("an id that is rejected", wrong, "rejected", "schema-violation", ("/revision", "int-type"))
    yield Row("same id, rejected again", wrong, "duplicate", "schema-violation")


def _revisions(at: datetime) -> Iterator[Row]:
    case = _marked(at)
    yield Row("revision 2 of nothing", submission_record(case | {"revision": 2}, at), "rejected", "revision-gap")
    yield Row("revision 1", submission_record(case, at), "accepted", None)
    yield Row("revision 3 after 1", submission_record(case | {"revision": 3}, at, type=AMENDED), "rejected", "revision-gap")
    yield Row("revision 2 after 1", submission_record(case | {"revision": 2}, at, type=AMENDED), "accepted", None)
    yield Row("revision 2 again", submission_record(case | {"revision": 2}, at, type=AMENDED), "rejected", "stale-revision")
    yield Row("submitted again", submission_record(case, at), "rejected", "already-submitted")
    unknown = submission_record(_marked(at) | {"revision": 2}, at, type=AMENDED)
    yield Row("amendment of nothing", unknown, "rejected", "unknown-submission")


def _structured(at: datetime) -> Iterator[Row]:
    data = _marked(at)
    event = {
        "specversion": "1.0",
        "id": fresh(),
        "source": "/city/pdx311",
        "type": SUBMITTED,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    yield Row("structured", _structured_record(data, event), "accepted", None)
    other = _marked(at)
    wrong = event | {"id": fresh(), "data": other | {"revision": True}}
    yield Row(
        "structured, wrong inside", _structured_record(other, wrong), "rejected", "schema-violation", ("/revision", "int-type")
    )
    bare = {name: value for name, value in event.items() if name != "data"} | {"id": fresh()}
    yield Row("structured without data", _structured_record(data, bare), "quarantined", "not-cloudevents", unnamed=True)
    numbered = _structured_record(other, event | {"id": 17, "data": other})
    yield Row("structured with a number for an id", numbered, "quarantined", "missing-header", unnamed=True)


def _structured_record(data: dict[str, Any], event: dict[str, Any]) -> Record:
    headers: tuple[Header, ...] = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    return Record(data["submission_id"].encode(), json.dumps(event).encode(), headers)


def very_old(years_ago: datetime) -> dict[str, Any]:
    """A whole wish for a training with a mail address, which would bring an agreement at once if it were not so old."""
    return {
        "submission_id": fresh(),
        "revision": 1,
        "channel": "web",
        "submitted_at": years_ago.isoformat(),
        "intent": "training_request",
        "language": "en",
        "anonymous": False,
        "requester": _requester(),
        "group": {"size": 12, "connections": ["live"]},
        "topics": [{"code": "personal-safety", "catalogue_version": 1}],
    }


def _requester() -> dict[str, Any]:
    return {
        "name": f"Ines {CANARY}",
        "email": f"{CANARY.lower()}@example.org",
        "preferred_contact": "email",
        "consent_contact": True,
    }


def _marked(at: datetime) -> dict[str, Any]:
    """A submission that is right, with CANARY in a text and in the name and value of a field that nobody knows."""
    return question(at, safety_interest=f"{CANARY} asks", **{CANARY: CANARY})


def _again(record: Record, **changes: Any) -> Record:
    """The same record under another id."""
    headers = tuple((name, fresh().encode() if name == "ce_id" else value) for name, value in record.headers)
    return replace(record, headers=headers, **changes)


def _headed(
    name: str, at: datetime, reason: str, *, unnamed: bool = False, without: str = "", extra: tuple[Header, ...] = ()
) -> Row:
    record = submission_record(_marked(at), at)
    headers = tuple(header for header in record.headers if header[0] != without) + extra
    return Row(name, replace(record, headers=headers), "quarantined", reason, unnamed=unnamed)


def _enveloped(name: str, at: datetime, reason: str, *, unnamed: bool = False, **attributes: str) -> Row:
    return Row(name, submission_record(_marked(at), at, **attributes), "quarantined", reason, unnamed=unnamed)
