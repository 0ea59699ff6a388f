"""Stored bytes: records as they once lay on a topic, in `corpus/<type>.json`. They must be read for ever.

`python tests/contracts/stored.py` adds a file for each event that has none: its example and the least its schema allows,
as the writer of that day put them on the wire. It never touches a file that is there.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers
from upstream_schemas.examples import example
from upstream_schemas.model import Event
from upstream_schemas.topic import Topic
from upstream_schemas.topics import released

CORPUS: Final = Path(__file__).parent / "corpus"
WRITTEN_AT: Final = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def stored(event: type[Event]) -> list[dict[str, Any]]:
    """The records of one event: key, headers, and the value as text."""
    found: list[dict[str, Any]] = json.loads((CORPUS / f"{event.TYPE}.json").read_bytes())
    return found


def main() -> None:
    """Add what is missing."""
    CORPUS.mkdir(exist_ok=True)
    for topic in released():
        for event in topic.events:
            path = CORPUS / f"{event.TYPE}.json"
            if not path.exists():
                records = [_record(topic, event, document) for document in (example(event), _least(event))]
                path.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
                sys.stdout.write(f"added {path.name}\n")


def _least(event: type[Event]) -> dict[str, Any]:
    """The example without every field that its writer may leave out."""
    needed = {name for name, field in event.model_fields.items() if field.is_required()}
    kept = {name: value for name, value in example(event).items() if name in needed}
    return kept if kept.get("anonymous", True) else kept | {"anonymous": True}


def _record(topic: Topic, event: type[Event], document: dict[str, Any]) -> dict[str, Any]:
    said = event.model_validate_json(json.dumps(document))
    party = "/city/pdx311" if topic.mark and topic.producer == topic.mark else f"/upstream/{topic.producer}"
    key = document.get(topic.key)
    envelope = Envelope(f"stored-{event.TYPE}", party, event.TYPE, WRITTEN_AT, key, revision=1)
    own = [("ce_sequence", "0190c7a2:1")] if topic.mark is None else []
    value = encode(said, seal=lambda text: text).decode()
    return {"key": key, "headers": [*to_headers(envelope), *own], "value": value}


if __name__ == "__main__":
    main()
