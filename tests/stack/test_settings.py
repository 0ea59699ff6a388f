"""Ports, names, durations and the three lines: what a person types and reads."""

import os
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from upstream_schemas.topic import PARTY_MARKS
from upstream_stack.clock import parse_duration, read_offset, write_offset
from upstream_stack.containers import engine
from upstream_stack.containers.record import write_record
from upstream_stack.environment import OFFER_CONTACT, service_environment
from upstream_stack.errors import STARTED_BY, Trouble, command
from upstream_stack.layout import Layout, Ports, ports_from
from upstream_stack.parties import DEFAULT_SOURCES, Kind, Party, is_slug, read_parties
from upstream_stack.ports_in_use import ports_of
from upstream_stack.private_files import write_private
from upstream_stack.processes import NAMES, SERVICES, role_name, secrets_of
from upstream_stack.settings import target


def test_the_default_base_gives_the_ports_of_the_design() -> None:
    ports = Ports(18080)
    assert (ports.kafka, ports.postgres) == (19092, 15432)
    assert [ports.service(service.port_offset) for service in SERVICES] == [18081, 18082, 18083, 18084, 18085, 18087, 18089]


def test_one_base_moves_every_port_and_no_two_processes_share_one() -> None:
    here, there = ports_of(NAMES, Ports(18080)), ports_of(NAMES, Ports(28080))
    assert {name: port + 10_000 for name, port in here.items()} == there
    assert len(set(here.values())) == len(here) == len(NAMES) + 1


@pytest.mark.parametrize("base", [3_000, 64_900])
def test_a_base_that_leaves_the_range_of_ports_is_refused(base: int) -> None:
    with pytest.raises(Trouble, match=f"PORT_BASE={base}"):
        ports_from(base)


def test_two_run_directories_never_share_a_folder_elsewhere() -> None:
    assert Layout(Path("/one/.run")).elsewhere != Layout(Path("/two/.run")).elsewhere


def test_trouble_is_three_lines_whatever_its_texts_hold() -> None:
    lines = Trouble("first\nsecond", "a\n\nb", "do\nthis").lines()
    assert lines == ("what: first second", "why:  a b", "fix:  do this")


def test_the_fix_repeats_the_settings_in_force_and_quotes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STARTED_BY, raising=False)
    monkeypatch.setenv("RUN_DIR", "/a place/with spaces")
    monkeypatch.delenv("PORT_BASE", raising=False)
    fix = command("up", PORT_BASE="28080")
    assert fix.startswith("RUN_DIR='/a place/with spaces' PORT_BASE=28080 ")
    assert fix.endswith("upstream-stack up")


