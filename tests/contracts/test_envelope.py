"""Headers in and out: CloudEvents in binary and in structured mode."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from contracts.wire import HEADERS, headers, to_bytes

from upstream_schemas.city import SubmissionSubmittedV1
from upstream_schemas.codec import decode_foreign, read_foreign
from upstream_schemas.envelope import HEADERS_MAX, Envelope, Unreadable, from_texts, texts, to_headers, uuid_of
from upstream_schemas.examples import example
from upstream_schemas.topics import CITY_SUBMISSIONS

ID = "0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77"
WHOLE = Envelope(
    id=ID,
    source="/upstream/intake",
    type="intake.request.received.v1",
    time=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    subject=ID,
    correlation=ID,
    causation="pdx311-1",
    revision=3,
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def refusal(found: list[tuple[str, bytes | None]]) -> str:
    with pytest.raises(Unreadable) as refused:
        from_texts(texts(found))
    return refused.value.code


@pytest.mark.parametrize("envelope", [WHOLE, Envelope(WHOLE.id, WHOLE.source, WHOLE.type, WHOLE.time)])
def test_an_envelope_comes_back_from_its_headers(envelope: Envelope) -> None:
    written = [(name, value.encode()) for name, value in to_headers(envelope)]
    assert from_texts(texts(written)) == envelope
    assert ("content-type", b"application/json") in written
    assert ("ce_dataschema", f"urn:upstream:schema:{envelope.type}".encode()) in written


def test_the_sequence_of_our_own_topics_is_a_stream_and_a_number() -> None:
    assert from_texts(texts(headers(ce_sequence=b"s1:42"))).sequence == ("s1", 42)


@pytest.mark.parametrize("text", [b"", b"42", b":42", b"s1:", b"s1:-1", b"s1:4e2", "s1:٤".encode(), b"s1:" + b"9" * 5000])
def test_a_sequence_that_is_none_is_no_sequence(text: bytes) -> None:
    assert from_texts(texts(headers(ce_sequence=text))).sequence is None


@pytest.mark.parametrize("text", [b"", b"-1", b"1.0", "٣".encode(), b"9" * 5000])
def test_a_revision_that_is_no_number_is_no_revision_and_crashes_nothing(text: bytes) -> None:
    assert from_texts(texts(headers(ce_revision=text))).revision is None


WRONG: dict[str, tuple[list[tuple[str, bytes | None]], str]] = {
    "no headers": ([], "not-cloudevents"),
    "another version": (headers(ce_specversion=b"0.3"), "not-cloudevents"),
    "no id": ([header for header in HEADERS if header[0] != "ce_id"], "missing-header"),
    "an empty id": (headers(ce_id=b""), "missing-header"),
    "no type": ([header for header in HEADERS if header[0] != "ce_type"], "missing-header"),
    "no time": ([header for header in HEADERS if header[0] != "ce_time"], "missing-header"),
    "no source": ([header for header in HEADERS if header[0] != "ce_source"], "missing-header"),
    "a null header": (headers(ce_id=None), "null-header"),
    "a null header that nobody asked for": (headers(colour=None), "null-header"),
    "a header twice": ([*HEADERS, ("ce_id", b"sample-2")], "duplicate-header"),
    "a header that is not UTF-8": (headers(ce_id=b"\xff\xfe"), "header-not-text"),
    "a header nobody asked for that is not UTF-8": (headers(colour=b"\xff"), "header-not-text"),
    "too many headers": ([*HEADERS, *((f"x-{n}", b"1") for n in range(HEADERS_MAX))], "too-many-headers"),
    "an id that is too long": (headers(ce_id=b"x" * 101), "bad-id"),
    "an id with U+0000": (headers(ce_id=b"a\x00b"), "bad-id"),
    "a source with U+0000": (headers(ce_source=b"/a\x00/pdx311"), "header-not-text"),
    "a source that is too long": (headers(ce_source=b"/" * 301), "header-not-text"),
    "a correlation with U+0000": (headers(ce_correlationid=b"\x00"), "header-not-text"),
    "a time without offset": (headers(ce_time=b"2026-11-21T09:30:00"), "bad-time"),
    "a number for a time": (headers(ce_time=b"1700000000"), "bad-time"),
    "a word for a time": (headers(ce_time=b"yesterday"), "bad-time"),
    "the first moment of all": (headers(ce_time=b"0001-01-01T00:00:00+14:00"), "bad-time"),
    "the last moment of all": (headers(ce_time=b"9999-12-31T23:59:59-12:00"), "bad-time"),
}


@pytest.mark.parametrize(("found", "code"), WRONG.values(), ids=WRONG)
def test_wrong_headers_are_told_by_a_code(found: list[tuple[str, bytes | None]], code: str) -> None:
    assert refusal(found) == code


def test_as_many_headers_as_allowed_are_read() -> None:
    many = HEADERS + [(f"x-{n}", b"1") for n in range(HEADERS_MAX - len(HEADERS))]
    assert from_texts(texts(many)).id == "sample-1"


def structured(**changes: Any) -> bytes:
    whole = {
        "specversion": "1.0",
        "id": "sample-1",
        "source": "/city/pdx311",
        "type": "city.submission.submitted.v1",
        "time": "2026-11-21T09:30:00Z",
        "datacontenttype": "application/json",
        "data": example(SubmissionSubmittedV1),
    }
    return to_bytes(whole | changes)


@pytest.mark.parametrize("kind", [b"application/cloudevents+json", b"Application/CloudEvents+JSON; charset=utf-8"])
def test_a_structured_record_is_read_like_the_same_record_in_binary_mode(kind: bytes) -> None:
    envelope, document = read_foreign([("content-type", kind)], structured(subject=ID))
    other, same = read_foreign(headers(ce_subject=ID.encode()), to_bytes(example(SubmissionSubmittedV1)))
    assert (envelope, document) == (other, same)
    assert decode_foreign(envelope, document, CITY_SUBMISSIONS.events)[1] == 0


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"[]", "not-cloudevents"),
        (b'"text"', "not-cloudevents"),
        (to_bytes({"specversion": "1.0"}), "not-cloudevents"),
        (structured(specversion="0.3"), "not-cloudevents"),
        (structured(specversion=1.0), "not-cloudevents"),
        (structured(id=""), "missing-header"),
        (structured(id=5), "missing-header"),
        (structured(time="2026-11-21"), "bad-time"),
        (structured(source="x" * 301), "header-not-text"),
        (b'{"specversion": "1.0", "specversion": "1.0"}', "duplicate-key"),
    ],
)
def test_a_structured_record_that_is_wrong_is_told_by_a_code(value: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_foreign([("content-type", b"application/cloudevents+json")], value)
    assert refused.value.code == code


def test_a_key_is_a_uuid_in_its_usual_form() -> None:
    assert uuid_of(ID.encode()) == UUID(ID)
    assert uuid_of(ID.upper().encode()) == UUID(ID)


@pytest.mark.parametrize(
    "key",
    [None, b"", b"5", ID.encode()[:-1], b"x" * 36, b"\xff" * 36, b"{" + UUID(ID).hex.encode() + b"}--", b"urn:" + UUID(ID).hex.encode()],
)  # fmt: skip
def test_any_other_key_is_none(key: bytes | None) -> None:
    assert uuid_of(key) is None
