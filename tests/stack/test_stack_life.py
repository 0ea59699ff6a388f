"""A stack's life from start to removal, and what it answers where something is in the way."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from support.system_tables import rows

from upstream_stack.errors import Trouble
from upstream_stack.layout import DEPLOY, Layout, parts_cache
from upstream_stack.locks import Lock
from upstream_stack.proc_table import ProcessId, identify
from upstream_stack.processes import KAFKA, POSTGRES
from upstream_stack.stack import Stack
from upstream_stack.state import read_state

PARTS = (KAFKA, POSTGRES)


def remember(stack: Stack, text: str) -> None:
    """One row and one record."""

    async def insert() -> None:
        connection = await asyncpg.connect(stack.database_dsn("intake", "owner"))
        await connection.execute("CREATE TABLE kept (text text)")
        await connection.execute("INSERT INTO kept VALUES ($1)", text)
        await connection.close()

    asyncio.run(insert())
    producer = Producer({**stack.credentials("parks"), "acks": "all", "log_level": 0})
    producer.produce("city.submissions.parks.v1", text.encode())
    assert producer.flush(10) == 0


def recall_row(stack: Stack) -> str:
    return str(rows(stack, "intake", "SELECT text FROM kept")[0]["text"])


def recall(stack: Stack) -> tuple[str, bytes]:
    consumer = Consumer({**stack.kafka_admin_config(), "group.id": "test", "enable.auto.commit": False, "log_level": 0})
    consumer.assign([TopicPartition("city.submissions.parks.v1", 0, 0)])
    record = consumer.poll(10)
    consumer.close()
    assert record is not None
    return recall_row(stack), record.value() or b""


def children_of(stack: Stack) -> dict[str, ProcessId]:
    state = read_state(stack.layout)
    assert state is not None
    return state.leftovers()


def wait_until_gone(*identities: ProcessId) -> None:
    deadline = time.monotonic() + 10
    while any(identity.lives() for identity in identities):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_supervisor_and_a_down_cost_nothing_but_a_start_and_a_reset_takes_everything(idle: Stack) -> None:
    first = idle.up(*PARTS)
    assert "Kafka: 127.0.0.1" in first
    if os.geteuid() == 0:
        assert f"PostgreSQL's data lies in {idle.layout.elsewhere}" in first
    remember(idle, "before")
    state = idle.state()
    assert state is not None
    left = children_of(idle)
    os.kill(state.supervisor.pid, signal.SIGKILL)
    wait_until_gone(state.supervisor)
    with pytest.raises(Trouble, match="No stack runs") as stale:
        idle.run("ps")
    assert stale.value.why == f"supervisor {state.supervisor.pid} of the last run is gone"

    again = idle.up(*PARTS)
    assert f"supervisor {state.supervisor.pid} is gone, and " in again
    assert not any(identity.lives() for identity in left.values())
    assert recall(idle) == ("before", b"before")

    running = children_of(idle)
    assert "Data stay in" in idle.down()
    assert not any(identity.lives() for identity in running.values())
    assert idle.state() is None
    assert "Nothing was running." in idle.down()

    idle.up(POSTGRES)
    assert recall_row(idle) == "before"
    assert f"Removed {idle.layout.run_dir}" in idle.reset()
    assert not idle.layout.run_dir.exists()
    assert not idle.layout.elsewhere.exists()


def test_of_two_starts_at_once_one_starts_and_the_other_says_why_not(idle: Stack) -> None:
    async def both() -> list[str | BaseException]:
        return await asyncio.gather(*(asyncio.to_thread(idle.up, POSTGRES) for _ in range(2)), return_exceptions=True)

    answers = asyncio.run(both())
    started = [answer for answer in answers if isinstance(answer, str) and "PostgreSQL: 127.0.0.1" in answer]
    (other,) = [answer for answer in answers if answer not in started]
    assert len(started) == 1
    if isinstance(other, Trouble):
        assert other.what == "Another start or stop is under way"
    else:
        assert "Already up." in str(other)


def test_a_start_is_refused_while_another_holds_the_lock(idle: Stack) -> None:
    idle.layout.run_dir.mkdir(parents=True)
    held = Lock.try_take(idle.layout.lock)
    assert held is not None
    with pytest.raises(Trouble, match="Another start or stop is under way") as refusal:
        idle.up(*PARTS)
    held.release()
    assert str(idle.layout.lock) in refusal.value.why


def test_a_busy_port_is_named_with_its_holder_and_the_fix_names_free_ports(idle: Stack) -> None:
    with socket.create_server(("127.0.0.1", idle.ports.kafka)), pytest.raises(Trouble) as refusal:
        idle.up(*PARTS)
    assert refusal.value.what == f"Port {idle.ports.kafka} for kafka is taken"
    assert refusal.value.why.startswith(f"process {os.getpid()} (")
    assert "PORT_BASE=" in refusal.value.fix
    assert f"PORT_BASE={idle.ports.base} " not in refusal.value.fix
    assert idle.state() is None


def test_a_pid_that_came_round_again_is_not_taken_for_ours() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert me.lives()
    assert not ProcessId(pid=me.pid, started_ticks=me.started_ticks + 1).lives()


def test_a_supervisor_asked_to_stop_while_starting_leaves_nothing_running(idle: Stack) -> None:
    environment = {**os.environ, "RUN_DIR": str(idle.layout.run_dir), "PORT_BASE": str(idle.ports.base), "FOREGROUND": "1"}
    words = [sys.executable, "-m", "upstream_stack", "up", "--only", "kafka,postgres"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as starting:
        deadline = time.monotonic() + 20
        while not idle.layout.state.exists() or not children_of(idle):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        left = children_of(idle)
        starting.send_signal(signal.SIGINT)
        assert starting.wait(30) == 0
    wait_until_gone(*left.values())
    assert not idle.layout.state.exists()


def test_the_maven_binaries_serve_where_the_machine_has_none(idle: Stack) -> None:
    said = idle.up(POSTGRES, environment={"PG_BIN": "maven"})
    assert "PostgreSQL's binaries: 18." in said
    remember_version = asyncio.run(_server_version(idle))
    assert remember_version.startswith("18.")
    idle.down()
    if shutil.which("/usr/lib/postgresql/15/bin/postgres"):
        with pytest.raises(Trouble, match="PostgreSQL 15 cannot read this data"):
            idle.up(POSTGRES, environment={"PG_BIN": "/usr/lib/postgresql/15/bin"})


async def _server_version(stack: Stack) -> str:
    connection = await asyncpg.connect(stack.database_dsn("intake"))
    try:
        version: str = await connection.fetchval("SHOW server_version")
        return version
    finally:
        await connection.close()


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH on which nothing is but what a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "test").symlink_to(shutil.which("test") or "/usr/bin/test")
    return folder


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def bare(folder: Path, **settings: str) -> dict[str, str]:
    return {"PATH": str(folder), "JAVA_HOME": "", "XDG_CACHE_HOME": str(folder / "cache"), "PG_BIN": "", **settings}


def test_missing_java_is_said_in_three_lines(idle: Stack, bare_path: Path) -> None:
    with pytest.raises(Trouble, match="what: Java is missing\n") as trouble:
        idle.up(KAFKA, environment=bare(bare_path))
    assert "17 or newer" in trouble.value.why
    assert "install" in trouble.value.fix


@pytest.mark.parametrize(("version", "shown"), [("11.0.20", "11.0.20"), ("1.8.0_392", "1.8.0_392")])
def test_a_java_that_is_too_old_is_named_with_its_version(idle: Stack, bare_path: Path, version: str, shown: str) -> None:
    program(bare_path, "java", f"echo 'openjdk version \"{version}\" 2023-07-18' >&2")
    with pytest.raises(Trouble, match="what: Java is too old\n") as trouble:
        idle.up(KAFKA, environment=bare(bare_path))
    assert shown in trouble.value.why


def test_missing_maven_is_said_where_kafka_has_to_be_fetched(idle: Stack, bare_path: Path) -> None:
    program(bare_path, "java", "echo 'openjdk version \"17.0.9\"' >&2")
    with pytest.raises(Trouble, match="what: Maven is missing\n") as trouble:
        idle.up(KAFKA, environment=bare(bare_path))
    assert "Kafka is not on this machine yet" in trouble.value.why


def test_neither_postgresql_nor_maven_is_said_in_one_answer(idle: Stack, bare_path: Path) -> None:
    with pytest.raises(Trouble, match="what: PostgreSQL is missing\n") as trouble:
        idle.up(POSTGRES, environment=bare(bare_path, PG_BIN="maven"))
    assert "Maven is missing" in trouble.value.why


def test_a_failed_download_says_what_maven_said_and_leaves_nothing_half_fetched(idle: Stack, bare_path: Path) -> None:
    program(bare_path, "java", "echo 'openjdk version \"17.0.9\"' >&2")
    program(bare_path, "mvn", "echo '[ERROR] no route to the repository'; exit 1")
    with pytest.raises(Trouble, match="what: Kafka could not be fetched\n") as trouble:
        idle.up(KAFKA, environment=bare(bare_path))
    assert trouble.value.why == "no route to the repository"
    assert not [entry for entry in (bare_path / "cache" / "upstream").iterdir() if entry.suffix != ".lock"]


def test_a_pg_bin_without_postgresql_is_refused(idle: Stack, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="holds no PostgreSQL"):
        idle.up(POSTGRES, environment={"PG_BIN": str(tmp_path)})


def test_a_run_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    stack = Stack(tmp_path / "file" / "run", 20_080)
    with pytest.raises(Trouble, match="cannot be written"):
        stack.up(*PARTS)


def test_an_unknown_name_is_answered_with_the_known_ones(idle: Stack) -> None:
    with pytest.raises(Trouble, match="There is no kafak") as trouble:
        idle.up("kafak")
    assert "kafka" in trouble.value.why


def test_services_alone_are_refused_because_they_need_both_parts(idle: Stack) -> None:
    with pytest.raises(Trouble, match=r"cannot run alone|cannot be imported"):
        idle.up("intake")


def test_commands_for_a_running_stack_say_that_none_runs(idle: Stack) -> None:
    for words in (
        ("topics",),
        ("source", "add", "parks"),
        ("dead-letters", "list"),
        ("provider", "add", "ario", "--service", "ario"),
        ("ovp-key", "rotate"),
        ("ps",),
    ):
        with pytest.raises(Trouble) as trouble:
            idle.run(*words)
        assert trouble.value.fix.endswith(" up")


def test_the_command_prints_exactly_three_lines(idle: Stack) -> None:
    environment = {**os.environ, "RUN_DIR": str(idle.layout.run_dir), "PORT_BASE": "no number"}
    words = [sys.executable, "-m", "upstream_stack", "up"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["what", "why", "fix"]


def test_doctor_names_each_finding_and_fails_where_a_start_would(idle: Stack, bare_path: Path) -> None:
    with pytest.raises(Trouble):
        idle.run("doctor", environment=bare(bare_path))
    environment = {**os.environ, **bare(bare_path), "RUN_DIR": str(idle.layout.run_dir), "PORT_BASE": str(idle.ports.base)}
    words = [sys.executable, "-m", "upstream_stack", "doctor"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "✗ Java" in done.stdout
    assert "what: Maven is missing" in done.stdout


def test_the_parts_are_named_after_their_pom_so_that_a_new_version_is_fetched_anew() -> None:
    names = [entry.name for entry in parts_cache().iterdir()]
    assert any(name.startswith("kafka-") for name in names)
    assert (DEPLOY / "kafka" / "pom.xml").exists()
    assert Layout(Path("/somewhere")).elsewhere.name.startswith("upstream-")
