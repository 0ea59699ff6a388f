"""What a discreet topic tells and what it does not, and what is blanked in the outbox: after a day, and once it is erased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import Connection
from confluent_kafka import Message
from support.engine_kafka import Bus
from support.engine_parts import OneRecord, Running, take, until
from support.engine_relay import relay_of, relaying
from support.engine_service import COUNTER, CounterShownV1, PageKeptV1, RaiseAnsweredV1

from upstream_runtime.apply import Mind, Step, only
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Cause, Context, Decision, Erased, ErasedFor, To
from upstream_runtime.housekeeping import Housekeeping
from upstream_schemas.topic import Topic

TOLD = {"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_dataschema", "content-type", "ce_subject"}
TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def with_topic(one: Running, topic: Topic, **changed: Any) -> None:
    """The same service, one row of whose catalogue is another."""
    catalogue = tuple(replace(each, **changed) if each == topic else each for each in one.app.catalogue)
    one.app = replace(one.app, catalogue=catalogue)
    one.engine.mind = Mind(one.app, one.engine.mind.stream, one.engine.mind.secret, one.engine.mind.voice.chance)


def traced(record: OneRecord) -> OneRecord:
    return replace(record, headers=[*record.headers, ("traceparent", TRACE)])


def headers_of(record: Message) -> dict[str, str]:
    found: Any = record.headers()
    return {name: value.decode() for name, value in found}


@dataclass(frozen=True, slots=True)
class Saying:
    """A decision that says these things."""

    said: tuple[Any, ...]

    def decide(self, _: Any, __: None, ___: Context[Any]) -> Decision[Any]:
        return Decision(events=self.said)


async def say(one: Running, *said: Any) -> None:
    cause = Cause(str(fresh_id()), "/test", one.clock.now())
    await one.engine.transact(only(Step(COUNTER, fresh_id(), Saying(said).decide, None, cause)))


async def bodies(one: Running, topic: str) -> list[bytes | None]:
    rows = await one.pool.fetch("SELECT value FROM runtime.outbox WHERE topic = $1 ORDER BY partition, n", topic)
    return [row["value"] for row in rows]


# ---- what is told


async def test_a_record_of_a_discreet_topic_tells_nothing_of_its_cause_and_only_the_hour(one: Running, bus: Bus) -> None:
    bus.make(one.topics)
    with_topic(one, one.topics.shown, discreet=True)
    one.clock.at = one.clock.at.replace(minute=47, second=11, microsecond=123_456)
    hour = one.clock.at.replace(minute=0, second=0, microsecond=0)
    for n in (1, 2):
        await one.take(traced(one.raised(n)))
    async with relaying(relay_of(bus, one)):

        async def arrived() -> bool:
            return len(bus.read(one.topics.shown.name)) == 2

        await until(arrived)
    ids = set()
    for record in bus.read(one.topics.shown.name):
        told = headers_of(record)
        assert set(told) == {*TOLD, "ce_sequence"}
        assert UUID(told["ce_id"]).version == 4
        ids.add(told["ce_id"])
        assert datetime.fromisoformat(told["ce_time"]) == hour
        assert record.timestamp()[1] == int(hour.timestamp() * 1000)
        assert told["ce_subject"] == (record.key() or b"").decode()
    assert len(ids) == 2
    rows = await one.pool.fetch("SELECT said_at FROM runtime.outbox WHERE topic = $1", one.topics.shown.name)
    assert {row["said_at"] for row in rows} == {hour}, "the outbox knows no better"


async def test_on_any_other_topic_cause_case_revision_and_trace_are_told(one: Running) -> None:
    """The control: there is something that a discreet topic leaves out."""
    await one.take(traced(one.raised(1)))
    headers = await one.pool.fetchval("SELECT headers FROM runtime.outbox WHERE topic = $1", one.topics.shown.name)
    for name in ("ce_causationid", "ce_correlationid", "ce_revision", "traceparent"):
        assert name in headers.decode()


async def test_a_random_id_is_final_with_its_commit(one: Running) -> None:
    with_topic(one, one.topics.shown, discreet=True)
    record = one.raised(1)
    await one.take(record)
    once = await one.dump()
    await one.take(record)
    await take(one.another(), [record])
    assert await one.dump() == once


async def test_one_cause_in_two_databases_leaves_two_ids(one: Running) -> None:
    """Nothing of it is drawn from the cause, the key or the secret, as every other id is."""
    with_topic(one, one.topics.shown, discreet=True)
    ids = []
    for _ in range(2):
        await one.pool.execute("TRUNCATE counter, runtime.outbox, runtime.counter, runtime.watermark")
        await take(one.another(), [one.raised(1, "one", key=UUID(int=7))])
        ids.append(await one.pool.fetchval("SELECT headers FROM runtime.outbox WHERE topic = $1", one.topics.shown.name))
    assert ids[0] != ids[1]


async def test_a_decision_gets_random_ids_that_are_no_other_s(one: Running) -> None:
    drawn: list[UUID] = []

    def decide(_: Any, __: None, ctx: Context[Any]) -> Decision[Any]:
        drawn.extend(ctx.fresh_id() for _ in range(20))
        return Decision()

    cause = Cause(str(fresh_id()), "/test", one.clock.now())
    await one.engine.transact(only(Step(COUNTER, fresh_id(), decide, None, cause)))
    assert len(set(drawn)) == 20
    assert {each.version for each in drawn} == {4}


# ---- what is blanked


async def test_bodies_are_blanked_once_they_were_sent_and_their_time_is_over(one: Running) -> None:
    with_topic(one, one.topics.shown, blanked_after=timedelta(days=1), partitions=1)
    topic, kept = one.topics.shown.name, one.topics.letters.name
    for n in (1, 2, 3):
        await one.take(one.raised(n))
        one.clock.forward(3600)
    await one.take(one.asked(0, "a", "asked", fresh_id()))
    await one.pool.execute("INSERT INTO runtime.sent VALUES ($1, 0, 2)", topic)
    keeping = Housekeeping(one.engine, one.app)

    one.clock.forward(20 * 3600)
    await keeping.once()
    assert None not in await bodies(one, topic), "their time is not over"
    one.clock.forward(24 * 3600)
    await keeping.once()
    await keeping.once()
    found = await bodies(one, topic)
    assert [value is None for value in found] == [True, True, False, False], "what was not sent yet stays whole"
    numbers = await one.pool.fetch("SELECT n, headers FROM runtime.outbox WHERE topic = $1 ORDER BY n", topic)
    assert [row["n"] for row in numbers] == [1, 2, 3, 4]
    assert None not in await bodies(one, one.topics.answered)
    assert await bodies(one, kept) == []


async def test_a_catalogue_that_blanks_nothing_keeps_every_body(one: Running) -> None:
    await one.take(one.raised(1))
    await one.pool.execute("INSERT INTO runtime.sent SELECT topic, partition, n FROM runtime.counter")
    one.clock.forward(30 * 24 * 3600)
    await Housekeeping(one.engine, one.app).once()
    assert None not in await bodies(one, one.topics.shown.name)


async def test_what_a_tombstone_erases_is_erased_in_the_outbox_and_nothing_else_is(one: Running) -> None:
    with_topic(one, one.topics.shown, partitions=1)
    topic, gone, stays = one.topics.shown.name, fresh_id(), fresh_id()
    for key in (gone, stays, gone):
        await say(one, CounterShownV1(counter_id=key, label="a canary", count=1))
    await say(one, Erased(CounterShownV1, gone))
    rows = await one.pool.fetch("SELECT n, key, value FROM runtime.outbox WHERE topic = $1 ORDER BY n", topic)
    assert [(row["n"], row["value"] is None) for row in rows] == [(1, True), (2, False), (3, True), (4, True)]
    assert rows[3]["key"] == str(gone).encode()


async def test_one_party_s_tombstone_touches_no_other_party_s_topic(one: Running) -> None:
    key = fresh_id()
    for party in ("parks", "library"):
        await say(one, To(party, RaiseAnsweredV1(counter_id=key, verdict="accepted")))
    await say(one, ErasedFor("parks", RaiseAnsweredV1, key))
    parks, library = (one.topics.answers.for_party(party) for party in ("parks", "library"))
    assert await bodies(one, parks) == [None, None]
    assert len([value for value in await bodies(one, library) if value is not None]) == 1


async def test_what_was_erased_before_it_was_sent_is_never_sent(one: Running, bus: Bus) -> None:
    bus.make(one.topics)
    key = fresh_id()
    await say(one, CounterShownV1(counter_id=key, label="a canary", count=1))
    await say(one, Erased(CounterShownV1, key))
    async with relaying(relay_of(bus, one)):

        async def arrived() -> bool:
            return len(bus.read(one.topics.shown.name)) == 2

        await until(arrived)
    assert [record.value() for record in bus.read(one.topics.shown.name)] == [None, None]


# ---- ids that outsiders know a state by


async def test_a_state_is_found_by_the_id_that_an_outsider_knows_it_by(one: Running) -> None:
    """Two names of one state in one batch are one state; an id that nobody resolves stands for itself."""
    own, alias, other = fresh_id(), fresh_id(), fresh_id()
    asked_for: list[Sequence[UUID]] = []

    async def resolve(_: Connection, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        asked_for.append(ids)
        return {alias: own}

    known_as = replace(COUNTER, resolve=resolve)
    inlet = replace(one.app.inlets[0], aggregate=known_as)
    one.app = replace(one.app, inlets=(inlet,))
    one.engine.mind = Mind(one.app, one.engine.mind.stream, one.engine.mind.secret)
    one.consumer = one.another()
    await one.take(
        one.asked(0, "a", "by its alias", alias), one.asked(1, "b", "by its own id", own), one.asked(2, "c", "else", other)
    )
    assert await one.labels(own) == ["by its alias", "by its own id"]
    assert await one.labels(alias) == []
    assert await one.labels(other) == ["else"]
    assert asked_for == [sorted({own, alias, other})], "one look for the whole batch, in a fixed order"
    assert {answer["counter_id"] for answer in await one.answers()} == {str(own), str(other)}


def test_the_topics_of_the_engine_s_tests_are_not_discreet_by_themselves(one: Running) -> None:
    assert not [topic for topic in one.app.catalogue if topic.discreet or topic.tick or topic.blanked_after]
    assert PageKeptV1.TYPE


async def test_what_is_said_and_erased_in_one_transaction_leaves_no_body(one: Running) -> None:
    key = fresh_id()
    said = (CounterShownV1(counter_id=key, label="a canary", count=1), Erased(CounterShownV1, key))
    cause = Cause("said and erased", "/test", one.clock.now())
    await one.engine.transact(only(Step(COUNTER, key, lambda *_: Decision(events=said), None, cause)))
    rows = await one.pool.fetch("SELECT n, value FROM runtime.outbox WHERE topic = $1 ORDER BY n", one.topics.shown.name)
    assert [(row["n"], row["value"]) for row in rows] == [(1, None), (2, None)]
