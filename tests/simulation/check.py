"""The invariants, looked up in the databases and on the log once everything has come to rest.

Reads with SQL of its own and none of the engine's code. Each finding is one sentence.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from simulation.acts import Acts, Body
from simulation.city import ANSWERED, ASKED, DESK, ECHOED, HALL, MOVED, NOTED, PARTIES
from simulation.log import Log, Place, Record

Labels = dict[UUID, list[str]]


@dataclass(slots=True)
class Tables:
    """What one service's database holds at the end."""

    labels: Labels
    versions: dict[UUID, int]
    outbox: list[Any]
    numbers: dict[Place, int]
    sent: dict[Place, int]
    aside: list[Any]
    due: int


async def everything_wrong(acts: Acts) -> list[str]:
    """Every sentence of the promise that does not hold."""
    desk, hall = [await _tables(acts.services[name].database.watcher) for name in (DESK, HALL)]
    return [
        *_numbers(acts.log, desk),
        *_numbers(acts.log, hall),
        *_states(desk),
        *_states(hall),
        *_verdicts(acts, desk),
        *_commands(acts, desk),
        *_outputs(desk),
        *_effects(desk, hall),
        *_aside(acts, desk, hall),
        *_reminders(desk, hall),
    ]


async def _tables(conn: Any) -> Tables:
    counters = await conn.fetch("SELECT id, version, labels FROM counter ORDER BY id")
    outbox = await conn.fetch(
        "SELECT topic, partition, n, key, value, headers FROM runtime.outbox ORDER BY topic, partition, n"
    )
    return Tables(
        {row["id"]: json.loads(row["labels"]) for row in counters},
        {row["id"]: row["version"] for row in counters},
        outbox,
        {(row["topic"], row["partition"]): row["n"] for row in await conn.fetch("SELECT * FROM runtime.counter")},
        {(row["topic"], row["partition"]): row["n"] for row in await conn.fetch("SELECT * FROM runtime.sent")},
        await conn.fetch("SELECT * FROM runtime.set_aside ORDER BY topic, partition, position"),
        await conn.fetchval("SELECT count(*) FROM runtime.due"),
    )


# ---- numbers


def _numbers(log: Log, tables: Tables) -> Iterator[str]:
    """Numbers without a hole, in the table and on the log; the log holds what the table says; everything is sent."""
    stored: dict[Place, list[Any]] = defaultdict(list)
    for row in tables.outbox:
        stored[row["topic"], row["partition"]].append(row)
    for place, last in tables.numbers.items():
        rows = stored.pop(place, [])
        if [row["n"] for row in rows] != list(range(1, last + 1)):
            yield f"I6 {place}: the outbox holds {[row['n'] for row in rows]} up to {last}"
        if tables.sent.get(place, 0) != last:
            yield f"sent of {place} stands at {tables.sent.get(place, 0)}, not at {last}"
        yield from _on_the_log(place, log.partitions[place], {row["n"]: row["value"] for row in rows}, last)
    for place in stored:
        yield f"I6 {place}: records without a counter"


def _on_the_log(place: Place, records: Sequence[Record], values: dict[int, bytes | None], last: int) -> Iterator[str]:
    reached = 0
    for record in records:
        if record.number is None:
            continue
        if record.number > reached + 1:
            yield f"I6 {place}: {record.number} came after {reached}"
        reached = max(reached, record.number)
        if values.get(record.number) != record.value:
            yield f"I8 {place}: {record.number} has another body on the log"
    if reached != last:
        yield f"I6 {place}: the log ends at {reached}, not at {last}"


def _states(tables: Tables) -> Iterator[str]:
    for key, labels in tables.labels.items():
        if tables.versions[key] != len(labels):
            yield f"{key}: {tables.versions[key]} decisions left {len(labels)} labels"


# ---- what outside parties and people were told


