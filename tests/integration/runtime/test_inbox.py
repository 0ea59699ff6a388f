"""Records from outside: each id gets one effect and the first answer, however often and however it comes."""

import pytest
from support.engine_parts import Running

from upstream_runtime.clock import fresh_id


def verdicts(answers: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(answer["verdict"], answer["code"], answer.get("count")) for answer in answers]


ACCEPTED, DUPLICATE, REUSED = ("accepted", "raised", 1), ("duplicate", "duplicate", 1), ("quarantined", "id-reuse", None)


async def test_the_same_id_with_the_same_bytes_gets_the_first_answer_again(one: Running) -> None:
    key = fresh_id()
    await one.take(one.asked(0, "a", "first", key))
    await one.take(one.asked(1, "b", "second", key))
    await one.take(one.asked(2, "a", "first", key))
    assert await one.labels(key) == ["first", "second"]
    assert verdicts(await one.answers()) == [ACCEPTED, ("accepted", "raised", 2), DUPLICATE]


async def test_the_same_id_twice_in_one_batch_is_one_effect_and_two_answers(one: Running) -> None:
    key = fresh_id()
    await one.take(one.asked(0, "a", "first", key), one.asked(1, "a", "first", key), one.asked(2, "b", "second", key))
    assert await one.labels(key) == ["first", "second"]
    assert verdicts(await one.answers()) == [ACCEPTED, DUPLICATE, ("accepted", "raised", 2)]


@pytest.mark.parametrize("together", [True, False])
async def test_the_same_id_with_other_bytes_is_set_aside_and_does_nothing(one: Running, together: bool) -> None:
    key = fresh_id()
    first, other = one.asked(0, "a", "first", key), one.asked(1, "a", "other", key)
    for batch in [(first, other)] if together else [(first,), (other,)]:
        await one.take(*batch)
    assert await one.labels(key) == ["first"]
    assert verdicts(await one.answers()) == [ACCEPTED, REUSED]
    assert await one.pool.fetch("SELECT position, reason, value FROM runtime.set_aside") == [(1, "id-reuse", other.value)]


async def test_a_third_copy_still_gets_the_first_answer_after_another_text_was_refused(one: Running) -> None:
    key = fresh_id()
    await one.take(one.asked(0, "a", "first", key), one.asked(1, "a", "other", key), one.asked(2, "a", "first", key))
    assert verdicts(await one.answers()) == [ACCEPTED, REUSED, DUPLICATE]


async def test_two_sources_may_use_the_same_ids(one: Running) -> None:
    key = fresh_id()
    await one.take(one.asked(0, "a", "from parks", key), one.asked(0, "a", "from schools", key, source="schools"))
    assert sorted(await one.labels(key)) == ["from parks", "from schools"]
    assert [len(await one.answers(source)) for source in ("parks", "schools")] == [1, 1]


async def test_a_refused_record_sent_again_gets_its_refusal_again_and_is_set_aside_once(one: Running) -> None:
    key = fresh_id()
    good = one.asked(0, "a", "first", key)
    for offset in range(2):
        await one.take(type(good)(good.topic, 0, offset, good.key, b'{"counter_id"', good.headers))
    assert [answer["verdict"] for answer in await one.answers()] == ["quarantined", "duplicate"]
    assert await one.pool.fetchval("SELECT count(*) FROM runtime.set_aside") == 1
