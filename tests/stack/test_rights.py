"""The rights that follow from a catalogue, by example and against pairs written by hand from the design."""

from datetime import timedelta

import pytest

from upstream_schemas.topic import Topic, Zone
from upstream_schemas.topics import CATALOGUE, DEAD_LETTERS, PROCESSES
from upstream_stack.parties import Party
from upstream_stack.rights import OPERATORS, PEOPLE, RESERVED_PRINCIPALS, Acl, acls_expected

PARTIES = (
    Party(slug="pdx311"),
    Party(slug="parks"),
    Party(slug="ario", kind="provider"),
    Party(slug="bmit", kind="provider"),
    Party(slug="ppb", kind="agency"),
    Party(slug="county", kind="agency"),
)
SLUGS = {party.slug for party in PARTIES}


def topic(name: str, producer: str, *consumers: str, zone: Zone = Zone.CITY, planned: bool = False) -> Topic:
    return Topic(name, "key_id", (), producer, consumers, zone, "", retention=timedelta(days=1), planned=planned)


def on_topics(acls: frozenset[Acl]) -> set[tuple[str, str, str, str]]:
    return {(acl.principal, acl.operation, acl.pattern, acl.name) for acl in acls if acl.resource == "topic"}


def allowed(principal: str, operation: str, resource: str, name: str) -> bool:
    """What Kafka's authorizer would answer from the generated rights."""
    return any(
        acl.principal == principal
        and acl.operation == operation
        and acl.resource == resource
        and (acl.name == name if acl.pattern == "literal" else name.startswith(acl.name))
        for acl in acls_expected(CATALOGUE, PARTIES)
    )


def test_producer_writes_and_consumer_reads_and_the_operator_only_describes() -> None:
    rights = on_topics(acls_expected([topic("intake.requests.v1", "intake", "scheduler")], []))
    assert rights == {
        ("intake", "write", "literal", "intake.requests.v1"),
        ("intake", "describe", "literal", "intake.requests.v1"),
        ("scheduler", "read", "literal", "intake.requests.v1"),
        ("scheduler", "describe", "literal", "intake.requests.v1"),
        ("operator", "describe", "literal", "intake.requests.v1"),
    }


def test_a_process_holds_a_whole_family_and_each_party_only_its_own_topic() -> None:
    rights = on_topics(acls_expected([topic("city.submissions.<source>.v1", "<source>", "intake")], PARTIES))
    assert rights == {
        ("pdx311", "write", "literal", "city.submissions.pdx311.v1"),
        ("pdx311", "describe", "literal", "city.submissions.pdx311.v1"),
        ("parks", "write", "literal", "city.submissions.parks.v1"),
        ("parks", "describe", "literal", "city.submissions.parks.v1"),
        ("intake", "read", "prefixed", "city.submissions."),
        ("intake", "describe", "prefixed", "city.submissions."),
        ("operator", "describe", "prefixed", "city.submissions."),
    }


def test_a_planned_topic_grants_nothing() -> None:
    assert on_topics(acls_expected([topic("open.reports.v1", "intake", "scheduler", planned=True)], PARTIES)) == set()


def test_a_party_reads_groups_below_its_own_name_and_a_process_its_own_group() -> None:
    groups = {acl for acl in acls_expected([], PARTIES) if acl.resource == "group" and acl.operation == "read"}
    assert Acl("pdx311", "read", "group", "prefixed", "pdx311.") in groups
    assert Acl("intake", "read", "group", "literal", "intake") in groups
    assert {acl.principal for acl in groups} == {*PROCESSES, *SLUGS, "oversight"}


@pytest.mark.parametrize(
    ("zone", "operator"),
    [
        (Zone.CITY, "operator"),
        (Zone.OPEN, "operator"),
        (Zone.OVERSIGHT, "operator"),
        (Zone.OUTREACH, "operator-outreach"),
        (Zone.PROVIDER, "operator-outreach"),
        (Zone.CROSSING, "operator-outreach"),
        (Zone.ENFORCEMENT, "operator-enforcement"),
    ],
)
def test_a_topic_is_described_by_the_operator_of_its_zone_alone(zone: Zone, operator: str) -> None:
    rights = on_topics(acls_expected([topic("sample.facts.v1", "intake", zone=zone)], []))
    assert {principal for principal, *_ in rights} == {"intake", operator}


