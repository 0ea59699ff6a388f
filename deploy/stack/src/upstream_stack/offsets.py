"""Questions about offsets, asked as an operator, who may describe topics and groups of its zones and read no record of them."""

from collections.abc import Iterable, Mapping

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from upstream_stack.kafka_access import ANSWER_SECONDS
from upstream_stack.lag import Found, Partition

_LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # unannotated in the library
_EARLIEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the same


def partitions_of(admin: AdminClient) -> list[Partition]:
    """Every partition that this principal may describe."""
    topics = admin.list_topics(timeout=ANSWER_SECONDS).topics
    return [(name, number) for name, topic in topics.items() for number in topic.partitions]


def ends_of(admin: AdminClient, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The offset that the next record of each partition will get."""
    return _offsets(admin, dict.fromkeys(partitions, _LATEST))


def starts_of(admin: AdminClient, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The offset of the oldest record that is kept."""
    return _offsets(admin, dict.fromkeys(partitions, _EARLIEST))


def first_at(admin: AdminClient, times_ms: Mapping[Partition, int]) -> dict[Partition, Found | None]:
    """The first record at or after a time, for each partition."""
    asked = {TopicPartition(*partition): OffsetSpec.for_timestamp(time_ms) for partition, time_ms in times_ms.items()}
    found = {}
    for partition, answer in admin.list_offsets(asked).items():
        result = answer.result(ANSWER_SECONDS)
        found[partition.topic, partition.partition] = Found(result.offset, result.timestamp) if result.offset >= 0 else None
    return found


def committed_by_group(admin: AdminClient) -> dict[str, dict[Partition, int]]:
    """How far every group that this principal may describe has come."""
    groups = admin.list_consumer_groups().result(ANSWER_SECONDS).valid
    return {group.group_id: _committed(admin, group.group_id) for group in groups}


def _committed(admin: AdminClient, group: str) -> dict[Partition, int]:
    answers = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    partitions = answers[group].result(ANSWER_SECONDS).topic_partitions
    return {(row.topic, row.partition): row.offset for row in partitions if row.offset >= 0}


def _offsets(admin: AdminClient, asked: Mapping[Partition, OffsetSpec]) -> dict[Partition, int]:
    answers = admin.list_offsets({TopicPartition(*partition): spec for partition, spec in asked.items()})
    return {(row.topic, row.partition): answer.result(ANSWER_SECONDS).offset for row, answer in answers.items()}
