# long: all of these share one running stack, and read as its one story
"""A stack that runs: its rights, sources, databases, mail and views, each tried on the real parts."""

import asyncio
import base64
import json
import os
import re
import secrets
import signal
import smtplib
import stat
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, NewTopic, ResourcePatternType, ResourceType

from upstream_schemas.topics import CATALOGUE
from upstream_stack.errors import Trouble
from upstream_stack.kafka_access import admin_client, lets_in
from upstream_stack.kafka_acls import live_acls
from upstream_stack.kafka_quotas import limit
from upstream_stack.kafka_topics import topic_settings, topics_expected
from upstream_stack.parties import Kind, Party, read_parties
from upstream_stack.partners import add_party, revoke_party, set_up_broker
from upstream_stack.processes import SERVICES
from upstream_stack.rights import acls_expected
from upstream_stack.stack import Stack

SETTLED_SECONDS = 10.0
REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
}


def produce(config: dict[str, str], topic: str, value: bytes = b"{}") -> KafkaError | None:
    """Sends one record and returns what the broker said to it."""
    answers: list[KafkaError | None] = []
    producer = Producer({**config, "acks": "all", "enable.idempotence": True, "log_level": 0, "message.timeout.ms": 8000})
    producer.produce(topic, value, key=b"key", on_delivery=lambda error, _: answers.append(error))
    producer.flush(SETTLED_SECONDS)
    return answers[0]


def describes(config: dict[str, str], topic: str) -> int | None:
    """None where the broker describes the topic to this user, else its code of refusal; who may not describe may not read."""
    error = admin_client(config).list_topics(topic, timeout=SETTLED_SECONDS).topics[topic].error
    return None if error is None else error.code()


def read_one(config: dict[str, str], topic: str, group: str) -> bytes | None:
    """The first record of a topic; KafkaException where the broker refuses."""
    consumer = Consumer({**config, "group.id": group, "enable.auto.commit": False, "log_level": 0})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        record = consumer.poll(SETTLED_SECONDS)
        if record is None:
            return None
        if record.error() is not None:
            raise KafkaException(record.error())
        return record.value()
    finally:
        consumer.close()


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def execute(dsn: str, *statements: str) -> None:
    asyncio.run(_execute(dsn, *statements))


@pytest.fixture
def source(live: Stack) -> Iterator[str]:
    """A source of its own for one test."""
    party = Party(slug=f"library-{secrets.token_hex(4)}")
    add_party(live.layout, live.ports, party)
    yield party.slug
    if party in read_parties(live.layout.parties):
        revoke_party(live.layout, live.ports, party)


@pytest.fixture
def provider(live: Stack) -> Iterator[str]:
    """A provider as the broker knows it; outreach, which does not run here, was not told."""
    party = Party(slug=f"library-{secrets.token_hex(4)}", kind="provider")
    add_party(live.layout, live.ports, party)
    yield party.slug
    revoke_party(live.layout, live.ports, party)


def test_the_rights_on_the_broker_are_exactly_those_of_the_catalogue(live: Stack) -> None:
    admin = admin_client(live.kafka_admin_config())
    assert live_acls(admin) == acls_expected(CATALOGUE, read_parties(live.layout.parties))


