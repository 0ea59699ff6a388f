"""The guarantees as questions to the evidence: one function each, which gives the violations it found, one line each.

Pure, and imports nothing of the product. The numbers are those of the design: I1 to I11, I13, and row M5's own bound.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from faults.evidence import Evidence, Found, Row
from faults.journal import Line

LAG_SECONDS_MAX: Final = 6 + 15  # session timeout + 15 s
ALERT_SECONDS_MAX: Final = 10.0
BACK: Final = ("broker.back", "database.back", "relay.back", "partition.accepted", "process.stopped")
NOISE_SECONDS: Final = 0.1  # below that, a percentile of a machine that others use says nothing
LATE_SECONDS_MAX: Final = 5.0
HEALING_SECONDS: Final = LAG_SECONDS_MAX  # after a fault, until work that was due counts as late
EPOCH: Final = "1970-01-01T00:00:00Z"
# Who must have which effect of an accepted ask.
EXPECTED: Final = (("a", "asked"), ("a", "due"), ("b", "moved"), ("c", "moved"), ("c", "passed"))
Violations = list[str]


def effects(found: Evidence) -> dict[tuple[str, str], Counter[str]]:
    """How many effects of each ask there are, by process and route."""
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for process, base in found.bases.items():
        for row in base.effects:
            counted[process, row["route"]][row["ask"]] += 1
    return counted


def outcomes(found: Evidence) -> dict[str, str | None]:
    """What the client knows of each ask that has an id: ok, fail, or None for unknown."""
    told: dict[str, str | None] = {line["ask"]: None for line in found.client if line["what"] == "intent" and line["ask"]}
    told |= {line["ask"]: line["what"] for line in found.client if line["what"] in ("ok", "fail")}
    return told


def said_again(found: Evidence) -> dict[tuple[str, str], Counter[str]]:
    """How often more than once each reader was told of an ask, because a database that was put back (D4) decided it again.

    Its readers apply that again, neither less nor more often than it was told. A tells an ask once under each of its streams.
    So does B for each time that it was told: where A was put back, twice under one stream of B. More than that is nobody's
    restore. It counts as no violation, and is counted.
    """
    told: dict[tuple[str, str], Counter[str]] = {place: Counter() for place in EXPECTED}
    if not _put_back(found):
        return told
    by_a, by_b = _tellings(found, "moved"), _tellings(found, "passed")
    moved = +Counter({ask: len(streams) - 1 for ask, streams in by_a.items()})
    told["b", "moved"] = told["c", "moved"] = moved
    told["c", "passed"] = +Counter(
        {ask: sum(min(count, 1 + moved[ask]) for count in streams.values()) - 1 for ask, streams in by_b.items()}
    )
    return told


def _tellings(found: Evidence, route: str) -> dict[str, Counter[str]]:
    """Under how many numbers each stream of a topic tells of each ask."""
    numbers = {(_ask_in(r.value) or "", r.partition, *r.sequence) for r in found.topics.get(found.lap[route], [])}
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for ask, _, stream, _ in numbers:
        counted[ask][stream] += 1
    return counted


def _put_back(found: Evidence) -> int:
    """How many databases were put back to a backup."""
    return sum(fault["row"] == "D4" for fault in found.faults)


def _waiting(found: Evidence) -> set[str]:
    """Asks of which something is parked or set aside, where an operator sees it."""
    rows = [row for base in found.bases.values() for row in (*base.parked, *base.set_aside)]
    return {ask for row in rows if (ask := _ask_in(row["value"])) is not None}


def _ask_in(value: bytes | None) -> str | None:
    try:
        document = json.loads(value or b"")
    except ValueError:
        return None
    return document.get("ask") if isinstance(document, dict) else None


def acknowledged_have_one_effect(found: Evidence) -> Violations:
    """I1: whatever was acknowledged, by our transaction or by our verdict, has exactly one effect in each subscriber."""
    counted, waiting, again = effects(found), _waiting(found), said_again(found)
    acknowledged = {ask for ask, what in outcomes(found).items() if what == "ok"} | counted["a", "asked"].keys()
    return [
        f"{ask}: {counted[place][ask]} effects of {place}"
        for ask in sorted(acknowledged)
        for place in EXPECTED
        if counted[place][ask] != 1 + again[place][ask] and not (counted[place][ask] == 0 and ask in waiting)
    ]


def failed_have_none(found: Evidence) -> Violations:
    """I2: what was refused has no effect."""
    counted = effects(found)
    bad = {line["ask"] for line in found.client if line["what"] == "intent" and line["kind"] and line["ask"]}
    failed = {ask for ask, what in outcomes(found).items() if what == "fail"} | bad
    return [f"{ask}: refused, and {place}" for ask in failed for place in EXPECTED if counted[place][ask]]


def unknown_are_one_thing(found: Evidence) -> Violations:
    """I3: what nobody answered was done once everywhere or nowhere."""
    counted, waiting, again = effects(found), _waiting(found), said_again(found)
    unknown = {ask for ask, what in outcomes(found).items() if what is None} - waiting
    seen = {ask: {counted[place][ask] - again[place][ask] for place in EXPECTED} for ask in unknown}
    return [f"{ask}: {sorted(counts)} effects" for ask, counts in sorted(seen.items()) if counts not in ({0}, {1})]


def no_phantom(found: Evidence) -> Violations:
    """I4: nothing happened that nobody asked for; nothing stands on a topic that was not said, or twice without a fault."""
    meant = outcomes(found).keys()
    wrong = [f"{ask}: {place}" for place, asks in effects(found).items() for ask in asks if ask not in meant]
    for base in found.bases.values():
        for (topic, partition), rows in base.outbox.items():
            said = dict(rows)
            for record in found.topics.get(topic, []):
                if record.partition != partition or not base.counts(record):
                    continue
                if record.value != said.get(record.sequence[1], b"never said"):
                    wrong.append(f"{topic}/{partition} n={record.sequence[1]}: not what was said")
    return wrong + ([] if found.faults else _sent_twice(found))


def _sent_twice(found: Evidence) -> Violations:
    """Where nothing was broken, a number stands on its topic once."""
    ours = [record for records in found.topics.values() for record in records if record.sequence[0]]
    counted = Counter((record.topic, record.partition, record.sequence) for record in ours)
    return [f"{topic}/{partition} {n}: {count} times" for (topic, partition, (_, n)), count in counted.items() if count > 1]


def in_order_of_the_key(found: Evidence) -> Violations:
    """I5: each account's effects follow each other as they were committed where they began."""
    turns = _put_back(found)
    return [line for process, base in found.bases.items() for line in _order_of(process, base.effects, turns)]


