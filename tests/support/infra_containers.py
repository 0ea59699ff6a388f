"""Broker and database in containers, for one stack: its ports, its secrets, its configuration. Sets up nothing inside them.

They take the host's ports that the stack would have given its own processes, so addresses and credentials are the same.
Whoever dies without removing them leaves that to testcontainers' own cleaner, some ten seconds later.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, cast

from support.infra_engine import BROKER_IMAGE, DATABASE_IMAGE
from testcontainers.core.container import DockerContainer

from upstream_stack.errors import Trouble
from upstream_stack.kafka_broker import ALONE, JVM_OPTIONS, broker_settings, format_arguments, kafka_id
from upstream_stack.layout import LOOPBACK
from upstream_stack.postgres_server import SETTINGS
from upstream_stack.processes import KAFKA, POSTGRES
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import DATABASE_PASSWORD
from upstream_stack.stack import Stack

_HOME: Final = Path("/etc/upstream")
_KAFKA: Final = Path("/opt/kafka")
_POSTGRES_PORT: Final = 5432
_LOG_BYTES: Final = 2000


def broker(stack: Stack) -> DockerContainer:
    """The public image with our template filled in; no secret on a command line or in the environment."""
    settings, arguments = _HOME / "server.properties", _HOME / "format.args"
    data = Path("/var/lib/kafka/data")
    start = f"java @{arguments} && exec {_KAFKA}/bin/kafka-server-start.sh {settings}"
    heap, *others = JVM_OPTIONS
    container = DockerContainer(BROKER_IMAGE).with_command(["bash", "-c", start])
    container.with_envs(KAFKA_HEAP_OPTS=heap, KAFKA_JVM_PERFORMANCE_OPTS=" ".join(others))
    ports = stack.ports
    filled_in = broker_settings(
        stack.layout,
        data,
        listen=f"0.0.0.0:{ports.kafka}",
        address=f"{LOOPBACK}:{ports.kafka}",
        controller=f"{LOOPBACK}:{ports.controller}",
    )
    formatting = format_arguments(stack.layout, _KAFKA / "libs", settings, *ALONE, kafka_id())
    container.with_copy_into_container(filled_in.encode(), str(settings))
    container.with_copy_into_container(formatting.encode(), str(arguments))
    return _at(container, stack.ports.kafka, stack.ports.kafka)


def database(stack: Stack) -> DockerContainer:
    """The public image, told what every PostgreSQL of ours is told."""
    told, password = _HOME / SETTINGS.name, _HOME / "password"
    include = f'echo "include \'{told}\'" >> "$PGDATA/postgresql.conf"\n'
    container = DockerContainer(DATABASE_IMAGE)
    container.with_envs(POSTGRES_USER=ADMIN, POSTGRES_PASSWORD_FILE=str(password))
    container.with_envs(POSTGRES_INITDB_ARGS="--encoding=UTF8 --locale=C")
    container.with_copy_into_container(stack.secret(ADMIN, DATABASE_PASSWORD).encode(), str(password))
    container.with_copy_into_container(SETTINGS.read_bytes(), str(told))
    container.with_copy_into_container(include.encode(), "/docker-entrypoint-initdb.d/upstream.sh")
    return _at(container, _POSTGRES_PORT, stack.ports.postgres)


def _at(container: DockerContainer, inside: int, outside: int) -> DockerContainer:
    """On the host's loopback alone, which `with_bind_ports` has no word for."""
    ports = cast("dict[str, tuple[str, int]]", container.ports)
    ports[str(inside)] = ("127.0.0.1", outside)
    return container


PARTS: Final = {KAFKA: broker, POSTGRES: database}


@contextmanager
def containers(stack: Stack, *parts: str) -> Iterator[None]:
    """Runs these parts of the stack; its secrets must exist. A Trouble on the way is told with the ends of their logs."""
    started = {}
    with ExitStack() as ending:
        for part in parts:
            started[part] = ending.enter_context(PARTS[part](stack))
        try:
            yield
        except Trouble as trouble:
            for part, container in started.items():
                trouble.add_note(f"--- {part}\n{_log_end(container)}")
            raise


def _log_end(container: DockerContainer) -> str:
    return b"".join(container.get_logs())[-_LOG_BYTES:].decode(errors="replace")
