"""The real parts of a run of the tests, chosen once from INFRA: whose broker and database, and why these. Skips nothing itself."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from support.infra_containers import PARTS, containers
from support.infra_engine import Engine, look

from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import admin_client, broker_answers
from upstream_stack.layout import PORT_BASE_DEFAULT
from upstream_stack.ports_in_use import free_base
from upstream_stack.processes import NAMES
from upstream_stack.run_dir import make_run_dir
from upstream_stack.secret_files import make_secrets
from upstream_stack.settings import target
from upstream_stack.stack import Stack

CHOICES = ("embedded", "testcontainers", "external", "auto")


class Driver(Protocol):
    """A way to have a running stack. `what` is for people."""

    name: str
    what: str

    def stack(self, folder: Path, *only: str) -> AbstractContextManager[Stack]:
        """A running stack with its files in `folder`, all of it or `only` these; what it started, it ends."""


class Embedded:
    """Broker and database are processes of the stack's own supervisor."""

    name = "embedded"
    what = "Kafka and PostgreSQL as processes of the embedded stack, on loopback"

    @contextmanager
    def stack(self, folder: Path, *only: str) -> Iterator[Stack]:
        found = _new(folder)
        found.up(*only)
        yield found
        _end(found)


class Containers:
    """Broker and database are containers at the stack's ports; everything else is as in the embedded stack."""

    name = "testcontainers"
    what = "Kafka and PostgreSQL in containers, the services as processes"

    @contextmanager
    def stack(self, folder: Path, *only: str) -> Iterator[Stack]:
        found = _new(folder)
        parts = tuple(part for part in PARTS if not only or part in only)
        make_run_dir(found.layout)
        make_secrets(found.layout)
        with containers(found, *parts):
            found.up(*only, elsewhere=parts)
            yield found
            _end(found)


class External:
    """A stack that somebody else started: used as it is, and left as it runs. Journeys move its clock and leave their cases."""

    name = "external"
    what = "a stack that somebody else started and keeps"

    @contextmanager
    def stack(self, folder: Path, *only: str) -> Iterator[Stack]:
        found = target()
        chosen = Stack(found.layout.run_dir, found.ports.base)
        _refuse_silent(chosen)
        yield chosen


@dataclass(frozen=True, slots=True)
class Infra:
    """What was chosen and why; `engine` is what was found of containers, also where they were not chosen."""

    driver: Driver
    why: str
    engine: Engine

    @property
    def own_processes(self) -> bool:
        """Whether a test may signal broker and database and start stacks without services: not those of others."""
        return self.driver.name == Embedded.name


def choose(asked: str = "") -> Infra:
    """The driver for INFRA; unset is embedded. Trouble where what was asked for cannot be had."""
    asked = asked or os.environ.get("INFRA") or Embedded.name
    engine = look()
    if asked == External.name:
        return Infra(External(), "INFRA=external", engine)
    if asked == Embedded.name:
        return Infra(Embedded(), "INFRA=embedded, or not set", engine)
    if asked == "auto":
        return Infra(Containers() if engine.ready else Embedded(), f"INFRA=auto: {engine}", engine)
    if asked != Containers.name:
        raise Trouble(f"INFRA={asked} is no choice", f"the choices are {', '.join(CHOICES)}", "make test")
    if not engine.ready:
        raise Trouble("INFRA=testcontainers cannot be had", engine.trouble, f"{engine.fix}; or without containers: make test")
    return Infra(Containers(), f"INFRA=testcontainers: {engine}", engine)


def _new(folder: Path) -> Stack:
    return Stack(folder / "run", free_base(NAMES, other_than=PORT_BASE_DEFAULT))


def _end(stack: Stack) -> None:
    stack.down()
    shutil.rmtree(stack.layout.elsewhere, ignore_errors=True)


def _refuse_silent(stack: Stack) -> None:
    try:
        answers = broker_answers(admin_client(stack.kafka_admin_config()))
    except FileNotFoundError:
        raise Trouble(
            f"No stack lies in {stack.layout.run_dir}", "it holds no secrets", "RUN_DIR=… PORT_BASE=… make test INFRA=external"
        ) from None
    if not answers:
        raise Trouble("The external stack does not answer", f"nobody lets us in at {stack.bootstrap}", command("up"))