def _order_of(process: str, rows: Iterable[Row], turns: int) -> Violations:
    """Where a database was put back, a reader's origins go back with it, that often at most, and leave nothing out."""
    accounts: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if row["route"] != "due":
            accounts[row["account"]].append(row)
    wrong = []
    for account, mine in accounts.items():
        if (odd := _first_odd([row["ordinal"] for row in mine])) is not None:
            wrong.append(f"{process} {account}: ordinals {odd}")
        for route in {row["route"] for row in mine} - {"asked"}:
            origins = [row["origin"] for row in mine if row["route"] == route]
            if (odd := _first_odd(origins, turns)) is not None:
                wrong.append(f"{process} {account} {route}: origins {odd}")
    return wrong


def _first_odd(numbers: list[int], turns: int = 0) -> str | None:
    """Where a row of numbers stops being 1, 2, 3; it may go back `turns` times."""
    last = 0
    for at, n in enumerate(numbers):
        back = 0 < n <= last
        if n != last + 1 and not (back and turns):
            return f"… {numbers[max(0, at - 2) : at + 3]} …"
        turns -= back
        last = n
    return None


def no_gap(found: Evidence) -> Violations:
    """I6: numbers have no hole, in the outbox, on the topic and where they are applied."""
    wrong = []
    for process, base in found.bases.items():
        for place, last in base.counters.items():
            said = [n for n, _ in base.outbox.get(place, [])]
            if said != list(range(1, last + 1)):
                wrong.append(f"{process} {place}: outbox is not 1 … {last}")
            on_topic = [r for r in found.topics.get(place[0], []) if r.partition == place[1] and base.counts(r)]
            wrong += _holes(place, on_topic, last)
            wrong += [
                f"{reader} {place}: applied up to {found.bases[reader].marks.get(place)} of {last}"
                for reader in found.lap["readers"].get(place[0], ())
                if found.bases[reader].marks.get(place, 0) != last
            ]
    return wrong


