"""Records that wait for an answer, kept on disk from before they are sent until they are answered.

One file a run, JSON lines, readable by its owner alone, because it holds what people wrote. The bytes of a record are kept as
they are: sent again, they are the same record. Two programs over the same folder do no harm: a record sent once more is
answered once more. Must not know the broker.
"""

import base64
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from upstream_client.clock import fresh_id
from upstream_client.outgoing import Outgoing
from upstream_client.private_files import write_private


def default_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where this platform keeps what a program must remember."""
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "upstream"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "upstream"
    return Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "upstream"


@dataclass(frozen=True, slots=True)
class Kept:
    """What earlier runs left: the records, the earliest answer that may be theirs (an offset), and the files they lie in."""

    records: tuple[Outgoing, ...]
    answers_from: int | None
    files: tuple[Path, ...]


def kept(folder: Path, source: str) -> Kept:
    """Everything that is unanswered, in the order in which it was first sent."""
    runs = kept_by_run(folder, source)
    records = [record for run in runs for record in run.records]
    numbered = tuple(replace(record, number=number) for number, record in enumerate(records, start=1))
    offsets = (run.answers_from for run in runs if run.answers_from is not None)
    return Kept(numbered, min(offsets, default=None), tuple(file for run in runs for file in run.files))


def kept_by_run(folder: Path, source: str) -> list[Kept]:
    """The same, each run by itself."""
    files = sorted((folder / source).glob("*.jsonl"))
    return [Kept(tuple(records), offset, (file,)) for file in files for records, offset in [_read(file)]]


class Journal:
    """The file of one run. It is gone once all its records are settled."""

    def __init__(self, folder: Path, source: str, records: Sequence[Outgoing]) -> None:
        """Writes all records down and returns once they are on disk."""
        self._file = folder / source / f"{fresh_id()}.jsonl"
        self._open = {record.number for record in records}
        write_private(self._file, b"".join(_line(_as_json(record)) for record in records))

    def answers_from(self, offset: int) -> None:
        """Notes where on the results topic the answers can begin."""
        self._append({"answers_from": offset})

    def settled(self, record: Outgoing) -> None:
        """The record was answered, or refused for good."""
        self._open.discard(record.number)
        if self._open:
            self._append({"settled": record.number})
        else:
            self._file.unlink(missing_ok=True)

    def _append(self, entry: dict[str, Any]) -> None:
        with suppress(FileNotFoundError), os.fdopen(os.open(self._file, os.O_WRONLY | os.O_APPEND), "ab") as out:
            out.write(_line(entry))


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def _read(file: Path) -> tuple[list[Outgoing], int | None]:
    """What is open in one file; its last line may be torn, which only means that something is sent once more."""
    records: dict[int, Outgoing] = {}
    offset: int | None = None
    for line in file.read_bytes().splitlines():
        with suppress(json.JSONDecodeError):
            entry = json.loads(line)
            if "settled" in entry:
                records.pop(entry["settled"], None)
            elif "answers_from" in entry:
                offset = entry["answers_from"]
            else:
                records[entry["number"]] = _from_json(entry)
    return list(records.values()), offset


def _as_json(record: Outgoing) -> dict[str, Any]:
    return {
        "number": record.number,
        "event_id": record.event_id,
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [[name, _text(value)] for name, value in record.headers],
    }


def _from_json(entry: dict[str, Any]) -> Outgoing:
    headers = tuple((name, _bytes(value)) for name, value in entry["headers"])
    return Outgoing(entry["number"], _bytes(entry["key"]), _bytes(entry["value"]), headers, entry["event_id"])


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
