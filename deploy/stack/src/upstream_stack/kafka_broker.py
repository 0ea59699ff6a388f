"""Kafka as a process: its configuration, its storage, its command line. Knows no topic and no user but its own two."""

import base64
import secrets
import shutil
import subprocess
from pathlib import Path
from string import Template

from upstream_stack.errors import Trouble, command
from upstream_stack.launch import Launch
from upstream_stack.layout import DEPLOY, LOOPBACK, Layout, Ports
from upstream_stack.parts.java import Java
from upstream_stack.private_files import write_private
from upstream_stack.processes import KAFKA
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import CONTROLLER_PASSWORD, KAFKA_PASSWORD, read_secret

_TEMPLATE = DEPLOY / "kafka" / "server.properties"
_LOGGING = DEPLOY / "kafka" / "log4j2.properties"
_QUICK_COMPILER = "-XX:TieredStopAtLevel=1"  # half the CPU until the broker listens, and half of it when idle
JVM_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", _QUICK_COMPILER, "-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData")
ALONE = ("--standalone", "-t")
"""What the tool that formats storage is told before the id of a cluster of one broker."""
_STOP_SECONDS = 20.0


def prepare_kafka(layout: Layout, ports: Ports, java: Java, jars: Path) -> Launch:
    """Formats the storage at the first start, writes the configuration, and says how to run the broker."""
    layout.kafka.mkdir(mode=0o700, exist_ok=True)
    data = layout.kafka / "data"
    if not is_formatted(layout):
        _format(layout, ports, java, jars, data)
    properties = layout.kafka / "server.properties"
    write_private(properties, _own_settings(layout, ports, data))
    scratch = layout.kafka / "scratch"
    scratch.mkdir(mode=0o700, exist_ok=True)
    argv = (
        str(java.program),
        *JVM_OPTIONS,
        f"-Djava.io.tmpdir={scratch}",
        f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
        "-cp",
        f"{jars}/*",
        "kafka.Kafka",
        str(properties),
    )
    return Launch(KAFKA, argv, ports.kafka, layout.log(KAFKA), layout.kafka, stop_seconds=_STOP_SECONDS)


def is_formatted(layout: Layout) -> bool:
    """Whether there is a storage that a broker can start on: false before the first start, and where its files were removed."""
    return (layout.kafka / "data" / "meta.properties").exists()


def broker_settings(layout: Layout, data: Path, *, listen: str, address: str, controller: str) -> str:
    """The one configuration of every broker, filled in: where it listens, where clients find it, its controller. It holds secrets."""
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        KAFKA_DATA=str(data),
        KAFKA_LISTEN=listen,
        KAFKA_ADDRESS=address,
        KAFKA_CONTROLLER_LISTEN=controller,
        KAFKA_CONTROLLER_ADDRESS=controller,
        KAFKA_ADMIN_PASSWORD=read_secret(layout, ADMIN, KAFKA_PASSWORD),
        KAFKA_CONTROLLER_PASSWORD=read_secret(layout, ADMIN, CONTROLLER_PASSWORD),
    )


def format_arguments(layout: Layout, jars: Path, properties: Path, *cluster: str) -> str:
    """The file of JVM arguments that formats the storage named in `properties` and makes our administrator. It holds his password.

    `cluster` is the tool's words for which one: `*ALONE` and its id, or an id and who its controllers are.
    """
    password = read_secret(layout, ADMIN, KAFKA_PASSWORD)
    words = [
        _QUICK_COMPILER,
        "-XX:-UsePerfData",
        *("-cp", f"{jars}/*"),
        *("kafka.tools.StorageTool", "format", *cluster),
        *("-c", str(properties)),
        *("--add-scram", f"SCRAM-SHA-512=[name={ADMIN},password={password}]"),
    ]
    return "\n".join(map(_quoted, words))


def kafka_id() -> str:
    """A new id of a cluster or a folder: 22 characters of base64url; a leading hyphen would read as an option."""
    text = base64.urlsafe_b64encode(secrets.token_bytes(16))[:22].decode()
    return "A" + text[1:] if text.startswith("-") else text


def _own_settings(layout: Layout, ports: Ports, data: Path) -> str:
    clients = f"{LOOPBACK}:{ports.kafka}"
    return broker_settings(layout, data, listen=clients, address=clients, controller=f"{LOOPBACK}:{ports.controller}")


def _format(layout: Layout, ports: Ports, java: Java, jars: Path, data: Path) -> None:
    """Formats beside `data` and renames, so that a broken format is no storage. The password goes in by file, never by argument."""
    draft = data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    properties = layout.kafka / "format.properties"
    arguments = layout.kafka / "format.args"
    write_private(properties, _own_settings(layout, ports, draft))
    write_private(arguments, format_arguments(layout, jars, properties, *ALONE, kafka_id()))
    try:
        done = subprocess.run([str(java.program), f"@{arguments}"], capture_output=True, text=True, check=False)
    finally:
        arguments.unlink()
        properties.unlink()
    if done.returncode != 0:
        raise Trouble("Kafka's storage could not be formatted", done.stderr[-500:], command("doctor"))
    shutil.rmtree(data, ignore_errors=True)
    draft.rename(data)


def _quoted(word: str) -> str:
    """One word of a JVM argument file."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
