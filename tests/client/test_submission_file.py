"""What a file may hold, and what is made where it is absent."""

import base64
import json
from typing import Any
from uuid import UUID

import pytest
from support.client_builders import ID, cloudevent, submission

from upstream_client.outgoing import Outgoing
from upstream_client.submission_file import raw_record, records_in
from upstream_client.trouble import USAGE, Trouble
from upstream_schemas.envelope import CONTENT_TYPE

NEEDED = {"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "content-type"}


def records(content: Any, kind: str | None = None) -> list[Outgoing]:
    text = content if isinstance(content, str) else json.dumps(content)
    return records_in(text.encode(), "pdx311", kind)


def only(content: Any, kind: str | None = None) -> Outgoing:
    [record] = records(content, kind)
    return record


def headers(record: Outgoing) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers if value is not None}


def test_a_plain_submission_gets_every_header_and_an_id_of_version_seven() -> None:
    record = only(submission())

    assert record.key is not None
    assert record.value is not None
    assert json.loads(record.value) == {"submission_id": record.key.decode(), **submission()}
    assert UUID(record.key.decode()).version == 7
    assert headers(record).keys() == NEEDED
    assert headers(record)["ce_source"] == "/city/pdx311"
    assert headers(record)["ce_type"] == "city.submission.submitted.v1"
    assert headers(record)["ce_subject"] == record.key.decode()
    assert headers(record)["content-type"] == CONTENT_TYPE
    assert headers(record)["ce_id"] == record.event_id != record.key.decode()


def test_a_submission_that_has_an_id_is_sent_in_the_very_letters_it_was_written_in() -> None:
    written = f'{{ "submission_id":"{ID}",\n  "place": {{"lat": 45.520, "long": -1.22E2}}, "name": "S\\u00e1mple" }}'

    record = only(f"[{written}]")

    assert record.value == written.encode()
    assert record.key == ID.encode()


def test_what_the_receiver_must_judge_is_not_mended_on_the_way() -> None:
    written = f'{{"submission_id":"{ID}","group":{{"size":NaN}}}}'

    assert only(written).value == written.encode()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([submission(), submission()]),
        "\n".join(json.dumps(submission()) for _ in range(2)) + "\n\n",
        "\r\n".join(json.dumps(submission()) for _ in range(2)),
        json.dumps(submission(), indent=1) + "\n" + json.dumps(submission(), indent=1),
        "\ufeff" + json.dumps([submission(), cloudevent()]),
        json.dumps([cloudevent(), cloudevent()]),
        "\n".join(json.dumps(cloudevent(id=name)) for name in "ab"),
    ],
    ids=["array", "lines", "lines of windows", "indented", "mixed behind a mark", "events", "lines of events"],
)
def test_two_submissions_are_found_in_each_form(text: str) -> None:
    found = records(text)

    assert [record.number for record in found] == [1, 2]
    assert all(headers(record).keys() == NEEDED for record in found)


def test_two_plain_submissions_share_neither_submission_nor_event() -> None:
    first, second = records([submission(), submission()])

    assert first.key != second.key
    assert first.event_id != second.event_id


def test_a_cloudevent_keeps_all_it_says_in_binary_mode() -> None:
    record = only(cloudevent(subject=ID, traceparent="00-1-2-01", priority=3, urgent=True, dataschema=None))

    assert headers(record) == {
        "ce_specversion": "1.0",
        "ce_id": "event-1",
        "ce_source": "/city/pdx311",
        "ce_type": "city.submission.submitted.v1",
        "ce_time": "2026-11-21T09:30:00Z",
        "ce_subject": ID,
        "ce_traceparent": "00-1-2-01",
        "ce_priority": "3",
        "ce_urgent": "true",
        "content-type": CONTENT_TYPE,
    }
    assert json.loads(record.value or b"") == submission(submission_id=ID)
    assert record.key == ID.encode()


def test_a_cloudevent_gets_what_it_lacks_but_no_submission_id() -> None:
    record = only({"specversion": "1.0", "data": submission()})

    assert headers(record).keys() == NEEDED - {"ce_subject"}
    assert json.loads(record.value or b"") == submission()
    assert record.key is None


def test_a_cloudevent_in_base64_is_sent_as_the_bytes_it_encodes() -> None:
    event = cloudevent(subject=ID, data_base64=base64.b64encode(b"\x00\xff").decode())
    del event["data"]

    record = only(event)

    assert record.value == b"\x00\xff"
    assert record.key == ID.encode()


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (submission(), None, "submitted"),
        (submission(), "amended", "amended"),
        ({"submission_id": ID, "revision": 2, "withdrawn_at": "2026-11-21T10:00:00Z"}, None, "withdrawn"),
        ({"submission_id": ID, "revision": 2, "withdrawn_at": "2026-11-21T10:00:00Z"}, "submitted", "submitted"),
        (cloudevent(), "withdrawn", "submitted"),
    ],
)
def test_the_type_is_the_events_own_then_the_one_asked_for_then_what_the_data_show(
    content: Any, kind: str | None, expected: str
) -> None:
    assert headers(only(content, kind))["ce_type"] == f"city.submission.{expected}.v1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"[]",
        b"\xff\xfe",
        b"{",
        b"[{}",
        b"[{} {}]",
        b"3",
        b'["text"]',
        b'{"a": 1, "a": 2}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b"[" * 3000,
        b'{"a":' * 100_000,
        b'{"specversion": "1.0", "id": []}',
        b'{"specversion": "1.0", "data_base64": "***"}',
    ],
)
def test_a_file_that_holds_no_submissions_is_told_in_three_lines(content: bytes) -> None:
    with pytest.raises(Trouble) as caught:
        records_in(content, "pdx311")

    assert caught.value.exit_code == USAGE
    assert [line[:6] for line in caught.value.lines()] == ["what: ", "why:  ", "fix:  "]


def test_the_line_of_a_mistake_is_named_but_not_what_stands_there() -> None:
    with pytest.raises(Trouble, match="no submissions") as caught:
        records(json.dumps(submission()) + '\n{"name": Hodan}')

    assert "line 2" in caught.value.why
    assert "Hodan" not in " ".join(caught.value.lines())


def test_a_raw_record_has_nothing_that_was_not_given() -> None:
    given = (("ce_id", b"x"), ("empty", b""), ("null", None))

    record = raw_record(b"\xff", None, given)

    assert (record.key, record.value, record.headers, record.event_id) == (None, b"\xff", given, "x")


@pytest.mark.parametrize(
    "given",
    [(), (("ce_id", None),), (("ce_id", b"\xff"),), (("ce_id", b"x"), ("ce_id", b"x")), (("ce_id", b"x" * 101),)],
)
def test_a_raw_record_whose_id_nobody_can_read_has_none(given: tuple[tuple[str, bytes | None], ...]) -> None:
    assert raw_record(b"{}", b"key", given).event_id is None


def test_the_id_of_a_raw_record_in_structured_mode_is_the_one_inside() -> None:
    structured = (("content-type", b"application/cloudevents+json; charset=utf-8"),)

    assert raw_record(json.dumps(cloudevent()).encode(), None, structured).event_id == "event-1"
    assert raw_record(json.dumps(cloudevent()).encode(), None, ()).event_id is None
    assert raw_record(b"{", None, structured).event_id is None