def _holes(place: tuple[str, int], records: list[Found], last: int) -> Violations:
    reached = 0
    for record in records:
        n = record.sequence[1]
        if n > reached + 1:
            return [f"{place}: {n} stands behind {reached}"]
        reached = max(reached, n)
    return [] if reached == last else [f"{place}: the topic ends at {reached} of {last}"]


def all_outputs_or_none(found: Evidence) -> Violations:
    """I7: what one transaction says, it says whole: answer, fact and reminder of A; effect and fact of B."""
    a, b, lap = found.bases["a"], found.bases["b"], found.lap
    counted = effects(found)
    answered = _said(a.outbox, set(lap["answers"].values()), lambda said: said["verdict"] == "accepted")
    outputs = {
        "a": (counted["a", "asked"], answered, _said(a.outbox, {lap["moved"]})),
        "b": (counted["b", "moved"], _said(b.outbox, {lap["passed"]})),
    }
    return [
        f"{process} {ask}: {[output[ask] for output in mine]} outputs"
        for process, mine in outputs.items()
        for ask in set().union(*mine)
        if len({output[ask] for output in mine}) > 1
    ]


def _said(
    outbox: dict[tuple[str, int], list[tuple[int, bytes | None]]],
    topics: set[str],
    counts: Callable[[Line], bool] = lambda _: True,
) -> Counter[str]:
    said = (json.loads(value) for (topic, _), rows in outbox.items() if topic in topics for _, value in rows if value)
    return Counter(document["ask"] for document in said if counts(document))


def unapplied_is_kept(found: Evidence) -> Violations:
    """I8: every record from outside had its effect, or a verdict that names it; quarantined ones are kept, bytes intact."""
    done, since = effects(found)["a", "asked"], _offsets_count_since(found)
    on_topics = [r for t in found.lap["answers"].values() for r in found.topics.get(t, []) if r.value]
    answers = [json.loads(record.value or b"") for record in on_topics if _said_at(record) >= since]
    named = {(answer["ask"], answer["offset"]) for answer in answers if "offset" in answer and answer.get("ask")}
    verdicts = {answer["offset"]: answer["verdict"] for answer in answers if "offset" in answer}
    rows = [row for base in found.bases.values() for row in base.set_aside]
    kept = {(row["topic"], row["position"]): row for row in rows if row["set_aside_at"].timestamp() >= since}
    parked = {(row["topic"], row["position"]) for base in found.bases.values() for row in base.parked}
    wrong = _parked_with_other_bytes(found)
    for record in found.asks:
        where, ask = (record.topic, record.offset), record.header("ce_id")
        if where in kept:
            wrong += _not_intact(record, kept[where])
        elif where not in parked and not done[ask or ""] and (ask, record.offset) not in named and ask is not None:
            wrong.append(f"{where}: {ask} neither applied nor answered nor kept")
        elif where not in parked and ask is None and verdicts.get(record.offset) is None:
            wrong.append(f"{where}: unreadable, and not kept")
    return wrong


def _offsets_count_since(found: Evidence) -> float:
    """When the topics that are there now began: an offset from before a wipe (B4) says nothing about them."""
    return max((fault["anew"] for fault in found.faults if "anew" in fault), default=0.0)


def _said_at(record: Found) -> float:
    return datetime.fromisoformat(record.header("ce_time") or EPOCH).timestamp()


def _parked_with_other_bytes(found: Evidence) -> Violations:
    there = {(r.topic, r.partition, r.offset): r.value for records in found.topics.values() for r in records}
    rows = [row for base in found.bases.values() for row in base.parked]
    return [
        f"{row['topic']}/{row['position']}: parked with other bytes"
        for row in rows
        if there.get((row["topic"], row["partition"], row["position"])) != row["value"]
    ]


def _not_intact(record: Found, row: Row) -> Violations:
    headers = [(name, None if value is None else value.hex()) for name, value in record.headers]
    value = record.value or b""
    same = row["value_hash"] == sha256(value).digest() and row["value_bytes"] == len(value)
    whole = row["reason"] == "oversize" or (row["value"] == record.value and row["key"] == record.key)
    told = row["reason"] == "oversize" or [tuple(pair) for pair in json.loads(row["headers"] or "[]")] == headers
    return [] if same and whole and told else [f"{record.topic}/{record.offset}: kept with other bytes"]


