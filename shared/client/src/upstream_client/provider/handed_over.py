"""What was handed over, kept on disk, so that another run does not hand it over again. Holds random ids and an offset, no more."""

import json
from pathlib import Path
from typing import Final

from upstream_client.private_files import or_trouble, write_private
from upstream_client.trouble import Trouble

IDS_KEPT_MAX: Final = 2000  # more than can be done out of order, and the same record comes again soon or never


class HandedOver:
    """One file for each state folder. It is written anew, whole, each time."""

    def __init__(self, folder: Path) -> None:
        """Reads what earlier runs left. Raises Trouble where that is no file of ours."""
        self.folder = folder
        self._file = folder / "handed-over.json"
        self.next_offset: int | None = None
        self._ids: dict[str, None] = {}
        try:
            found = json.loads(self._file.read_bytes())
            self.next_offset, self._ids = found["next_offset"], dict.fromkeys(found["ids"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Trouble(
                f"{self._file} cannot be read", type(error).__name__, "remove it: what was handed over may come once more"
            ) from None

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._ids

    def note(self, record_id: str, next_offset: int) -> None:
        """A record is done; another run goes on at `next_offset`. On disk when this returns. Raises Trouble."""
        self.next_offset = next_offset
        if record_id in self._ids:
            return  # an offset too low on disk only means that it is passed over once more
        self._ids[record_id] = None
        for oldest in list(self._ids)[:-IDS_KEPT_MAX]:
            del self._ids[oldest]
        with or_trouble(self._file):
            write_private(self._file, json.dumps({"next_offset": next_offset, "ids": list(self._ids)}).encode())
