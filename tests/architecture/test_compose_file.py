"""What runs in containers is what the table of processes says, and is kept apart as tightly as an engine can. Read, not run."""

import os
import re
from pathlib import Path

import pytest
from support.compose_file import ROOT, read, services, variables
from support.infra_engine import BROKER_IMAGE, DATABASE_IMAGE

from upstream_schemas.topic import Zone
from upstream_stack.containers.engine import BOOTSTRAP, published, settings_of
from upstream_stack.containers.run_files import KAFKA_OUTSIDE_PORT, container_settings, make_run_files
from upstream_stack.environment import OFFER_CONTACT, service_environment
from upstream_stack.layout import INSIDE, Layout, Ports
from upstream_stack.processes import KAFKA, MAIL_SINK, NAMES, POSTGRES, PROCESSES, SERVICES, Process

MOUNTED = Layout(Path("/run/upstream"))
DATA = {KAFKA: "/var/lib/kafka/data", POSTGRES: "/var/lib/postgresql", MAIL_SINK.name: "/run/upstream/mail"}
IMAGES = ROOT / "deploy" / "images"
every_container = pytest.mark.parametrize("name", [*NAMES, BOOTSTRAP])
every_service = pytest.mark.parametrize("row", SERVICES, ids=lambda row: row.name)


def mounts(name: str) -> dict[str, tuple[str, str]]:
    """Where each of a container's folders and files comes from, by where it is seen, and whether it is read-only."""
    parts = [volume.split(":") for volume in services()[name]["volumes"]]
    return {part[1]: (part[0], part[2] if len(part) > 2 else "rw") for part in parts}


def pins(lock: Path) -> dict[str, str]:
    """Each locked package with its hashes."""
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
    return {entry.split()[0]: " ".join(entry.split()) for entry in entries}


def test_each_process_of_the_table_is_one_container_and_there_is_no_other_but_parts_and_bootstrap() -> None:
    assert set(services()) == {*NAMES, BOOTSTRAP}
    assert len(services()) == len(NAMES) + 1


@pytest.mark.parametrize("row", PROCESSES, ids=lambda row: row.name)
def test_a_container_runs_the_module_of_its_row(row: Process) -> None:
    assert services()[row.name]["command"] == ["python", "-m", row.module]


@every_service
def test_a_service_is_told_what_the_embedded_stack_would_tell_it(row: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("UPSTREAM_")]:
        monkeypatch.delenv(name)
    service = next(one for one in SERVICES if one is row)
    expected = {
        name: value for name, value in service_environment(service, MOUNTED, INSIDE).items() if name.startswith("UPSTREAM_")
    }
    told = services()[row.name]["environment"]
    assert told == expected | {"UPSTREAM_HOST": "0.0.0.0", "UPSTREAM_CLOCK": ""}


def test_only_upstream_stack_turns_the_demo_s_clock_and_mail_sink_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OFFER_CONTACT, raising=False)
    told = settings_of(Layout(Path("/sample")), Ports(28080))
    assert {name for name, found in services().items() if "profiles" in found} == {MAIL_SINK.name}
    assert services()[MAIL_SINK.name]["profiles"] == [told["COMPOSE_PROFILES"]]
    assert told["UPSTREAM_CLOCK"] == str(MOUNTED.clock)
    clocks = {read(told)["services"][row.name]["environment"]["UPSTREAM_CLOCK"] for row in SERVICES}
    assert clocks == {str(MOUNTED.clock)}


def test_upstream_stack_fills_in_every_variable_and_no_other() -> None:
    told = settings_of(Layout(Path("/sample")), Ports(28080))
    assert {name for name in told if not name.startswith("COMPOSE_")} == variables()


@every_service
def test_a_service_sees_its_own_secrets_and_nobody_else_s(row: Process) -> None:
    secrets = {target: source for target, source in mounts(row.name).items() if "/secrets" in target + source[0]}
    assert secrets == {f"/run/upstream/secrets/{row.name}": (f"./.run/secrets/{row.name}", "ro")}


