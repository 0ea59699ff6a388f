"""How much one outside party may ask of the broker. Neither of our Kafka libraries can set a quota, so Kafka's own tool does."""

import subprocess

from upstream_stack.containers import engine
from upstream_stack.containers.record import recorded_base
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_access import client_config
from upstream_stack.layout import INSIDE, Layout, Ports
from upstream_stack.parts.java import find_java
from upstream_stack.parts.kafka_jars import jars_folder
from upstream_stack.processes import KAFKA
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import KAFKA_PASSWORD, read_secret

QUOTAS = {"producer_byte_rate": 262_144, "consumer_byte_rate": 4_194_304, "request_percentage": 25}
"""Bytes per second one way and the other, and percent of one network or request thread: far above what a partner needs."""

_QUIET = ("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
_TOOL = "kafka.admin.ConfigCommand"


def limit(layout: Layout, ports: Ports, principal: str) -> None:
    """Gives a user its quotas; again is no harm. Takes about two seconds. The password goes in by a pipe, never by argument."""
    java, found = _java(layout, ports)
    words = [
        *java,
        *(_TOOL, "--bootstrap-server", f"{found.host(KAFKA)}:{found.kafka}", "--command-config", "/dev/stdin"),
        *("--alter", "--entity-type", "users", "--entity-name", principal),
        *("--add-config", ",".join(f"{name}={value}" for name, value in QUOTAS.items())),
    ]
    done = subprocess.run(words, input=client_properties(layout, ports), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{principal} could not be given a quota", done.stderr[-300:] or "it did not say why", command("doctor"))


def _java(layout: Layout, ports: Ports) -> tuple[list[str], Ports]:
    """Java with Kafka's jars, and where the broker is from there: this machine's, or in the broker's container its own."""
    if recorded_base(layout) is None:
        return [str(find_java().program), *_QUIET, "-cp", f"{jars_folder()}/*"], ports
    return [*engine.words_inside(layout, KAFKA), "java", *_QUIET, "-Xmx64m", "-cp", "/opt/kafka/libs/*"], INSIDE


def client_properties(layout: Layout, ports: Ports) -> str:
    """What a tool of Kafka's own needs to come in as our administrator; it holds his password."""
    config = client_config(ports, ADMIN, read_secret(layout, ADMIN, KAFKA_PASSWORD))
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    who = f'username="{config["sasl.username"]}" password="{config["sasl.password"]}"'
    return "\n".join(
        (
            f"security.protocol={config['security.protocol']}",
            f"sasl.mechanism={config['sasl.mechanism']}",
            f"sasl.jaas.config={login} required {who};",
        )
    )