def _verdicts(acts: Acts, desk: Tables) -> Iterator[str]:
    """Each record from outside has its one verdict: the first under its id, *duplicate* or quarantine the others."""
    answers: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in desk.outbox:
        if row["topic"] in {ANSWERED.for_party(party) for party in PARTIES}:
            cause = dict(json.loads(row["headers"]))["ce_causationid"]
            answers[row["topic"].replace("answered", "asked") + " " + cause].append(json.loads(row["value"]))
    asked: dict[str, list[Record]] = defaultdict(list)
    for party in PARTIES:
        for record in acts.log.partitions[ASKED.for_party(party), 0]:
            asked[f"{record.topic} {record.header('ce_id') or f'{record.partition}/{record.offset}'}"].append(record)
    for cause, records in asked.items():
        yield from _verdicts_of_one(cause, records, answers.pop(cause, []), desk)
    for cause in answers:
        yield f"I4 an answer to {cause}, which nobody asked"


def _verdicts_of_one(cause: str, records: Sequence[Record], answers: Sequence[dict[str, Any]], desk: Tables) -> Iterator[str]:
    kinds = [_verdict(answer) for answer in answers]
    if len(answers) != len(records):
        yield f"I1 {cause}: {len(records)} records, but answered {kinds}"
        return
    first = [answer for answer in answers if _verdict(answer) not in ("duplicate", "id-reuse")]
    if len(first) != 1:
        yield f"I1 {cause}: first verdicts {[_verdict(answer) for answer in first]}"
        return
    if first != list(answers[:1]):
        yield f"I5 {cause}: answered in the order {kinds}"
    bodies = Counter(_hash(record) for record in records)
    others = len(answers) - kinds.count("id-reuse")
    if others not in bodies.values():
        yield f"I1 {cause}: of {len(records)} records {others} were taken for the same"
    for answer in answers:
        if answer["verdict"] == "duplicate" and answer.get("count") != first[0].get("count"):
            yield f"I1 {cause}: a duplicate was told {answer.get('count')}, the first {first[0].get('count')}"
    if first[0]["verdict"] == "accepted":
        label = desk.labels.get(UUID(first[0]["counter_id"]), [])[first[0]["count"] - 1]
        if label not in {json.loads(record.value or b"{}").get("label") for record in records}:
            yield f"I1 {cause}: accepted, but its effect is {label!r}"


def _verdict(answer: dict[str, Any]) -> str:
    return "id-reuse" if answer["code"] == "id-reuse" else str(answer["verdict"])


def _hash(record: Record) -> bytes:
    return sha256(record.value or b"").digest()


def _commands(acts: Acts, desk: Tables) -> Iterator[str]:
    """Acknowledged: exactly one effect. Failed: none. Unknown: none or one. And nothing that nobody asked for."""
    for command in acts.told:
        count = desk.labels.get(command.key, []).count(command.label)
        wanted = {"ok": (1,), "failed": (0,)}.get(command.outcome or "", (0, 1))
        if count not in wanted:
            yield f"I1-I3 {command.label} ended {command.outcome}, and has {count} effects"
    asked = {command.label for command in acts.told} | {label for _, body in acts.sent if (label := _label(body))}
    for key, labels in desk.labels.items():
        for label, count in Counter(labels).items():
            if count > 1 and not label.startswith("echo reminded"):
                yield f"I1 {key}: {label!r} has {count} effects"
            if not label.startswith(("echo ", "reminded ")) and label not in asked:
                yield f"I4 {key}: {label!r} was never asked for"


def _label(body: Body) -> str | None:
    try:
        found: str = json.loads(body[1] or b"{}").get("label")
    except ValueError:
        return None
    return found


# ---- from service to service


def _said(tables: Tables, topic: str) -> dict[UUID, list[tuple[str, int]]]:
    found: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
    for row in tables.outbox:
        if row["topic"] == topic:
            value = json.loads(row["value"])
            found[UUID(value["counter_id"])].append((value["label"], value["count"]))
    return found