def test_each_kind_of_party_holds_the_families_of_its_own_mark_alone() -> None:
    families = [
        topic("provider.keys.<slug>.v1", "referral-outreach", "<slug>"),
        topic("enforcement.submissions.<agency>.v1", "<agency>", "referral-enforcement"),
    ]
    rights = {right for right in on_topics(acls_expected(families, PARTIES)) if right[0] in SLUGS and right[1] != "describe"}
    assert rights == {
        ("ario", "read", "literal", "provider.keys.ario.v1"),
        ("bmit", "read", "literal", "provider.keys.bmit.v1"),
        ("ppb", "write", "literal", "enforcement.submissions.ppb.v1"),
        ("county", "write", "literal", "enforcement.submissions.county.v1"),
    }


def test_a_party_s_groups_are_seen_by_the_operator_of_its_side_alone() -> None:
    groups = {acl for acl in acls_expected([], PARTIES) if acl.resource == "group" and acl.principal in OPERATORS}
    seen = {(acl.principal, acl.name.removesuffix(".")) for acl in groups if acl.pattern == "prefixed"}
    assert seen == {
        ("operator", "pdx311"),
        ("operator", "parks"),
        ("operator", "oversight"),
        ("operator-outreach", "ario"),
        ("operator-outreach", "bmit"),
        ("operator-enforcement", "ppb"),
        ("operator-enforcement", "county"),
    }


def test_no_group_and_no_topic_is_described_by_two_operators() -> None:
    described = [
        (a.resource, a.name)
        for a in acls_expected(CATALOGUE, PARTIES)
        if a.principal in OPERATORS and a.operation == "describe"
    ]
    own_letters = {("topic", letters.name) for letters in DEAD_LETTERS.values()}
    assert len(described) == len(set(described))
    assert own_letters < set(described)


def test_no_name_of_ours_can_become_a_party() -> None:
    assert {*PROCESSES, *PEOPLE, "admin"} <= RESERVED_PRINCIPALS


def test_nobody_is_granted_more_than_reading_writing_and_describing() -> None:
    assert {acl.operation for acl in acls_expected(CATALOGUE, PARTIES)} == {"read", "write", "describe"}


@pytest.mark.parametrize(
    ("operator", "processes"),
    [
        ("operator", ("intake", "scheduler", "notifier-public")),
        ("operator-outreach", ("notifier-outreach", "referral-outreach")),
        ("operator-enforcement", ("referral-enforcement", "referral-gateway")),
    ],
)
def test_an_operator_reads_its_side_s_dead_letters_and_nothing_else(operator: str, processes: tuple[str, ...]) -> None:
    rights = on_topics(acls_expected(CATALOGUE, PARTIES))
    readable = {name for principal, operation, _, name in rights if principal == operator and operation == "read"}
    assert readable == {f"{process}.dead-letters.v1" for process in processes}
    assert not {name for principal, operation, _, name in rights if principal == operator and operation == "write"}


def test_oversight_reads_its_counters_and_the_directory_and_writes_nothing() -> None:
    rights = on_topics(acls_expected(CATALOGUE, PARTIES))
    assert {(operation, name) for principal, operation, _, name in rights if principal == "oversight"} == {
        (operation, name)
        for operation in ("read", "describe")
        for name in ("oversight.boundary-counters.v1", "open.directory.v1")
    }


