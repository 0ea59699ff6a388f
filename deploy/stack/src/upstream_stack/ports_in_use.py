"""Whether the ports a start needs are free, and who holds them where they are not. Frees nothing."""

import os
import socket
from collections.abc import Iterable, Mapping

from upstream_stack.errors import Trouble, command
from upstream_stack.layout import Ports
from upstream_stack.proc_table import listener_on
from upstream_stack.processes import KAFKA, POSTGRES, PROCESSES

_BASES = range(10_080, 30_000, 100)  # below the ports that systems hand out for outgoing connections


def ports_of(names: Iterable[str], ports: Ports) -> dict[str, int]:
    """Every port that the chosen processes listen on, by who needs it."""
    chosen = frozenset(names)
    needed = {row.name: ports.service(row.port_offset) for row in PROCESSES if row.name in chosen}
    if KAFKA in chosen:
        needed |= {KAFKA: ports.kafka, "kafka's controller": ports.controller}
    if POSTGRES in chosen:
        needed[POSTGRES] = ports.postgres
    return needed


def refuse_busy_ports(names: Iterable[str], ports: Ports) -> None:
    """Trouble for the first port that somebody else listens on."""
    for owner, port in ports_of(names, ports).items():
        if _is_free(port):
            continue
        holder = listener_on(port)
        why = f"process {holder[0]} ({holder[1]}) listens there" if holder else "a process this user may not see listens there"
        raise Trouble(
            f"Port {port} for {owner} is taken",
            why,
            command("up", PORT_BASE=str(free_base(names, other_than=ports.base))),
        )


def free_base(names: Iterable[str], *, other_than: int) -> int:
    """A base whose ports are all free now, for a second stack. Callers begin their search apart, so that two rarely meet."""
    chosen = tuple(names)
    first = os.getpid() % len(_BASES)
    bases: tuple[int, ...] = (*_BASES[first:], *_BASES[:first])
    for base in bases:
        if base != other_than and _all_free(ports_of(chosen, Ports(base))):
            return base
    return _BASES[first]


def _all_free(needed: Mapping[str, int]) -> bool:
    return all(map(_is_free, needed.values()))


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