def test_a_right_that_nobody_should_have_is_seen_and_taken_away_at_the_next_setting_up(live: Stack) -> None:
    admin = admin_client(live.kafka_admin_config())
    foreign = AclBinding(
        ResourceType.TOPIC,
        "intake.",
        ResourcePatternType.PREFIXED,
        "User:parks",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
    for answer in admin.create_acls([foreign]).values():
        answer.result(SETTLED_SECONDS)
    expected = acls_expected(CATALOGUE, read_parties(live.layout.parties))
    assert "1 removed" in set_up_broker(live.layout, live.ports)
    assert live_acls(admin) == expected


def test_every_topic_of_the_catalogue_exists_with_its_partitions_and_no_planned_one_does(live: Stack) -> None:
    expected = topics_expected(CATALOGUE, read_parties(live.layout.parties))
    topics = admin_client(live.kafka_admin_config()).list_topics(timeout=SETTLED_SECONDS).topics
    ours = {name: len(topic.partitions) for name, topic in topics.items() if not name.startswith("__")}
    gone_with_their_sources = {name for name in ours if ".library-" in name or ".twin-" in name}
    assert {name: count for name, count in ours.items() if name not in gone_with_their_sources} == {
        name: topic.partitions for name, topic in expected.items() if ".library-" not in name
    }


def test_a_compacted_topic_forgets_what_was_erased_within_the_hour() -> None:
    compacted = next(topic for topic in CATALOGUE if topic.compacted)
    settings = topic_settings(compacted)
    assert settings["cleanup.policy"] == "compact"
    assert int(settings["max.compaction.lag.ms"]) <= 3_600_000


def test_what_a_party_writes_is_stamped_by_the_broker() -> None:
    written_by_parties = [topic for topic in CATALOGUE if topic.producer.startswith("<")]
    ours = [topic for topic in CATALOGUE if not topic.producer.startswith("<")]
    assert all(topic_settings(topic)["message.timestamp.type"] == "LogAppendTime" for topic in written_by_parties)
    assert not any("message.timestamp.type" in topic_settings(topic) for topic in ours)


def test_a_new_source_publishes_and_reads_its_results_and_nothing_of_its_neighbours(live: Stack, source: str) -> None:
    config = live.credentials(source)
    assert produce(config, f"city.submissions.{source}.v1") is None
    assert produce(live.credentials("intake"), f"city.results.{source}.v1", b"verdict") is None
    assert read_one(config, f"city.results.{source}.v1", f"{source}.desk") == b"verdict"
    for foreign in ("city.submissions.pdx311.v1", "city.results.pdx311.v1", "intake.requests.v1"):
        error = produce(config, foreign)
        assert error is not None
        assert error.code() in REFUSED
        assert describes(config, foreign) in REFUSED
    assert describes(config, f"city.results.{source}.v1") is None


def test_the_credentials_file_is_private_and_names_its_source(live: Stack, source: str) -> None:
    path = live.layout.credentials / f"{source}.json"
    content = json.loads(path.read_bytes())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert content["source"] == content["sasl.username"] == source
    assert content["bootstrap.servers"] == live.bootstrap


def test_a_rotated_password_works_and_the_old_one_does_not(live: Stack, source: str) -> None:
    old = live.credentials(source)
    live.run("source", "rotate", source)
    assert lets_in(live.credentials(source))
    assert not lets_in(old)


def test_a_revoked_source_can_do_nothing_and_the_others_go_on(live: Stack, source: str) -> None:
    config = live.credentials(source)
    live.run("source", "revoke", source)
    assert not lets_in(config)
    assert produce(live.credentials("parks"), "city.submissions.parks.v1") is None
    assert not (live.layout.credentials / f"{source}.json").exists()


def test_a_revoked_source_can_be_added_again(live: Stack, source: str) -> None:
    revoke_party(live.layout, live.ports, Party(slug=source))
    add_party(live.layout, live.ports, Party(slug=source))
    assert produce(live.credentials(source), f"city.submissions.{source}.v1") is None


def test_revoking_deletes_no_user_because_a_broker_that_reads_a_deletion_back_may_lose_them_all(
    live: Stack, source: str
) -> None:
    revoke_party(live.layout, live.ports, Party(slug=source))
    admin = admin_client(live.kafka_admin_config())  # it must outlive its answer
    known = admin.describe_user_scram_credentials()
    assert not isinstance(known, dict)
    assert source in known.result(SETTLED_SECONDS)


@pytest.mark.parametrize("kind", ["source", "provider", "agency"])
@pytest.mark.parametrize("slug", ["intake", "operator", "operator-enforcement", "oversight", "admin", "Parks", "par.ks"])
def test_a_name_of_ours_or_no_slug_at_all_cannot_become_a_party(live: Stack, slug: str, kind: Kind) -> None:
    with pytest.raises(Trouble, match=f"cannot name a {kind}"):
        add_party(live.layout, live.ports, Party(slug=slug, kind=kind))


def test_a_slug_is_one_party_s_whatever_its_kind(live: Stack) -> None:
    with pytest.raises(Trouble, match="Agency ppb exists"):
        add_party(live.layout, live.ports, Party(slug="ppb", kind="provider"))
    with pytest.raises(Trouble, match="There is no source ppb"):
        revoke_party(live.layout, live.ports, Party(slug="ppb"))


def test_a_provider_reads_its_own_referrals_and_keys_and_nothing_of_a_neighbour_s(live: Stack, provider: str) -> None:
    config, outreach = live.credentials(provider), live.credentials("referral-outreach")
    for kind in ("referrals", "keys"):
        assert produce(outreach, f"provider.{kind}.{provider}.v1", kind.encode()) is None
        assert read_one(config, f"provider.{kind}.{provider}.v1", f"{provider}.desk") == kind.encode()
    assert produce(config, f"provider.responses.{provider}.v1") is None
    for foreign in (f"provider.keys.{provider}x.v1", "provider.keys.other.v1", "outreach.referrals.v1", "intake.referrals.v1"):
        assert describes(config, foreign) in REFUSED


def test_a_provider_s_credentials_name_its_private_keys_which_are_as_private(live: Stack, provider: str) -> None:
    content = json.loads((live.layout.credentials / f"{provider}.json").read_bytes())
    keys = Path(content["private_key_file"])
    assert content["provider"] == content["sasl.username"] == provider
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert json.loads(keys.read_bytes())["current"] == f"{provider}-1"


def test_a_provider_s_quota_stands_on_the_broker_and_no_password_stays_behind_in_a_file(live: Stack, provider: str) -> None:
    def told() -> int:
        records = b"".join(path.read_bytes() for path in live.layout.kafka.glob("data/__cluster_metadata-0/*.log"))
        return len(re.findall(provider.encode() + rb".{0,20}producer_byte_rate", records, re.DOTALL))

    assert told() == 0
    limit(live.layout, live.ports, provider)
    deadline = time.monotonic() + SETTLED_SECONDS
    while told() != 1:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not list(live.layout.kafka.glob("quota-*"))


def test_a_provider_that_outreach_was_not_told_of_leaves_nothing_behind(live: Stack) -> None:
    slug = f"library-{secrets.token_hex(4)}"
    with pytest.raises(Trouble, match="referral-outreach does not answer"):
        live.run("provider", "add", slug, "--service", "ario")
    assert slug not in {party.slug for party in read_parties(live.layout.parties)}
    assert not list(live.layout.credentials.glob(f"{slug}*"))


def test_an_agency_hands_over_and_reads_its_receipts_and_sees_no_other_topic(live: Stack) -> None:
    slug = f"library-{secrets.token_hex(4)}"
    assert "can hand over" in live.run("agency", "add", slug)
    config = live.credentials(slug)
    assert produce(config, f"enforcement.submissions.{slug}.v1") is None
    topics = admin_client(config).list_topics(timeout=SETTLED_SECONDS).topics
    assert set(topics) == {f"enforcement.submissions.{slug}.v1", f"enforcement.receipts.{slug}.v1"}
    assert "the broker refused it" in live.run("agency", "revoke", slug)
    assert not lets_in(config)


def test_ovp_s_new_key_is_current_and_the_old_ones_stay_with_outreach_alone(live: Stack) -> None:
    before = json.loads(live.secret("referral-outreach", "ovp-keys"))
    live.run("ovp-key", "rotate")
    after = json.loads(live.secret("referral-outreach", "ovp-keys"))
    assert before["keys"].items() < after["keys"].items()
    assert (live.layout.keys / "ovp.pub").read_text().split()[0] == after["current"] != before["current"]
    assert [path.parent.name for path in live.layout.secrets.rglob("ovp-keys")] == ["referral-outreach"]


def test_each_staff_token_lies_with_its_process_and_the_operator_of_its_side(live: Stack) -> None:
    copies = {path.name: path.parent.name for path in live.layout.secrets.glob("operator*/*-staff-token")}
    assert copies == {
        "intake-staff-token": "operator",
        "scheduler-staff-token": "operator",
        "referral-outreach-staff-token": "operator-outreach",
        "referral-enforcement-staff-token": "operator-enforcement",
    }


def test_only_admin_creates_topics(live: Stack) -> None:
    for principal in ("intake", "operator", "pdx311"):
        admin = admin_client(live.credentials(principal))
        (answer,) = admin.create_topics([NewTopic("intake.extra.v1", 1, 1)]).values()
        with pytest.raises(KafkaException) as refusal:
            answer.result(SETTLED_SECONDS)
        assert refusal.value.args[0].code() in REFUSED


def test_nobody_comes_in_without_the_right_password(live: Stack) -> None:
    assert not lets_in({**live.credentials("intake"), "sasl.password": "wrong"})
    assert not lets_in({**live.credentials("intake"), "sasl.username": "nobody"})
    assert lets_in(live.credentials("intake"))


def test_no_secret_shows_on_any_command_line(live: Stack) -> None:
    known = [path.read_bytes() for path in live.layout.secrets.rglob("*") if path.is_file()]
    assert len(known) > len(SERVICES)
    lines = [line for entry in Path("/proc").glob("[0-9]*") if (line := _command_line(entry))]
    assert any(b"kafka.Kafka" in line for line in lines)
    assert not [secret for secret in known for line in lines if secret in line]


def _command_line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_every_secret_is_readable_by_its_owner_alone(live: Stack) -> None:
    for path in live.layout.secrets.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_no_secret_is_in_a_log(live: Stack) -> None:
    known = [path.read_bytes() for path in live.layout.secrets.rglob("*") if path.is_file()]
    logs = b"".join(path.read_bytes() for path in live.layout.logs.rglob("*.log"))
    assert b"Kafka Server started" in logs
    assert not [secret for secret in known if secret in logs]


def test_a_running_service_is_given_neither_its_owner_s_password_nor_another_s(live: Stack) -> None:
    names = {path.name for path in (live.layout.secrets / "intake").iterdir()}
    assert names == {"kafka-password", "database-password", "link-key", "staff-token", "metrics-token", "operator-token"}
    passwords = {live.secret(holder, "database-password") for holder in ("intake", "intake-owner", "intake-reader")}
    assert len(passwords) == 3
    assert live.secret("operator", "intake-staff-token") == live.secret("intake", "staff-token")


@pytest.mark.parametrize("lane", ["notifier-public", "notifier-outreach"])
def test_a_lane_s_keys_are_a_pair_and_only_that_lane_has_the_private_one(live: Stack, lane: str) -> None:
    from nacl.public import PrivateKey, PublicKey, SealedBox

    private = PrivateKey(base64.b64decode(live.secret(lane, "lane-private-key")))
    public = PublicKey(base64.b64decode((live.layout.keys / f"{lane}.lane.pub").read_text()))
    assert SealedBox(private).decrypt(SealedBox(public).encrypt(b"contact")) == b"contact"
    holders = {path.parent.name: path.read_bytes() for path in live.layout.secrets.rglob("lane-private-key")}
    assert set(holders) == {"notifier-public", "notifier-outreach"}
    assert len(set(holders.values())) == len(holders)


def test_the_owner_makes_tables_the_runtime_changes_rows_and_the_reader_reads(live: Stack) -> None:
    owner, runtime, reader = (live.database_dsn("scheduler", role) for role in ("owner", "runtime", "reader"))
    execute(owner, "CREATE TABLE rooms (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    execute(runtime, "INSERT INTO rooms (name) VALUES ('Alder')", "UPDATE rooms SET name = 'Oak'", "DELETE FROM rooms")
    execute(reader, "SELECT * FROM rooms")
    for dsn, statement in (
        (runtime, "CREATE TABLE more (id int)"),
        (runtime, "DROP TABLE rooms"),
        (runtime, "TRUNCATE rooms"),
        (runtime, "ALTER TABLE rooms ADD COLUMN size int"),
        (reader, "INSERT INTO rooms (name) VALUES ('Elm')"),
        (reader, "CREATE TABLE more (id int)"),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            execute(dsn, statement)
    execute(owner, "DROP TABLE rooms")


def test_no_role_enters_another_s_database(live: Stack) -> None:
    for service in SERVICES:
        for other in SERVICES:
            dsn = live.database_dsn(service.name).rpartition("/")[0] + f"/{other.database}"
            if other is service:
                execute(dsn, "SELECT 1")
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    execute(dsn, "SELECT 1")


def test_a_session_that_idles_in_a_transaction_is_ended_after_five_seconds(live: Stack) -> None:
    async def setting() -> str:
        connection = await asyncpg.connect(live.database_dsn("intake"))
        try:
            value: str = await connection.fetchval("SHOW idle_in_transaction_session_timeout")
            return value
        finally:
            await connection.close()

    assert asyncio.run(setting()) == "5s"


def test_a_message_that_was_acknowledged_is_in_the_maildir_unchanged(live: Stack) -> None:
    port = live.ports.service(6)
    before = set((live.layout.mail / "new").glob("*"))
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.sendmail(
            "desk@example.org", ["amal@example.org"], b"Subject: Sample\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n"
        )
    (kept,) = set((live.layout.mail / "new").glob("*")) - before
    content = kept.read_bytes()
    assert content.startswith(b"Delivered-To: amal@example.org")
    assert b"Message-ID: <1@example.org>" in content


def test_the_topics_view_counts_lag_in_messages_and_seconds(live: Stack, source: str) -> None:
    for _ in range(3):
        assert produce(live.credentials(source), f"city.submissions.{source}.v1") is None
    rows = json.loads(live.run("topics", "--json"))
    (row,) = [row for row in rows if row["topic"] == f"city.submissions.{source}.v1"]
    assert (row["group"], row["zone"], row["lag_messages"], row["messages"]) == ("intake.partners", "city", 3, 3)
    assert 0.5 < row["lag_seconds"] < 30


def test_the_topics_view_shows_every_topic_of_every_zone_once_for_each_group(live: Stack) -> None:
    rows = json.loads(live.run("topics", "--json"))
    names = [row["topic"] for row in rows]
    assert list(dict.fromkeys(names)) == list(topics_expected(CATALOGUE, read_parties(live.layout.parties)))
    groups = {row["topic"]: row["group"] for row in rows}
    assert groups["enforcement.crossings.v1"] == "referral-gateway"
    assert groups["crossing.area-alerts.v1"] == "referral-outreach"
    assert groups["enforcement.submissions.ppb.v1"] == "referral-enforcement.partners"


def test_a_dead_letter_of_any_side_is_found_by_the_person_at_this_machine(live: Stack) -> None:
    sent = {process: letter_of(process) for process in ("notifier-outreach", "referral-gateway")}
    for process, letter in sent.items():
        assert produce(live.credentials(process), f"{process}.dead-letters.v1", json.dumps(letter).encode()) is None
    found = {letter["process"]: letter["dead_letter_id"] for letter in json.loads(live.run("dead-letters", "list", "--json"))}
    assert {process: found[process] for process in sent} == {p: letter["dead_letter_id"] for p, letter in sent.items()}


def letter_of(process: str) -> dict[str, object]:
    return {
        "dead_letter_id": str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
        "process": process,
        "topic": "city.submissions.pdx311.v1",
        "partition": 0,
        "offset": 41,
        "reason": "bad-json",
        "value_bytes": 9,
        "value_hash": "ab" * 32,
        "value": base64.b64encode(b"{not json").decode(),
        "set_aside_at": "2026-11-21T09:30:00Z",
    }


def test_a_dead_letter_is_listed_without_its_contents_and_shown_with_them_only_on_request(live: Stack) -> None:
    letter = letter_of("intake")
    letter_id = str(letter["dead_letter_id"])
    assert produce(live.credentials("intake"), "intake.dead-letters.v1", json.dumps(letter).encode()) is None
    listed = live.run("dead-letters", "list")
    assert re.search(rf"{letter_id} +intake +city\.submissions\.pdx311\.v1 +0 +41 +bad-json", listed)
    shown = live.run("dead-letters", "show", letter_id)
    assert json.loads(shown)["value_bytes"] == 9
    assert "not json" not in listed + shown
    assert live.run("dead-letters", "show", letter_id, "--body").endswith("{not json")


def test_ps_names_every_process_with_its_memory_and_the_sum(live: Stack) -> None:
    answer = json.loads(live.run("ps", "--json"))
    processes = {line["name"]: line for line in answer["processes"]}
    assert set(processes) == {"kafka", "postgres", "mail-sink", "supervisor"}
    assert all(line["state"] == "up" and line["pss_bytes"] > 5_000_000 for line in processes.values())
    assert answer["pss_bytes"] == sum(line["pss_bytes"] for line in processes.values())
    assert processes["kafka"]["port"] == live.ports.kafka


def test_the_clock_moves_only_the_services_time(live: Stack) -> None:
    live.run("clock", "advance", "2d")
    live.run("clock", "advance", "12h")
    assert json.loads(live.layout.clock.read_bytes()) == {"offset_seconds": 60 * 3600}
    live.run("clock", "reset")
    assert json.loads(live.layout.clock.read_bytes()) == {"offset_seconds": 0}


def test_a_second_up_says_so_and_starts_nothing(live: Stack) -> None:
    before = {name: live.pid(name) for name in ("kafka", "postgres", "mail-sink")}
    assert "Already up." in live.up("kafka", "postgres")
    assert {name: live.pid(name) for name in before} == before


def test_asking_for_more_than_runs_is_refused_with_the_fix(live: Stack) -> None:
    with pytest.raises(Trouble, match="not all of it") as refusal:
        live.up()
    assert "intake" in refusal.value.why
    assert " down && " in refusal.value.fix


@pytest.mark.parametrize("name", ["mail-sink", "postgres", "kafka"])
def test_a_killed_process_is_started_again_and_keeps_what_it_had(live: Stack, name: str) -> None:
    pid = live.pid(name)
    assert pid is not None
    restarts = live.process(name).restarts
    os.kill(pid, signal.SIGKILL)
    record = live.wait_until_up(name, restarts_min=restarts + 1)
    assert record.identity is not None
    assert record.identity.pid != pid
    execute(live.database_dsn("intake"), "SELECT 1")
    assert produce(live.credentials("parks"), "city.submissions.parks.v1") is None


def test_two_sources_added_at_once_are_both_there(live: Stack) -> None:
    slugs = {f"twin-{secrets.token_hex(3)}" for _ in range(2)}

    async def add_both() -> None:
        await asyncio.gather(*(asyncio.to_thread(live.run, "source", "add", slug) for slug in slugs))

    asyncio.run(add_both())
    assert {Party(slug=slug) for slug in slugs} <= set(read_parties(live.layout.parties))
    for slug in slugs:
        live.run("source", "revoke", slug)
