"""What the checker's questions mean where a database was put back (D4) or a broker wiped (B4): each still silent and still red."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from faults.evidence import Evidence
from faults.invariants import INVARIANTS, said_again
from faults_harness.evidence_builders import ANSWERS, ASKS, BEGAN, MOVED, PASSED, effect, on_topic, said, whole, with_a_letter

AGAIN = ("c", "passed")


def put_back() -> Evidence:
    """B was put back to before it passed the ask on, and passed it on once more: C heard that twice."""
    found = whole()
    b, c = found.bases["b"], found.bases["c"]
    found.faults.append({"row": "D4", "began": 100.0, "since": 110.0, "healed": 120.0, "process": "b"})
    b.ended["stream-b"] = {}
    b.stream = "stream-after"
    found.topics[PASSED].append(on_topic(PASSED, 1, said(ordinal=1, origin=1), "stream-after", 1))
    c.effects.append(effect("passed", ordinal=3))
    return found


def asked_again() -> Evidence:
    """A was put back to before it was asked, and was asked once more: B heard that twice, and passed it on twice by itself."""
    found = whole()
    a, b, c = found.bases["a"], found.bases["b"], found.bases["c"]
    found.faults.append({"row": "D4", "began": 100.0, "since": 110.0, "healed": 120.0, "process": "a"})
    a.ended["stream-a"] = {(ANSWERS, 0): 0, (MOVED, 0): 0}
    a.stream = "stream-after"
    for topic, value in ((ANSWERS, said(verdict="accepted")), (MOVED, said(ordinal=1))):
        found.topics[topic].append(on_topic(topic, 1, value, "stream-after", 1))
    passed = said(ordinal=2, origin=1)
    found.topics[PASSED].append(on_topic(PASSED, 1, passed, "stream-b", 2))
    b.effects.append(effect("moved", ordinal=2))
    b.outbox[PASSED, 0].append((2, passed))
    b.counters[PASSED, 0] = c.marks[PASSED, 0] = 2
    c.effects += [effect("moved", ordinal=3), effect("passed", ordinal=4)]
    return found


def passed_on_a_third_time(found: Evidence) -> None:
    found.topics[PASSED].append(on_topic(PASSED, 2, said(ordinal=3, origin=1), "stream-b", 3))
    found.bases["c"].effects.append(effect("passed", ordinal=5))


def heard_once_only(found: Evidence) -> None:
    found.bases["c"].effects.pop()


def heard_three_times(found: Evidence) -> None:
    found.bases["c"].effects.append(effect("passed", ordinal=4))


def went_back_twice(found: Evidence) -> None:
    found.bases["c"].effects += [effect("passed", ordinal=4), effect("passed", ordinal=5, origin=1)]


def left_one_out(found: Evidence) -> None:
    found.bases["c"].effects[-1]["origin"] = 3


def never_said_again(found: Evidence) -> None:
    found.topics[PASSED].pop()


def said_with_other_bytes(found: Evidence) -> None:
    found.topics[PASSED][-1] = on_topic(PASSED, 1, b"{}", "stream-after", 1)


def nobody_put_anything_back(found: Evidence) -> None:
    found.faults.clear()


def set_back_unsaid(found: Evidence) -> None:
    found.faults[0]["alerts"] = {"c": ["partition.set-back"]}
    found.logs = {"c": [{"event": "partition.set-back", "moment": 121.0}]}


RED: list[tuple[str, Callable[[Evidence], None]]] = [
    ("I1", heard_once_only), ("I1", heard_three_times), ("I1", nobody_put_anything_back), ("I4", said_with_other_bytes),
    ("I5", went_back_twice), ("I5", left_one_out), ("I6", never_said_again), ("I13", set_back_unsaid),
]  # fmt: skip


@pytest.mark.parametrize("restored", [put_back, asked_again])
@pytest.mark.parametrize("name", INVARIANTS)
def test_what_a_reader_applies_again_after_a_restore_is_no_violation(name: str, restored: Callable[[], Evidence]) -> None:
    assert INVARIANTS[name](restored()) == []


def test_what_a_reader_applies_again_is_counted() -> None:
    assert {place: asks.total() for place, asks in said_again(put_back()).items() if asks} == {AGAIN: 1}
    assert not any(said_again(whole()).values())
    again = {place: asks.total() for place, asks in said_again(asked_again()).items() if asks}
    assert again == {("b", "moved"): 1, ("c", "moved"): 1, AGAIN: 1}


@pytest.mark.parametrize("breaks", [heard_once_only, passed_on_a_third_time, nobody_put_anything_back])
def test_who_was_told_twice_passes_on_twice_neither_more_nor_less(breaks: Callable[[Evidence], None]) -> None:
    found = asked_again()
    breaks(found)
    assert INVARIANTS["I1"](found) != []


@pytest.mark.parametrize(("name", "breaks"), RED, ids=lambda given: getattr(given, "__name__", given))
def test_one_thing_that_is_wrong_after_a_restore_turns_its_invariant_red(
    name: str, breaks: Callable[[Evidence], None]
) -> None:
    found = put_back()
    breaks(found)
    assert INVARIANTS[name](found) != []


def test_alert_is_counted_from_the_moment_that_a_fault_names() -> None:
    found = put_back()
    set_back_unsaid(found)
    found.logs["c"][0]["moment"] = 119.0
    assert INVARIANTS["I13"](found) == []


def wiped(set_aside_at: float) -> Evidence:
    """A letter is kept of an offset, and after the wipe another record stands at that offset, whose ask was accepted."""
    found = with_a_letter()
    found.faults.append({"row": "B4", "began": 100.0, "healed": 120.0, "anew": BEGAN.timestamp()})
    found.bases["a"].set_aside[0]["set_aside_at"] = BEGAN + timedelta(seconds=set_aside_at)
    found.topics[ASKS] = [on_topic(ASKS, 1, b"{}")]
    return found


def test_letter_from_before_a_wipe_says_nothing_about_the_record_that_stands_there_now() -> None:
    assert INVARIANTS["I8"](wiped(-1.0)) == []


def test_letter_from_after_a_wipe_must_be_of_the_record_that_stands_there() -> None:
    assert INVARIANTS["I8"](wiped(1.0)) != []


def test_unreadable_record_from_after_a_wipe_needs_an_answer_from_after_it() -> None:
    found = wiped(-1.0)
    found.topics[ASKS].append(on_topic(ASKS, 0, b"not json", "no", 1))
    assert INVARIANTS["I8"](found) != []
