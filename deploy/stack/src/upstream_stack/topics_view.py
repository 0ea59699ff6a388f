"""`upstream-stack topics`: rates and lags as operators see them, without reading a record.

No operator sees both sides of the wall. Whoever sits at this machine holds the passwords of all of them, so this view asks
each of them for its own zones: what joins the sides is that person, not a principal.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Annotated

import typer
from confluent_kafka.admin import AdminClient
from rich.table import Table

from upstream_schemas.topic import Topic
from upstream_schemas.topics import CATALOGUE, OPERATOR_OF, PROCESSES, group_reading
from upstream_stack import offsets
from upstream_stack.clock import monotonic_seconds, now
from upstream_stack.kafka_access import admin_client, own_config
from upstream_stack.kafka_topics import topics_expected
from upstream_stack.lag import Partition, times_of
from upstream_stack.parties import read_parties
from upstream_stack.rights import OPERATORS
from upstream_stack.settings import Target, running_target
from upstream_stack.terminal import out, print_json

_SAMPLE_SECONDS = 1.0
_OLDEST = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class Row:
    """One topic as one group reads it; `group` is None for a topic that nobody reads by group."""

    topic: str
    zone: str
    messages_per_second: float
    messages: int
    group: str | None = None
    lag_messages: int = 0
    lag_seconds: float = 0.0


def topics(*, as_json: Annotated[bool, typer.Option("--json", help="For a machine.")] = False) -> None:
    """Show each topic's zone, rate, and what each group has still to read."""
    rows = rows_of(running_target())
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    out.print(_table(rows))


def rows_of(chosen: Target) -> list[Row]:
    """All topics of the catalogue in its order, one row for each group that reads it; takes about a second."""
    expected = topics_expected(CATALOGUE, read_parties(chosen.layout.parties))
    with ThreadPoolExecutor(len(OPERATORS)) as pool:
        seen = list(chain.from_iterable(pool.map(partial(_rows_as, chosen, expected), OPERATORS)))
    places = {name: place for place, name in enumerate(expected)}
    return sorted(seen, key=lambda row: places[row.topic])


def _rows_as(chosen: Target, expected: Mapping[str, Topic], operator: str) -> list[Row]:
    """What one operator sees: the topics of its zones, and the groups of their processes and parties."""
    admin = admin_client(own_config(chosen.layout, chosen.ports, operator))
    own = {name: topic for name, topic in expected.items() if OPERATOR_OF[topic.zone] == operator}
    partitions = [partition for partition in offsets.partitions_of(admin) if partition[0] in own]
    starts = offsets.starts_of(admin, partitions)
    rates, ends = _rates(admin, partitions)
    lags = _lags(admin, own, starts, ends)
    rows = []
    for name, topic in own.items():
        kept = sum(ends[partition] - starts[partition] for partition in partitions if partition[0] == name)
        row = partial(Row, name, topic.zone.value, rates[name], kept)
        readers = [group for group, read in lags if read == name]
        rows += [row(group, *lags[group, name]) for group in readers] or [row()]
    return rows


def _rates(admin: AdminClient, partitions: list[Partition]) -> tuple[dict[str, float], dict[Partition, int]]:
    """Messages per second of each topic over about a second, and where its partitions end after it."""
    began = monotonic_seconds()
    before = offsets.ends_of(admin, partitions)
    time.sleep(_SAMPLE_SECONDS)
    after = offsets.ends_of(admin, partitions)
    passed_seconds = monotonic_seconds() - began
    rates = dict.fromkeys((topic for topic, _ in partitions), 0.0)
    for partition in partitions:
        rates[partition[0]] += (after[partition] - before[partition]) / passed_seconds
    return rates, after


def _lags(
    admin: AdminClient, expected: Mapping[str, Topic], starts: Mapping[Partition, int], ends: Mapping[Partition, int]
) -> dict[tuple[str, str], tuple[int, float]]:
    """For each (group, topic): messages not read yet, and the age of the oldest of them in seconds."""
    committed = offsets.committed_by_group(admin)
    lags = {}
    for group, topic in _readers(expected, committed):
        read = committed.get(group, {})
        unread = {partition: max(read.get(partition, 0), starts[partition]) for partition in ends if partition[0] == topic}
        waiting = {partition: offset for partition, offset in unread.items() if offset < ends[partition]}
        messages = sum(ends[partition] - offset for partition, offset in waiting.items())
        lags[group, topic] = (messages, _oldest_seconds(admin, waiting))
    return lags


def _readers(expected: Mapping[str, Topic], committed: Mapping[str, Mapping[Partition, int]]) -> list[tuple[str, str]]:
    """Every group with which the catalogue has a process read a topic, begun or not, and every other group that has begun."""
    planned = {
        (group_reading(process, topic), name)
        for name, topic in expected.items()
        for process in topic.consumers
        if process in PROCESSES
    }
    begun = {(group, topic) for group, read in committed.items() for topic, _ in read if topic in expected}
    return sorted(planned | begun)


def _oldest_seconds(admin: AdminClient, waiting: Mapping[Partition, int]) -> float:
    if not waiting:
        return 0.0
    moment = now()
    newest_ms, oldest_ms = (int(when.timestamp() * 1000) for when in (moment, moment - _OLDEST))
    times_ms = times_of(waiting, partial(offsets.first_at, admin), oldest_ms, newest_ms)
    return max(0.0, (newest_ms - min(times_ms.values())) / 1000)


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("topic", "zone", "msg/s", "messages", "group", "lag", "lag s"):
        table.add_column(heading, justify="left" if heading in ("topic", "zone", "group") else "right")
    for row in rows:
        lag = ("-", "", "") if row.group is None else (row.group, str(row.lag_messages), f"{row.lag_seconds:.1f}")
        table.add_row(row.topic, row.zone, f"{row.messages_per_second:.1f}", str(row.messages), *lag)
    return table
