"""Brings the broker's topics to what the catalogue says. Removes no topic."""

from collections.abc import Iterable, Mapping

from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from upstream_schemas.topic import Topic
from upstream_schemas.topics import released
from upstream_stack.kafka_access import ANSWER_SECONDS, wait_for
from upstream_stack.parties import Party

_SEGMENT_MS_COMPACTED = 10 * 60 * 1000
_COMPACTION_LAG_MS = 60 * 60 * 1000
_VALUE_BYTES_MAX = 1_048_588


def topics_expected(catalogue: Iterable[Topic], parties: Iterable[Party]) -> dict[str, Topic]:
    """Every topic that should exist, by name: families once for each party of their kind."""
    known = tuple(parties)
    expected: dict[str, Topic] = {}
    for topic in released(catalogue):
        if topic.mark is None:
            expected[topic.name] = topic
            continue
        expected.update({topic.for_party(party.slug): topic for party in known if party.mark == topic.mark})
    return expected


def topic_settings(topic: Topic) -> dict[str, str]:
    """The broker's settings for one topic. What outside parties write is stamped by the broker: nobody shortens its life by a false time."""
    settings = {"max.message.bytes": str(_VALUE_BYTES_MAX)}
    if topic.mark is not None and topic.producer == topic.mark:
        settings["message.timestamp.type"] = "LogAppendTime"
    if topic.retention is None:
        return settings | {
            "cleanup.policy": "compact",
            "segment.ms": str(_SEGMENT_MS_COMPACTED),
            "max.compaction.lag.ms": str(_COMPACTION_LAG_MS),
        }
    retention_ms = int(topic.retention.total_seconds() * 1000)
    return settings | {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}


def make_topics(admin: AdminClient, expected: Mapping[str, Topic]) -> int:
    """Creates what is missing and corrects settings that differ; removes nothing. The answer is how many were created."""
    existing = admin.list_topics(timeout=ANSWER_SECONDS).topics
    missing = [
        NewTopic(name, num_partitions=topic.partitions, replication_factor=1, config=topic_settings(topic))
        for name, topic in expected.items()
        if name not in existing
    ]
    if missing:
        wait_for(admin.create_topics(missing).values())
    _correct_settings(admin, {name: topic for name, topic in expected.items() if name in existing})
    return len(missing)


def _correct_settings(admin: AdminClient, topics: Mapping[str, Topic]) -> None:
    if not topics:
        return
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics]
    for resource, answer in admin.describe_configs(resources).items():
        live = answer.result(ANSWER_SECONDS)
        wrong = {key: value for key, value in topic_settings(topics[resource.name]).items() if live[key].value != value}
        if wrong:
            _set_config(admin, resource.name, wrong)


def _set_config(admin: AdminClient, topic: str, settings: Mapping[str, str]) -> None:
    entries = [ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in settings.items()]
    change = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
    wait_for(admin.incremental_alter_configs([change]).values())
