"""Who may do what, tried for real on the live broker and the live databases, and held against the catalogue and the contract."""

import asyncio
from collections.abc import Mapping

import asyncpg
import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from support.system_attempts import REFUSED, Attempt, tried

from upstream_schemas.topics import CATALOGUE, PROCESSES, consumer_groups
from upstream_stack.kafka_access import admin_client
from upstream_stack.parties import read_parties
from upstream_stack.processes import ROLES, SERVICES, Role, Service, role_name
from upstream_stack.rights import OPERATOR, acls_expected
from upstream_stack.stack import Stack

SOURCES = ("pdx311", "parks")
PRINCIPALS = (*PROCESSES, OPERATOR, *SOURCES)
FOREIGN_GROUPS = ("pdx311", "pdx311.desk", "parks.desk", "intake.other", "operator", "admin")
BROKERS_OWN = ("__consumer_offsets",)
NOT_THERE = ("intake.referrals.v1", "outreach.referrals.v1", "audit.intake.v1", "no.such.topic.v1")
ADMIN_REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}

# Written from the contract and the wire, without a look at the catalogue: principal, operation, resource, name.
FORBIDDEN = (
    Attempt("pdx311", "write", "topic", "city.submissions.parks.v1"),
    Attempt("pdx311", "describe", "topic", "city.submissions.parks.v1"),
    Attempt("pdx311", "read", "topic", "city.submissions.pdx311.v1"),
    Attempt("pdx311", "read", "topic", "city.results.parks.v1"),
    Attempt("pdx311", "write", "topic", "city.results.pdx311.v1"),
    Attempt("pdx311", "describe", "topic", "intake.requests.v1"),
    Attempt("pdx311", "read", "topic", "intake.contacts.v1"),
    Attempt("pdx311", "write", "topic", "intake.requests.v1"),
    Attempt("pdx311", "read", "topic", "scheduler.sessions.v1"),
    Attempt("pdx311", "read", "topic", "intake.dead-letters.v1"),
    Attempt("pdx311", "describe", "topic", "__consumer_offsets"),
    Attempt("pdx311", "read", "group", "intake"),
    Attempt("pdx311", "read", "group", "intake.partners"),
    Attempt("pdx311", "describe", "group", "intake.partners"),
    Attempt("pdx311", "read", "group", "parks.desk"),
    Attempt("parks", "write", "topic", "city.submissions.pdx311.v1"),
    Attempt("parks", "read", "topic", "city.results.pdx311.v1"),
    Attempt("parks", "describe", "topic", "notifier.deliveries.v1"),
    Attempt("parks", "read", "group", "pdx311.desk"),
    Attempt("operator", "read", "topic", "intake.contacts.v1"),
    Attempt("operator", "read", "topic", "scheduler.contacts.v1"),
    Attempt("operator", "read", "topic", "intake.requests.v1"),
    Attempt("operator", "read", "topic", "city.submissions.pdx311.v1"),
    Attempt("operator", "write", "topic", "intake.dead-letters.v1"),
    Attempt("operator", "read", "group", "intake"),
    Attempt("scheduler", "read", "topic", "city.submissions.pdx311.v1"),
    Attempt("scheduler", "describe", "topic", "city.results.pdx311.v1"),
    Attempt("scheduler", "read", "topic", "intake.contacts.v1"),
    Attempt("scheduler", "read", "topic", "notifier.deliveries.v1"),
    Attempt("scheduler", "write", "topic", "intake.requests.v1"),
    Attempt("scheduler", "read", "group", "notifier-public"),
    Attempt("notifier-public", "read", "topic", "city.submissions.pdx311.v1"),
    Attempt("notifier-public", "write", "topic", "scheduler.sessions.v1"),
    Attempt("notifier-public", "write", "topic", "intake.contacts.v1"),
    Attempt("notifier-public", "read", "group", "intake"),
    Attempt("intake", "write", "topic", "city.submissions.pdx311.v1"),
    Attempt("intake", "read", "topic", "intake.contacts.v1"),
    Attempt("intake", "read", "topic", "scheduler.contacts.v1"),
    Attempt("intake", "write", "topic", "scheduler.sessions.v1"),
    Attempt("intake", "write", "topic", "notifier.deliveries.v1"),
    Attempt("intake", "read", "group", "scheduler"),
)

# Likewise: what must be allowed, or nothing would work and everything above would hold.
ALLOWED = (
    Attempt("pdx311", "write", "topic", "city.submissions.pdx311.v1"),
    Attempt("pdx311", "read", "topic", "city.results.pdx311.v1"),
    Attempt("pdx311", "read", "group", "pdx311.desk"),
    Attempt("intake", "read", "topic", "city.submissions.parks.v1"),
    Attempt("intake", "read", "group", "intake.partners"),
    Attempt("intake", "write", "topic", "intake.contacts.v1"),
    Attempt("scheduler", "write", "topic", "scheduler.sessions.v1"),
    Attempt("notifier-public", "read", "topic", "intake.contacts.v1"),
    Attempt("operator", "read", "topic", "intake.dead-letters.v1"),
    Attempt("operator", "describe", "group", "intake"),
)


@pytest.fixture(scope="module")
def answers(stack: Stack) -> Mapping[Attempt, int]:
    """Every principal's every operation on every topic and group, with the broker's code."""
    config = stack.kafka_admin_config()
    topics = [*admin_client(config).list_topics(timeout=60).topics, *NOT_THERE]
    groups = [*(group for process in PROCESSES for group in consumer_groups(process)), *FOREIGN_GROUPS]

    async def everybody() -> dict[Attempt, int]:
        found: dict[Attempt, int] = {}
        for principal in PRINCIPALS:
            found |= await tried(stack.credentials(principal), topics, groups)
        return found

    return asyncio.run(everybody())


