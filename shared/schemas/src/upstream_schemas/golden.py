"""Golden schemas: `golden/<type>.json` is what was released, and no commit may change it.

`python -m upstream_schemas.golden --write` adds files for what is new and touches no other; `--check` compares each with
the class as it is now and with the commit that first added it. A version that got optional fields has a further edition
beside the first: `<type>.edition-2.json`. Run from the root of the repository.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from upstream_schemas.json_schema import schema_of
from upstream_schemas.model import Event
from upstream_schemas.released_files import NoHistoryError, changed_since_release
from upstream_schemas.topics import events_of

FOLDER: Final = Path("shared/schemas/golden")
_MAY_GROW: Final = ("properties", "$defs", "examples")


def write(folder: Path, events: Iterable[type[Event]]) -> list[str]:
    """Add a file for each event that has none, and an edition where optional fields were added. Returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    added = []
    for event in events:
        editions, now = released(folder, event), schema_of(event)
        if not editions or (editions[-1] != now and only_adds(editions[-1], now)):
            name = _name(event, len(editions) + 1)
            (folder / name).write_text(json.dumps(now, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            added.append(name)
    return added


def check(folder: Path, events: Sequence[type[Event]]) -> list[str]:
    """What is wrong, one line for each; nothing when the contract is unbroken."""
    wrong = [line for event in events if (line := _difference(folder, event))]
    expected = {_name(event, edition) for event in events for edition in range(1, len(released(folder, event)) + 1)}
    wrong += [f"{path.name}: no event has this type" for path in sorted(folder.glob("*")) if path.name not in expected]
    try:
        return wrong + changed_since_release(folder)
    except NoHistoryError as error:
        return [*wrong, str(error)]


def released(folder: Path, event: type[Event]) -> list[dict[str, Any]]:
    """The editions of one event, oldest first."""
    found: list[dict[str, Any]] = []
    while (path := folder / _name(event, len(found) + 1)).exists():
        found.append(json.loads(path.read_bytes()))
    return found


def only_adds(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether `new` is `old` with nothing but further optional fields, at any depth."""
    fields, records = new.get("properties", {}), new.get("$defs", {})
    return (
        {key: value for key, value in old.items() if key not in _MAY_GROW}
        == {key: value for key, value in new.items() if key not in _MAY_GROW}
        and all(fields.get(name) == field for name, field in old.get("properties", {}).items())
        and all(name in records and only_adds(record, records[name]) for name, record in old.get("$defs", {}).items())
    )


def _difference(folder: Path, event: type[Event]) -> str | None:
    editions, now = released(folder, event), schema_of(event)
    if not editions:
        return f"{event.TYPE}: not released yet; --write adds it"
    if not all(only_adds(older, newer) for older, newer in pairwise(editions)):
        return f"{event.TYPE}: an edition does more than add optional fields"
    if editions[-1] == now:
        return None
    if only_adds(editions[-1], now):
        return f"{event.TYPE}: has grown; --write adds an edition"
    return f"{event.TYPE}: differs from what was released; a change is a new version beside it"


def _name(event: type[Event], edition: int) -> str:
    return f"{event.TYPE}.json" if edition == 1 else f"{event.TYPE}.edition-{edition}.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit code 1 where something is wrong."""
    parser = ArgumentParser(prog="python -m upstream_schemas.golden", description="Golden schemas of released events")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="add what is new")
    mode.add_argument("--check", action="store_true", help="fail where a released version was changed or deleted")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    wanted = parser.parse_args(arguments)
    lines = write(wanted.folder, events_of()) if wanted.write else check(wanted.folder.resolve(), events_of())
    sys.stdout.writelines(f"{'added ' if wanted.write else ''}{line}\n" for line in lines)
    return 1 if wanted.check and lines else 0


if __name__ == "__main__":
    sys.exit(main())
