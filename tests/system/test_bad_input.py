"""Every row of the contract's bad-input table on the live broker: one verdict each, and nobody else is harmed.

A good record stands before and after each bad one. Everything is sent once, in one go, and then looked at.
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from support.system_bad_input import CANARY, Row, bad_input, good
from support.system_tables import rows
from support.system_topics import Answer, Desk, Record, attributes, ends, everything_on, services_time

from upstream_stack.stack import Stack

NAMES = [row.name for row in bad_input(datetime(2026, 11, 21, tzinfo=UTC))]
COPIED_BYTES_MAX = 64 * 1024
VERDICTS = ("accepted", "duplicate", "redirected", "rejected", "quarantined")


@dataclass(frozen=True, slots=True)
class Told:
    """One row, where it lay, and all that was answered to it."""

    row: Row
    offset: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Outcome:
    told: Mapping[str, Told]
    good: list[Answer]
    sent_count: int
    answered_count: int


@pytest.fixture(scope="module")
def outcome(stack: Stack) -> Outcome:
    desk, at = Desk(stack), services_time(stack)
    table = bad_input(at)
    records = [good(at)]
    for row in table:
        records += [row.record, good(at)]
    offsets = desk.send(records)
    answers = desk.answers(len(records))
    told = {row.name: Told(row, offsets[2 * n + 1], answers[2 * n + 1]) for n, row in enumerate(table)}
    return Outcome(told, answers[0::2], len(records), len(answers))


def test_each_record_gets_exactly_one_answer_and_the_offset_moves_on(stack: Stack, outcome: Outcome) -> None:
    assert outcome.answered_count == outcome.sent_count
    (lag,) = [row for row in json.loads(stack.run("topics", "--json")) if row["topic"] == Desk(stack).submissions]
    assert (lag["group"], lag["lag_messages"]) == ("intake.partners", 0)


def test_every_good_record_between_the_bad_ones_is_accepted(outcome: Outcome) -> None:
    assert {answer.data["verdict"] for answer in outcome.good} == {"accepted"}
    assert len({answer.data["reference"] for answer in outcome.good}) == len(outcome.told) + 1


@pytest.mark.parametrize("name", NAMES)
def test_it_gets_its_verdict(outcome: Outcome, name: str) -> None:
    told = outcome.told[name]
    row, answer = told.row, told.answer
    assert (answer.data["verdict"], answer.data.get("reason_code")) == (row.verdict, row.reason)
    assert answer.headers["ce_type"] == f"intake.submission.{row.verdict}.v1"
    if row.problem:
        assert row.problem in [(problem["pointer"], problem["code"]) for problem in answer.data["problems"]]
    place = (answer.data.get("partition"), answer.data.get("offset"))
    assert place == ((0, told.offset) if row.unnamed else (None, None))
    if not row.unnamed:
        assert answer.key == row.record.key
        assert answer.headers["ce_causationid"] == answer.data["source_event_id"] == _id_in(row.record)


def test_a_record_without_a_readable_key_is_answered_without_one(outcome: Outcome) -> None:
    for name in ("null key", "key that is no UUID", "key that is no text"):
        assert outcome.told[name].answer.key is None
        assert "submission_id" not in outcome.told[name].answer.data


def test_the_same_id_again_is_answered_with_the_first_verdict_and_reference(outcome: Outcome) -> None:
    first = outcome.told["an id"].answer.data
    for name in ("same id, same bytes", "same id, same bytes, once more"):
        again = outcome.told[name].answer.data
        assert (again["first_verdict"], again["reference"]) == ("accepted", first["reference"])
    assert outcome.told["same id, rejected again"].answer.data["first_verdict"] == "rejected"


def test_no_answer_and_no_log_repeats_a_value(stack: Stack, outcome: Outcome) -> None:
    echoed = [name for name, told in outcome.told.items() if CANARY.lower().encode() in told.answer.raw.lower()]
    assert echoed == []
    logs = {path.name: path.read_bytes().lower() for path in stack.layout.logs.glob("*.log")}
    assert [name for name, text in logs.items() if CANARY.lower().encode() in text] == []


def test_what_was_consumed_is_accepted_duplicate_redirected_rejected_or_quarantined(stack: Stack, outcome: Outcome) -> None:
    desk = Desk(stack)
    given = Counter(json.loads(message.value() or b"")["verdict"] for message in everything_on(desk.config, desk.results))
    assert set(given) <= set(VERDICTS)
    assert given.total() == ends(stack.kafka_admin_config(), desk.submissions)[0]


# ---- dead letters


def _letters(stack: Stack, outcome: Outcome) -> list[dict[str, Any]]:
    """Those that were made here, off the topic."""
    first = min(told.offset for told in outcome.told.values()) - 1
    found = [json.loads(m.value() or b"") for m in everything_on(stack.kafka_admin_config(), "intake.dead-letters.v1")]
    return [letter for letter in found if letter["topic"] == Desk(stack).submissions and letter["offset"] >= first]


def test_the_dead_letter_topic_holds_what_a_person_must_look_at_and_nothing_else(stack: Stack, outcome: Outcome) -> None:
    expected = sorted((told.offset, told.row.reason) for told in outcome.told.values() if told.row.for_a_person)
    assert sorted((letter["offset"], letter["reason"]) for letter in _letters(stack, outcome)) == expected


def test_the_copy_on_the_topic_has_the_bytes_as_they_came(stack: Stack, outcome: Outcome) -> None:
    letters = {letter["offset"]: letter for letter in _letters(stack, outcome)}
    for told in outcome.told.values():
        if told.row.for_a_person:
            letter, record = letters[told.offset], told.row.record
            value = record.value or b""
            assert (letter["value_bytes"], letter["value_hash"]) == (len(value), sha256(value).hexdigest())
            assert _decoded(letter.get("value")) == (None if len(value) > COPIED_BYTES_MAX else record.value), told.row.name
            assert _decoded(letter.get("key")) == record.key
            assert _headers(_decoded(letter["headers"])) == list(record.headers)


def test_the_table_has_the_bytes_as_they_came_and_nothing_of_what_is_too_large(stack: Stack, outcome: Outcome) -> None:
    first = min(told.offset for told in outcome.told.values()) - 1
    query = "SELECT * FROM runtime.set_aside WHERE topic = $1 AND position >= $2"
    kept = {row["position"]: row for row in rows(stack, "intake", query, Desk(stack).submissions, first)}
    expected = {told.offset: told.row for told in outcome.told.values() if told.row.for_a_person}
    assert kept.keys() == expected.keys()
    for offset, row in expected.items():
        value = None if row.reason == "oversize" else row.record.value
        assert (kept[offset]["reason"], kept[offset]["value"], kept[offset]["key"]) == (row.reason, value, row.record.key)
        assert _headers(kept[offset]["headers"]) == list(row.record.headers)


def test_an_operator_lists_and_shows_them(stack: Stack, outcome: Outcome) -> None:
    told = outcome.told["trailing bytes"]
    listed = json.loads(stack.run("dead-letters", "list", "--json"))
    (letter,) = [letter for letter in listed if (letter["topic"], letter["offset"]) == (Desk(stack).submissions, told.offset)]
    assert CANARY not in json.dumps(listed)
    shown = stack.run("dead-letters", "show", letter["dead_letter_id"], "--body")
    assert shown.encode().endswith(told.row.record.value or b"no value")


# ---- what never comes in, and what comes in late


def test_two_megabytes_are_refused_at_the_sender_by_its_library_and_by_the_broker(stack: Stack, outcome: Outcome) -> None:
    desk = Desk(stack)
    before = ends(desk.config, desk.submissions)
    record = replace(good(services_time(stack)), value=b"7" * 2_000_000)
    with pytest.raises(KafkaException) as refused:
        desk.send([record])
    assert refused.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE
    assert _said_by_the_broker(desk, record) == KafkaError.MSG_SIZE_TOO_LARGE
    assert ends(desk.config, desk.submissions) == before


def test_a_very_old_wish_is_accepted_as_late_and_writes_to_nobody(stack: Stack, outcome: Outcome) -> None:
    case = outcome.told["very old"].answer.headers["ce_correlationid"]
    published = everything_on(stack.kafka_admin_config(), "intake.requests.v1")
    said = {attributes(m)["ce_type"]: m for m in published if attributes(m)["ce_correlationid"] == case}
    assert said.keys() == {"intake.request.received.v1", "intake.request.triaged.v1"}
    assert json.loads(said["intake.request.received.v1"].value() or b"")["late"] is True
    assert rows(stack, "notifier-public", "SELECT * FROM notice WHERE request_id::text = $1", case) == []


def test_afterwards_the_next_one_is_taken_as_ever(stack: Stack, outcome: Outcome) -> None:
    desk = Desk(stack)
    desk.send([good(services_time(stack))])
    assert [answer.data["verdict"] for answer in desk.answers(1)] == ["accepted"]


def _said_by_the_broker(desk: Desk, record: Record) -> int | None:
    """What the broker says to a sender whose library does not look at sizes."""
    said: list[KafkaError | None] = []
    producer = Producer({**desk.config, "message.max.bytes": 5_000_000, "log_level": 0})
    producer.produce(desk.submissions, record.value, record.key, on_delivery=lambda error, _: said.append(error))
    producer.flush(30)
    return None if said[0] is None else int(said[0].code())


def _id_in(record: Record) -> str | None:
    named = {name: value for name, value in record.headers if value is not None}
    if "ce_id" in named:
        return named["ce_id"].decode()
    found: str = json.loads(record.value or b"{}")["id"]
    return found


def _decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _headers(content: bytes | None) -> list[tuple[str, bytes | None]]:
    return [(name, None if value is None else bytes.fromhex(value)) for name, value in json.loads(content or b"[]")]
