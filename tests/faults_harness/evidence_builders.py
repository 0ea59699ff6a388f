"""One ask that went all the way, as evidence: everything the checker would have found, for tests to take something away."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from faults.evidence import Base, Evidence, Found

ASKS, ANSWERS, MOVED, PASSED = "asks", "answers", "moved", "passed"
ACCOUNT = UUID(int=1)
BEGAN = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
ASK = "the-ask"


def effect(route: str, ordinal: int = 1, origin: int = 1, ask: str = ASK) -> dict[str, Any]:
    due = BEGAN + timedelta(seconds=2)
    late = due + timedelta(milliseconds=200)
    at = late if route == "due" else BEGAN
    return {
        "route": route, "ask": ask, "account": None if route == "due" else ACCOUNT, "ordinal": ordinal,
        "origin": 0 if route in ("asked", "due") else origin, "at": at, "wall": at, "due_at": due if route == "due" else None,
    }  # fmt: skip


def said(**more: Any) -> bytes:
    return json.dumps({"ask": ASK, **more}).encode()


def on_topic(topic: str, offset: int, value: bytes | None, stream: str = "", n: int = 0, ask: str = ASK) -> Found:
    headers = (("ce_sequence", f"{stream}:{n}".encode()),) if stream else (("ce_id", ask.encode()),)
    return Found(topic, 0, offset, str(ACCOUNT).encode(), value, headers)


def whole() -> Evidence:
    """Nothing is missing here, and nothing too much."""
    lap = {
        "asks": {"north": ASKS}, "answers": {"north": ANSWERS}, "moved": MOVED, "passed": PASSED, "remind_after": 2.0,
        "readers": {MOVED: ["b", "c"], PASSED: ["c"]},
    }  # fmt: skip
    answer = said(verdict="accepted")
    moved, passed = said(ordinal=1), said(ordinal=1, origin=1)
    a = Base("stream-a", [effect("asked"), effect("due")], {(ANSWERS, 0): 1, (MOVED, 0): 1})
    a.outbox = {(ANSWERS, 0): [(1, answer)], (MOVED, 0): [(1, moved)]}
    b = Base("stream-b", [effect("moved")], {(PASSED, 0): 1}, marks={(MOVED, 0): 1}, outbox={(PASSED, 0): [(1, passed)]})
    c = Base("stream-c", [effect("moved"), effect("passed", ordinal=2)], marks={(MOVED, 0): 1, (PASSED, 0): 1})
    topics = {
        ASKS: [on_topic(ASKS, 0, b"{}")],
        ANSWERS: [on_topic(ANSWERS, 0, answer, "stream-a", 1)],
        MOVED: [on_topic(MOVED, 0, moved, "stream-a", 1)],
        PASSED: [on_topic(PASSED, 0, passed, "stream-b", 1)],
    }
    client = [{"what": "intent", "ask": ASK, "kind": ""}, {"what": "ok", "ask": ASK, "code": "moved"}]
    return Evidence(lap, client, topics=topics, bases={"a": a, "b": b, "c": c}, quiet_after=3.0)


def with_a_letter(value: bytes = b"not json", kept: bytes = b"not json") -> Evidence:
    """As `whole`, and a record that cannot be read, kept."""
    found = whole()
    found.client.append({"what": "intent", "ask": "bad-ask", "kind": "no-json"})
    found.topics[ASKS].append(on_topic(ASKS, 1, value, ask="bad-ask"))
    found.bases["a"].set_aside.append(
        {
            "topic": ASKS, "position": 1, "reason": "malformed-json", "value": kept, "key": str(ACCOUNT).encode(),
            "headers": json.dumps([["ce_id", b"bad-ask".hex()]]).encode(), "value_hash": sha256(value).digest(),
            "value_bytes": len(value), "set_aside_at": BEGAN,
        }
    )  # fmt: skip
    return found
