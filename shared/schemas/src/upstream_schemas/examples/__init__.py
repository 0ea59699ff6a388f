"""One whole, clearly fictional instance of each event, as it stands on the wire: `<type>.json` in this folder.

Read only when asked for, by documentation, golden schemas and tests; no service needs them.
"""

import json
from importlib.resources import files
from typing import Any

from upstream_schemas.model import Event


def example(event: type[Event]) -> dict[str, Any]:
    """The example of one event. Raises FileNotFoundError where a new event has none yet."""
    text = files(__name__).joinpath(f"{event.TYPE}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
