"""Containers of a run that was killed go away by themselves; what cannot be had is said in three lines, within seconds."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import docker
import pytest
from docker.errors import NotFound
from support import infra_engine
from support.infra import Infra, choose
from support.infra_engine import BROKER_IMAGE, Engine, look
from support.infra_selection import NO_CONTAINERS

from upstream_stack.errors import Trouble
from upstream_stack.layout import CHECKOUT
from upstream_stack.patience import came_true

GONE_SECONDS = 60.0  # ten from the last sign of life, and what a busy machine takes
ONE_CONTAINER = """
import sys, time
from pathlib import Path
from support.infra_containers import database
from upstream_stack.ports_in_use import free_base
from upstream_stack.run_dir import make_run_dir
from upstream_stack.secret_files import make_secrets
from upstream_stack.stack import Stack

stack = Stack(Path(sys.argv[1]) / "run", free_base(["postgres"], other_than=0))
make_run_dir(stack.layout)
make_secrets(stack.layout)
with database(stack) as container:
    print(container.get_container_id(), flush=True)
    time.sleep(600)
"""


@pytest.fixture
def engine(infra: Infra) -> Engine:
    if not infra.engine.ready:
        pytest.skip(f"{NO_CONTAINERS}: {infra.engine.trouble}")
    return infra.engine


@pytest.mark.usefixtures("engine")
def test_a_run_that_is_killed_leaves_no_container_behind(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", ONE_CONTAINER, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "tests")},
    )
    with run, closing(docker.from_env()) as client:
        assert run.stdout is not None
        name = run.stdout.readline().decode().strip()
        assert client.containers.get(name).status == "running"
        run.send_signal(signal.SIGKILL)
        run.wait()

        def gone() -> bool:
            try:
                client.containers.get(name)
            except NotFound:
                return True
            return False

        assert came_true(gone, GONE_SECONDS)


@pytest.mark.usefixtures("engine")
def test_an_engine_without_an_image_is_told_from_a_good_one_and_nothing_is_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infra_engine, "BROKER_IMAGE", "upstream.example/kafka:0")
    began = time.monotonic()
    found = look()
    assert time.monotonic() - began < 10
    assert "has no image upstream.example/kafka:0" in found.trouble
    assert found.fix == "docker pull upstream.example/kafka:0"
    assert BROKER_IMAGE not in found.trouble


def test_no_engine_is_told_within_seconds_and_what_was_asked_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    found = look()
    assert not found.ready
    assert "no container engine answers" in found.trouble
    with pytest.raises(Trouble, match="cannot be had") as refused:
        choose("testcontainers")
    assert found.trouble in refused.value.why
    assert choose("auto").driver.name == choose("embedded").driver.name == "embedded"


def test_a_choice_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(Trouble, match="INFRA=podman is no choice") as refused:
        choose("podman")
    assert "embedded, testcontainers, external, auto" in refused.value.why
