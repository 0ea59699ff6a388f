"""Records that could not be handed over, as they came: ciphertext and headers, never what is inside. One JSON object a line."""

import json
from base64 import b64encode
from pathlib import Path
from uuid import UUID

from upstream_client.clock import now
from upstream_client.private_files import append_private, or_trouble, write_private
from upstream_client.provider.incoming import Polled


class Poison:
    """The file `poison.jsonl` in a state folder. A record may stand in it twice where a program died between two steps."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "poison.jsonl"

    def add(self, record: Polled, reason: str) -> None:
        """`reason` is a code. On disk when this returns. Raises Trouble."""
        entry = {
            "set_aside_at": now().isoformat(),
            "reason": reason,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "key": _text(record.key),
            "headers": [[name, _text(value)] for name, value in record.headers],
            "value": None if record.value is None else b64encode(record.value).decode(),
        }
        with or_trouble(self.file):
            append_private(self.file, json.dumps(entry).encode() + b"\n")

    def forget(self, referral_id: UUID) -> None:
        """Takes out all that is about one referral. Raises Trouble."""
        if not self.file.exists():
            return
        lines = self.file.read_bytes().splitlines(keepends=True)
        stay = [line for line in lines if not _is_about(line, referral_id)]
        if len(stay) < len(lines):
            with or_trouble(self.file):
                write_private(self.file, b"".join(stay))


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode(errors="backslashreplace")


def _is_about(line: bytes, referral_id: UUID) -> bool:
    try:
        return bool(json.loads(line)["key"] == str(referral_id))
    except (ValueError, KeyError):
        return False
