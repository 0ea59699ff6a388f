"""The rights that follow from a catalogue, by example and against pairs written by hand from the design."""

from datetime import timedelta

import pytest

from upstream_schemas.topics import CATALOGUE, Topic, Zone
from upstream_stack.parties import Party
from upstream_stack.rights import Acl, acls_expected

PARTIES = (Party(slug="pdx311"), Party(slug="parks"))


def topic(name: str, producer: str, *consumers: str, planned: bool = False) -> Topic:
    return Topic(name, "key_id", (), producer, consumers, Zone.CITY, "", retention=timedelta(days=1), planned=planned)


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
    assert {acl.principal for acl in groups} == {"intake", "scheduler", "notifier-public", "pdx311", "parks"}


def test_nobody_is_granted_more_than_reading_writing_and_describing() -> None:
    assert {acl.operation for acl in acls_expected(CATALOGUE, PARTIES)} == {"read", "write", "describe"}


def test_the_operator_reads_dead_letters_and_nothing_else() -> None:
    rights = on_topics(acls_expected(CATALOGUE, PARTIES))
    readable = {name for principal, operation, _, name in rights if principal == "operator" and operation == "read"}
    assert readable == {"intake.dead-letters.v1", "scheduler.dead-letters.v1", "notifier-public.dead-letters.v1"}
    assert not {name for principal, operation, _, name in rights if principal == "operator" and operation == "write"}


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
    ],
)
def test_what_the_design_needs_is_granted(principal: str, operation: str, resource: str, name: str) -> None:
    assert allowed(principal, operation, resource, name)
