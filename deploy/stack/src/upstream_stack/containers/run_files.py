"""What the run directory holds for the containers: made by the host, mounted read-only, each given its own and no more."""

import os
from pathlib import Path
from string import Template

from upstream_stack.containers.engine import container_user, settings_of
from upstream_stack.containers.record import write_record
from upstream_stack.errors import Trouble, command
from upstream_stack.layout import DEPLOY, LOOPBACK, PORT_BASE_DEFAULT, Layout, Ports
from upstream_stack.parties import read_parties, write_parties
from upstream_stack.partners import hand_out
from upstream_stack.private_files import write_private
from upstream_stack.processes import KAFKA
from upstream_stack.rights import ADMIN
from upstream_stack.secret_files import CONTROLLER_PASSWORD, KAFKA_PASSWORD, make_secrets, read_secret

INSIDE = Ports(PORT_BASE_DEFAULT, inside=True)
"""The ports in the containers, which no PORT_BASE moves."""
KAFKA_OUTSIDE_PORT = 19_094
"""Where the broker listens, in its container, for clients on the host."""
_DATA = Path("/var/lib/kafka/data")
_LOG = "log"


def make_run_files(layout: Layout, ports: Ports) -> None:
    """Secrets, public keys, credentials, the broker's configuration; again changes nothing but ports."""
    _make_folders(layout)
    make_secrets(layout)
    write_parties(layout.parties, read_parties(layout.parties))
    _give(layout.parties)
    hand_out(layout, ports)
    conf = layout.kafka / "conf"
    write_private(conf / "server.properties", broker_settings(layout, ports))
    write_private(conf / "format.args", format_arguments(layout))
    user = container_user()
    write_private(layout.compose / "passwd", f"postgres:x:{user.uid}:{user.gid}::/var/lib/postgresql:/bin/sh\n")
    write_private(layout.compose / "env", "".join(f"{name}={value}\n" for name, value in settings_of(layout, ports).items()))
    write_record(layout, ports)


def storage(layout: Layout) -> Path:
    """The broker's files as the host sees them: formatted in the container, at its first start."""
    return layout.kafka / "storage" / _LOG


def broker_settings(layout: Layout, ports: Ports) -> str:
    """The one configuration of every broker, filled in for its container. It holds secrets."""
    controller = f"{LOOPBACK}:{INSIDE.controller}"
    return Template((DEPLOY / "kafka" / "server.properties").read_text(encoding="utf-8")).substitute(
        KAFKA_DATA=str(_DATA / _LOG),
        KAFKA_LISTEN=f"0.0.0.0:{INSIDE.kafka},OUTSIDE://0.0.0.0:{KAFKA_OUTSIDE_PORT}",
        KAFKA_ADDRESS=f"{KAFKA}:{INSIDE.kafka},OUTSIDE://{LOOPBACK}:{ports.kafka}",
        KAFKA_CONTROLLER_LISTEN=controller,
        KAFKA_CONTROLLER_ADDRESS=controller,
        KAFKA_ADMIN_PASSWORD=read_secret(layout, ADMIN, KAFKA_PASSWORD),
        KAFKA_CONTROLLER_PASSWORD=read_secret(layout, ADMIN, CONTROLLER_PASSWORD),
    )


def format_arguments(layout: Layout) -> str:
    """The JVM's arguments that format the broker's storage; deploy/kafka/in-container.sh fills in a new cluster's id."""
    password = read_secret(layout, ADMIN, KAFKA_PASSWORD)
    words = (
        *("-cp", "/opt/kafka/libs/*", "kafka.tools.StorageTool", "format", "--standalone"),
        *("-t", "CLUSTER_ID", "-c", "/tmp/format.properties"),  # noqa: S108 - memory of the container alone
        *("--add-scram", f"SCRAM-SHA-512=[name={ADMIN},password={password}]"),
    )
    return "\n".join(words) + "\n"


def _make_folders(layout: Layout) -> None:
    """The run directory may be passed through; what lies in it belongs to the containers' account alone."""
    try:
        layout.run_dir.mkdir(parents=True, exist_ok=True)
        layout.run_dir.chmod(0o711)
        for folder in (
            *(layout.secrets, layout.credentials, layout.keys, layout.clock.parent, layout.mail, layout.compose),
            *(layout.kafka, layout.kafka / "conf", layout.kafka / "storage", layout.postgres_inside),
        ):
            folder.mkdir(mode=0o700, exist_ok=True)
            _give(folder)
    except OSError as failure:
        raise Trouble(
            f"{layout.run_dir} cannot be written",
            f"{failure.strerror}: {failure.filename}",
            command("up", RUN_DIR=f"/tmp/upstream-{os.geteuid()}"),  # noqa: S108 - a suggestion to a person
        ) from failure


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        user = container_user()
        os.chown(path, user.uid, user.gid)
