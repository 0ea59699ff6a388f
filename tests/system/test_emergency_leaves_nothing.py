"""Emergencies through the whole system: 911 at once, and no word of the text in any table, topic of ours, log or mail.

Each text carries a word of its own that stands nowhere else. The one place it may lie in is the source's own topic.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from decisions.intake.emergency_sentences import EMERGENCIES
from support.system_files import bytes_of
from support.system_mail import mails
from support.system_tables import every_row
from support.system_topics import (
    Answer,
    Desk,
    Record,
    everything,
    everything_on,
    fresh,
    question,
    services_time,
    submission_record,
)

from upstream_schemas.topics import PROCESSES
from upstream_stack.kafka_access import admin_client
from upstream_stack.stack import Stack

WORD = "Qvxemergencyword"
LANGUAGES = ("en", "es", "so", "ar")
OF_EACH = 8
CRISIS_LINE = "self-harm"


@dataclass(frozen=True, slots=True)
class Told:
    """One emergency: its text, the rule a dispatcher would name, the record, and what was answered."""

    language: str
    rule: str
    record: Record
    answer: Answer


def chosen() -> list[tuple[str, str, str]]:
    """Sentences of every language, of as many rules as there are."""
    found = []
    for language in LANGUAGES:
        mine = [row for row in EMERGENCIES if row[0] == language]
        found += mine[:: max(1, len(mine) // OF_EACH)][:OF_EACH]
    return found


@pytest.fixture(scope="module")
def told(stack: Stack) -> list[Told]:
    desk, at = Desk(stack), services_time(stack)
    sent = []
    for number, (language, rule, sentence) in enumerate(chosen()):
        document = question(at, language=language, safety_interest=f"{sentence}\n{WORD}{number}", **{WORD: WORD})
        sent.append((language, rule, submission_record(document, at)))
    sent += [("en", "weapon", record) for record in wrong_ones(stack)]
    desk.send([record for _, __, record in sent])
    answers = desk.answers(len(sent))
    assert len(answers) == len(sent)
    return [Told(*row, answer) for row, answer in zip(sent, answers, strict=True)]


def wrong_ones(stack: Stack) -> Iterator[Record]:
    """Emergencies in records that would otherwise be set aside with all their bytes."""
    at = services_time(stack)
    good = submission_record(question(at, safety_interest=f"he has a gun\n{WORD}"), at)
    yield Record(good.key, (good.value or b"") + b" trailing", named(good))
    yield Record(good.key, f'he has a gun. "{WORD}'.encode(), named(good))
    yield Record(good.key, f"he has a gun. {WORD}".encode("utf-16"), named(good))
    yield Record(fresh().encode(), good.value, named(good))
    yield Record(good.key, good.value, ())


def named(record: Record) -> tuple[tuple[str, bytes | None], ...]:
    return tuple((name, fresh().encode() if name == "ce_id" else value) for name, value in record.headers)


def test_there_are_at_least_eight_in_each_of_four_languages(told: list[Told]) -> None:
    assert {language: sum(t.language == language for t in told) >= OF_EACH for language in LANGUAGES} == dict.fromkeys(
        LANGUAGES, True
    )


def test_each_is_redirected_as_an_emergency_with_911_in_its_wording(told: list[Told]) -> None:
    wrong = [
        (t.language, t.rule, t.answer.data["verdict"], t.answer.data.get("reason_code"))
        for t in told
        if (t.answer.data["verdict"], t.answer.data.get("reason_code")) != ("redirected", "emergency")
    ]
    assert wrong == []
    assert [t.rule for t in told if "911" not in t.answer.data["redirect"]["wording"]] == []
    assert {t.answer.data["redirect"]["phone"] for t in told if t.rule != CRISIS_LINE} == {"911"}


def test_the_wording_is_in_the_language_of_the_emergency(told: list[Told]) -> None:
    wordings = {
        language: {t.answer.data["redirect"]["wording"] for t in told if t.language == language} for language in LANGUAGES
    }
    seen: set[str] = set()
    for found in wordings.values():
        assert not seen & found
        seen |= found


def test_each_is_counted_as_an_outcome_without_a_request(stack: Stack, told: list[Told]) -> None:
    published = [json.loads(m.value() or b"{}") for m in everything_on(stack.kafka_admin_config(), "intake.requests.v1")]
    emergencies = [event for event in published if event.get("emergency") is True]
    assert len(emergencies) >= len(told)
    assert {tuple(sorted(event)) for event in emergencies} == {("emergency", "office", "request_id", "rule", "source")}


def test_no_word_of_them_is_in_any_table(stack: Stack, told: list[Told]) -> None:
    everything = every_row(stack)
    assert {process for process, _, __ in everything} == set(PROCESSES)
    assert any(table == "runtime.inbox" for _, table, __ in everything)
    assert [(process, table) for process, table, text in everything if holds(text.encode())] == []


def test_no_word_of_them_is_on_any_topic_but_the_source_s_own(stack: Stack, told: list[Told]) -> None:
    found = {topic: count for topic, count in records_with_the_word(stack).items() if count}
    assert found == {Desk(stack).submissions: len(told)}


def test_no_log_and_no_mail_has_a_word_of_them(stack: Stack, told: list[Told]) -> None:
    logs = list(stack.layout.logs.glob("*.log"))
    assert {"intake.log", "scheduler.log", "notifier-public.log", "kafka.log", "postgres.log"} <= {log.name for log in logs}
    assert [log.name for log in logs if holds(log.read_bytes())] == []
    assert [mail["message-id"] for mail in mails(stack) if holds(mail.as_bytes())] == []


def test_no_file_of_the_whole_stack_holds_a_word_of_them_but_the_broker_s_log_of_the_source_s_topic(
    stack: Stack, told: list[Told]
) -> None:
    """Database pages and their log, broker segments, state, mail. What we write to topics is compressed: see above for that."""
    places = [stack.layout.run_dir, stack.layout.elsewhere]
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert any(path.parent.name == "pg_wal" for path in files)
    assert {path.parent.name for path in files if holds(bytes_of(path))} == {f"{Desk(stack).submissions}-0"}


def records_with_the_word(stack: Stack) -> Mapping[str, int]:
    """How many records of each topic of the broker, its own included, have the word in key, value or a header."""
    config = stack.kafka_admin_config()
    topics = everything(config, admin_client(config).list_topics(timeout=60).topics)
    assert any(topics["__consumer_offsets"])
    parts = {
        topic: [(m.key() or b"") + (m.value() or b"") + repr(m.headers()).encode() for m in records]
        for topic, records in topics.items()
    }
    return {topic: sum(map(holds, found)) for topic, found in parts.items()}


def holds(content: bytes) -> bool:
    """Is the word in it, in any spelling that a table, a log or a letter would give it?"""
    lower = content.lower()
    word = WORD.lower()
    return any(spelling in lower for spelling in (word.encode(), word.encode().hex().encode(), word.encode("utf-16-le")))
