"""What each process is told through its environment: addresses and paths, never a secret."""

import os
import sys

from upstream_stack.launch import Launch
from upstream_stack.layout import Layout, Ports
from upstream_stack.processes import (
    MAIL_SINK,
    Process,
    Role,
    Service,
    role_name,
    secrets_of,
)
from upstream_stack.secret_files import lane_public_key_path

MAIL_FROM = "Portland Community Safety <community-safety@upstream.example.org>"


def launch_of(process: Process, layout: Layout, ports: Ports) -> Launch:
    """How to run one of our own processes."""
    told = service_environment(process, layout, ports) if isinstance(process, Service) else _sink_environment(layout, ports)
    argv = (sys.executable, "-m", process.module)
    return Launch(process.name, argv, ports.service(process.port_offset), layout.log(process.name), layout.run_dir, told)


def service_environment(service: Service, layout: Layout, ports: Ports, role: Role = "runtime") -> dict[str, str]:
    """The environment of a service; as `owner`, that of its migrations, which run before it and are told other secrets."""
    port = ports.service(service.port_offset)
    database_address = f"{role_name(service.database, role)}@127.0.0.1:{ports.postgres}/{service.database}"
    told = {
        "UPSTREAM_PROCESS": service.name,
        "UPSTREAM_KAFKA": f"127.0.0.1:{ports.kafka}",
        "UPSTREAM_DATABASE": f"postgresql://{database_address}",
        "UPSTREAM_SECRETS": str(layout.secrets / secrets_of(service.name, role)),
        "UPSTREAM_PORT": str(port),
        "UPSTREAM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "UPSTREAM_CLOCK": str(layout.clock),
        "UPSTREAM_MEMBER": "1",  # one supervised process: a static member of its consumer group
    }
    if service.sends_mail:
        told["UPSTREAM_SMTP"] = f"127.0.0.1:{ports.service(MAIL_SINK.port_offset)}"
        told["UPSTREAM_MAIL_FROM"] = MAIL_FROM
    if service.seals_for_lane:
        told["UPSTREAM_LANE_PUBLIC_KEY"] = str(lane_public_key_path(layout))
    return {**os.environ, "PYTHONUNBUFFERED": "1", **told}


def _sink_environment(layout: Layout, ports: Ports) -> dict[str, str]:
    told = {"UPSTREAM_MAIL_DIR": str(layout.mail), "UPSTREAM_PORT": str(ports.service(MAIL_SINK.port_offset))}
    return {**os.environ, **told}


def plain_environment() -> dict[str, str]:
    """For programs that are not ours: the little that any program needs, and nothing an operator has exported."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME", "TZ") if name in os.environ} | {
        "LC_ALL": "C.UTF-8"
    }
