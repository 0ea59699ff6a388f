"""Intake's staff door as the command line uses it: asked as the operator, its refusals told in three lines. Prints nothing."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from upstream_stack.errors import Trouble, command
from upstream_stack.staff_door import content, knock

CITY_ZONE: Final = ZoneInfo("America/Los_Angeles")
_WHY: Final = {
    "closed": "the case is closed",
    "not-now": "it is not the team's turn: the agreement is accepted, or the training took place",
    "topic-missing": "it names no topic of the catalogue: add --topic",
    "format-not-offered": "its topic is not given in the way it asks for: add --format",
    "group-size-missing": "it does not say how many people come: add --group-size",
    "availability-missing": "it does not say when the group can meet: add --window, --from and --until",
    "too-many-rounds": "its agreement was proposed as often as can be",
}


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What intake answers. Raises Trouble where it does not answer, or refuses."""
    response = knock("intake", method, f"/triage{path}", body)
    if response.is_error:
        raise Trouble(f"intake refused ({response.status_code})", why(response.json()), command("triage", "list"))
    return content(response)


def why(refusal: dict[str, Any]) -> str:
    """A refusal of the door in words: its own, those of its code, or the fields that it names as wrong."""
    detail = refusal["detail"]
    if isinstance(detail, str):
        return detail
    if isinstance(detail, dict):
        code: str = detail["answer"]
        return _WHY.get(code, code)
    return ", ".join(f"{problem['pointer'] or '/'} {problem['code']}" for problem in detail)


def availability(windows: list[str], earliest: datetime | None, latest: datetime | None) -> dict[str, Any] | None:
    """When a group can meet, out of `DAY HH:MM-HH:MM` each and two days in Portland; None where nothing of it is given.

    Raises Trouble where only a part is given. Whether the parts make sense is intake's to say.
    """
    if not windows and earliest is None and latest is None:
        return None
    if not windows or earliest is None or latest is None:
        raise Trouble("--window, --from and --until go together", "a part is missing", command("triage", "accept", "--help"))
    found = [_window(text) for text in windows]
    return {"windows": found, "earliest": _in_portland(earliest), "latest": _in_portland(latest)}


def _window(text: str) -> dict[str, str]:
    day, _, hours = text.strip().lower().partition(" ")
    start, _, end = hours.partition("-")
    return {"weekday": day, "start": start.strip(), "end": end.strip()}


def _in_portland(day: datetime) -> str:
    return day.replace(tzinfo=CITY_ZONE).isoformat()
