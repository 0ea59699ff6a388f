"""Providers, links and keys with everything running: what an operator types, and what becomes of it at once."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import httpx
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from upstream_stack.clock import fresh_id, now
from upstream_stack.demo.journeys_referral import help_found
from upstream_stack.demo.outside import Letters, Topics
from upstream_stack.demo.scene import READ, Scene
from upstream_stack.errors import Trouble
from upstream_stack.kafka_access import lets_in
from upstream_stack.parties import Party, read_parties
from upstream_stack.stack import Stack

SERVICE = "eecrc"
PICKED_UP_SECONDS = 2.0
SLOW_MACHINE_SECONDS = 8.0


@pytest.fixture
def slug(stack: Stack) -> Iterator[str]:
    """A name for a provider of one test, which is gone after it."""
    found = f"cedar-{token_hex(3)}"
    yield found
    if Party(slug=found, kind="provider") in read_parties(stack.layout.parties):
        stack.run("provider", "revoke", found)


def add(stack: Stack, slug: str) -> str:
    return stack.run("provider", "add", slug, "--service", SERVICE, "--wait", "0")


def door(stack: Stack, method: str, path: str) -> httpx.Response:
    token = stack.secret("operator-outreach", "referral-outreach-staff-token")
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.request(method, f"{stack.url('referral-outreach')}/staff{path}", headers=headers, timeout=20)


def key_of_the_first_record(stack: Stack, slug: str) -> str:
    consumer = Consumer({**stack.credentials(slug), "group.id": f"{slug}.desk", "enable.auto.commit": False, "log_level": 0})
    consumer.assign([TopicPartition(f"provider.referrals.{slug}.v1", 0, 0)])
    record = consumer.poll(SLOW_MACHINE_SECONDS)
    consumer.close()
    assert record is not None
    return (record.key() or b"").decode()


def say_that_the_trial_came(stack: Stack, slug: str) -> None:
    """What `upstream listen` says, with a plain client."""
    key = key_of_the_first_record(stack, slug)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(fresh_id()),
        "ce_source": f"/provider/{slug}",
        "ce_type": "provider.trial.received.v1",
        "ce_time": now().isoformat(),
        "ce_subject": key,
        "content-type": "application/json",
    }
    producer = Producer({**stack.credentials(slug), "acks": "all", "log_level": 0})
    producer.produce(f"provider.responses.{slug}.v1", json.dumps({"referral_id": key}), key, headers=list(headers.items()))
    assert producer.flush(10) == 0


def seconds_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < SLOW_MACHINE_SECONDS
        time.sleep(0.02)
    return time.monotonic() - began


def test_where_nobody_listens_the_command_says_so_and_how_to_listen(stack: Stack, slug: str) -> None:
    said = stack.run("provider", "add", slug, "--service", SERVICE, "--wait", "0.5")
    assert "nobody took it" in said
    assert f"upstream listen --provider {slug} --credentials {stack.layout.credentials / f'{slug}.json'}" in said
    assert f"provider trial {slug}" in said


def test_a_running_process_hears_a_new_provider_without_a_restart(stack: Stack, slug: str) -> None:
    pid = stack.pid("referral-outreach")
    add(stack, slug)
    say_that_the_trial_came(stack, slug)
    seconds = seconds_until(lambda: door(stack, "GET", f"/providers/{slug}").json()["trial_received_at"] is not None)
    print(f"heard after {seconds:.2f} s; {PICKED_UP_SECONDS:.0f} s on a machine that does nothing else")
    assert stack.pid("referral-outreach") == pid


def test_a_provider_of_no_service_leaves_nothing_behind(stack: Stack, slug: str) -> None:
    with pytest.raises(Trouble, match="referral-outreach refused"):
        stack.run("provider", "add", slug, "--service", "no-such-service")
    assert slug not in {party.slug for party in read_parties(stack.layout.parties)}
    assert door(stack, "GET", f"/providers/{slug}").status_code == 404


def test_a_rotated_provider_has_a_new_password_and_a_new_key_and_its_old_private_key_stays(stack: Stack, slug: str) -> None:
    add(stack, slug)
    old, path = stack.credentials(slug), stack.layout.credentials / f"{slug}.keys.json"
    before = json.loads(path.read_bytes())
    stack.run("provider", "rotate", slug)
    after = json.loads(path.read_bytes())
    assert not lets_in(old)
    assert lets_in(stack.credentials(slug))
    assert (before["current"], after["current"]) == (f"{slug}-1", f"{slug}-2")
    assert before["keys"].items() < after["keys"].items()
    registered = door(stack, "GET", f"/providers/{slug}").json()
    assert (registered["key_id"], registered["services"]) == (f"{slug}-2", [SERVICE])


def test_a_revoked_provider_is_refused_by_the_broker_and_unknown_to_outreach_and_nothing_of_it_is_left(
    stack: Stack, slug: str
) -> None:
    add(stack, slug)
    config = stack.credentials(slug)
    said = stack.run("provider", "revoke", slug)
    assert "its old password was tried, and the broker refused it" in said
    assert not lets_in(config)
    assert door(stack, "GET", f"/providers/{slug}").status_code == 404
    assert not list(stack.layout.credentials.glob(f"{slug}*"))
    with pytest.raises(Trouble, match=f"There is no provider {slug}"):
        stack.run("provider", "revoke", slug)


def test_a_link_is_made_by_the_side_it_opens_and_refusals_say_why(stack: Stack) -> None:
    approver = stack.run("approver", "link", "--role", "lieutenant", "--account", "cedar.example").strip()
    coordinator = stack.run("coordinator", "link", "--account", "cedar.example").strip()
    assert re.match(rf"{stack.url('referral-enforcement')}/a/", approver)
    assert re.match(rf"{stack.url('referral-outreach')}/c/", coordinator)
    assert {httpx.get(link, timeout=20).status_code for link in (approver, coordinator)} == {200}
    with pytest.raises(Trouble, match="referral-enforcement refused") as refusal:
        stack.run("approver", "link", "--role", "agency-approver", "--account", "cedar.example")
    assert "answers for one agency" in refusal.value.why


def test_one_side_s_staff_token_opens_no_door_of_the_other(stack: Stack) -> None:
    tokens = {
        "referral-enforcement": stack.secret("operator-outreach", "referral-outreach-staff-token"),
        "referral-outreach": stack.secret("operator-enforcement", "referral-enforcement-staff-token"),
    }
    doors = {"referral-enforcement": "/staff/approver-links", "referral-outreach": "/staff/coordinator-links"}
    for process, token in tokens.items():
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.post(f"{stack.url(process)}{doors[process]}", json={}, headers=headers, timeout=20).status_code == 401


def test_after_ovp_s_key_was_rotated_somebody_who_asks_for_help_gets_it_and_no_process_was_started_again(
    stack: Stack,
) -> None:
    pids = [stack.pid(name) for name in ("intake", "referral-outreach", "referral-enforcement")]
    stack.run("ovp-key", "rotate")
    scene = Scene(stack, Letters(stack.layout.mail), Topics(stack.kafka_admin_config(), READ))
    try:
        assert len(list(help_found(scene))) > 5
    finally:
        scene.close()
    received = next(seen for seen in scene.topics.records if seen.topic == "intake.referrals.v1")
    current = (stack.layout.keys / "ovp.pub").read_text(encoding="utf-8").split()[0]
    assert received.data["key_id"] == current
    assert [stack.pid(name) for name in ("intake", "referral-outreach", "referral-enforcement")] == pids


def test_the_enforcement_side_logs_apart_and_no_other_process_writes_there(stack: Stack) -> None:
    logs: Path = stack.layout.logs / "enforcement"
    assert {path.name.removesuffix(".log").removesuffix("-migrate") for path in logs.iterdir()} == {
        "referral-enforcement",
        "referral-gateway",
    }
    for path in logs.glob("*.log"):
        processes = {json.loads(line)["process"] for line in path.read_text().splitlines() if line.startswith("{")}
        assert processes <= {"referral-enforcement", "referral-gateway"}
