"""`docs/topics.md`, made from the catalogue and never written by hand.

`python -m upstream_schemas.catalogue_page --write` writes it, `--check` fails where it is out of date. Run from the root
of the repository.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from upstream_schemas.generated_page import GeneratedPage
from upstream_schemas.privacy import data_class_of, fields_within
from upstream_schemas.topic import Topic, Zone
from upstream_schemas.topics import CATALOGUE

PAGE: Final = Path("docs/topics.md")
_HEAD: Final = """# Topics
Made from `shared/schemas/src/upstream_schemas/topics.py` by `python -m upstream_schemas.catalogue_page --write`; do not edit.
A party mark such as `<source>` stands for one outside party, which has a topic of its own. *Planned* rows are not created
yet. *Compacted* topics keep the last record of each key until a tombstone erases it.
"""
_COLUMNS: Final = ("topic", "key", "events", "written by", "read by", "partitions", "kept for", "holds")


def page(catalogue: Iterable[Topic] = CATALOGUE) -> str:
    """The whole page."""
    rows = list(catalogue)
    zones = [(zone, [topic for topic in rows if topic.zone is zone]) for zone in Zone]
    return _HEAD + "".join(_section(zone, topics) for zone, topics in zones if topics)


def data_classes(topic: Topic) -> tuple[str, ...]:
    """The data classes of all fields of all events of a topic, sorted."""
    marks = {data_class_of(record, name) for event in topic.events for record, name in fields_within(event)}
    return tuple(sorted(mark.value for mark in marks if mark is not None))


def _section(zone: Zone, topics: Sequence[Topic]) -> str:
    head = f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}\n"
    return f"\n## Zone {zone.value}\n{head}" + "".join(_row(topic) for topic in topics)


def _row(topic: Topic) -> str:
    cells = (
        f"`{topic.name}`{' *planned*' if topic.planned else ''}<br>{topic.doc}",
        f"`{topic.key}`",
        "<br>".join(f"`{event.TYPE}`" for event in topic.events),
        f"`{topic.producer}`",
        ", ".join(f"`{consumer}`" for consumer in topic.consumers),
        str(topic.partitions),
        "compacted" if topic.retention is None else f"{topic.retention.days} days",
        ", ".join(data_classes(topic)),
    )
    return f"| {' | '.join(cell or '—' for cell in cells)} |\n"


_GENERATED: Final = GeneratedPage("upstream_schemas.catalogue_page", PAGE, page)
main: Final = _GENERATED.main


if __name__ == "__main__":
    sys.exit(main())
