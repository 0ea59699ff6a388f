"""What the run directory holds for the containers: made by the host, mounted read-only, each given its own and no more."""

import os
from pathlib import Path

from upstream_stack.containers.engine import container_user, settings_of
from upstream_stack.containers.record import write_record
from upstream_stack.kafka_broker import ALONE, JVM_OPTIONS, broker_settings, format_arguments
from upstream_stack.layout import INSIDE, LOOPBACK, Layout, Ports
from upstream_stack.parties import read_parties, write_parties
from upstream_stack.partners import hand_out
from upstream_stack.private_files import write_private
from upstream_stack.processes import KAFKA
from upstream_stack.run_dir import make_run_dir
from upstream_stack.secret_files import make_secrets

KAFKA_OUTSIDE_PORT = 19_094
"""Where the broker listens, in its container, for clients on the host."""
_DATA = Path("/var/lib/kafka/data")
_LOG = "log"
_JARS = Path("/opt/kafka/libs")
_DRAFT = Path("/tmp/format.properties")  # noqa: S108 - memory of the container alone


def make_run_files(layout: Layout, ports: Ports) -> None:
    """Secrets, public keys, credentials, the broker's configuration; again changes nothing but ports."""
    _make_folders(layout)
    make_secrets(layout)
    write_parties(layout.parties, read_parties(layout.parties))
    _give(layout.parties)
    hand_out(layout, ports)
    conf = layout.kafka / "conf"
    write_private(conf / "server.properties", container_settings(layout, ports))
    write_private(conf / "format.args", format_arguments(layout, _JARS, _DRAFT, *ALONE, "CLUSTER_ID"))  # filled in there
    write_private(conf / "jvm.args", "\n".join(JVM_OPTIONS) + "\n")
    user = container_user()
    write_private(layout.compose / "passwd", f"postgres:x:{user.uid}:{user.gid}::/var/lib/postgresql:/bin/sh\n")
    write_private(layout.compose / "env", "".join(f"{name}={value}\n" for name, value in settings_of(layout, ports).items()))
    write_record(layout, ports)


def storage(layout: Layout) -> Path:
    """The broker's files as the host sees them: formatted in the container, at its first start."""
    return layout.kafka / "storage" / _LOG


def container_settings(layout: Layout, ports: Ports) -> str:
    """The broker's configuration, filled in for its container: one door for containers, one for the host."""
    return broker_settings(
        layout,
        _DATA / _LOG,
        listen=f"0.0.0.0:{INSIDE.kafka},OUTSIDE://0.0.0.0:{KAFKA_OUTSIDE_PORT}",
        address=f"{KAFKA}:{INSIDE.kafka},OUTSIDE://{LOOPBACK}:{ports.kafka}",
        controller=f"{LOOPBACK}:{INSIDE.controller}",
    )


def _make_folders(layout: Layout) -> None:
    """Those of every stack and what is mounted beside; all of it belongs to the containers' account alone."""
    shared = (layout.secrets, layout.credentials, layout.keys)
    mounted = (
        *(layout.clock.parent, layout.mail, layout.compose),
        *(layout.kafka, layout.kafka / "conf", layout.kafka / "storage", layout.postgres_inside),
    )
    make_run_dir(layout, *mounted)
    for folder in (*shared, *mounted):
        _give(folder)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        user = container_user()
        os.chown(path, user.uid, user.gid)
