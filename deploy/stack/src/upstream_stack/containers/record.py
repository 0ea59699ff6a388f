"""Whether a run directory is run in containers, and from which port on. Kept until it is reset, so that no verb needs MODE."""

import json
from pathlib import Path

from upstream_stack.clock import now
from upstream_stack.layout import Layout, Ports
from upstream_stack.private_files import write_private


def write_record(layout: Layout, ports: Ports) -> None:
    """From now on this run directory is the containers'."""
    write_private(_path(layout), json.dumps({"port_base": ports.base, "at": f"{now():%FT%TZ}"}))


def recorded_base(layout: Layout) -> int | None:
    """The port base of the containers that this run directory belongs to; None where it is the embedded stack's, or nobody's."""
    path = _path(layout)
    return int(json.loads(path.read_bytes())["port_base"]) if path.exists() else None


def _path(layout: Layout) -> Path:
    return layout.compose / "stack.json"
