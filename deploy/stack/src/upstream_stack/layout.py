"""Where things lie and which ports they take: everything follows from a run directory and a port base. Touches no disk."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from upstream_schemas.topic import Zone
from upstream_schemas.topics import ZONE_OF_PROCESS
from upstream_stack.errors import Trouble, command

CHECKOUT = Path(__file__).resolve().parents[4]
DEPLOY = Path(os.environ.get("UPSTREAM_DEPLOY") or CHECKOUT / "deploy")
PORT_BASE_DEFAULT = 18080
MIGRATE = "-migrate"
LOOPBACK = "127.0.0.1"

_KAFKA_OFFSET = 1012
_CONTROLLER_OFFSET = 1013
_POSTGRES_OFFSET = -2648
_PORT_MIN = 1024
_PORT_MAX = 65535


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports of one stack, counted from one base, and who listens there.

    `inside` is how its containers see it: each is reached by its own name. Everywhere else all of it is on loopback.
    """

    base: int
    inside: bool = False

    def host(self, name: str) -> str:
        """Where the part or process of this name is reached."""
        return name if self.inside else LOOPBACK

    @property
    def kafka(self) -> int:
        """Where clients reach the broker."""
        return self.base + _KAFKA_OFFSET

    @property
    def controller(self) -> int:
        """Where the broker reaches its controller."""
        return self.base + _CONTROLLER_OFFSET

    @property
    def postgres(self) -> int:
        """Where PostgreSQL listens."""
        return self.base + _POSTGRES_OFFSET

    def service(self, offset: int) -> int:
        """The port of a process, by its offset in the table of processes."""
        return self.base + offset


INSIDE = Ports(PORT_BASE_DEFAULT, inside=True)
"""The ports in the containers, which no PORT_BASE moves."""


def ports_from(base: int) -> Ports:
    """The ports that follow from `base`; refuses a base that would leave the range of unprivileged ports."""
    ports = Ports(base)
    if ports.postgres < _PORT_MIN or ports.controller > _PORT_MAX:
        raise Trouble(
            f"PORT_BASE={base} cannot be used",
            f"PostgreSQL would take port {ports.postgres} and Kafka's controller {ports.controller}, "
            f"outside {_PORT_MIN}-{_PORT_MAX}",
            command("up", PORT_BASE=str(PORT_BASE_DEFAULT)),
        )
    return ports


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one stack under its run directory."""

    run_dir: Path

    @property
    def state(self) -> Path:
        """What runs, written by the supervisor."""
        return self.run_dir / "state.json"

    @property
    def restart_asked(self) -> Path:
        """The name of the service that its supervisor is asked to restart; there until that is done."""
        return self.run_dir / "restart"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or keeps the stack."""
        return self.run_dir / "lock"

    @property
    def logs(self) -> Path:
        """One log per process; those of the enforcement side in a folder of their own."""
        return self.run_dir / "logs"

    @property
    def secrets(self) -> Path:
        """One folder per holder, one file per secret."""
        return self.run_dir / "secrets"

    @property
    def credentials(self) -> Path:
        """What outside parties are handed."""
        return self.run_dir / "credentials"

    @property
    def parties(self) -> Path:
        """Who the outside parties are."""
        return self.run_dir / "parties.json"

    @property
    def parties_lock(self) -> Path:
        """Held while a party is made, renewed or removed."""
        return self.run_dir / "parties.lock"

    @property
    def keys(self) -> Path:
        """Public keys."""
        return self.run_dir / "keys"

    @property
    def kafka(self) -> Path:
        """The broker's configuration and data."""
        return self.run_dir / "kafka"

    @property
    def mail(self) -> Path:
        """The maildir of the mail sink."""
        return self.run_dir / "mail"

    @property
    def clock(self) -> Path:
        """How far the services' clock runs ahead; in a folder of its own, which a container can be given whole."""
        return self.run_dir / "time" / "clock"

    @property
    def compose(self) -> Path:
        """What `docker compose` is told, where this stack runs in containers."""
        return self.run_dir / "compose"

    @property
    def postgres_inside(self) -> Path:
        """PostgreSQL's files, where its account can enter the run directory."""
        return self.run_dir / "postgres"

    @property
    def elsewhere(self) -> Path:
        """Where PostgreSQL's files lie when its account cannot enter the run directory; one folder per run directory."""
        digest = hashlib.sha256(str(self.run_dir).encode()).hexdigest()[:12]
        return Path("/var/tmp") / f"upstream-{digest}"  # noqa: S108 - made 0711 and its owner checked before use

    def log(self, name: str) -> Path:
        """The log of one process, or of its migrations (`<process>-migrate`)."""
        enforcement = ZONE_OF_PROCESS.get(name.removesuffix(MIGRATE)) is Zone.ENFORCEMENT
        folder = self.logs / Zone.ENFORCEMENT.value if enforcement else self.logs
        return folder / f"{name}.log"


def parts_cache() -> Path:
    """Downloaded and unpacked parts, shared by all stacks of this user."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "upstream"