def _outputs(desk: Tables) -> Iterator[str]:
    """All outputs of a decision or none, in the order of its counter."""
    moved, noted = _said(desk, MOVED.name), _said(desk, NOTED.name)
    for key, labels in desk.labels.items():
        wanted = [(label, count) for count, label in enumerate(labels, 1) if not label.startswith("echo ")]
        for name, said in (("moved", moved), ("noted", noted)):
            if said.get(key, []) != wanted:
                yield f"I5/I7 {key}: {wanted} happened, and {name} says {said.get(key, [])}"
    for key in set(moved) | set(noted):
        if key not in desk.labels:
            yield f"I4 {key}: something is said of a counter that is not there"


def _effects(desk: Tables, hall: Tables) -> Iterator[str]:
    """What the desk said has one effect each in the hall, in order; and what the hall echoed, at the desk."""
    moved, echoed = _said(desk, MOVED.name), _said(hall, ECHOED.name)
    for key in set(moved) | set(hall.labels):
        there = [label for label in hall.labels.get(key, []) if label != "tidied"]
        if there != [label for label, _ in moved.get(key, [])]:
            yield f"I1/I5 {key}: the desk said {moved.get(key, [])}, the hall has {there}"
    for key in set(echoed) | set(desk.labels):
        back = [label.removeprefix("echo ") for label in desk.labels.get(key, []) if label.startswith("echo ")]
        if back != [label for label, _ in echoed.get(key, [])]:
            yield f"I1/I5 {key}: the hall echoed {echoed.get(key, [])}, the desk has {back}"
        wanted = [(label, n) for n, label in enumerate(hall.labels.get(key, []), 1) if label != "tidied"]
        if echoed.get(key, []) != wanted:
            yield f"I7 {key}: in the hall {wanted} happened, and it echoed {echoed.get(key, [])}"


# ---- what was not applied, and what waited


def _aside(acts: Acts, desk: Tables, hall: Tables) -> Iterator[str]:
    """Each record that nobody could read is set aside once, its bytes intact; nothing else is."""
    for tables in (desk, hall):
        places = Counter((row["topic"], row["partition"], row["position"]) for row in tables.aside)
        yield from (f"I8 {place}: set aside {count} times" for place, count in places.items() if count > 1)
        for row in tables.aside:
            record = acts.log.partitions[row["topic"], row["partition"]][row["position"]]
            if (row["key"], row["value"]) != (record.key, record.value):
                yield f"I8 {row['topic']}/{row['partition']}:{row['position']}: set aside with other bytes"
    aside = {(row["topic"], row["partition"], row["position"]) for row in (*desk.aside, *hall.aside)}
    for record in acts.rubbish:
        if (record.topic, record.partition, record.offset) not in aside:
            yield f"I8 {record.topic}/{record.partition}:{record.offset} was not set aside"
    yield from _letters(desk)
    yield from _letters(hall)
    quarantined = sum(_quarantined(row) for row in desk.outbox)
    of_parties = sum(row["topic"] in {ASKED.for_party(party) for party in PARTIES} for row in desk.aside)
    if quarantined != of_parties:
        yield f"I8 {quarantined} records from outside were quarantined, {of_parties} set aside"


def _letters(tables: Tables) -> Iterator[str]:
    ids = {str(row["id"]) for row in tables.aside}
    said = [json.loads(row["value"])["dead_letter_id"] for row in tables.outbox if "letters" in row["topic"]]
    if sorted(said) != sorted(ids):
        yield f"I7 {len(ids)} records are set aside, and {len(said)} dead letters say so"


def _quarantined(row: Any) -> bool:
    return "answered" in row["topic"] and json.loads(row["value"])["verdict"] == "quarantined"


def _reminders(desk: Tables, hall: Tables) -> Iterator[str]:
    """Due work happened, and is over: no effect that asked for a reminder is without one, and none has two."""
    yield from (f"I9 {tables.due} rows of due work are left" for tables in (desk, hall) if tables.due)
    for key, labels in desk.labels.items():
        reminders = _all(label.split()[1:] for label in labels if label.startswith("reminded"))
        wanted = [label for label in labels if label.endswith("+") and " " not in label]
        if sorted(reminders) != sorted(wanted):
            yield f"I9 {key}: {wanted} wanted a reminder, {reminders} had one"


def _all(lists: Iterable[Sequence[str]]) -> list[str]:
    return [one for each in lists for one in each]
