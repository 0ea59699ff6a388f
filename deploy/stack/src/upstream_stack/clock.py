"""The wall clock, new ids, and the offset that the demo and the tests set for the services. Moves nothing by itself."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import uuid_utils

from upstream_stack.private_files import write_private

_PART = re.compile(r"(\d+)([dhms])")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def now() -> datetime:
    """The real time, without the offset."""
    return datetime.now(UTC)


def fresh_id() -> UUID:
    """A new UUIDv7."""
    return UUID(int=uuid_utils.uuid7().int)


def monotonic_seconds() -> float:
    """Seconds that only grow, for measuring."""
    return time.monotonic()


def parse_duration(text: str) -> timedelta | None:
    """`3d`, `2h30m`, `45s`; None for anything else."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in parts))


def read_offset(path: Path) -> timedelta:
    """How far the services' clock runs ahead; nothing where no offset was ever set."""
    if not path.exists():
        return timedelta()
    return timedelta(seconds=json.loads(path.read_bytes())["offset_seconds"])


def write_offset(path: Path, offset: timedelta) -> None:
    """Sets how far the services' clock runs ahead."""
    write_private(path, json.dumps({"offset_seconds": int(offset.total_seconds())}))


def advance(path: Path, step: timedelta) -> timedelta:
    """Moves the services' clock on from where it is; the answer is how far it runs ahead then."""
    offset = read_offset(path) + step
    write_offset(path, offset)
    return offset
