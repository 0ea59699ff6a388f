"""The processes a stack runs beside Kafka and PostgreSQL: the one table that names, databases, ports and secrets come from."""

import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Role = Literal["runtime", "owner", "reader"]
ROLES: tuple[Role, ...] = ("runtime", "owner", "reader")

KAFKA = "kafka"
POSTGRES = "postgres"
LANE_PRIVATE_KEY = "lane-private-key"
STAFF_TOKEN = "staff-token"  # noqa: S105 - the name of a secret, not one


@dataclass(frozen=True, slots=True)
class Process:
    """One process of ours: a module run by this Python, and the port it listens on."""

    name: str
    module: str
    port_offset: int


@dataclass(frozen=True, slots=True)
class Service(Process):
    """A process that speaks on the bus under its own name and owns a database. `secrets` are made for it alone, one file each."""

    database: str
    secrets: tuple[str, ...]
    sends_mail: bool = False
    seals_for_lane: bool = False


MAIL_SINK = Process("mail-sink", "upstream_stack.mail_sink", port_offset=6)

SERVICES: tuple[Service, ...] = (
    Service("intake", "upstream_intake", 1, "intake", secrets=("link-key", STAFF_TOKEN), seals_for_lane=True),
    Service("scheduler", "upstream_scheduler", 2, "scheduler", secrets=("link-key", STAFF_TOKEN), seals_for_lane=True),
    Service("notifier-public", "upstream_notifier", 3, "notifier_public", secrets=(LANE_PRIVATE_KEY,), sends_mail=True),
)

PROCESSES: tuple[Process, ...] = (MAIL_SINK, *SERVICES)
NAMES: tuple[str, ...] = (KAFKA, POSTGRES, *(process.name for process in PROCESSES))


def service(name: str) -> Service:
    """The row of `name`; KeyError where there is none."""
    return {row.name: row for row in SERVICES}[name]


def role_name(database: str, role: Role) -> str:
    """The PostgreSQL role: the runtime's bears the database's own name."""
    return database if role == "runtime" else f"{database}_{role}"


def secrets_of(name: str, role: Role) -> str:
    """The folder under the secrets in which the password of a process's database role lies."""
    return name if role == "runtime" else f"{name}-{role}"


def not_importable(names: Collection[str]) -> tuple[Process, ...]:
    """The chosen processes whose module this Python does not have."""
    return tuple(row for row in PROCESSES if row.name in names and importlib.util.find_spec(row.module) is None)
