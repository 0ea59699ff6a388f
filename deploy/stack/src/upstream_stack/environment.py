"""What each process is told through its environment: addresses and paths, never a secret."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from upstream_stack.launch import Launch
from upstream_stack.layout import LOOPBACK, Layout, Ports
from upstream_stack.processes import (
    KAFKA,
    MAIL_SINK,
    POSTGRES,
    Process,
    Role,
    Service,
    Setting,
    role_name,
    secrets_of,
    service,
)
from upstream_stack.secret_files import lane_public_key_path, ovp_public_key_path

SENDERS: Final[Mapping[str, str]] = {
    "notifier-public": "Portland Community Safety <community-safety@upstream.example.org>",
    "notifier-outreach": "City of Portland <no-reply@upstream.example.org>",  # a locked phone shows it to whoever looks
}
OFFER_CONTACT = "UPSTREAM_OFFER_CONTACT"
"""Whether an offer of help may carry a name and a channel across the wall: `on` or `off`, as whoever starts the stack says."""

_TOLD: Final[Mapping[Setting, Callable[[Service, Layout, Ports], str]]] = {
    "SMTP": lambda _, __, ports: f"{ports.host(MAIL_SINK.name)}:{ports.service(MAIL_SINK.port_offset)}",
    "MAIL_FROM": lambda row, _, __: SENDERS[row.name],
    "OVP_PUBLIC_KEY": lambda _, layout, __: str(ovp_public_key_path(layout)),
    "OUTREACH_URL": lambda _, __, ports: public_url(service("referral-outreach"), ports),
    "OFFER_CONTACT": lambda _, __, ___: os.environ.get(OFFER_CONTACT, "off"),
}


def launch_of(process: Process, layout: Layout, ports: Ports) -> Launch:
    """How to run one of our own processes."""
    told = service_environment(process, layout, ports) if isinstance(process, Service) else _sink_environment(layout, ports)
    argv = (sys.executable, "-m", process.module)
    return Launch(process.name, argv, ports.service(process.port_offset), layout.log(process.name), layout.run_dir, told)


def public_url(process: Process, ports: Ports) -> str:
    """Where people reach a process: on loopback, wherever it runs."""
    return f"http://{LOOPBACK}:{ports.service(process.port_offset)}"


def service_environment(row: Service, layout: Layout, ports: Ports, role: Role = "runtime") -> dict[str, str]:
    """The environment of a service; as `owner`, that of its migrations, which run before it and are told other secrets."""
    database_address = f"{role_name(row.database, role)}@{ports.host(POSTGRES)}:{ports.postgres}/{row.database}"
    told = {
        "UPSTREAM_PROCESS": row.name,
        "UPSTREAM_KAFKA": f"{ports.host(KAFKA)}:{ports.kafka}",
        "UPSTREAM_DATABASE": f"postgresql://{database_address}",
        "UPSTREAM_SECRETS": str(layout.secrets / secrets_of(row.name, role)),
        "UPSTREAM_PORT": str(ports.service(row.port_offset)),
        "UPSTREAM_PUBLIC_URL": public_url(row, ports),
        "UPSTREAM_CLOCK": str(layout.clock),
        "UPSTREAM_MEMBER": "1",  # one supervised process: a static member of its consumer group
    }
    told |= {f"UPSTREAM_{name}": _TOLD[name](row, layout, ports) for name in row.told}
    if row.lane is not None:
        told["UPSTREAM_LANE_PUBLIC_KEY"] = str(lane_public_key_path(layout, row.lane))
    return {**os.environ, "PYTHONUNBUFFERED": "1", **told}


def _sink_environment(layout: Layout, ports: Ports) -> dict[str, str]:
    told = {"UPSTREAM_MAIL_DIR": str(layout.mail), "UPSTREAM_PORT": str(ports.service(MAIL_SINK.port_offset))}
    return {**os.environ, **told}


def plain_environment() -> dict[str, str]:
    """For programs that are not ours: the little that any program needs, and nothing an operator has exported."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME", "TZ") if name in os.environ} | {
        "LC_ALL": "C.UTF-8"
    }
