"""The processes a stack runs beside Kafka and PostgreSQL: the one table that names, databases, ports and secrets come from."""

import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from upstream_schemas.topic import Zone
from upstream_schemas.topics import OPERATOR_OF, ZONE_OF_PROCESS

Role = Literal["runtime", "owner", "reader"]
ROLES: tuple[Role, ...] = ("runtime", "owner", "reader")
Setting = Literal["SMTP", "MAIL_FROM", "OVP_PUBLIC_KEY", "OUTREACH_URL", "OFFER_CONTACT"]

READY_PATH = "/health/ready"
"""Where a service says whether database, broker and relay are there for it."""
KAFKA = "kafka"
POSTGRES = "postgres"
LANE_PRIVATE_KEY = "lane-private-key"
LINK_KEY = "link-key"
OVP_KEYS = "ovp-keys"
STAFF_TOKEN = "staff-token"  # noqa: S105 - the name of a secret, not one
OPERATOR_TOKEN = "operator-token"  # noqa: S105 - the name of a secret, not one
METRICS_TOKEN = "metrics-token"  # noqa: S105 - the name of a secret, not one


@dataclass(frozen=True, slots=True)
class Process:
    """One process of ours: a module run by this Python, and the port it listens on."""

    name: str
    module: str
    port_offset: int

    @property
    def zone(self) -> Zone:
        """Whose process it is; what is in no zone of its own is the city's."""
        return ZONE_OF_PROCESS.get(self.name, Zone.CITY)

    @property
    def operator(self) -> str:
        """The principal that sees this process's groups and holds the token of its staff door."""
        return OPERATOR_OF[self.zone]


@dataclass(frozen=True, slots=True)
class Service(Process):
    """A process that speaks on the bus under its own name and owns a database.

    `secrets` are made for it alone, one file each. `told` are the settings that not every process has; `lane` is the lane of
    the notifier whose public key it is given, to seal contacts for.
    """

    database: str
    secrets: tuple[str, ...]
    told: tuple[Setting, ...] = ()
    lane: str | None = None


MAIL_SINK = Process("mail-sink", "upstream_stack.mail_sink", port_offset=6)

_PUBLIC, _OUTREACH = "notifier-public", "notifier-outreach"
_DOORS = (LINK_KEY, STAFF_TOKEN)
_MAIL: tuple[Setting, ...] = ("SMTP", "MAIL_FROM")

SERVICES: tuple[Service, ...] = (
    Service("intake", "upstream_intake", 1, "intake", _DOORS, ("OVP_PUBLIC_KEY", "OUTREACH_URL"), lane=_PUBLIC),
    Service("scheduler", "upstream_scheduler", 2, "scheduler", _DOORS, lane=_PUBLIC),
    Service(_PUBLIC, "upstream_notifier", 3, "notifier_public", (LANE_PRIVATE_KEY,), _MAIL),
    Service(_OUTREACH, "upstream_notifier", 4, "notifier_outreach", (LANE_PRIVATE_KEY,), _MAIL),
    Service("referral-outreach", "upstream_referral.outreach", 5, "referral_outreach", (OVP_KEYS, *_DOORS), lane=_OUTREACH),
    Service(
        "referral-enforcement",
        "upstream_referral.enforcement",
        7,
        "referral_enforcement",
        _DOORS,
        ("OVP_PUBLIC_KEY", "OFFER_CONTACT"),
    ),
    Service("referral-gateway", "upstream_referral.gateway", 9, "referral_gateway", ()),
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
    return tuple(row for row in PROCESSES if row.name in names and not _can_be_run(row.module))


def _can_be_run(module: str) -> bool:
    """Looks for the module without importing it; a package it would lie in is imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
