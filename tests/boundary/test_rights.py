"""Who may do what, tried for real on the live broker and the live databases, and held against the catalogue and the contract."""

import asyncio
from collections.abc import Iterator, Mapping

import asyncpg
import pytest
from boundary.pairs import ALLOWED, FORBIDDEN
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
from upstream_stack.parties import Party, read_parties
from upstream_stack.partners import add_party, revoke_party
from upstream_stack.processes import ROLES, SERVICES, Role, Service, role_name
from upstream_stack.rights import PEOPLE, acls_expected
from upstream_stack.stack import Stack

PARTIES = (
    *(Party(slug=slug) for slug in ("pdx311", "parks")),
    *(Party(slug=slug, kind="provider") for slug in ("rose-house", "oak-house")),
    *(Party(slug=slug, kind="agency") for slug in ("ppb", "county-sheriff")),
)
SLUGS = tuple(party.slug for party in PARTIES)
PRINCIPALS = (*PROCESSES, *PEOPLE, *SLUGS)
FOREIGN_GROUPS = (
    *(f"{slug}.desk" for slug in SLUGS),
    *("pdx311", "intake.other", "referral-outreach.other", "oversight.desk", *PEOPLE, "admin"),
)
BROKERS_OWN = ("__consumer_offsets",)
NOT_THERE = ("intake.subscriptions.v1", "open.reports.v1", "audit.intake.v1", "provider.keys.nobody.v1", "no.such.topic.v1")
ADMIN_REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}


@pytest.fixture(scope="module", autouse=True)
def parties(stack: Stack) -> Iterator[None]:
    """Two parties of each kind, as the broker knows them, with topics that hold nothing."""
    missing = [party for party in PARTIES if party not in read_parties(stack.layout.parties)]
    for party in missing:
        add_party(stack.layout, stack.ports, party)
    yield
    for party in missing:
        revoke_party(stack.layout, stack.ports, party)


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


OWN = {
    "pdx311": "city.submissions.pdx311.v1",
    "rose-house": "provider.responses.rose-house.v1",
    "ppb": "enforcement.submissions.ppb.v1",
    "referral-outreach": "outreach.referrals.v1",
    "referral-gateway": "crossing.help-offers.v1",
}


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
    for slug in SLUGS:
        codes = {
            answers[Attempt(slug, operation, "topic", name)]
            for operation in ("describe", "read", "write")
            for name in (
                *BROKERS_OWN,
                *NOT_THERE,
                "outreach.referrals.v1",
                "enforcement.crossings.v1",
                "provider.keys.nobody.v1",
            )
        }
        assert codes == {REFUSED["topic"]}


@pytest.mark.parametrize("agency", [party.slug for party in PARTIES if party.kind == "agency"])
def test_an_agency_can_describe_its_submissions_and_its_receipts_and_no_other_topic(
    answers: Mapping[Attempt, int], agency: str
) -> None:
    seen = {
        attempt.name
        for attempt, code in answers.items()
        if (attempt.principal, attempt.operation, attempt.resource) == (agency, "describe", "topic")
        and not refused(attempt, code)
    }
    assert seen == {f"enforcement.submissions.{agency}.v1", f"enforcement.receipts.{agency}.v1"}


def test_whoever_sees_a_topic_of_the_enforcement_side_sees_none_of_outreach_s_and_the_other_way_round(
    answers: Mapping[Attempt, int],
) -> None:
    """By names, not by the catalogue: only the gateway, which writes what crosses, stands on both sides."""
    sides = {"enforcement": ("enforcement.",), "outreach": ("outreach.", "provider.", "crossing.", "intake.referrals")}
    seen: dict[str, set[str]] = {side: set() for side in sides}
    for attempt, code in answers.items():
        for side, beginnings in sides.items():
            if attempt.resource == "topic" and attempt.name.startswith(beginnings) and not refused(attempt, code):
                seen[side].add(attempt.principal)
    assert seen["enforcement"] & seen["outreach"] == {"referral-gateway"}
    assert seen["enforcement"] == {"ppb", "county-sheriff", "referral-enforcement", "referral-gateway", "operator-enforcement"}


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_nobody_but_the_administrator_makes_changes_or_removes_anything_on_the_broker(stack: Stack, principal: str) -> None:
    admin = admin_client(stack.credentials(principal))
    own = OWN.get(principal, "intake.requests.v1")
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


def test_every_process_has_a_database_of_its_own() -> None:
    assert {service.name for service in SERVICES} == set(PROCESSES)
    assert len({service.database for service in SERVICES}) == len(PROCESSES)


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