@every_service
def test_a_service_sees_beside_its_secrets_public_keys_where_it_needs_them_and_the_clock(row: Process) -> None:
    needs_keys = any("/keys/" in value for value in services()[row.name]["environment"].values())
    keys = {"/run/upstream/keys"} if needs_keys else set()
    assert mounts(row.name).keys() == {f"/run/upstream/secrets/{row.name}", "/run/upstream/time", *keys}


def test_bootstrap_alone_sees_all_secrets() -> None:
    assert [name for name in services() if "/run/upstream/secrets" in mounts(name)] == [BOOTSTRAP]


@every_container
def test_a_container_can_write_to_its_data_and_nowhere_else(name: str) -> None:
    assert services()[name]["read_only"] is True
    assert [target for target, (_, how) in mounts(name).items() if how != "ro"] == ([DATA[name]] if name in DATA else [])


def test_every_folder_that_an_image_would_make_a_volume_of_is_mounted_so_that_nothing_lies_elsewhere() -> None:
    assert "volumes" not in read()
    in_memory = {entry.split(":")[0] for entry in services()[KAFKA]["tmpfs"]}
    assert {"/etc/kafka/secrets", "/mnt/shared/config", DATA[KAFKA]} <= in_memory | mounts(KAFKA).keys()


def test_the_broker_may_run_what_it_unpacks_or_a_compressed_record_would_take_its_disk_offline() -> None:
    assert "/tmp:exec" in services()[KAFKA]["tmpfs"][0]


@every_container
def test_a_container_has_no_capability_and_never_runs_as_root(name: str) -> None:
    found = services()[name]
    assert found["cap_drop"] == ["ALL"]
    assert "cap_add" not in found
    assert "privileged" not in found
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["user"] == "10001:10001"
    assert "USER 10001:10001" in (IMAGES / "Dockerfile").read_text(encoding="utf-8")


@every_container
def test_a_container_has_limits_of_memory_of_processes_and_of_logs(name: str) -> None:
    found = services()[name]
    assert re.fullmatch(r"\d+[mg]", found["mem_limit"])
    assert found["pids_limit"] == 256
    assert set(found["logging"]["options"]) == {"max-size", "max-file"}


@every_container
def test_a_container_is_started_again_when_it_ends_by_itself_but_for_the_one_that_is_to_end(name: str) -> None:
    assert services()[name]["restart"] == ("no" if name == BOOTSTRAP else "unless-stopped")


def test_the_public_images_are_those_of_tests_on_containers_and_one_image_serves_every_process_of_ours() -> None:
    images = {name: found["image"] for name, found in services().items()}
    ours = {images.pop(name) for name in [row.name for row in PROCESSES] + [BOOTSTRAP]}
    assert images == {KAFKA: BROKER_IMAGE, POSTGRES: DATABASE_IMAGE} == {KAFKA: "apache/kafka:4.3.1", POSTGRES: "postgres:18"}
    assert ours == {"upstream:0.1.0"}
    bases = re.findall(r"^FROM (\S+)", (IMAGES / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(bases) == {"python:3.12-slim"}


def test_no_network_address_but_loopback_is_written_anywhere() -> None:
    for path in (
        ROOT / "docker-compose.yml",
        IMAGES / "Dockerfile",
        ROOT / ".dockerignore",
        ROOT / "deploy/kafka/in-container.sh",
    ):
        hosts = set(re.findall(r"https?://([^/:\s'\"]+)", path.read_text(encoding="utf-8")))
        assert hosts <= {"127.0.0.1"}, path


def test_the_image_is_locked_to_a_part_of_what_the_checkout_is_locked_to_and_holds_no_test_tool() -> None:
    whole = pins(ROOT / "requirements.lock")
    runtime, build = pins(IMAGES / "runtime.lock"), pins(IMAGES / "build.lock")
    assert (runtime | build).items() <= whole.items()
    names = {name.partition("==")[0] for name in runtime}
    assert names.isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "testcontainers", "hatchling", "pyyaml"})
    assert {"asyncpg", "aiokafka", "faststream", "confluent-kafka", "pydantic", "uvloop"} <= names


