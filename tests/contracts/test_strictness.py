"""What the codec refuses, one row for each way a record can be wrong, and what it must not refuse."""

import re
from base64 import b64encode
from pathlib import Path
from typing import Annotated, Any

import pytest
from contracts.wire import HEADERS, headers, replaced, to_bytes
from pydantic import ValidationError

from upstream_runtime.records import QUARANTINED
from upstream_runtime.undecided import VALUE_COPIED_BYTES_MAX
from upstream_schemas import codec, envelope
from upstream_schemas.city import SubmissionSubmittedV1, SubmissionWithdrawnV1
from upstream_schemas.codec import decode, decode_foreign, encode, parse, read_foreign
from upstream_schemas.envelope import Unreadable
from upstream_schemas.examples import example
from upstream_schemas.intake import RequestRejectedV1
from upstream_schemas.model import EVENT_BYTES_MAX, Record
from upstream_schemas.operations import DeadLetterRecordedV1
from upstream_schemas.privacy import SEALED_LENGTH_MAX, SealedText
from upstream_schemas.topics import CITY_SUBMISSIONS

WHOLE = example(SubmissionSubmittedV1)
Headers = list[tuple[str, bytes | None]]
DOUBTFUL = {
    "NaN": (b'{"a": NaN}', "not-a-number"),
    "Infinity": (b'{"a": Infinity}', "not-a-number"),
    "-Infinity": (b'{"a": -Infinity}', "not-a-number"),
    "1e999": (b'{"a": 1e999}', "not-a-number"),
    "-1e999": (b'{"a": [-1e999]}', "not-a-number"),
    "U+0000 escaped": (rb'{"a": "x\u0000"}', "forbidden-character"),
    "U+0000 in a name": (rb'{"a\u0000": 1}', "forbidden-character"),
    "U+0000 itself": (b'{"a": "x\x00"}', "malformed-json"),
    "lone high surrogate": (rb'{"a": "\ud83d"}', "forbidden-character"),
    "lone low surrogate": (rb'{"a": "\ude00"}', "forbidden-character"),
    "surrogate in UTF-8": (b'{"a": "\xed\xa0\xbd"}', "malformed-json"),
    "duplicate keys": (b'{"a": 1, "a": 1}', "duplicate-key"),
    "duplicate keys deep inside": (b'{"a": [{"b": 1, "b": 2}]}', "duplicate-key"),
    "duplicate keys by escape": (rb'{"a": 1, "\u0061": 2}', "duplicate-key"),
    "33 levels": (b"[" * 33 + b"]" * 33, "too-deep"),
    "5,000-digit number": (b"9" * 5000, "malformed-json"),
    "byte order mark": (b"\xef\xbb\xbf{}", "malformed-json"),
    "trailing bytes": (b"{} x", "malformed-json"),
    "two documents": (b"{}{}", "malformed-json"),
    "bad UTF-8": (b'{"a": "\xff"}', "malformed-json"),
    "UTF-16": ("{}".encode("utf-16"), "malformed-json"),
    "cut off": (b'{"a": ', "malformed-json"),
    "random bytes": (bytes(range(256)), "malformed-json"),
    "single quotes": (b"{'a': 1}", "malformed-json"),
    "trailing comma": (b'{"a": 1,}', "malformed-json"),
    "a comment": (b'{"a": 1} // b', "malformed-json"),
}


