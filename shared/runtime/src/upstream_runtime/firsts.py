"""Whether a record is decided on: not where it was refused on reading, or answered before.

Reads the inbox; writes nothing.
"""

from collections.abc import Mapping, Sequence

from asyncpg import Connection

from upstream_runtime import store
from upstream_runtime.records import Item
from upstream_runtime.store import Answered
from upstream_runtime.wiring import Refusal

Identity = tuple[str, str, bytes]
Firsts = Mapping[tuple[str, str], Answered]


async def first_answers(conn: Connection, items: Sequence[Item]) -> Firsts:
    """What was answered before to records with these ids, by (topic, id)."""
    ids: dict[str, list[str]] = {}
    for item in items:
        if item.identity:
            ids.setdefault(item.identity[0], []).append(item.identity[1])
    found: dict[tuple[str, str], Answered] = {}
    for topic, wanted in ids.items():
        found |= await store.first_answers(conn, topic, wanted)
    return found


def refusal_of(item: Item, first: Firsts) -> tuple[Refusal | None, Identity | None]:
    """Why a record is not decided on, if so, and the identity to remember its answer by."""
    before = first.get(item.identity[:2]) if item.identity else None
    if before is None or item.identity is None:
        return item.refusal, item.identity
    if before.hash != item.identity[2]:
        return Refusal("quarantined", "id-reuse"), None
    return Refusal("duplicate", "duplicate", first=before.answer), None
