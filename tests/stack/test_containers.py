"""What the stack reads out of an engine's answers. The engine is a script here: it says what real ones were seen to say."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from upstream_stack.containers import engine, view
from upstream_stack.containers.hands import Containers
from upstream_stack.containers.run_files import make_run_files, storage
from upstream_stack.errors import Trouble
from upstream_stack.layout import Layout, Ports
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import KAFKA_PASSWORD, read_secret

Says = Callable[..., None]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Puts a `docker` on the PATH that answers each verb with a text."""

    def put(**answers: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for verb, text in answers.items():
            (folder / f"{verb}.said").write_text(text)
        program = folder / "docker"
        program.write_text(f'#!/bin/sh\ncat "{folder}/$1.said"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return put


def container(name: str, state: str = "running", health: str = "", restarts: int = 0) -> dict[str, object]:
    running = state == "running"
    told: dict[str, object] = {"Status": state, "Running": running, "Pid": 4711 if running else 0, "ExitCode": 137}
    return {
        "Id": f"{name}-id",
        "RestartCount": restarts,
        "Config": {"Labels": {"com.docker.compose.service": name}},
        "State": told | ({"Health": {"Status": health}} if health else {}),
    }


def inspected(*containers: dict[str, object]) -> str:
    return json.dumps(containers)


LAYOUT = Layout(Path("/sample/run"))


def test_ps_shows_each_container_in_the_order_of_a_start_with_memory_cpu_health_and_restarts(says: Says) -> None:
    says(
        ps="a b c",
        inspect=inspected(
            container("intake", health="unhealthy", restarts=2),
            container("kafka", health="healthy"),
            container("scheduler", state="exited"),
            container("bootstrap", state="exited"),
        ),
        stats="intake-id\t66.5MiB / 384MiB\t1.25%\nkafka-id\t1.5GiB / 2GiB\t40.00%\n",
    )
    found = [
        (line.name, line.pss_bytes, line.cpu_percent, line.state, line.restarts)
        for line in view.lines_of(LAYOUT, Ports(18080))
    ]
    assert found == [
        ("kafka", int(1.5 * 1024**3), 40.0, "up", 0),
        ("intake", int(66.5 * 1024**2), 1.25, "unhealthy", 2),
        ("scheduler", 0, 0.0, "ended with 137", 0),
    ]


def test_ps_shows_nothing_where_every_container_has_ended(says: Says) -> None:
    says(ps="a", inspect=inspected(container("intake", state="exited")))
    assert view.lines_of(LAYOUT, Ports(18080)) == []
    assert not engine.runs(LAYOUT)


def test_the_log_of_migrations_is_the_log_of_whoever_ran_them(says: Says) -> None:
    says(ps="a b", inspect=inspected(container("bootstrap", state="exited"), container("intake")))
    assert view.log_words(LAYOUT, "intake", 5, follow=True) == ["docker", "logs", "--tail", "5", "--follow", "intake-id"]
    assert view.log_words(LAYOUT, "intake-migrate", 5, follow=False)[-1] == "bootstrap-id"
    with pytest.raises(Trouble, match="sample has no log") as refusal:
        view.log_words(LAYOUT, "sample", 5, follow=False)
    assert "bootstrap, intake" in refusal.value.why


@pytest.mark.parametrize(
    ("version", "good"), [("2.20.3", True), ("v2.26.1-4", True), ("5.0.0", True), ("2.19.1", False), ("1.29.2", False)]
)
def test_a_compose_that_is_too_old_is_refused_before_anything_starts(says: Says, version: str, good: bool) -> None:
    says(version="27.0.1", compose=version)
    if good:
        assert version in engine.refuse_unusable_engine()
        return
    with pytest.raises(Trouble, match="is too old"):
        engine.refuse_unusable_engine()


def test_the_broker_s_password_is_in_private_files_alone_and_its_cluster_s_id_is_made_in_the_container(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "run")
    make_run_files(layout, Ports(28080))
    password = read_secret(layout, ADMIN, KAFKA_PASSWORD)
    holders = {path for path in layout.run_dir.rglob("*") if path.is_file() and password in path.read_text(encoding="utf-8")}
    conf = layout.kafka / "conf"
    assert holders == {layout.secrets / ADMIN / KAFKA_PASSWORD, conf / "server.properties", conf / "format.args"}
    assert {path.stat().st_mode & 0o777 for path in holders} == {0o600}
    assert '"CLUSTER_ID"' in (conf / "format.args").read_text(encoding="utf-8").splitlines()
    assert password not in json.dumps(engine.settings_of(layout, Ports(28080)))


def test_a_second_start_changes_no_secret(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "run")
    make_run_files(layout, Ports(28080))
    before = {path: path.read_bytes() for path in layout.secrets.rglob("*") if path.is_file()}
    make_run_files(layout, Ports(28080))
    assert {path: path.read_bytes() for path in layout.secrets.rglob("*") if path.is_file()} == before


def test_a_broker_has_storage_once_its_container_has_formatted_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "run")
    hands = Containers(layout, Ports(28080))
    assert not hands.has_storage()
    storage(layout).mkdir(parents=True)
    (storage(layout) / "meta.properties").touch()
    assert hands.has_storage()