def timeouts_fire(found: Evidence) -> Violations:
    """I9: every reminder came once its time had come, and not late but for the faults it fell into."""
    stepped = any(line["row"].startswith("T") for line in found.faults)
    asked = {row["ask"]: row for row in found.bases["a"].effects if row["route"] == "asked"}
    windows = sorted((f["began"], f["healed"] + HEALING_SECONDS * found.strain) for f in found.faults if "healed" in f)
    wrong = []
    for row in found.bases["a"].effects:
        if row["route"] != "due":
            continue
        if row["at"] < row["due_at"]:
            wrong.append(f"{row['ask']}: reminded early")
        before = asked.get(row["ask"])
        if before is None or stepped:
            continue
        due, fired = before["wall"].timestamp() + found.lap["remind_after"], row["wall"].timestamp()
        late = fired - due - _overlap(due, fired, windows)
        if late > LATE_SECONDS_MAX * found.strain:
            wrong.append(f"{row['ask']}: reminded {late:.1f} s late")
    return wrong


def _overlap(start: float, end: float, windows: list[tuple[float, float]]) -> float:
    covered, reached = 0.0, start
    for begins, ends in windows:
        covered += max(0.0, min(ends, end) - max(begins, reached))
        reached = max(reached, min(ends, end))
    return covered


def lag_is_gone_in_time(found: Evidence) -> Violations:
    """I10: everything is applied within the session timeout and 15 s of healing, and nobody stood still or ended by itself."""
    late = found.quiet_after > LAG_SECONDS_MAX * found.strain
    wrong = [f"{name} ended by itself" for name in found.lap.get("ended", ())]
    wrong += [f"a row never ended: {found.lap['stuck']}"] if "stuck" in found.lap else []
    return wrong + ([f"quiet only {found.quiet_after:.1f} s after healing"] if late else [])


def nobody_read_what_they_may_not(found: Evidence) -> Violations:
    """I11: who tried to read without the right to got nothing."""
    return found.forbidden_reads


def alerts_were_raised(found: Evidence) -> Violations:
    """I13: each stall, gap or lag that a fault makes for certain was said within 10 s by those who could know."""
    return [
        f"{fault['row']}: {process} said none of {events} in time"
        for fault in found.faults
        for process, events in fault.get("alerts", {}).items()
        if not _said_in_time(
            found.logs.get(process, []),
            events,
            fault["since" if "since" in fault else "began"],
            ALERT_SECONDS_MAX * found.strain,
        )
    ]


def _said_in_time(log: list[Line], events: list[str], began: float, seconds: float) -> bool:
    """Whether it was said after that moment, or still stood from before: what was not taken back is not said again."""
    standing = False
    for line in sorted(log, key=lambda line: line["moment"]):
        if line["moment"] > began + seconds:
            break
        if line["event"] in events:
            standing = True
        elif line["event"] in BACK and line["moment"] < began:
            standing = False
    return standing


def healthy_keys_are_as_fast(found: Evidence) -> Violations:
    """M5: beside a poison key, the others' 99th percentile from A to B is at most twice what it was without it."""
    wrong = []
    for fault in (line for line in found.faults if "poison" in line):
        began, healed = fault["began"], fault["healed"]
        without = _p99(found, fault["poison"], began - (healed - began), began)
        beside = _p99(found, fault["poison"], began, healed)
        if beside > max(2 * without, NOISE_SECONDS * found.strain):
            wrong.append(f"p99 {beside * 1000:.0f} ms beside a poison key, {without * 1000:.0f} ms without")
    return wrong


def _p99(found: Evidence, poison: str, begins: float, ends: float) -> float:
    began = {row["ask"]: row["wall"].timestamp() for row in found.bases["a"].effects if row["route"] == "asked"}
    took = sorted(
        row["wall"].timestamp() - began[row["ask"]]
        for row in found.bases["b"].effects
        if str(row["account"]) != poison and row["ask"] in began and begins <= began[row["ask"]] < ends
    )
    return took[int(len(took) * 0.99)] if took else 0.0


INVARIANTS: Final[dict[str, Callable[[Evidence], Violations]]] = {
    "I1": acknowledged_have_one_effect,
    "I2": failed_have_none,
    "I3": unknown_are_one_thing,
    "I4": no_phantom,
    "I5": in_order_of_the_key,
    "I6": no_gap,
    "I7": all_outputs_or_none,
    "I8": unapplied_is_kept,
    "I9": timeouts_fire,
    "I10": lag_is_gone_in_time,
    "I11": nobody_read_what_they_may_not,
    "I13": alerts_were_raised,
    "M5": healthy_keys_are_as_fast,
}
