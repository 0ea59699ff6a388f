"""What the stack reads out of an engine's answers. The engine is a script here: it says what real ones were seen to say."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from upstream_stack import lifecycle, modes
from upstream_stack.cli import app
from upstream_stack.containers import bootstrap, engine, life, view
from upstream_stack.containers.hands import Containers
from upstream_stack.containers.run_files import make_run_files, storage
from upstream_stack.errors import Trouble
from upstream_stack.layout import PORT_BASE_DEFAULT, Layout, Ports
from upstream_stack.locks import Lock
from upstream_stack.ports_in_use import free_base
from upstream_stack.processes import KAFKA, MAIL_SINK, NAMES
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import KAFKA_PASSWORD, read_secret
from upstream_stack.settings import Target

Says = Callable[..., None]
ENGINE = """#!/bin/sh
cd "{folder}"
echo "$*" >>asked
case " $* " in *" up "*)
    for said in then_*.said; do [ ! -e "$said" ] || mv "$said" "${{said#then_}}"; done
    [ ! -e up_fails.said ] || {{ cat up_fails.said >&2; exit 1; }} ;;
esac
cat "$1.said"
"""


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Puts a `docker` on the PATH that answers each verb with a text, and keeps what it was asked. `up` fails with `up_fails`.

    What is named `then_…` is what it answers once it was told to bring something up.
    """

    def put(**answers: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for verb, text in answers.items():
            (folder / f"{verb}.said").write_text(text)
        program = folder / "docker"
        program.write_text(ENGINE.format(folder=folder))
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


def ended(code: int, started: str) -> dict[str, object]:
    found = container("bootstrap", state="exited")
    return found | {"State": {"Status": "exited", "Running": False, "ExitCode": code, "StartedAt": started}}


def inspected(*containers: dict[str, object]) -> str:
    return json.dumps(containers)


def free_ports() -> Ports:
    return Ports(free_base(NAMES, other_than=PORT_BASE_DEFAULT))


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


def asked(tmp_path: Path) -> list[str]:
    return (tmp_path / "bin" / "asked").read_text().splitlines()


FIRST, SECOND = "2026-03-01T10:00:00.1Z", "2026-03-01T11:00:00.2Z"
TOLD = "some line\nwhat: intake's migrations failed\nwhy:  they ended with 1\nfix:  look\n"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([], [], TOLD),
        ([ended(1, FIRST)], [ended(1, FIRST)], TOLD),
        ([ended(1, FIRST)], [ended(0, SECOND)], TOLD),
        ([], [ended(1, SECOND)], "fix:  look\n"),
        ([], [ended(1, SECOND)], ""),
    ],
    ids=["never made", "failed in an earlier start", "ended well", "said something else", "said nothing"],
)
def test_what_the_engine_failed_with_is_told_where_bootstrap_is_not_the_cause(
    says: Says, tmp_path: Path, before: list[dict[str, object]], after: list[dict[str, object]], said: str
) -> None:
    says(version="27.0.1", compose="2.26.1", ps="a" if before else "", inspect=inspected(*before), logs=said)
    says(then_ps="a" if after else "", then_inspect=inspected(*after), up_fails="kafka: manifest unknown")
    with pytest.raises(Trouble, match="Docker failed while starting the containers") as failure:
        life.bring_up(Layout(tmp_path / "run"), free_ports(), ("intake",), print)
    assert failure.value.why == "kafka: manifest unknown"


def test_what_bootstrap_ended_with_in_this_start_is_told(says: Says, tmp_path: Path) -> None:
    says(version="27.0.1", compose="2.26.1", ps="a", inspect=inspected(ended(1, FIRST)), logs=TOLD)
    says(then_inspect=inspected(ended(1, SECOND)), up_fails="service bootstrap didn't complete successfully")
    with pytest.raises(Trouble, match="intake's migrations failed") as failure:
        life.bring_up(Layout(tmp_path / "run"), free_ports(), ("intake",), print)
    assert failure.value.fix.endswith("logs bootstrap")
    assert f"logs --tail 20 --since {SECOND} bootstrap-id" in asked(tmp_path)


def test_secrets_are_made_and_containers_ended_by_one_caller_at_a_time(
    says: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(version="27.0.1", compose="2.26.1", ps="")
    layout, alone = Layout(tmp_path / "run"), []

    def look(*_: object, **__: object) -> None:
        alone.append(Lock.try_take(layout.lock) is None)

    monkeypatch.setattr(life, "make_run_files", look)
    monkeypatch.setattr(engine, "compose", look)
    life.bring_up(layout, free_ports(), (KAFKA,), print)
    life.bring_down(layout, Ports(28080))
    assert alone == [True, True, True, True]


def test_down_removes_the_networks_of_a_start_that_made_no_container(says: Says, tmp_path: Path) -> None:
    says(compose="", ps="")
    layout = Layout(tmp_path / "run")
    assert not life.bring_down(layout, Ports(28080))
    assert asked(tmp_path)[-1].endswith("down --remove-orphans --volumes")
    assert not layout.run_dir.exists()


def test_reset_removes_the_image_too_and_goes_on_where_it_cannot(says: Says, tmp_path: Path) -> None:
    says(ps="")
    layout = Layout(tmp_path / "run")
    layout.run_dir.mkdir()
    modes.remove_everything(Target(layout, Ports(28080), "compose"))
    assert asked(tmp_path) == [f"image rm upstream:{engine.project_of(layout)}"]
    assert not layout.run_dir.exists()


def test_a_file_of_the_keeper_s_own_is_laid_over_by_every_verb_and_turns_the_demo_off(says: Says, tmp_path: Path) -> None:
    says(compose="", ps="")
    layout, ports = Layout(tmp_path / "run"), Ports(28080)
    chosen = Target(layout, ports, "compose")
    assert modes.is_the_demo_s(chosen)
    own = engine.own_file(layout)
    own.parent.mkdir(parents=True)
    own.touch()
    assert not modes.is_the_demo_s(chosen)
    told = engine.settings_of(layout, ports)
    assert (told["COMPOSE_PROFILES"], told["UPSTREAM_CLOCK"]) == ("", "")
    life.bring_down(layout, ports)
    compose_file, own_file = told["COMPOSE_FILE"].split(":")
    assert own_file == str(own)
    assert f"compose --file {compose_file} --file {own} --project-directory" in asked(tmp_path)[-1]


@pytest.mark.parametrize("verb", ["up", "demo"])
def test_neither_a_mail_sink_is_started_nor_the_demo_played_on_a_stack_with_real_mail(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, started = Layout(tmp_path / "run"), []
    engine.own_file(layout).parent.mkdir(parents=True)
    engine.own_file(layout).touch()
    monkeypatch.setattr(lifecycle, "bring_up", lambda _, names, *__, **___: started.extend(names))
    monkeypatch.setenv("RUN_DIR", str(layout.run_dir))
    monkeypatch.setenv("MODE", "compose")
    done = CliRunner().invoke(app, [verb])
    if verb == "demo":
        assert isinstance(done.exception, Trouble)
        assert started == []
    else:
        assert set(started) == {*NAMES} - {MAIL_SINK.name}


async def test_a_database_server_that_never_answers_is_named_in_three_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path / "run")
    make_run_files(layout, Ports(28080))
    monkeypatch.setattr(bootstrap, "_PART_SECONDS", 0.1)
    with pytest.raises(Trouble, match="The database server does not let us in"):
        await bootstrap.set_up(layout, free_ports())