def test_what_partners_copy_and_build_in_place_is_not_sent_to_the_image() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines.index("!shared") < lines.index("shared/client/snippets")  # the last word counts


@pytest.mark.parametrize("base", [18080, 28080])
def test_ports_are_published_on_loopback_alone_under_the_embedded_stack_s_numbers(base: int) -> None:
    found = read(settings_of(Layout(Path("/sample")), Ports(base)))["services"]
    inside = published(INSIDE) | {KAFKA: KAFKA_OUTSIDE_PORT}
    expected = {name: [f"127.0.0.1:{port}:{inside[name]}"] for name, port in published(Ports(base)).items()}
    assert {name: one.get("ports", []) for name, one in found.items()} == expected | {BOOTSTRAP: []}
    urls = {row.name: found[row.name]["environment"]["UPSTREAM_PUBLIC_URL"] for row in SERVICES}
    assert urls == {row.name: f"http://127.0.0.1:{Ports(base).service(row.port_offset)}" for row in SERVICES}


@every_service
def test_a_service_is_on_its_own_side_s_network_and_on_no_other(row: Process) -> None:
    assert services()[row.name]["networks"] == [row.zone.value]


def test_only_broker_and_database_are_on_every_side_and_the_mail_sink_is_not_on_the_enforcement_s() -> None:
    sides = [Zone.CITY.value, Zone.OUTREACH.value, Zone.ENFORCEMENT.value]
    assert list(read()["networks"]) == sides
    assert services()[KAFKA]["networks"] == services()[POSTGRES]["networks"] == sides
    assert services()[MAIL_SINK.name]["networks"] == sides[:2]


@every_service
def test_a_service_waits_for_healthy_parts_and_for_bootstrap_which_waited_for_them(row: Process) -> None:
    healthy = {KAFKA: {"condition": "service_healthy"}, POSTGRES: {"condition": "service_healthy"}}
    assert services()[BOOTSTRAP]["depends_on"] == healthy
    assert services()[row.name]["depends_on"] == healthy | {BOOTSTRAP: {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("name", NAMES)
def test_a_look_at_a_container_s_health_starts_no_java(name: str) -> None:
    program = services()[name]["healthcheck"]["test"][1]
    assert program == {KAFKA: "bash", POSTGRES: "pg_isready"}.get(name, "python")


def test_the_broker_has_one_door_for_containers_and_one_for_the_host_of_the_same_kind(tmp_path: Path) -> None:
    layout, ports = Layout(tmp_path / "run here"), Ports(28080)
    make_run_files(layout, ports)
    settings = dict(line.split("=", 1) for line in container_settings(layout, ports).splitlines() if line[:1] not in ("#", ""))
    assert settings["advertised.listeners"] == (
        "CLIENTS://kafka:19092,OUTSIDE://127.0.0.1:29092,CONTROLLERS://127.0.0.1:19093"
    )
    kinds = dict(entry.split(":") for entry in settings["listener.security.protocol.map"].split(","))
    assert kinds["OUTSIDE"] == kinds["CLIENTS"] == "SASL_PLAINTEXT"
    assert (
        settings["listener.name.outside.sasl.enabled.mechanisms"] == settings["listener.name.clients.sasl.enabled.mechanisms"]
    )


def test_everything_that_is_mounted_from_the_run_directory_is_there_and_private_before_a_container_starts(
    tmp_path: Path,
) -> None:
    layout = Layout(tmp_path / "run here")
    make_run_files(layout, Ports(28080))
    sources = {source for name in services() for source, _ in mounts(name).values()}
    paths = [layout.run_dir / source.removeprefix("./.run/") for source in sources if source.startswith("./.run/")]
    assert all(path.exists() for path in paths)
    assert [path for path in paths if path.stat().st_mode & 0o077 and path != layout.parties] == []
    secrets = [path for path in layout.secrets.rglob("*") if path.is_file()]
    assert len(secrets) > len(SERVICES) * 3
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
