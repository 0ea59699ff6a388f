"""Brings the broker's rights to what the catalogue grants, by difference, and waits until they hold."""

from enum import Enum

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import ANSWER_SECONDS, wait_for
from upstream_stack.patience import came_true
from upstream_stack.rights import Acl

_EFFECT_SECONDS = 10.0
_RESOURCES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}
_PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefixed": ResourcePatternType.PREFIXED}
_OPERATIONS = {"read": AclOperation.READ, "write": AclOperation.WRITE, "describe": AclOperation.DESCRIBE}
_EVERYTHING = AclBindingFilter(
    ResourceType.ANY,
    None,  # type: ignore[arg-type]  # None means any, which the library's own annotations forget
    ResourcePatternType.ANY,
    None,  # type: ignore[arg-type]  # the same
    None,  # type: ignore[arg-type]  # the same
    AclOperation.ANY,
    AclPermissionType.ANY,
)


def live_acls(admin: AdminClient) -> frozenset[Acl]:
    """Every right the broker holds now, those that nobody ever granted here included."""
    bindings = admin.describe_acls(_EVERYTHING).result(ANSWER_SECONDS)
    return frozenset(map(_from_binding, bindings))


def apply_acls(admin: AdminClient, expected: frozenset[Acl]) -> tuple[int, int]:
    """Adds what is missing and removes what is extra; returns (added, removed) once the broker shows exactly `expected`."""
    live = {_from_binding(binding): binding for binding in admin.describe_acls(_EVERYTHING).result(ANSWER_SECONDS)}
    missing = [_to_binding(acl) for acl in expected - live.keys()]
    extra = [_to_filter(binding) for acl, binding in live.items() if acl not in expected]
    if missing:
        wait_for(admin.create_acls(missing).values())
    if extra:
        wait_for(admin.delete_acls(extra).values())
    if missing or extra:
        _wait_until_effective(admin, expected)
    return len(missing), len(extra)


def _wait_until_effective(admin: AdminClient, expected: frozenset[Acl]) -> None:
    """The call returns when the controller has the rights; the broker's own authorizer has them a moment later."""
    if not came_true(lambda: live_acls(admin) == expected, _EFFECT_SECONDS):
        raise Trouble(
            "The broker's rights do not take effect",
            f"after {_EFFECT_SECONDS:.0f} s it still shows others than the catalogue grants",
            command("logs", "kafka"),
        )


def _to_binding(acl: Acl) -> AclBinding:
    return AclBinding(
        _RESOURCES[acl.resource],
        acl.name,
        _PATTERNS[acl.pattern],
        f"User:{acl.principal}",
        "*",
        _OPERATIONS[acl.operation],
        AclPermissionType.ALLOW,
    )


def _to_filter(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _from_binding(binding: AclBinding) -> Acl:
    """A denial, or a right for one host, is marked in the principal, so that it equals nothing we expect."""
    plain = binding.permission_type == AclPermissionType.ALLOW and binding.host == "*"
    principal = binding.principal.removeprefix("User:")
    return Acl(
        principal if plain else f"{_word(binding.permission_type)} {principal}@{binding.host}",
        _word(binding.operation),
        _word(binding.restype),
        _word(binding.resource_pattern_type),
        binding.name,
    )


def _word(value: Enum | str | int) -> str:
    return value.name.lower() if isinstance(value, Enum) else str(value)
