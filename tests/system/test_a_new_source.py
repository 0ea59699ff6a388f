"""A source's whole life on a stack that runs: added, answered by the intake that runs already, renewed, and locked out."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from support.snippet_runs import CLIENT

from upstream_stack.stack import Stack

WISH = CLIENT / "examples" / "training-wish.json"
ANSWERED_SECONDS_MAX = (
    10  # seen: 1.1 to 3.6 on a busy machine, of which the program takes most; groups look for new topics once a second
)
REFUSED = 7


@pytest.fixture
def slug(stack: Stack) -> Iterator[str]:
    """A name that no source has yet; whoever has it after the test is locked out."""
    name = f"library-{secrets.token_hex(4)}"
    yield name
    if (stack.layout.credentials / f"{name}.json").exists():
        stack.run("source", "revoke", name)


def publish(credentials: Path, state: Path) -> tuple[int, dict[str, Any]]:
    """`upstream publish`: its exit code, and what it says of the one record."""
    words = ("--credentials", str(credentials), "--state", str(state), "--json", str(WISH))
    done = subprocess.run(
        (sys.executable, "-m", "upstream_client", "publish", *words), capture_output=True, text=True, check=False, timeout=60
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, told


def arrived_at(stack: Stack, topic: str) -> datetime:
    """When the broker took the first record of a topic, by its own clock."""
    consumer = Consumer(
        {**stack.kafka_admin_config(), "group.id": "operator.test", "enable.auto.commit": False, "log_level": 0}
    )
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        record = consumer.poll(10)
        assert record is not None
        return datetime.fromtimestamp(record.timestamp()[1] / 1000, UTC)
    finally:
        consumer.close()


def test_a_new_source_is_answered_within_seconds_by_the_intake_that_runs(stack: Stack, slug: str, tmp_path: Path) -> None:
    before = stack.pid("intake")
    credentials = stack.layout.credentials / f"{slug}.json"
    assert str(credentials) in stack.run("source", "add", slug)
    assert slug in stack.run("source", "list")
    code, told = publish(credentials, tmp_path)
    answered = datetime.now(UTC)  # the services' own clock may have been moved
    assert (code, told["outcome"]) == (0, "accepted")
    waited = answered - arrived_at(stack, f"city.submissions.{slug}.v1")
    assert waited.total_seconds() < ANSWERED_SECONDS_MAX
    assert stack.pid("intake") == before


def test_a_renewed_source_needs_its_new_password_and_a_revoked_one_is_refused(stack: Stack, slug: str, tmp_path: Path) -> None:
    current, old = stack.layout.credentials / f"{slug}.json", tmp_path / "old.json"
    stack.run("source", "add", slug)
    shutil.copy(current, old)
    stack.run("source", "rotate", slug)
    assert publish(old, tmp_path / "a")[0] == REFUSED
    assert publish(current, tmp_path / "b")[0] == 0
    shutil.copy(current, old)
    stack.run("source", "revoke", slug)
    assert not current.exists()
    code, told = publish(old, tmp_path / "c")
    assert (code, told["why"]) == (REFUSED, "not-authenticated")
    assert slug not in stack.run("source", "list")
