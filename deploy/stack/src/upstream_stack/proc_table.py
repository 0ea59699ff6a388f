"""What the kernel knows of processes: who still lives, what they cost, who holds a port. Reads /proc; signals nobody."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_PROC = Path("/proc")
_STATE_FIELD, _PARENT_FIELD, _USER_FIELD, _SYSTEM_FIELD, _START_FIELD = 0, 1, 11, 12, 19
_LISTENING = "0A"
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class ProcessId(BaseModel):
    """A pid and when it began: pids come round again, this pair does not."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    pid: int
    started_ticks: int

    def lives(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        fields = _stat(self.pid)
        return fields is not None and int(fields[_START_FIELD]) == self.started_ticks and fields[_STATE_FIELD] != "Z"


def identify(pid: int) -> ProcessId | None:
    """Who runs under `pid` now."""
    fields = _stat(pid)
    return None if fields is None else ProcessId(pid=pid, started_ticks=int(fields[_START_FIELD]))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process and all its descendants take: proportional memory and CPU time so far."""

    pss_bytes: int = 0
    cpu_seconds: float = 0.0


def cost_of(pids: Iterable[int]) -> dict[int, Cost]:
    """The cost of each of `pids` with its descendants; what ended meanwhile, or is not ours to look at, counts nothing."""
    children = _children()
    return {pid: _tree_cost(pid, children) for pid in pids}


def own_cost(pid: int) -> Cost:
    """The cost of one process without what it started."""
    return Cost(_pss_bytes(pid), _cpu_seconds(pid))


def descendants(pid: int) -> tuple[int, ...]:
    """`pid` and everything it started, parents first."""
    return tuple(_tree(pid, _children()))


def listener_on(port: int) -> tuple[int, str] | None:
    """The pid and program that listen on a loopback TCP port, where this user may see them."""
    inodes = _listening_inodes(port)
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and _holds(entry, inodes):
            return int(entry.name), (entry / "comm").read_text(encoding="utf-8").strip()
    return None


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2 :].split()


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        fields = _stat(int(entry.name)) if entry.name.isdigit() else None
        if fields is not None:
            children.setdefault(int(fields[_PARENT_FIELD]), []).append(int(entry.name))
    return children


def _tree(pid: int, children: dict[int, list[int]]) -> list[int]:
    found = [pid]
    for member in found:
        found.extend(children.get(member, ()))
    return found


def _tree_cost(pid: int, children: dict[int, list[int]]) -> Cost:
    tree = _tree(pid, children)
    return Cost(sum(map(_pss_bytes, tree)), sum(map(_cpu_seconds, tree)))


def _pss_bytes(pid: int) -> int:
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return 0.0 if fields is None else (int(fields[_USER_FIELD]) + int(fields[_SYSTEM_FIELD])) / _TICKS_PER_SECOND


def _listening_inodes(port: int) -> frozenset[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        path = _PROC / "net" / table
        for line in path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == _LISTENING:
                inodes.add(f"socket:[{fields[9]}]")
    return frozenset(inodes)


def _holds(entry: Path, inodes: frozenset[str]) -> bool:
    try:
        return any(str(link.readlink()) in inodes for link in (entry / "fd").iterdir())
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
