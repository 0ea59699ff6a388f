"""What must hold between the rows of the catalogue, and between a row and its events."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from upstream_schemas.catalogue_page import PAGE, main, page
from upstream_schemas.operations import DeadLetterRecordedV1
from upstream_schemas.topic import PARTY_MARKS, Topic, Zone
from upstream_schemas.topics import (
    CATALOGUE,
    DEAD_LETTERS,
    NOTICE_EVENTS,
    OPERATOR_OF,
    PROCESSES,
    ZONE_OF_PROCESS,
    events_of,
    released,
)

TYPE = re.compile(r"(?P<producer>[a-z]+)\.[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*\.v[1-9]\d*")
NAME = re.compile(r"[a-z]+(-[a-z]+)*(\.([a-z]+(-[a-z]+)*|<[a-z]+>))+\.v[1-9]\d*")
OUR_ROLES = {
    "city": {"<source>"},
    "intake": {"intake"},
    "scheduler": {"scheduler"},
    "notifier": {"notifier-public", "notifier-outreach"},
    "outreach": {"referral-outreach"},
    "provider": {"<slug>"},
    "enforcement": {"<agency>", "referral-enforcement"},
    "gateway": {"referral-gateway"},
}
PEOPLE = {"operator", "operator-outreach", "operator-enforcement", "oversight", "auditor"}
each_topic = pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
each_released = pytest.mark.parametrize("topic", released(), ids=lambda topic: topic.name)


@each_topic
def test_a_name_has_dots_hyphens_and_a_version_and_no_underscore(topic: Topic) -> None:
    assert NAME.fullmatch(topic.name)
    assert len(topic.name) < 200, "Kafka takes 249 letters; a slug needs room"


@each_topic
def test_a_family_has_exactly_one_mark_and_names_its_kind_before_its_party(topic: Topic) -> None:
    marks = re.findall(r"<[a-z]+>", topic.name)
    assert len(marks) <= 1
    assert set(marks) <= set(PARTY_MARKS)
    if topic.mark is None:
        assert topic.family_prefix is None
        return
    assert topic.name == f"{topic.family_prefix}{topic.mark}.v1"
    assert topic.party_of(topic.for_party("sample-party")) == "sample-party"
    assert {topic.producer, *topic.consumers} & set(PARTY_MARKS) == {topic.mark}, "the party is on exactly one side"
    assert topic.partitions == 1


def test_no_prefix_of_one_family_reaches_into_another_topic() -> None:
    for family in (topic for topic in CATALOGUE if topic.family_prefix):
        reached = {topic.name for topic in CATALOGUE if topic.name.startswith(str(family.family_prefix))}
        assert reached == {family.name}


def test_every_name_stands_once_and_so_has_exactly_one_producing_principal() -> None:
    assert max(Counter(topic.name for topic in CATALOGUE).values()) == 1
    assert all(topic.producer for topic in CATALOGUE)


@each_topic
def test_nobody_reads_what_they_write(topic: Topic) -> None:
    assert topic.producer not in topic.consumers
    assert len(set(topic.consumers)) == len(topic.consumers)


@each_topic
def test_a_planned_row_has_no_events_and_a_released_one_has_some(topic: Topic) -> None:
    assert bool(topic.events) is not topic.planned


@each_released
def test_the_key_is_a_field_of_every_event_of_the_topic(topic: Topic) -> None:
    assert [event for event in topic.events if topic.key not in event.model_fields] == []


def test_every_event_stands_on_one_topic_but_notices_on_one_a_lane_and_dead_letters_on_one_a_process() -> None:
    places = Counter(event for topic in CATALOGUE for event in topic.events)
    assert places.pop(DeadLetterRecordedV1) == len(PROCESSES)
    lanes = {topic.producer for topic in CATALOGUE if topic.events == NOTICE_EVENTS}
    assert lanes == {process for process in PROCESSES if process.startswith("notifier-")}
    assert {places.pop(event) for event in NOTICE_EVENTS} == {len(lanes)}
    assert set(places.values()) == {1}


def test_every_type_name_is_well_formed_and_unique() -> None:
    names = [event.TYPE for event in events_of()]
    assert [name for name in names if not TYPE.fullmatch(name)] == []
    assert len(set(names)) == len(names)


@each_released
def test_a_type_names_the_role_that_writes_its_topic(topic: Topic) -> None:
    for event in topic.events:
        found = TYPE.fullmatch(event.TYPE)
        assert found
        assert topic.producer in OUR_ROLES.get(found["producer"], set()) or event is DeadLetterRecordedV1


@each_released
def test_a_class_is_named_like_its_version_and_never_event(topic: Topic) -> None:
    for event in topic.events:
        assert event.__name__.endswith(event.TYPE.rpartition(".")[2].upper())
        assert "Event" not in event.__name__


@each_topic
def test_only_the_gateway_touches_both_sides_of_the_wall(topic: Topic) -> None:
    sides = {
        "outreach": {"referral-outreach", "notifier-outreach", "intake", "<slug>", "operator", "operator-outreach"},
        "enforcement": {"referral-enforcement", "<agency>", "operator-enforcement"},
    }
    people = {topic.producer, *topic.consumers}
    assert not (people & sides["outreach"] and people & sides["enforcement"])
    touched = {Zone.ENFORCEMENT: sides["outreach"], Zone.OPEN: set(), Zone.OVERSIGHT: set()}
    assert not people & touched.get(topic.zone, sides["enforcement"])


def test_the_gateway_reads_approved_crossings_alone_and_writes_what_crosses_and_its_counters() -> None:
    reads = {topic.name for topic in CATALOGUE if "referral-gateway" in topic.consumers}
    writes = {topic.name for topic in released() if topic.producer == "referral-gateway"}
    assert reads == {"enforcement.crossings.v1"}
    assert writes == {
        "crossing.help-offers.v1",
        "crossing.area-alerts.v1",
        "oversight.boundary-counters.v1",
        "referral-gateway.dead-letters.v1",
    }


@each_topic
def test_what_crosses_or_goes_to_a_provider_is_discreet_and_nothing_else_is(topic: Topic) -> None:
    """Random ids, rounded times, no cause: whoever reads it learns nothing of where it came from, or when exactly."""
    crosses = topic.zone is Zone.CROSSING
    for_a_provider = topic.zone is Zone.PROVIDER and topic.producer in PROCESSES
    assert topic.discreet is (crosses or for_a_provider)


@each_topic
def test_only_receipts_keep_to_a_tick_and_what_is_sealed_to_ovp_is_blanked_soon(topic: Topic) -> None:
    assert topic.tick == (timedelta(seconds=5) if topic.name == "enforcement.receipts.<agency>.v1" else None)
    blanked = {"enforcement.crossings.v1": timedelta(days=1), "intake.referrals.v1": timedelta(minutes=10)}
    assert topic.blanked_after == (timedelta(days=1) if topic.zone is Zone.CROSSING else blanked.get(topic.name))


@pytest.mark.parametrize("process", PROCESSES)
def test_what_a_process_sets_aside_stays_on_the_side_of_the_wall_it_came_from(process: str) -> None:
    zones = {topic.zone for topic in CATALOGUE if process in topic.consumers}
    letters = DEAD_LETTERS[process]
    assert letters.zone is ZONE_OF_PROCESS.get(process, Zone.CITY)
    assert (letters.zone is Zone.ENFORCEMENT) is (Zone.ENFORCEMENT in zones)
    assert letters.consumers == (OPERATOR_OF[letters.zone],)


def test_no_operator_sees_both_sides_of_the_wall() -> None:
    assert set(OPERATOR_OF) == set(Zone)
    behind = [zone for zone, operator in OPERATOR_OF.items() if operator == OPERATOR_OF[Zone.ENFORCEMENT]]
    assert behind == [Zone.ENFORCEMENT]
    assert OPERATOR_OF[Zone.CITY] != OPERATOR_OF[Zone.OUTREACH]


@each_topic
def test_what_outsiders_touch_is_kept_a_week_and_contacts_keys_and_directory_are_compacted(topic: Topic) -> None:
    kinds = {"contacts", "keys", "subscriptions", "directory"}
    assert topic.compacted is bool(kinds & set(topic.name.split(".")))
    if topic.mark is not None and not topic.compacted:
        assert topic.retention == timedelta(days=7)


def test_every_process_has_a_topic_for_its_dead_letters() -> None:
    written = {topic.producer for topic in CATALOGUE if topic.name.endswith(".dead-letters.v1")}
    assert written == set(PROCESSES)
    assert {topic.producer for topic in released()} <= {*PROCESSES, *PARTY_MARKS}
    assert {consumer for topic in CATALOGUE for consumer in topic.consumers} <= {*PROCESSES, *PARTY_MARKS, *PEOPLE}


def test_the_page_shows_every_row_and_every_event() -> None:
    text = page()
    assert all(f"`{topic.name}`" in text for topic in CATALOGUE)
    assert all(f"`{event.TYPE}`" in text for event in events_of())
    assert text.count("*planned*") == sum(topic.planned for topic in CATALOGUE)
    assert [zone for zone in Zone if f"## Zone {zone.value}\n" not in text] == []


def test_the_page_in_the_repository_is_up_to_date_and_an_old_one_is_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert main(["--check"]) == 0
    old = tmp_path_factory.mktemp("docs") / PAGE.name
    assert main(["--check", "--page", str(old)]) == 1
    old.write_text(page().replace("7 days", "9 days"))
    assert main(["--check", "--page", str(old)]) == 1
    assert main(["--write", "--page", str(old)]) == 0
    assert main(["--check", "--page", str(old)]) == 0
