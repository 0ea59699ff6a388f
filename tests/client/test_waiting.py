"""Which answer belongs to which record."""

import pytest
from support.client_builders import accepted, duplicate, on_the_wire, quarantined, record

from upstream_client.waiting import Waiting, read_answer
from upstream_schemas.envelope import Unreadable


def test_an_answer_is_read_with_the_id_of_the_record_it_answers() -> None:
    assert read_answer(*on_the_wire(duplicate(), "event-1")) == ("event-1", duplicate())


def test_an_answer_of_a_newer_contract_is_told_apart() -> None:
    headers, value = on_the_wire(accepted(), "event-1")
    newer = [(name, text.replace(b".v1", b".v2")) for name, text in headers]

    with pytest.raises(Unreadable, match="unsupported-version"):
        read_answer(newer, value)


@pytest.mark.parametrize(("causation", "event_id"), [("event-1", None), (None, "event-1"), ("event-1", "event-1")])
def test_an_answer_names_its_record_by_causation_or_by_event_id(causation: str | None, event_id: str | None) -> None:
    waiting = Waiting([record(1, "event-0"), record(2, "event-1")])

    answers = waiting.take(causation, accepted(event_id))

    assert answers == record(2, "event-1")
    assert waiting.unsettled == [record(1, "event-0")]


def test_an_answer_to_somebody_elses_record_changes_nothing() -> None:
    waiting = Waiting([record()])

    assert waiting.take("event-9", accepted("event-9")) is None
    assert waiting.unsettled == [record()]


def test_a_second_answer_to_the_same_record_is_passed_over() -> None:
    waiting = Waiting([record()])
    waiting.take("event-1", accepted())

    assert waiting.take("event-1", duplicate()) is None


def test_records_of_the_same_id_are_answered_in_the_order_they_were_sent() -> None:
    waiting = Waiting([record(1), record(2)])

    assert waiting.take("event-1", accepted()) == record(1)
    assert waiting.take("event-1", duplicate()) == record(2)
    assert waiting.unsettled == []


def test_a_record_without_a_readable_id_is_found_by_where_it_lies() -> None:
    waiting = Waiting([record(1, None), record(2, None)])
    waiting.sent(record(1, None), (0, 7))
    waiting.sent(record(2, None), (0, 8))

    assert waiting.take("0/8", quarantined(offset=8)) == record(2, None)
    assert waiting.unsettled == [record(1, None)]


def test_an_answer_that_is_faster_than_the_brokers_receipt_is_not_lost() -> None:
    waiting = Waiting([record(1, None)])
    assert waiting.take("0/7", quarantined(offset=7)) is None

    assert waiting.sent(record(1, None), (0, 7)) == quarantined(offset=7)
    assert waiting.unsettled == []


def test_a_record_sent_twice_is_answered_wherever_it_lies() -> None:
    waiting = Waiting([record(1, None)])
    waiting.sent(record(1, None), (0, 7))
    waiting.sent(record(1, None), (0, 9))

    assert waiting.take("0/7", quarantined(offset=7)) == record(1, None)
    assert waiting.take("0/9", quarantined(offset=9)) is None


def test_a_record_settles_once() -> None:
    waiting = Waiting([record()])

    assert waiting.settle(record()) is True
    assert waiting.settle(record()) is False
