"""What an operator's commands do on the running stack: a parked key and a record set aside, seen, tried dry, put back, kept."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from support.system_tables import rows
from support.system_topics import Desk, question, services_time, submission_record

from upstream_stack.errors import Trouble
from upstream_stack.patience import came_true
from upstream_stack.stack import Stack

ORDER = ("--by", "demo.operator", "--reason", "the rule was mended [/tmp/x]")
POISON = "vi"  # a language that no other test asks in


def as_owner(stack: Stack, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(stack.database_dsn("intake", "owner"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


@contextmanager
def intake_cannot_save_it(stack: Stack) -> Iterator[None]:
    """A fault as a bad migration would bring it: rows of one kind are refused."""
    as_owner(stack, f"ALTER TABLE request ADD CONSTRAINT poison CHECK (body NOT LIKE '%\"{POISON}\"%') NOT VALID")
    try:
        yield
    finally:
        as_owner(stack, "ALTER TABLE request DROP CONSTRAINT poison")


def listed(stack: Stack, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stack.run(*words, "--json"))
    return found


def test_a_submission_that_cannot_be_decided_on_waits_alone_and_is_redriven_by_name(stack: Stack) -> None:
    desk, at = Desk(stack), services_time(stack)
    poison = submission_record(question(at, language=POISON), at)
    with intake_cannot_save_it(stack):
        desk.send([poison, *(submission_record(question(at), at) for _ in range(3))])
        assert [answer.data["verdict"] for answer in desk.answers(3)] == ["accepted"] * 3, "others wait for it"
        (parked,) = listed(stack, "parked", "list")
        assert (parked["process"], parked["reason"], parked["waiting"]) == ("intake", "CheckViolationError", 1)
        key = (parked["process"], parked["aggregate"], parked["key"])
        shown = stack.run("parked", "show", *key)
        assert desk.submissions in shown and POISON not in shown
    assert stack.run("parked", "redrive", *key, *ORDER, "--dry-run").strip() == "would be tried at once"
    assert stack.run("parked", "redrive", *key, *ORDER).strip() == "tried at once"
    (answer,) = desk.answers(1)
    assert (answer.data["verdict"], answer.key) == ("accepted", poison.key)
    assert came_true(lambda: not listed(stack, "parked", "list"), 20), "still parked"
    assert stack.run("parked", "list").strip() == "Nothing is parked."
    acts = listed(stack, "parked", "acts")
    assert [(a["act"], a["by"], a["reason"]) for a in acts if a["target"].endswith(parked["key"])] == [
        ("redrive-parked", "demo.operator", "the rule was mended [/tmp/x]")
    ]
    assert len(rows(stack, "intake", "SELECT 1 FROM request WHERE body LIKE $1", f'%"{POISON}"%')) == 1
    assert "[/tmp/x]" in stack.run("parked", "acts").replace("\n", "")
    with pytest.raises(Trouble, match="is not parked"):
        stack.run("parked", "redrive", *key, *ORDER)


def test_a_record_set_aside_stays_aside_while_it_cannot_be_read_and_says_why(stack: Stack) -> None:
    desk, at = Desk(stack), services_time(stack)
    desk.send([replace(submission_record(question(at), at), value=b"{torn")])
    assert desk.answers(1)[0].data["verdict"] == "quarantined"
    letter = max(listed(stack, "dead-letters", "list"), key=lambda found: found["set_aside_at"])["dead_letter_id"]
    assert letter in {kept["id"] for kept in listed(stack, "dead-letters", "kept")}
    with pytest.raises(Trouble, match="malformed-json") as trouble:
        stack.run("dead-letters", "redrive", letter, *ORDER)
    assert "intake did not put it back" in trouble.value.what
    assert all(act["target"] != letter for act in listed(stack, "parked", "acts"))


def test_nothing_is_done_without_a_name_and_a_reason_or_about_nothing(stack: Stack) -> None:
    nobody = "0191e0a0-0000-7000-8000-000000000001"
    with pytest.raises(Trouble):
        stack.run("parked", "redrive", "intake", "request", nobody)
    with pytest.raises(Trouble, match="There is no process"):
        stack.run("parked", "redrive", "planner", "request", nobody, *ORDER)
    with pytest.raises(Trouble, match="There is nothing to put back"):
        stack.run("dead-letters", "redrive", nobody, *ORDER)
    with pytest.raises(Trouble, match="has no gap"):
        stack.run("gap", "accept", "scheduler", "intake.requests.v1", "0", *ORDER)
    assert stack.run("gap", "list").strip() == "No number is missing."
