"""Connections to the broker with a partner's credentials, and which of its errors are a refusal. Must not log: records are people's."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    NoError,
    RecordListTooLargeError,
    RecordTooLargeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
    for_code,
)
from aiokafka.helpers import create_ssl_context

from upstream_client.credentials import Credentials

REQUEST_MS: Final = 10_000
CLOSE_SECONDS: Final = 5.0
_TOO_LARGE: Final = (MessageSizeTooLargeError, RecordListTooLargeError, RecordTooLargeError)
_NOT_ALLOWED: Final = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError, GroupAuthorizationFailedError)
_NO_TOPIC: Final = (UnknownTopicOrPartitionError, InvalidTopicError)
_NOT_LET_IN: Final = (
    SaslAuthenticationFailed,
    AuthenticationFailedError,
    UnsupportedSaslMechanismError,
    IllegalSaslStateError,
)


def refusal(error: BaseException) -> str | None:
    """Why the broker will not have it, as a code; None where trying again may help."""
    kinds = (
        (_TOO_LARGE, "too-large"),
        (_NOT_ALLOWED, "not-authorised"),
        (_NO_TOPIC, "unknown-topic"),
        (_NOT_LET_IN, "not-authenticated"),
    )
    return next((code for errors, code in kinds if isinstance(error, errors)), None)


def silence() -> None:
    """The Kafka client's own lines go nowhere: what matters is told in three lines, once."""
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    logging.getLogger("aiokafka").propagate = False


class Broker:
    """One broker, seen by one partner. Every method raises KafkaError; `refusal` tells the kinds apart."""

    def __init__(self, credentials: Credentials) -> None:
        """Connects to nothing yet."""
        self._bootstrap = credentials.bootstrap
        self._security: dict[str, Any] = {
            "security_protocol": credentials.protocol,
            "ssl_context": create_ssl_context(cafile=credentials.certificates)
            if "SSL" in credentials.protocol.split("_")
            else None,
            "request_timeout_ms": REQUEST_MS,
        }
        if "SASL" in credentials.protocol:
            self._security |= {
                "sasl_mechanism": credentials.mechanism,
                "sasl_plain_username": credentials.username,
                "sasl_plain_password": credentials.password,
            }

    async def admit(self, topics: Sequence[str]) -> None:
        """Returns when the broker lets us in and shows us these topics. Raises KafkaError, the broker's own where it has one."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, **self._security)
        try:
            await admin.start()
            found = await admin.describe_topics(list(topics))
        except KafkaConnectionError:
            await self._say_why()
            raise
        finally:
            await _bounded(admin.close())
        for topic in found:
            error = for_code(topic["error_code"])
            if error is not NoError:
                raise error(topic["topic"])

    async def _say_why(self) -> None:
        """Raises the broker's reason, which the clients swallow; returns where nobody answers at all."""
        for host, port, _ in collect_hosts(self._bootstrap):
            try:
                connection = await create_conn(host, port, **self._security)
            except (OSError, TimeoutError):
                continue
            except KafkaError as error:
                if refusal(error):
                    raise
                continue
            connection.close()

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[AIOKafkaProducer]:
        """A producer whose records are on every replica, once, in order, when it says so."""
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True, **self._security)
        try:
            await producer.start()
            yield producer
        finally:
            await _bounded(producer.stop())

    @asynccontextmanager
    async def reader(self, topic: str, group: str | None = None) -> AsyncIterator[tuple[AIOKafkaConsumer, TopicPartition]]:
        """A reader of one partner's topic, which it alone holds: no group is balanced, so nothing is waited for."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **self._security,
        )
        partition = TopicPartition(topic, 0)
        try:
            await consumer.start()
            consumer.assign([partition])
            yield consumer, partition
        finally:
            await _bounded(consumer.stop())


async def _bounded(closing: Awaitable[None]) -> None:
    """A broker that is away must not keep the program from ending."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing
