"""Users of the broker and their passwords. Grants nothing: a user without rights can do nothing."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import cast

from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from upstream_stack.kafka_access import ANSWER_SECONDS, wait_for
from upstream_stack.secret_files import new_token

_SCRAM_ITERATIONS = 4096


def make_users(admin: AdminClient, passwords: Mapping[str, str]) -> int:
    """Makes the users that the broker does not know yet; the answer is how many."""
    known = _known(admin)
    missing = {name: password for name, password in passwords.items() if name not in known}
    set_passwords(admin, missing)
    return len(missing)


def set_passwords(admin: AdminClient, passwords: Mapping[str, str]) -> None:
    """Makes or changes users."""
    if not passwords:
        return
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _SCRAM_ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(name, info, password.encode()) for name, password in passwords.items()
    ]
    wait_for(admin.alter_user_scram_credentials(changes).values())


def lock_out(admin: AdminClient, name: str) -> None:
    """Gives a user a password that nobody knows.

    Users are never deleted: Kafka 4.3.1 can lose every user of the mechanism when it reads a deletion back at its next start
    (`ScramDelta.apply` drops the mechanism when the user it removes happens to come first, and puts the others nowhere).
    """
    set_passwords(admin, {name: new_token()})


def _known(admin: AdminClient) -> frozenset[str]:
    """Asked about nobody in particular, the broker names everybody, in one answer."""
    answer = cast("Future[dict[str, object]]", admin.describe_user_scram_credentials())
    return frozenset(answer.result(ANSWER_SECONDS))
