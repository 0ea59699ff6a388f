"""What a process is told when it starts: environment for what may be seen, files for what must not.

Nothing is read twice and nothing has a default that could point at somebody else's database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class MissingSettingError(Exception):
    """A setting or a secret that the process needs is not there. Names it, never its value."""


class MovedClockError(Exception):
    """A process that people reach from elsewhere was told of a clock that somebody may move."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One process's settings. Secrets are files in one folder, read when asked for and kept by nobody else."""

    process: str
    kafka: str
    database: str
    secrets: Path
    port: int
    public_url: str
    clock: Path | None
    more: Mapping[str, str]

    def secret(self, name: str) -> str:
        """A secret by its file's name. Raises MissingSettingError."""
        try:
            return (self.secrets / name).read_text().strip()
        except OSError:
            raise MissingSettingError(f"no secret file {name!r} for {self.process}") from None

    def secret_if_any(self, name: str) -> str | None:
        """A secret that a process can do without; None where there is no such file."""
        return self.secret(name) if (self.secrets / name).exists() else None

    @property
    def broker_password(self) -> str | None:
        """The password for the broker; None only where UPSTREAM_KAFKA_SECURITY says `none` outright."""
        return None if self.more.get("UPSTREAM_KAFKA_SECURITY") == "none" else self.secret("kafka-password")

    def value(self, name: str) -> str:
        """A setting that only some processes have: UPSTREAM_<NAME>. Raises MissingSettingError."""
        try:
            return self.more[f"UPSTREAM_{name}"]
        except KeyError:
            raise MissingSettingError(f"UPSTREAM_{name} is not set for {self.process}") from None


def from_environment(found: Mapping[str, str] = environ) -> Settings:
    """Settings out of UPSTREAM_… variables. Raises MissingSettingError naming the first that is absent.

    A clock file is for demo and tests, and a container's own address tells nothing of who reaches it: so it is taken only by
    a process whose links lead to loopback. Raises MovedClockError.
    """

    def need(name: str) -> str:
        if not found.get(f"UPSTREAM_{name}"):
            raise MissingSettingError(f"UPSTREAM_{name} is not set")
        return found[f"UPSTREAM_{name}"]

    clock = found.get("UPSTREAM_CLOCK")
    if clock and urlsplit(need("PUBLIC_URL")).hostname not in LOOPBACK:
        raise MovedClockError(f"UPSTREAM_CLOCK is set for {need('PROCESS')}, whose UPSTREAM_PUBLIC_URL is not on loopback")
    return Settings(
        process=need("PROCESS"),
        kafka=need("KAFKA"),
        database=need("DATABASE"),
        secrets=Path(need("SECRETS")),
        port=int(need("PORT")),
        public_url=need("PUBLIC_URL").rstrip("/"),
        clock=Path(clock) if clock else None,
        more={name: value for name, value in found.items() if name.startswith("UPSTREAM_")},
    )