@pytest.mark.parametrize(("value", "code"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_doubtful_document_is_refused_by_name(value: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(value)
    assert refused.value.code == code


@pytest.mark.parametrize("brackets", [b"[]", b'{"a":}'])
def test_three_thousand_levels_are_refused_and_crash_nothing(brackets: bytes) -> None:
    opening, closing = brackets[:-1], brackets[-1:]
    with pytest.raises(Unreadable) as refused:
        parse(opening * 3000 + b"1" + closing * 3000)
    assert refused.value.code in {"too-deep", "malformed-json"}


def test_what_is_merely_unusual_passes() -> None:
    usual: list[Any] = [{"name": "Åsa 😀 عربي", "note": "a\\u0000 is six letters here", "n": -0.5}, [[]], "", None, True]
    assert parse(to_bytes(usual)) == usual
    assert parse(b"[" * 31 + b"]" * 31)
    assert parse(b"\n {} \r\n") == {}


WRONG = {
    "true for an integer": (("revision",), True, "int-type"),
    "text for an integer": (("revision",), "1", "int-type"),
    "a fraction for an integer": (("revision",), 1.5, "int-type"),
    "an integer out of range": (("revision",), 0, "greater-than-equal"),
    "an integer of 4,000 digits": (("revision",), int("9" * 4000), "less-than-equal"),
    "text for a boolean": (("anonymous",), "false", "bool-type"),
    "zero for a boolean": (("anonymous",), 0, "bool-type"),
    "a number for a time": (("submitted_at",), 1_700_000_000, "string-type"),
    "a number in quotes for a time": (("submitted_at",), "1700000000", "string-pattern-mismatch"),
    "a negative number in quotes for a time": (("submitted_at",), "-170000000", "string-pattern-mismatch"),
    "a time without an offset": (("submitted_at",), "2026-11-21T09:30:00", "string-pattern-mismatch"),
    "a date for a time": (("submitted_at",), "2026-11-21", "string-pattern-mismatch"),
    "a time in the short form": (("submitted_at",), "20261121T093000Z", "string-pattern-mismatch"),
    "a time with a space": (("submitted_at",), "2026-11-21 09:30:00Z", "string-pattern-mismatch"),
    "a time in other digits": (("submitted_at",), "٢٠٢٦-11-21T09:30:00Z", "string-pattern-mismatch"),
    "a day that does not exist": (("submitted_at",), "2026-02-30T09:30:00Z", "datetime-from-date-parsing"),
    "the first year": (("submitted_at",), "0001-01-01T00:00:00+14:00", "greater-than-equal"),
    "the last year": (("submitted_at",), "9999-12-31T23:59:59-12:00", "less-than"),
    "a number for a text": (("channel",), 5, "string-type"),
    "null for what is needed": (("channel",), None, "string-type"),
    "a list for a text": (("channel",), ["web"], "string-type"),
    "a text for a list": (("topics",), "personal-safety", "tuple-type"),
    "a text for a record": (("group",), "twelve", "model-type"),
    "a word that is not in the list": (("intent",), "complaint", "literal-error"),
    "a text that is too long": (("topic_text",), "x" * 201, "string-too-long"),
    "an empty text": (("topic_text",), "", "string-too-short"),
    "too many topics": (("topics",), WHOLE["topics"] * 4, "too-long"),
    "a value twice": (("access_needs",), ["asl", "asl"], "value-error"),
    "a code with a space": (("channel",), "phone agent", "string-pattern-mismatch"),
    "a code with a line end": (("channel",), "web\n", "string-pattern-mismatch"),
    "a UUID that is none": (("submission_id",), "0190c7a2", "uuid-parsing"),
    "a telephone number in other digits": (("requester", "phone"), "+1٥٠٣٥٥٥٠١٤٢", "string-pattern-mismatch"),
    "a wall time in other digits": (("availability", "windows", 0, "start"), "1٧:00", "string-pattern-mismatch"),
    "a window that ends before it starts": (("availability", "windows", 0, "end"), "08:00", "value-error"),
    "a latitude beyond the pole": (("place", "lat"), 90.5, "less-than-equal"),
    "text for a latitude": (("place", "lat"), "45.5", "float-type"),
    "nobody named but a requester": (("anonymous",), True, "value-error"),
}


def read(document: Any, **changes: bytes | None) -> Any:
    told, found = read_foreign(headers(**changes), to_bytes(document))
    return decode_foreign(told, found, CITY_SUBMISSIONS.events)


@pytest.mark.parametrize(("place", "value", "code"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused_with_its_place(place: tuple[str | int, ...], value: Any, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(replaced(WHOLE, place, value))
    assert refused.value.code == "schema-violation"
    assert code in {found for _, found in refused.value.problems}
    whole_record = code == "value-error"
    expected = "".join(f"/{step}" for step in place)
    assert all(pointer == expected or (whole_record and expected.startswith(pointer)) for pointer, _ in refused.value.problems)
    with pytest.raises(Unreadable):
        decode(to_bytes(replaced(WHOLE, place, value)), SubmissionSubmittedV1)


def test_the_same_document_unspoilt_is_read() -> None:
    event, unknown = read(WHOLE)
    assert isinstance(event, SubmissionSubmittedV1)
    assert unknown == 0


def test_unknown_fields_are_skipped_and_counted_but_hide_nothing() -> None:
    later = replaced({**WHOLE, "priority": "high"}, ("group", "mood"), "calm")
    assert read(later)[1] == 2
    with pytest.raises(Unreadable) as refused:
        read({**later, "anonymous": True})
    assert refused.value.problems == (("", "value-error"),)


def test_a_hundred_problems_are_told_as_twenty() -> None:
    with pytest.raises(Unreadable) as refused:
        read(replaced(WHOLE, ("availability", "windows"), [{}] * 50))
    assert len(refused.value.problems) == 20


@pytest.mark.parametrize("document", [[], [WHOLE], "text", 5, None, True])
def test_a_document_that_is_no_record_is_refused(document: Any) -> None:
    with pytest.raises(Unreadable) as refused:
        read(document)
    assert refused.value.code == "schema-violation"


def test_another_version_and_another_type_are_told_apart() -> None:
    for name, code in (
        (b"city.submission.submitted.v2", "unsupported-version"),
        (b"city.submission.shredded.v1", "unknown-type"),
    ):
        with pytest.raises(Unreadable) as refused:
            read(WHOLE, ce_type=name)
        assert refused.value.code == code


@pytest.mark.parametrize(("value", "code"), [(None, "empty-value"), (b"", "empty-value"), (b" \n", "empty-value")])
def test_a_value_that_is_not_there_is_told(value: bytes | None, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_foreign(HEADERS, value)
    assert refused.value.code == code


def test_the_size_limit_is_met_exactly() -> None:
    fits = b'"' + b"x" * (EVENT_BYTES_MAX - 2) + b'"'
    assert len(read_foreign(HEADERS, fits)[1]) == EVENT_BYTES_MAX - 2
    with pytest.raises(Unreadable) as refused:
        read_foreign(HEADERS, fits + b" ")
    assert refused.value.code == "oversize"


def test_nobody_writes_or_reads_an_event_with_a_nul_in_a_text() -> None:
    said = example(RequestRejectedV1)
    spoilt = RequestRejectedV1.model_validate_json(to_bytes(said | {"reason": "no\x00"}))
    with pytest.raises(ValueError, match="U\\+0000"):
        encode(spoilt)
    with pytest.raises(Unreadable) as refused:
        decode(to_bytes(said | {"reason": "no\x00"}), RequestRejectedV1)
    assert refused.value.code == "forbidden-character"
    spelled = RequestRejectedV1.model_validate_json(to_bytes(said | {"reason": r"a backslash before u0000: \u0000"}))
    assert decode(encode(spelled), RequestRejectedV1) == spelled


def test_an_event_is_frozen_and_its_writer_is_refused_a_field_it_does_not_have() -> None:
    event = SubmissionWithdrawnV1.model_validate_json(to_bytes(example(SubmissionWithdrawnV1)))
    with pytest.raises(ValidationError):
        event.revision = 9  # type: ignore[misc]  # what mypy refuses must fail in a running program, too
    with pytest.raises(ValidationError):
        SubmissionWithdrawnV1.model_validate({**dict(event), "colour": "red"})


def test_a_seal_that_grows_beyond_what_readers_take_is_refused_at_the_writer() -> None:
    class Note(Record):
        text: Annotated[SealedText, ...]

    note = Note(text="x" * SEALED_LENGTH_MAX)
    with pytest.raises(ValueError, match="too long"):
        note.model_dump_json(context={"seal": lambda text: text + "!"})
    assert note.model_dump_json(context={"seal": lambda text: text})


def test_every_code_of_the_codec_is_known_to_the_engine_as_one_for_a_person() -> None:
    """All but `schema-violation`, which the sender can mend; a code that the engine does not know would set nothing aside."""
    sources = "".join(Path(str(module.__file__)).read_text() for module in (codec, envelope))
    codes = set(re.findall(r'Unreadable\("([a-z-]+)"', sources))
    assert len(codes) > 15
    assert codes - QUARANTINED == {"schema-violation"}


def test_what_the_engine_copies_into_a_dead_letter_fits_its_fields() -> None:
    largest = b64encode(bytes(VALUE_COPIED_BYTES_MAX)).decode()
    letter = DeadLetterRecordedV1.model_validate_json(to_bytes(example(DeadLetterRecordedV1) | {"value": largest}))
    assert letter.value == largest
