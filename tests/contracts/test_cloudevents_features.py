"""The standard's conformance features, read where they lie and played against our codec; what is not ours is named with its reason."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_structured_event
from contracts.wire import to_bytes, written
from jsonschema import Draft7Validator

from upstream_schemas.codec import read_foreign
from upstream_schemas.envelope import CONTENT_TYPE, Envelope, to_pairs
from upstream_schemas.examples import example
from upstream_schemas.model import Event
from upstream_schemas.topics import events_of

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("UPSTREAM_DATA", REPOSITORY.parent / "shared" / "data")) / "events" / "cloudevents"
FEATURES = DATA / "conformance" / "features"
PLAYED = "kafka-protocol-binding.feature"
NOT_OURS: Mapping[str, str] = {"http-protocol-binding.feature": "no door of ours takes or sends an event over HTTP"}

needs_data = pytest.mark.skipif(
    not FEATURES.is_dir(),
    reason="CloudEvents features not found: set UPSTREAM_DATA to the folder that holds events/cloudevents",
)
PAYLOAD, HEADERS = "Given a Kafka message with payload:", "And Kafka headers:"
PARSED, ATTRIBUTES, SAME_DATA = (
    "When parsed as Kafka message",
    "Then the attributes are:",
    "And the data is equal to the following JSON:",
)
STEPS = (PAYLOAD, HEADERS, PARSED, ATTRIBUTES, SAME_DATA)


@dataclass(slots=True)
class Step:
    """One line of a scenario with the text or the table below it."""

    words: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)

    def filled(self, values: Mapping[str, str]) -> "Step":
        def fill(text: str) -> str:
            return re.sub(r"<(\w+)>", lambda found: values[found[1]], text)

        return Step(fill(self.words), fill(self.text), [[fill(cell) for cell in row] for row in self.rows])


def scenarios(path: Path) -> Iterator[tuple[str, list[Step]]]:
    """Every scenario of a feature, an outline once for each of its examples."""
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    name, steps = "", list[Step]()
    for line in map(str.strip, lines):
        if line.startswith(("Scenario", "Background")):
            yield from _with_examples(name, steps)
            name, steps = line.partition(": ")[2], []
        elif line == '"""':
            steps[-1].text = "\n".join(takewhile(lambda inner: inner.strip() != '"""', lines))
        elif line.startswith("|"):
            steps[-1].rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif re.match(r"(Given|And|When|Then|Examples)\b", line):
            steps.append(Step(line))
    yield from _with_examples(name, steps)


def _with_examples(name: str, steps: list[Step]) -> Iterator[tuple[str, list[Step]]]:
    examples = [step for step in steps if step.words.startswith("Examples")]
    if name and not examples:
        yield name, steps
    for step in examples:
        head, *rows = step.rows
        for row in rows:
            values = dict(zip(head, row, strict=True))
            yield Step(name).filled(values).words, [other.filled(values) for other in steps if other is not step]


KAFKA = dict(scenarios(FEATURES / PLAYED)) if FEATURES.is_dir() else {}


@needs_data
@pytest.mark.parametrize("name", KAFKA)
def test_the_scenario_of_the_kafka_binding_holds(name: str) -> None:
    steps = {step.words: step for step in KAFKA[name]}
    assert tuple(steps) == STEPS
    headers = [(key, value.encode()) for key, value in steps[HEADERS].rows[1:]]
    envelope, document = read_foreign(headers, steps[PAYLOAD].text.encode())
    assert _attributes(envelope) == dict(steps[ATTRIBUTES].rows[1:])
    assert document == json.loads(steps[SAME_DATA].text)


def _attributes(envelope: Envelope) -> dict[str, str]:
    """The envelope in the feature's words. Version and content type are what the codec accepts at all, and nothing else."""
    moment = envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    named = {"id": envelope.id, "type": envelope.type, "source": envelope.source, "time": moment}
    return named | {"specversion": "1.0", "datacontenttype": CONTENT_TYPE}


@needs_data
def test_every_feature_of_the_standard_is_played_or_named_with_its_reason() -> None:
    assert len(KAFKA) == 3
    assert {path.name for path in FEATURES.glob("*.feature")} == {PLAYED, *NOT_OURS}


@needs_data
@pytest.mark.parametrize("event", events_of(), ids=lambda event: event.TYPE)
def test_our_event_in_structured_mode_keeps_to_the_standard_s_schema(event: type[Event]) -> None:
    said = event.model_validate_json(to_bytes(example(event)))
    envelope = Envelope("1", "/upstream/intake", event.TYPE, datetime(2026, 11, 21, 9, 30, tzinfo=UTC), revision=1)
    passed_on = to_structured_event(from_kafka_event(KafkaMessage(dict(to_pairs(envelope)), None, written(said))))
    schema = json.loads((DATA / "spec" / "cloudevents.json").read_bytes())
    Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER).validate(json.loads(passed_on.value))
