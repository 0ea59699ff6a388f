"""Clients of the stack's broker: their settings for each kind of caller, and the administrator's. Changes nothing on the broker."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from upstream_stack.layout import Layout, Ports
from upstream_stack.processes import KAFKA
from upstream_stack.secret_files import KAFKA_PASSWORD, read_secret

ANSWER_SECONDS = 30.0  # sixty topics and twenty users at the first start, on a machine that does other things too


def client_config(ports: Ports, principal: str, password: str) -> dict[str, str]:
    """What a librdkafka client needs to speak as `principal`."""
    return {
        "bootstrap.servers": f"{ports.host(KAFKA)}:{ports.kafka}",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": principal,
        "sasl.password": password,
    }


def own_config(layout: Layout, ports: Ports, principal: str) -> dict[str, str]:
    """The settings of one of our own principals, whose password lies under the secrets."""
    return client_config(ports, principal, read_secret(layout, principal, KAFKA_PASSWORD))


def admin_client(config: Mapping[str, str]) -> AdminClient:
    """A client that keeps quiet about a broker that is away: whoever waits for it says so once."""
    return AdminClient({**config, "log_level": 0, "socket.timeout.ms": 20_000})


def broker_answers(admin: AdminClient) -> bool:
    """Whether the broker lets us in and answers."""
    try:
        admin.list_topics(timeout=1.0)
    except KafkaException:
        return False
    return True


def lets_in(config: Mapping[str, str]) -> bool:
    """Whether the broker takes this user with this password: asked with a connection of its own. Raises TimeoutError."""
    errors: list[KafkaError] = []
    client = Producer({**config, "log_level": 0, "error_cb": errors.append})
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        with suppress(KafkaException):
            client.list_topics(timeout=0.2)
            return True
        client.poll(0)
        if KafkaError._AUTHENTICATION in {error.code() for error in errors}:  # noqa: SLF001 - the library's own name for it
            return False
    raise TimeoutError


def wait_for(answers: Iterable[Future[None]]) -> None:
    """Returns when all are done; KafkaException at the first that failed."""
    for answer in answers:
        answer.result(ANSWER_SECONDS)
