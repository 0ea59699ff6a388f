"""Real requests and service names of other cities, and street issues of our own, sent as a source sends them.

One file of JSON lines through `upstream publish`. Known kinds reach their office, the rest a person, and nothing a training.
"""

import csv
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from decisions.intake.street_issues import SERVICE_NAMES, STREET_ISSUES
from decisions.intake.test_recorded_service_names import RECORDED, needs_recorded_data
from support.system_topics import attributes, ends, everything_on, question, services_time

from upstream_intake.rules.offices import OFFICES
from upstream_stack.stack import Stack

pytestmark = needs_recorded_data
REQUESTS = "intake.requests.v1"
INSTEAD = {row.code: {row.code, *row.instead} for row in OFFICES}


@dataclass(frozen=True, slots=True)
class Sent:
    """One line of the file, and the office that a person who answers 311 would name; None: a person of the team must look."""

    what: str
    office: str | None
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    sent: list[Sent]
    told: list[dict[str, Any]]
    exit_code: int
    events: Counter[str]


def recorded_requests() -> Iterator[dict[str, str]]:
    for path in sorted(RECORDED.glob("requests_*.xml")):
        for request in ET.parse(path).iter("request"):
            yield {field.tag: field.text for field in request if field.text}
    yield from json.loads((RECORDED / "service_requests.json").read_text(encoding="utf-8"))


def lines(at: datetime) -> Iterator[Sent]:
    with (RECORDED / "not-managed-services.csv").open(encoding="utf-8", newline="") as file:
        listed = [row["service_name"] for row in csv.DictReader(file)]
    assert len(listed) == 125
    for name in listed:
        yield Sent(name, SERVICE_NAMES[name], question(at, intent="unsure", channel="open311", service_name=name))
    for request in recorded_requests():
        name = request["service_name"]
        document = question(
            at,
            intent="unsure",
            channel="open311",
            service_name=name,
            source_reference=str(request["service_request_id"]),
            place={"kind": "other", "text": request["address"], "lat": float(request["lat"]), "long": float(request["long"])},
        )
        yield Sent(name, SERVICE_NAMES[name], document)
    for issue, office in STREET_ISSUES:
        yield Sent(issue, office, question(at, intent="unsure", safety_interest=issue))


@pytest.fixture(scope="module")
def published(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder, sent = tmp_path_factory.mktemp("desk"), list(lines(services_time(stack)))
    before = ends(stack.kafka_admin_config(), REQUESTS)
    file = folder / "submissions.jsonl"
    file.write_text("".join(json.dumps(one.document) + "\n" for one in sent), encoding="utf-8")
    credentials = stack.layout.credentials / "pdx311.json"
    words = ["publish", "--source", "pdx311", "--credentials", str(credentials), "--state", str(folder / "state"), "--json"]
    done = subprocess.run([sys.executable, "-m", "upstream_client", *words, str(file)], capture_output=True, check=False)
    told = sorted((json.loads(line) for line in done.stdout.splitlines()), key=lambda entry: int(entry["record"]))
    new = [m for m in everything_on(stack.kafka_admin_config(), REQUESTS) if (m.offset() or 0) >= before[m.partition() or 0]]
    events = Counter(attributes(message)["ce_type"] for message in new)
    assert not list(_files(folder / "state"))
    return Published(sent, told, done.returncode, events)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_each_line_gets_its_verdict_and_the_highest_code_is_told(published: Published) -> None:
    assert [entry["record"] for entry in published.told] == list(range(1, len(published.sent) + 1))
    outcomes = Counter(entry["outcome"] for entry in published.told)
    print(f"{len(published.sent)} lines: {dict(outcomes)}; events {dict(published.events)}")
    assert outcomes.keys() == {"accepted", "redirected"}
    assert published.exit_code == 3


def test_each_known_kind_is_sent_to_the_office_a_person_would_name(published: Published) -> None:
    wrong = [
        (one.what, one.office, told["outcome"], (told.get("redirect") or {}).get("office"))
        for one, told in zip(published.sent, published.told, strict=True)
        if one.office is not None and (told.get("redirect") or {}).get("office") not in INSTEAD[one.office]
    ]
    assert wrong == []
    assert all(told["redirect"]["wording"] for told in published.told if told["outcome"] == "redirected")
    assert len({one.what for one in published.sent if one.office and one.what not in SERVICE_NAMES}) >= 40


def test_what_the_directory_does_not_know_waits_for_a_person_who_sees_it(stack: Stack, published: Published) -> None:
    unknown = [(one, told) for one, told in zip(published.sent, published.told, strict=True) if one.office is None]
    assert {told["outcome"] for _, told in unknown} == {"accepted"}
    waiting = {case["reference"]: case for case in json.loads(stack.run("triage", "list", "--json"))}
    for one, told in unknown:
        case = waiting[told["reference"]]
        assert case["since"] is not None
        assert "unsure" in case["reasons"]
        if "safety_interest" in one.document:
            assert case["notes"][0]["text"]["safety_interest"] == one.what


def test_none_of_it_becomes_a_training(published: Published) -> None:
    accepted = sum(told["outcome"] == "accepted" for told in published.told)
    assert published.events == {
        "intake.request.received.v1": accepted,
        "intake.request.triaged.v1": accepted,
        "intake.request.redirected.v1": len(published.sent) - accepted,
    }