@pytest.mark.parametrize(
    ("principal", "operation", "resource", "name"),
    [
        ("pdx311", "write", "topic", "city.submissions.parks.v1"),
        ("pdx311", "describe", "topic", "city.submissions.parks.v1"),
        ("pdx311", "read", "topic", "city.submissions.pdx311.v1"),
        ("pdx311", "read", "topic", "city.results.parks.v1"),
        ("pdx311", "describe", "topic", "city.results.parks.v1"),
        ("pdx311", "write", "topic", "city.results.pdx311.v1"),
        ("pdx311", "read", "topic", "intake.requests.v1"),
        ("pdx311", "describe", "topic", "intake.requests.v1"),
        ("pdx311", "write", "topic", "intake.requests.v1"),
        ("pdx311", "read", "topic", "intake.dead-letters.v1"),
        ("pdx311", "read", "group", "intake"),
        ("pdx311", "read", "group", "parks.desk"),
        ("pdx311", "describe", "group", "intake"),
        ("parks", "write", "topic", "city.submissions.pdx311.v1"),
        ("parks", "read", "topic", "scheduler.sessions.v1"),
        ("scheduler", "read", "topic", "city.submissions.pdx311.v1"),
        ("scheduler", "write", "topic", "intake.requests.v1"),
        ("scheduler", "read", "topic", "intake.contacts.v1"),
        ("scheduler", "read", "topic", "notifier.deliveries.v1"),
        ("scheduler", "write", "topic", "city.results.pdx311.v1"),
        ("scheduler", "read", "group", "intake"),
        ("intake", "write", "topic", "scheduler.sessions.v1"),
        ("intake", "write", "topic", "city.submissions.pdx311.v1"),
        ("intake", "read", "topic", "scheduler.contacts.v1"),
        ("intake", "write", "topic", "notifier.deliveries.v1"),
        ("notifier-public", "write", "topic", "intake.requests.v1"),
        ("notifier-public", "read", "topic", "city.submissions.pdx311.v1"),
        ("notifier-public", "write", "topic", "scheduler.dead-letters.v1"),
        ("operator", "read", "topic", "intake.requests.v1"),
        ("operator", "write", "topic", "intake.dead-letters.v1"),
        ("operator", "read", "group", "intake"),
        ("operator", "describe", "topic", "outreach.referrals.v1"),
        ("operator", "describe", "group", "referral-outreach"),
        ("operator-outreach", "describe", "topic", "enforcement.crossings.v1"),
        ("operator-outreach", "describe", "group", "referral-gateway"),
        ("operator-enforcement", "describe", "topic", "crossing.help-offers.v1"),
        ("operator-enforcement", "describe", "group", "ario.desk"),
        ("ppb", "describe", "topic", "enforcement.crossings.v1"),
        ("ppb", "describe", "topic", "open.directory.v1"),
        ("ppb", "read", "topic", "enforcement.receipts.county.v1"),
        ("ario", "read", "topic", "provider.keys.bmit.v1"),
        ("ario", "read", "group", "bmit.desk"),
        ("referral-gateway", "describe", "topic", "provider.keys.ario.v1"),
        ("referral-outreach", "describe", "topic", "enforcement.submissions.ppb.v1"),
        ("referral-enforcement", "describe", "topic", "crossing.help-offers.v1"),
        ("notifier-public", "read", "topic", "outreach.contacts.v1"),
        ("notifier-outreach", "read", "topic", "intake.contacts.v1"),
    ],
)
def test_what_the_design_forbids_is_not_granted(principal: str, operation: str, resource: str, name: str) -> None:
    assert not allowed(principal, operation, resource, name)


@pytest.mark.parametrize(
    ("principal", "operation", "resource", "name"),
    [
        ("pdx311", "write", "topic", "city.submissions.pdx311.v1"),
        ("pdx311", "read", "topic", "city.results.pdx311.v1"),
        ("pdx311", "read", "group", "pdx311.desk"),
        ("intake", "read", "topic", "city.submissions.parks.v1"),
        ("intake", "write", "topic", "city.results.parks.v1"),
        ("scheduler", "read", "topic", "intake.requests.v1"),
        ("notifier-public", "read", "topic", "scheduler.contacts.v1"),
        ("operator", "describe", "topic", "city.submissions.pdx311.v1"),
        ("operator", "describe", "group", "notifier-public"),
        ("operator-outreach", "describe", "group", "referral-outreach.partners"),
        ("operator-enforcement", "describe", "group", "referral-gateway"),
        ("ario", "read", "topic", "provider.keys.ario.v1"),
        ("ario", "write", "topic", "provider.responses.ario.v1"),
        ("ppb", "write", "topic", "enforcement.submissions.ppb.v1"),
        ("ppb", "read", "topic", "enforcement.receipts.ppb.v1"),
        ("referral-gateway", "write", "topic", "crossing.help-offers.v1"),
        ("oversight", "read", "topic", "oversight.boundary-counters.v1"),
    ],
)
def test_what_the_design_needs_is_granted(principal: str, operation: str, resource: str, name: str) -> None:
    assert allowed(principal, operation, resource, name)
