"""What a start needs, looked at one by one without starting or fetching anything."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from upstream_stack.containers import engine
from upstream_stack.errors import Trouble, command, install_command
from upstream_stack.layout import Layout, Ports
from upstream_stack.parts.java import find_java
from upstream_stack.parts.kafka_jars import jars_folder
from upstream_stack.parts.postgres_binaries import find_postgres
from upstream_stack.ports_in_use import refuse_busy_ports
from upstream_stack.processes import NAMES, not_importable
from upstream_stack.state import read_state

_DISK_BYTES_MIN = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `trouble` where a start would stumble over it."""

    label: str
    trouble: Trouble | None = None


def examine(layout: Layout, ports: Ports) -> Iterator[Finding]:
    """Every finding, good ones too."""
    running = read_state(layout)
    lives = running is not None and running.supervisor.lives()
    yield _try("Java", lambda: f"Java {find_java().version}")
    yield _try("Kafka's jars", _kafka)
    yield _try("PostgreSQL", _postgres)
    yield _try("Services", _services)
    yield _try("Run directory", lambda: _run_directory(layout))
    yield _try("Disk", lambda: _disk(layout))
    if lives:
        yield Finding(f"The stack runs in {layout.run_dir}, ports from {ports.base}")
        return
    yield _try("Ports", lambda: _ports(ports))
    if running is not None:
        why = f"supervisor {running.supervisor.pid} in {layout.state} is gone"
        yield Finding("Last run", Trouble("The last run did not end cleanly", why, command("up")))


def examine_containers(layout: Layout, ports: Ports) -> Iterator[Finding]:
    """The same for a stack in containers, which needs neither Java nor PostgreSQL here."""
    yield _try("Container engine", engine.refuse_unusable_engine)
    yield _try("Run directory", lambda: _run_directory(layout))
    yield _try("Disk", lambda: _disk(layout))
    try:
        lives = engine.runs(layout)
    except Trouble:
        return
    yield (
        Finding(f"The stack runs in {layout.run_dir}, ports from {ports.base}")
        if lives
        else _try("Ports", lambda: _ports(ports))
    )


def _try(label: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(look())
    except Trouble as trouble:
        return Finding(label, trouble)


def _kafka() -> str:
    folder = jars_folder()
    if folder.exists():
        return f"Kafka's jars in {folder}"
    if shutil.which("mvn"):
        return "Kafka's jars: Maven will fetch them"
    fix = install_command(debian="maven", fedora="maven", brew="maven")
    raise Trouble("Maven is missing", "Kafka's jars are not on this machine yet, and Maven is what fetches them", fix)


def _postgres() -> str:
    found = find_postgres()
    if found is not None:
        return f"PostgreSQL {found.version} in {found.folder}"
    if shutil.which("mvn"):
        return "PostgreSQL: Maven will fetch it"
    fix = install_command(debian="postgresql", fedora="postgresql-server", brew="postgresql@16")
    raise Trouble("PostgreSQL is missing", "neither this machine nor Maven has it", fix)


def _services() -> str:
    missing = not_importable(NAMES)
    if missing:
        ready = ",".join(name for name in NAMES if name not in {row.name for row in missing})
        what = f"{', '.join(row.module for row in missing)} cannot be imported"
        raise Trouble(what, "this Python does not have it", command("up", "--only", ready))
    return "All services can be imported"


def _run_directory(layout: Layout) -> str:
    nearest = next(folder for folder in (layout.run_dir, *layout.run_dir.parents) if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        fix = command("up", RUN_DIR=f"/var/tmp/upstream-{os.geteuid()}")  # noqa: S108 - a suggestion to a person
        raise Trouble(f"{layout.run_dir} cannot be written", f"this user has no rights in {nearest}", fix)
    return f"Run directory {layout.run_dir}"


def _disk(layout: Layout) -> str:
    nearest = next(folder for folder in (layout.run_dir, *layout.run_dir.parents) if folder.exists())
    free_bytes = shutil.disk_usage(nearest).free
    if free_bytes < _DISK_BYTES_MIN:
        raise Trouble("The disk is nearly full", f"{free_bytes // 1_000_000} MB are free below {nearest}", command("reset"))
    return f"{free_bytes // 1_000_000_000} GB free"


def _ports(ports: Ports) -> str:
    refuse_busy_ports(NAMES, ports)
    return f"Ports from {ports.base} are free"