def test_under_make_the_fix_is_a_make_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STARTED_BY, "make")
    for name in ("RUN_DIR", "PORT_BASE", "PG_BIN"):
        monkeypatch.delenv(name, raising=False)
    assert command("up", PORT_BASE="28080") == "make up PORT_BASE=28080"
    assert command("source", "list").endswith("upstream-stack source list")


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("2h30m", 9_000), ("3d", 259_200), ("1d1h1m1s", 90_061), ("0s", 0)]
)
def test_a_duration_is_the_sum_of_its_parts(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "3", "d", "-3d", "3d later", "3 d", "3w"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


def test_the_clock_file_keeps_its_offset_and_a_missing_one_means_none(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    assert read_offset(path) == timedelta()
    write_offset(path, timedelta(hours=36))
    assert read_offset(path) == timedelta(hours=36)
    assert path.read_text() == '{"offset_seconds": 129600}'


@pytest.mark.parametrize("text", ["pdx311", "civic-web", "a1-b2-c3"])
def test_a_slug_is_lower_case_letters_digits_and_single_hyphens(text: str) -> None:
    assert is_slug(text)


@pytest.mark.parametrize("text", ["", "1parks", "Parks", "par.ks", "parks-", "-parks", "a--b", "a_b", "x" * 41, "parks\n"])
def test_nothing_else_is_a_slug(text: str) -> None:
    assert not is_slug(text)


def test_a_stack_without_a_file_of_parties_has_the_three_default_sources_the_police_bureau_and_no_provider(
    tmp_path: Path,
) -> None:
    found = [(party.kind, party.slug) for party in read_parties(tmp_path / "parties.json")]
    assert found == [*(("source", slug) for slug in DEFAULT_SOURCES), ("agency", "ppb")]


def test_a_file_of_parties_from_before_there_were_kinds_still_names_its_sources(tmp_path: Path) -> None:
    (tmp_path / "parties.json").write_text('[{"slug": "pdx311", "kind": "source"}, {"slug": "parks"}]')
    assert read_parties(tmp_path / "parties.json") == (Party(slug="pdx311"), Party(slug="parks"))


def test_each_kind_of_party_stands_for_one_mark_and_belongs_to_one_operator() -> None:
    kinds = {kind: Party(slug="sample", kind=kind) for kind in get_args(Kind)}
    assert {kind: (party.mark, party.operator) for kind, party in kinds.items()} == {
        "source": ("<source>", "operator"),
        "provider": ("<slug>", "operator-outreach"),
        "agency": ("<agency>", "operator-enforcement"),
    }
    assert {party.mark for party in kinds.values()} == set(PARTY_MARKS)


def test_the_enforcement_side_s_logs_lie_in_a_folder_of_their_own_and_nobody_else_s_do() -> None:
    layout = Layout(Path("/sample"))
    apart = {name for name in (*NAMES, *(f"{name}-migrate" for name in NAMES)) if layout.log(name).parent != layout.logs}
    ours = ("referral-enforcement", "referral-gateway")
    assert apart == {*ours, *(f"{name}-migrate" for name in ours)}
    assert layout.log("referral-gateway") == layout.logs / "enforcement" / "referral-gateway.log"


def test_each_process_is_told_what_it_needs_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OFFER_CONTACT, raising=False)
    layout, ports = Layout(Path("/sample")), Ports(18080)
    common = {"PROCESS", "KAFKA", "DATABASE", "SECRETS", "PORT", "PUBLIC_URL", "CLOCK", "MEMBER"}
    told = {row.name: service_environment(row, layout, ports) for row in SERVICES}
    own = {
        name: {key.removeprefix("UPSTREAM_") for key in found if key not in os.environ and key.startswith("UPSTREAM_")}
        - common
        for name, found in told.items()
    }
    assert own == {
        "intake": {"LANE_PUBLIC_KEY", "OVP_PUBLIC_KEY", "OUTREACH_URL"},
        "scheduler": {"LANE_PUBLIC_KEY"},
        "notifier-public": {"SMTP", "MAIL_FROM"},
        "notifier-outreach": {"SMTP", "MAIL_FROM"},
        "referral-outreach": {"LANE_PUBLIC_KEY"},
        "referral-enforcement": {"OVP_PUBLIC_KEY", "OFFER_CONTACT"},
        "referral-gateway": set(),
    }
    assert told["intake"]["UPSTREAM_LANE_PUBLIC_KEY"].endswith("keys/notifier-public.lane.pub")
    assert told["referral-outreach"]["UPSTREAM_LANE_PUBLIC_KEY"].endswith("keys/notifier-outreach.lane.pub")
    assert told["intake"]["UPSTREAM_OUTREACH_URL"] == "http://127.0.0.1:18085"
    assert told["referral-enforcement"]["UPSTREAM_OFFER_CONTACT"] == "off"


def test_owner_and_reader_have_roles_and_secrets_apart_from_the_running_process() -> None:
    assert [role_name("notifier_public", role) for role in ("runtime", "owner", "reader")] == [
        "notifier_public",
        "notifier_public_owner",
        "notifier_public_reader",
    ]
    assert secrets_of("intake", "runtime") == "intake"
    assert secrets_of("intake", "owner") == "intake-owner"


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A run directory that nobody used yet, chosen as a person chooses it."""
    for name in ("MODE", "PORT_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RUN_DIR", str(tmp_path / "run"))
    return Layout(tmp_path / "run")


def test_a_stack_is_embedded_unless_somebody_says_otherwise(chosen: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (target().layout, target().mode) == (chosen, "embedded")
    monkeypatch.setenv("MODE", "compose")
    assert target().mode == "compose"


def test_a_run_directory_that_ran_in_containers_needs_neither_mode_nor_ports_again(chosen: Layout) -> None:
    write_record(chosen, Ports(28080))
    assert (target().mode, target().ports) == ("compose", Ports(28080))


def test_a_run_directory_of_containers_is_not_run_otherwise_until_it_is_reset(
    chosen: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_record(chosen, Ports(28080))
    monkeypatch.setenv("MODE", "embedded")
    with pytest.raises(Trouble, match="is compose") as refusal:
        target()
    assert "MODE=compose" in refusal.value.fix
    assert "reset" in refusal.value.fix


def test_a_run_directory_with_the_embedded_stack_s_data_is_not_run_in_containers(
    chosen: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (chosen.kafka / "data").mkdir(parents=True)
    monkeypatch.setenv("MODE", "compose")
    with pytest.raises(Trouble, match="is embedded") as refusal:
        target()
    assert "MODE=embedded" in refusal.value.fix


def test_a_mode_that_there_is_not_is_refused_with_those_that_there_are(
    chosen: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODE", "kubernetes")
    with pytest.raises(Trouble, match="no MODE=kubernetes") as refusal:
        target()
    assert "embedded and compose" in refusal.value.why


def test_each_run_directory_is_a_project_of_its_own() -> None:
    one, other = (engine.project_of(Layout(Path(path))) for path in ("/one/.run", "/other/.run"))
    assert one != other


def test_containers_run_as_whoever_starts_them_and_as_nobody_where_that_is_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setattr(os, "getegid", lambda: 1235)
    assert str(engine.container_user()) == "1234:1235"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert str(engine.container_user()) == "10001:10001"


def test_what_root_writes_belongs_to_whoever_owns_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.append((Path(path).name.strip("."), uid, gid)))
    write_private(tmp_path / "secrets" / "token", "x")
    owner = tmp_path.stat()
    assert given == [("secrets", owner.st_uid, owner.st_gid), (f"token.{os.getpid()}", owner.st_uid, owner.st_gid)]


def test_a_machine_without_docker_is_told_so_in_three_lines(
    chosen: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Trouble, match="There is no docker"):
        engine.runs(chosen)


SAID = {
    "1": ("Cannot connect to the Docker daemon at unix:///sample.sock. Is it running?", "No container engine answers"),
    "2": ("something else", "Docker failed while asking for containers"),
}


@pytest.mark.parametrize("code", SAID)
def test_an_engine_that_does_not_answer_and_one_that_fails_are_told_apart(
    chosen: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str
) -> None:
    words, what = SAID[code]
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Trouble, match=what):
        engine.runs(chosen)