def test_every_principal_can_do_on_the_live_broker_exactly_what_the_catalogue_grants(
    stack: Stack, answers: Mapping[Attempt, int]
) -> None:
    acls = acls_expected(CATALOGUE, read_parties(stack.layout.parties))
    granted = {(acl.principal, acl.operation, acl.resource, acl.pattern, acl.name) for acl in acls}

    def expected(attempt: Attempt) -> bool:
        operations = _sufficient(attempt.operation)
        names = [("literal", attempt.name), *(("prefixed", attempt.name[:n]) for n in range(1, len(attempt.name) + 1))]
        return any((attempt.principal, op, attempt.resource, *name) in granted for op in operations for name in names)

    differing = [(attempt, code) for attempt, code in answers.items() if expected(attempt) is refused(attempt, code)]
    assert differing == []
    allowed = sum(expected(attempt) for attempt in answers)
    print(f"tried {len(answers)}: allowed {allowed}, refused {len(answers) - allowed}")
    assert 50 < allowed < len(answers) / 2


def refused(attempt: Attempt, code: int) -> bool:
    return code == REFUSED[attempt.resource]


def _sufficient(operation: str) -> tuple[str, ...]:
    """Reading and writing include describing; a group's offsets are there for whoever describes it."""
    return ("describe", "read", "write") if operation in ("describe", "read offsets of") else (operation,)


@pytest.mark.parametrize("attempt", FORBIDDEN, ids=lambda a: f"{a.principal} {a.operation} {a.resource} {a.name}")
def test_it_is_refused(answers: Mapping[Attempt, int], attempt: Attempt) -> None:
    assert answers[attempt] == REFUSED[attempt.resource]


@pytest.mark.parametrize("attempt", ALLOWED, ids=lambda a: f"{a.principal} {a.operation} {a.resource} {a.name}")
def test_it_is_allowed(answers: Mapping[Attempt, int], attempt: Attempt) -> None:
    assert answers[attempt] != REFUSED[attempt.resource]


def test_what_one_may_not_describe_looks_the_same_whether_it_is_there_or_not(answers: Mapping[Attempt, int]) -> None:
    there, not_there = (answers[Attempt("pdx311", "describe", "topic", name)] for name in (*BROKERS_OWN, "no.such.topic.v1"))
    assert there == not_there == REFUSED["topic"]


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_nobody_but_the_administrator_makes_changes_or_removes_anything_on_the_broker(stack: Stack, principal: str) -> None:
    admin = admin_client(stack.credentials(principal))
    own = f"city.submissions.{principal}.v1" if principal in SOURCES else "intake.requests.v1"
    retention = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    everything = AclBinding(
        ResourceType.TOPIC,
        own,
        ResourcePatternType.LITERAL,
        f"User:{principal}",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
    for futures in (
        admin.create_topics([NewTopic(f"{principal}.extra.v1", 1, 1)]),
        admin.delete_topics([own]),
        admin.create_partitions([NewPartitions(own, 12)]),
        admin.incremental_alter_configs([ConfigResource(ConfigResource.Type.TOPIC, own, incremental_configs=[retention])]),
        admin.create_acls([everything]),
        admin.delete_consumer_groups(["scheduler" if principal != "scheduler" else "intake"]),
    ):
        for future in futures.values():
            with pytest.raises(KafkaException) as answer:
                future.result(30)
            assert answer.value.args[0].code() in ADMIN_REFUSED


# ---- databases


def attempt(dsn: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(dsn, timeout=60)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
@pytest.mark.parametrize("role", ROLES)
def test_no_role_comes_into_another_process_s_database(stack: Stack, service: Service, role: Role) -> None:
    own = stack.database_dsn(service.name, role)
    attempt(own, "SELECT 1")
    for other in SERVICES:
        if other is not service:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                attempt(f"{own.rpartition('/')[0]}/{other.database}", "SELECT 1")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_running_process_makes_no_table_and_becomes_nobody_else(stack: Stack, service: Service) -> None:
    others = [role_name(other.database, role) for other in SERVICES for role in ROLES if (other, role) != (service, "runtime")]
    for statement in (
        "CREATE TABLE extra (id int)",
        "CREATE TABLE runtime.extra (id int)",
        "CREATE SCHEMA extra",
        "DROP TABLE runtime.outbox",
        "TRUNCATE runtime.inbox",
        "ALTER TABLE runtime.due ADD COLUMN extra int",
        "CREATE ROLE extra",
        "CREATE DATABASE extra",
        "SELECT passwd FROM pg_shadow",
        "SELECT pg_read_file('postgresql.conf')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        *(f"SET ROLE {other}" for other in (*others, "admin")),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            attempt(stack.database_dsn(service.name), statement)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_reader_reads_every_table_and_writes_none(stack: Stack, service: Service) -> None:
    async def run() -> list[str]:
        connection = await asyncpg.connect(stack.database_dsn(service.name, "reader"), timeout=60)
        written = []
        try:
            tables = await connection.fetch(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'runtime')"
            )
            assert len(tables) > 8
            for schema, table in tables:
                await connection.fetch(f'SELECT * FROM "{schema}"."{table}" LIMIT 1')
                for statement in (f'DELETE FROM "{schema}"."{table}"', f'INSERT INTO "{schema}"."{table}" DEFAULT VALUES'):
                    try:
                        await connection.execute(statement)
                    except asyncpg.InsufficientPrivilegeError:
                        continue
                    written.append(statement)
            return written
        finally:
            await connection.close()

    assert asyncio.run(run()) == []
