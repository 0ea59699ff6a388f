"""Real requests and service names of other cities: each reaches the office a 311 operator would name, or a person."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from decisions.intake.street_issues import SERVICE_NAMES

from upstream_intake.rules.emergency import emergency
from upstream_intake.rules.redirect import redirect

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("UPSTREAM_DATA", REPOSITORY.parent / "shared" / "data"))
RECORDED = DATA / "open311" / "recorded"

needs_recorded_data = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="recorded Open311 data not found: set UPSTREAM_DATA to the folder that holds open311/"
)


def office_of(text: str, service_name: str) -> str | None:
    found = redirect(text, service_name)
    return found.office_code if found else None


def test_every_service_name_reaches_its_office_or_a_person() -> None:
    wrong = [(name, office_of("", name)) for name, label in SERVICE_NAMES.items() if office_of("", name) != label]
    assert wrong == []


def test_a_service_name_typed_as_text_is_routed_the_same() -> None:
    differing = [name for name in SERVICE_NAMES if redirect(name, None) != redirect("", name)]
    assert differing == []


def listed() -> list[dict[str, str]]:
    with (RECORDED / "not-managed-services.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def recorded_names() -> Iterator[str]:
    yield from (row["service_name"] for row in listed())
    for path in sorted(RECORDED.glob("*.json")):
        yield from (row["service_name"] for row in json.loads(path.read_text(encoding="utf-8")))
    for path in sorted(RECORDED.glob("*.xml")):
        yield from (found.text or "" for found in ET.parse(path).iter("service_name"))


@needs_recorded_data
def test_all_125_recorded_services_are_listed() -> None:
    assert len(listed()) == 125


@needs_recorded_data
def test_every_recorded_service_name_is_labelled_and_no_label_is_made_up() -> None:
    assert set(recorded_names()) == set(SERVICE_NAMES)


@needs_recorded_data
def test_a_description_never_moves_a_known_service_to_another_office() -> None:
    moved = [
        row["service_name"]
        for row in listed()
        if (label := SERVICE_NAMES[row["service_name"]])
        and office_of(row["description_or_count"], row["service_name"]) != label
    ]
    assert moved == []


@needs_recorded_data
def test_no_recorded_service_or_description_is_taken_for_an_emergency() -> None:
    alarms = [row for row in listed() if emergency(f"{row['service_name']}. {row['description_or_count']}")]
    assert alarms == []
