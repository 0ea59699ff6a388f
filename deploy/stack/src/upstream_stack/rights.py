"""Every right on the broker, worked out from the topic catalogue. Pure: compares nothing, asks nobody."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from upstream_schemas.topics import PARTY_MARKS, PROCESSES, Topic, consumer_groups, released
from upstream_stack.parties import Party

OPERATOR = "operator"
ADMIN = "admin"
RESERVED_PRINCIPALS = frozenset({*PROCESSES, OPERATOR, ADMIN, "controller"})


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
    yield _on_topic(OPERATOR, "describe", topic)


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
    for process in PROCESSES:
        for group in consumer_groups(process):
            yield Acl(process, "read", "group", "literal", group)
            yield Acl(OPERATOR, "describe", "group", "literal", group)
    for party in parties:
        yield Acl(party.slug, "read", "group", "prefixed", f"{party.slug}.")
        yield Acl(OPERATOR, "describe", "group", "prefixed", f"{party.slug}.")
