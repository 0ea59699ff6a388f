"""The checker's questions, on evidence made by hand: silent where all is well, red where one thing is not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from faults.evidence import Evidence
from faults.invariants import INVARIANTS
from faults_harness.evidence_builders import (
    ANSWERS,
    ASKS,
    BEGAN,
    MOVED,
    PASSED,
    effect,
    on_topic,
    said,
    whole,
    with_a_letter,
)

FAULT = {"row": "B1", "began": 100.0, "healed": 120.0}


def lost_in_c(found: Evidence) -> None:
    found.bases["c"].effects.pop()


def doubled_in_b(found: Evidence) -> None:
    found.bases["b"].effects.append(effect("moved", ordinal=2))


def refused_and_done(found: Evidence) -> None:
    found.client[1]["what"] = "fail"


def unknown_and_half_done(found: Evidence) -> None:
    found.client.pop()
    found.bases["c"].effects.clear()


def never_asked(found: Evidence) -> None:
    found.client.clear()


def other_bytes_on_the_topic(found: Evidence) -> None:
    found.topics[MOVED][0] = on_topic(MOVED, 0, b"{}", "stream-a", 1)


def twice_on_the_topic(found: Evidence) -> None:
    found.topics[MOVED].append(on_topic(MOVED, 1, said(ordinal=1), "stream-a", 1))


def overtaken(found: Evidence) -> None:
    found.bases["b"].effects = [effect("moved", ordinal=1, origin=2, ask="another"), effect("moved", ordinal=2, origin=1)]


def update_lost(found: Evidence) -> None:
    found.bases["c"].effects[1]["ordinal"] = 1


def hole_in_the_outbox(found: Evidence) -> None:
    found.bases["a"].counters[MOVED, 0] = 2


def hole_on_the_topic(found: Evidence) -> None:
    found.topics[MOVED].clear()


def half_said(found: Evidence) -> None:
    found.bases["a"].outbox[ANSWERS, 0].clear()


def forgotten(found: Evidence) -> None:
    found.topics[ASKS].append(on_topic(ASKS, 1, b"{}", ask="forgotten"))


def unreadable_and_gone(found: Evidence) -> None:
    found.topics[ASKS].append(on_topic(ASKS, 1, b"{}", "no", 1))


def reminded_early(found: Evidence) -> None:
    found.bases["a"].effects[1]["at"] -= timedelta(seconds=1)


def reminded_late(found: Evidence) -> None:
    found.bases["a"].effects[1]["wall"] += timedelta(seconds=30)


def lag_stays(found: Evidence) -> None:
    found.quiet_after = 22.0


def somebody_read(found: Evidence) -> None:
    found.forbidden_reads.append("a stranger")


def nobody_said_so(found: Evidence) -> None:
    found.faults.append({**FAULT, "alerts": {"a": ["broker.unreachable"]}})
    found.logs = {"a": [{"event": "broker.unreachable", "moment": 111.0}]}


def others_wait_for_a_poison_key(found: Evidence) -> None:
    began = BEGAN.timestamp() - 1
    found.faults.append({"row": "M5", "began": began, "healed": began + 10, "poison": "another"})
    found.bases["b"].effects[0]["wall"] += timedelta(seconds=3)


RED: list[tuple[str, Callable[[Evidence], None]]] = [
    ("I1", lost_in_c), ("I1", doubled_in_b), ("I2", refused_and_done), ("I3", unknown_and_half_done), ("I4", never_asked),
    ("I4", other_bytes_on_the_topic), ("I4", twice_on_the_topic), ("I5", overtaken), ("I5", update_lost),
    ("I6", hole_in_the_outbox), ("I6", hole_on_the_topic), ("I7", half_said), ("I8", forgotten), ("I8", unreadable_and_gone),
    ("I9", reminded_early), ("I9", reminded_late), ("I10", lag_stays), ("I11", somebody_read), ("I13", nobody_said_so),
    ("M5", others_wait_for_a_poison_key),
]  # fmt: skip


@pytest.mark.parametrize("name", INVARIANTS)
def test_whole_evidence_breaks_no_invariant(name: str) -> None:
    assert INVARIANTS[name](whole()) == []
    assert INVARIANTS[name](with_a_letter()) == []


@pytest.mark.parametrize(("name", "breaks"), RED, ids=lambda given: getattr(given, "__name__", given))
def test_one_thing_that_is_wrong_turns_its_invariant_red(name: str, breaks: Callable[[Evidence], None]) -> None:
    found = whole()
    breaks(found)
    assert INVARIANTS[name](found) != []


def test_every_invariant_can_turn_red() -> None:
    assert {name for name, _ in RED} == INVARIANTS.keys()


def test_letter_with_other_bytes_is_a_violation() -> None:
    assert INVARIANTS["I8"](with_a_letter(kept=b"not jso")) != []


def test_what_is_parked_is_not_lost() -> None:
    found = whole()
    found.bases["c"].effects.pop()
    on_it = found.topics[PASSED][0]
    row = {"topic": PASSED, "partition": 0, "position": 0, "value": on_it.value}
    found.bases["c"].parked.append(row)
    assert INVARIANTS["I1"](found) == INVARIANTS["I8"](found) == []
    row["value"] = b"other bytes"
    assert INVARIANTS["I8"](found) != []


def test_number_that_stands_twice_after_a_fault_is_no_violation() -> None:
    found = whole()
    twice_on_the_topic(found)
    found.faults.append(FAULT)
    assert INVARIANTS["I4"](found) == []


def test_reminder_that_fell_into_a_fault_is_not_late() -> None:
    found = whole()
    late = found.bases["a"].effects[1]
    reminded_late(found)
    due = late["due_at"].timestamp()
    found.faults.append({"row": "B1", "began": due - 1, "healed": due + 15})
    assert INVARIANTS["I9"](found) == []


def test_alert_within_ten_seconds_is_in_time() -> None:
    found = whole()
    nobody_said_so(found)
    found.logs["a"][0]["moment"] = 109.0
    assert INVARIANTS["I13"](found) == []


def test_alert_that_stood_before_the_fault_still_stands_and_one_that_was_taken_back_does_not() -> None:
    found = whole()
    nobody_said_so(found)
    found.logs["a"] = [{"event": "broker.unreachable", "moment": 80.0}]
    assert INVARIANTS["I13"](found) == []
    found.logs["a"].append({"event": "broker.back", "moment": 90.0})
    assert INVARIANTS["I13"](found) != []
