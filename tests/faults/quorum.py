"""Three brokers that are their own controllers, beside one database server: what one broker alone cannot show.

From the same settings as every other broker of ours, with the differences laid over them: who the others are, three copies
of everything, and two of them before anything counts as acknowledged.
"""

import asyncio
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from confluent_kafka import KafkaException

from faults.world import PART_SECONDS, Server, World, quiet
from upstream_stack.kafka_access import admin_client
from upstream_stack.kafka_broker import format_arguments, kafka_id, prepare_kafka
from upstream_stack.launch import Launch
from upstream_stack.layout import Layout
from upstream_stack.parts.java import find_java
from upstream_stack.parts.kafka_jars import kafka_jars
from upstream_stack.private_files import write_private

NODES: Final = (1, 2, 3)
HEAP: Final = "-Xmx384m"
COPIES: Final = {
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
}


def laid_over(properties: str, differences: dict[str, str]) -> str:
    """Settings with these in the place of those of the same name, or behind all others."""
    lines = [line for line in properties.splitlines() if line.partition("=")[0] not in differences]
    return "\n".join([*lines, *(f"{name}={value}" for name, value in differences.items())]) + "\n"


class Quorum(World):
    """A world of three brokers. `broker_answers` waits until all are there and every partition has all its copies."""

    replicas: ClassVar[int] = 3

    def prepare_brokers(self) -> list[Launch]:
        """Three of them, formatted together."""
        java, jars = find_java(), kafka_jars(quiet())
        cluster, directories = kafka_id(), {node: kafka_id() for node in NODES}
        voters = ",".join(f"{node}@{self._controller(node)}:{directories[node]}" for node in NODES)
        launches = []
        for node in NODES:
            layout = self._layout(node)
            marker = layout.kafka / "data" / "meta.properties"
            marker.parent.mkdir(parents=True)
            marker.touch()  # nobody formats it as a broker that is alone
            launch = prepare_kafka(layout, self.ports, java, jars)
            marker.unlink()
            properties = layout.kafka / "server.properties"
            write_private(properties, laid_over(properties.read_text(), self._differences(node)))
            argv = tuple(HEAP if word.startswith("-Xmx") else word for word in launch.argv)
            launches.append(replace(launch, argv=argv, port=self._port(node)))
            self._format(layout, java.program, jars, "-t", cluster, "--initial-controllers", voters)
        return launches

    def _layout(self, node: int) -> Layout:
        """A broker's own folders; secrets are everybody's."""
        layout = Layout(self.layout.run_dir / f"broker{node}")
        layout.logs.mkdir(parents=True)
        layout.secrets.symlink_to(self.layout.secrets)
        return layout

    def _port(self, node: int) -> int:
        return self.ports.kafka + 2 * (node - 1)

    def _controller(self, node: int) -> str:
        return f"127.0.0.1:{self.ports.controller + 2 * (node - 1)}"

    def _differences(self, node: int) -> dict[str, str]:
        listeners = f"CLIENTS://127.0.0.1:{self._port(node)},CONTROLLERS://{self._controller(node)}"
        return {
            "node.id": str(node),
            "controller.quorum.bootstrap.servers": ",".join(map(self._controller, NODES)),
            "listeners": listeners,
            "advertised.listeners": listeners,
            **COPIES,
        }

    def _format(self, layout: Layout, java: Path, jars: Path, *words: str) -> None:
        """The password goes in by file, never by argument."""
        arguments = layout.kafka / "format.args"
        write_private(arguments, format_arguments(layout, jars, layout.kafka / "server.properties", *words))
        done = subprocess.run([str(java), f"@{arguments}"], capture_output=True, text=True, check=False)
        arguments.unlink()
        if done.returncode:
            raise RuntimeError(f"a broker's storage could not be formatted: {done.stderr[-500:]}")

    async def broker_answers(self) -> None:
        await super().broker_answers()
        async with asyncio.timeout(PART_SECONDS):
            while not await asyncio.to_thread(self._whole):
                await asyncio.sleep(0.2)

    def _whole(self) -> bool:
        """Whether each of them answers, and says that nothing lacks a copy."""
        try:
            told = [
                admin_client({**self.admin_config, "bootstrap.servers": f"127.0.0.1:{self._port(node)}"}).list_topics(
                    timeout=2
                )
                for node in NODES
            ]
        except KafkaException:
            return False
        return all(
            len(answer.brokers) == len(NODES)
            and all(len(p.isrs) == len(p.replicas) for topic in answer.topics.values() for p in topic.partitions.values())
            for answer in told
        )

    def leader(self, topic: str) -> Server:
        """The broker that leads a topic's first partition."""
        node: int = self.admin.list_topics(topic, timeout=10).topics[topic].partitions[0].leader
        return self.brokers[NODES.index(node)]

    def controller(self) -> Server:
        """The broker that is the active controller: what the youngest of their notes about elections says."""
        notes = [json.loads(path.read_text()) for path in self.layout.run_dir.glob("broker*/kafka/data/*/quorum-state")]
        youngest = max((note for note in notes if note["leaderId"] > 0), key=lambda note: note["leaderEpoch"])
        return self.brokers[NODES.index(youngest["leaderId"])]
