"""Every right on the broker, worked out from the topic catalogue. Pure: compares nothing, asks nobody."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from upstream_schemas.topic import PARTY_MARKS, Topic, Zone
from upstream_schemas.topics import OPERATOR_OF, PROCESSES, ZONE_OF_PROCESS, consumer_groups, released
from upstream_stack.parties import Party

ADMIN = "admin"
OVERSIGHT = "oversight"
OPERATORS: tuple[str, ...] = tuple(dict.fromkeys(OPERATOR_OF.values()))
"""One for each side of the wall and each kind of topic behind it; none of them sees both sides."""
PEOPLE: tuple[str, ...] = (*OPERATORS, OVERSIGHT)
"""Principals of ours that are no process: somebody looks through them."""
RESERVED_PRINCIPALS = frozenset({*PROCESSES, *PEOPLE, ADMIN, "controller", "auditor"})


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One allowance: `principal` may do `operation` on the resources that `pattern` and `name` choose.

    The words are Kafka's in lower case: read, write, describe; topic, group; literal, prefixed. They are text because a
    live broker may hold rights that this module never grants, and those must be seen.
    """

    principal: str
    operation: str
    resource: str
    pattern: str
    name: str


def acls_expected(catalogue: Iterable[Topic], parties: Iterable[Party]) -> frozenset[Acl]:
    """All rights of a stack that runs `catalogue` for `parties`; whatever is not in the answer is refused."""
    known = tuple(parties)
    rights: set[Acl] = set()
    for topic in released(catalogue):
        rights.update(_topic_rights(topic, known))
    rights.update(_group_rights(known))
    return frozenset(rights)


def _topic_rights(topic: Topic, parties: tuple[Party, ...]) -> Iterator[Acl]:
    for acl in _held_by(topic, topic.producer, "write", parties):
        yield from _with_describe(acl)
    for consumer in topic.consumers:
        for acl in _held_by(topic, consumer, "read", parties):
            yield from _with_describe(acl)
    yield _on_topic(OPERATOR_OF[topic.zone], "describe", topic)


def _held_by(topic: Topic, holder: str, operation: str, parties: tuple[Party, ...]) -> Iterator[Acl]:
    """The right of one holder: a principal of ours holds the whole family, a party its own topic alone."""
    if holder not in PARTY_MARKS:
        yield _on_topic(holder, operation, topic)
        return
    for party in parties:
        if party.mark == holder:
            yield Acl(party.slug, operation, "topic", "literal", topic.for_party(party.slug))


def _on_topic(principal: str, operation: str, topic: Topic) -> Acl:
    if topic.family_prefix is None:
        return Acl(principal, operation, "topic", "literal", topic.name)
    return Acl(principal, operation, "topic", "prefixed", topic.family_prefix)


def _with_describe(acl: Acl) -> tuple[Acl, Acl]:
    return acl, Acl(acl.principal, "describe", acl.resource, acl.pattern, acl.name)


def _group_rights(parties: tuple[Party, ...]) -> Iterator[Acl]:
    """Whoever reads does so in groups of its own name; the operator of its zone alone sees how far they have come."""
    for process in PROCESSES:
        operator = OPERATOR_OF[ZONE_OF_PROCESS.get(process, Zone.CITY)]
        for group in consumer_groups(process):
            yield Acl(process, "read", "group", "literal", group)
            yield Acl(operator, "describe", "group", "literal", group)
    readers = [(OVERSIGHT, OPERATOR_OF[Zone.OVERSIGHT]), *((party.slug, party.operator) for party in parties)]
    for reader, operator in readers:
        yield Acl(reader, "read", "group", "prefixed", f"{reader}.")
        yield Acl(operator, "describe", "group", "prefixed", f"{reader}.")
