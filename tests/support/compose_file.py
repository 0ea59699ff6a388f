"""docker-compose.yml as an engine would read it: variables filled in, anchors followed. Needs no engine."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def read(settings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with these settings, or with its own defaults. Filled in after parsing, as engines do."""
    found: dict[str, Any] = _filled_in(yaml.safe_load(FILE.read_text(encoding="utf-8")), settings or {})
    return found


def _filled_in(part: Any, settings: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: _filled_in(value, settings) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled_in(value, settings) for value in part]
    return VARIABLE.sub(lambda found: settings.get(found[1], found[2] or ""), part) if isinstance(part, str) else part


def services() -> dict[str, dict[str, Any]]:
    """Its containers by name, with the file's own defaults."""
    found: dict[str, dict[str, Any]] = read()["services"]
    return found


def variables() -> set[str]:
    """Everything it leaves open."""
    return {found[1] for found in VARIABLE.finditer(FILE.read_text(encoding="utf-8"))}
