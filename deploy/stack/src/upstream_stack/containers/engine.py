"""`docker` and `docker compose`, asked for one stack. Knows the project's name and settings, nothing of what runs in it."""

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upstream_stack.errors import Trouble, command, install_command
from upstream_stack.layout import CHECKOUT, Layout, Ports
from upstream_stack.processes import KAFKA, POSTGRES, PROCESSES

BOOTSTRAP = "bootstrap"
STAND_IN_UID = 10_001
"""Who the containers run as where the host's user is root: nobody's number."""
_DEMO = "demo"
_FILE = CHECKOUT / "docker-compose.yml"
_COMPOSE_MIN = (2, 20)
_SAID_MAX = 400


@dataclass(frozen=True, slots=True)
class User:
    """Who the containers run as: whoever started them, so that each reads the files it is given; never root."""

    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


def container_user() -> User:
    """Ourselves, or nobody's number where we are root."""
    return User(os.geteuid(), os.getegid()) if os.geteuid() != 0 else User(STAND_IN_UID, STAND_IN_UID)


def project_of(layout: Layout) -> str:
    """The project's name: one for each run directory."""
    return f"upstream-{hashlib.sha256(str(layout.run_dir).encode()).hexdigest()[:12]}"


def published(ports: Ports) -> dict[str, int]:
    """The port on loopback of each part and process, by its name."""
    return {KAFKA: ports.kafka, POSTGRES: ports.postgres} | {row.name: ports.service(row.port_offset) for row in PROCESSES}


def own_file(layout: Layout) -> Path:
    """What whoever keeps this stack lays over docker-compose.yml, where it exists: real mail, real links. Nobody writes it here."""
    return layout.compose / "yours.yml"


def settings_of(layout: Layout, ports: Ports) -> dict[str, str]:
    """What docker-compose.yml leaves open. Holds no secret.

    The movable clock and the mail sink belong to the demo's profile, which is off where there is a file of the keeper's own.
    """
    demo = not own_file(layout).exists()
    return {
        "COMPOSE_PROJECT_NAME": project_of(layout),
        "COMPOSE_FILE": ":".join(_files(layout)),
        "COMPOSE_PROFILES": _DEMO if demo else "",
        "RUN_DIR": str(layout.run_dir),
        "UPSTREAM_USER": str(container_user()),
        "UPSTREAM_TAG": project_of(layout),
        "UPSTREAM_CLOCK": "/run/upstream/time/clock" if demo else "",
        "UPSTREAM_OFFER_CONTACT": os.environ.get("UPSTREAM_OFFER_CONTACT", "off"),
    } | {f"{name.upper().replace('-', '_')}_PORT": str(port) for name, port in published(ports).items()}


def compose(layout: Layout, ports: Ports, *words: str, doing: str) -> str:
    """`docker compose …` for this stack; its standard output. Trouble, with the end of what it said, where it fails."""
    files = [word for path in _files(layout) for word in ("--file", path)]
    program = ["docker", "compose", *files, "--project-directory", str(CHECKOUT)]
    return _run([*program, *words], settings_of(layout, ports), doing)


def end(layout: Layout, ports: Ports) -> None:
    """Removes containers and networks, the demo's too where its profile was turned off meanwhile."""
    words = ("--profile", _DEMO, "down", "--remove-orphans", "--volumes")
    compose(layout, ports, *words, doing="ending the containers")


def containers_of(layout: Layout) -> list[dict[str, Any]]:
    """What `docker inspect` knows of this stack's containers, those that ended too, by the service's name."""
    label = f"label=com.docker.compose.project={project_of(layout)}"
    ids = _run(["docker", "ps", "--all", "--quiet", "--no-trunc", "--filter", label], {}, "asking for containers").split()
    if not ids:
        return []
    found: list[dict[str, Any]] = json.loads(_run(["docker", "inspect", *ids], {}, "asking for containers"))
    return sorted(found, key=service_of)


def service_of(container: Mapping[str, Any]) -> str:
    """Which service of docker-compose.yml this container is."""
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def runs(layout: Layout) -> bool:
    """Whether any container of this stack runs."""
    return any(container["State"]["Running"] for container in containers_of(layout))


def costs_of(ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Memory and CPU of running containers as the engine writes them, by id; takes two seconds."""
    words = ["docker", "stats", "--no-stream", "--no-trunc", "--format", "{{.ID}}\t{{.MemUsage}}\t{{.CPUPerc}}", *ids]
    lines = [line.split("\t") for line in _run(words, {}, "asking what containers cost").splitlines()]
    return {found: (memory, cpu) for found, memory, cpu in lines}


def refuse_unusable_engine() -> str:
    """The versions of engine and compose; Trouble where there is none that can run this."""
    engine = _run(["docker", "version", "--format", "{{.Server.Version}}"], {}, "asking the engine for its version")
    found = _run(["docker", "compose", "version", "--short"], {}, "asking for docker compose")
    if tuple(int(part) for part in found.lstrip("v").split("-")[0].split(".")[:2]) < _COMPOSE_MIN:
        wanted = ".".join(map(str, _COMPOSE_MIN))
        raise Trouble(f"docker compose {found} is too old", f"{wanted} or newer is needed", _install())
    return f"Docker {engine}, compose {found}"


def words_inside(layout: Layout, name: str) -> list[str]:
    """How a program with a standard input is run in a container that runs."""
    return ["docker", "exec", "--interactive", f"{project_of(layout)}-{name}-1"]


def last_words(container: Mapping[str, Any]) -> list[str]:
    """The last lines of what a container said since it was started last: its log keeps earlier runs too."""
    since = ("--since", container["State"]["StartedAt"])
    said = _run(["docker", "logs", "--tail", "20", *since, container["Id"]], {}, f"reading the log of {service_of(container)}")
    return said.splitlines()


def remove_image(layout: Layout) -> None:
    """The image of this run directory. That it is used elsewhere, or was never built, is no failure."""
    with suppress(Trouble):
        _run(["docker", "image", "rm", f"upstream:{project_of(layout)}"], {}, "removing the image")


def _files(layout: Layout) -> list[str]:
    own = own_file(layout)
    return [str(_FILE), *([str(own)] if own.exists() else [])]


def _run(words: Sequence[str], more: Mapping[str, str], doing: str) -> str:
    try:
        done = subprocess.run(words, env={**os.environ, **more}, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Trouble("There is no docker", "MODE=compose runs everything in containers", _install()) from None
    said = done.stderr.strip()
    if done.returncode != 0 and "Cannot connect to the Docker daemon" in said:
        raise Trouble("No container engine answers", said.splitlines()[-1], "start Docker, or leave MODE=compose away")
    if done.returncode != 0:
        raise Trouble(f"Docker failed while {doing}", said[-_SAID_MAX:] or "it did not say why", command("doctor"))
    return done.stdout.strip()


def _install() -> str:
    return install_command(debian="docker.io docker-compose-v2", fedora="docker docker-compose", brew="docker docker-compose")
