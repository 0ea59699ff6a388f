"""What one start is going to run: worked out before anything starts, handed to the supervisor as a file. Holds no secret."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from upstream_stack.account import Account, postgres_account
from upstream_stack.layout import Layout, Ports
from upstream_stack.parts.java import Java, find_java
from upstream_stack.parts.kafka_jars import kafka_jars
from upstream_stack.parts.maven import Progress
from upstream_stack.parts.postgres_binaries import (
    PostgresBinaries,
    find_postgres,
    postgres_from_maven,
)
from upstream_stack.processes import KAFKA, POSTGRES
from upstream_stack.report import Tell, step
from upstream_stack.settings import Target


class KafkaParts(BaseModel):
    """What the broker runs on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    java: Java
    jars: Path


class PostgresParts(BaseModel):
    """What the database server runs on, and as whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    binaries: PostgresBinaries
    account: Account


class Plan(BaseModel):
    """A start: `names` are the processes to run; the parts are there where one of them needs them.

    Of Kafka and PostgreSQL, those `elsewhere` are run by somebody else at this stack's ports: set up here, never started or ended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_dir: Path
    port_base: int
    names: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    kafka: KafkaParts | None = None
    postgres: PostgresParts | None = None

    @property
    def layout(self) -> Layout:
        """Where this start's files lie."""
        return Layout(self.run_dir)

    @property
    def ports(self) -> Ports:
        """The ports this start takes."""
        return Ports(self.port_base)


def make_plan(target: Target, names: tuple[str, ...], elsewhere: tuple[str, ...], tell: Tell, progress: Progress) -> Plan:
    """Finds every part that `names` need, fetching what this machine lacks."""
    layout = target.layout
    return Plan(
        run_dir=layout.run_dir,
        port_base=target.ports.base,
        names=names,
        elsewhere=elsewhere,
        kafka=_kafka_parts(tell, progress) if KAFKA in names else None,
        postgres=_postgres_parts(layout, tell, progress) if POSTGRES in names else None,
    )


def _kafka_parts(tell: Tell, progress: Progress) -> KafkaParts:
    with step(tell, "Java") as details:
        java = find_java()
        details.append(java.version)
    with step(tell, "Kafka's jars") as details:
        jars = kafka_jars(progress)
        details.append(str(jars))
    return KafkaParts(java=java, jars=jars)


def _postgres_parts(layout: Layout, tell: Tell, progress: Progress) -> PostgresParts:
    with step(tell, "PostgreSQL's binaries") as details:
        account = postgres_account()
        binaries = find_postgres() or postgres_from_maven(layout, account, progress)
        details.append(f"{binaries.version} in {binaries.folder}")
        if account.uid is not None:
            details.append(f"runs as {account.name}, because it refuses root")
    return PostgresParts(binaries=binaries, account=account)
