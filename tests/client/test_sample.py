"""A sample held against the contract: what passes, what fails with which pointer and code, and what is only warned of."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from contracts.lamp_history import LampRepairedV1, LampRepairedV2, LampRepairedV3
from support.client_builders import ID, cloudevent, submission

from upstream_client.sample import FROM_OUTSIDE, UNKNOWN_TYPE, Judged, judged, type_called
from upstream_client.submission_file import items_in
from upstream_client.trouble import Trouble
from upstream_schemas.examples import example
from upstream_schemas.model import Event

LAMPS: tuple[type[Event], ...] = (LampRepairedV1, LampRepairedV2, LampRepairedV3)
DECLINED = "provider.referral.declined.v1"


def judge(content: Any, kind: str | None = None, source: str | None = None, **events: tuple[type[Event], ...]) -> Judged:
    [item] = items_in(json.dumps(content).encode())
    return judged(item, kind, source, **events)


@pytest.mark.parametrize("event", FROM_OUTSIDE, ids=lambda event: event.TYPE)
def test_the_example_of_everything_that_comes_from_outside_fits_plain_and_as_a_cloudevent(event: type[Event]) -> None:
    assert judge(example(event), event.TYPE).fits
    told = judge(cloudevent(type=event.TYPE, data=example(event)))
    assert told == Judged(1, event.TYPE, ())


def test_a_city_systems_a_providers_and_an_agencys_events_are_known() -> None:
    assert {event.TYPE.partition(".")[0] for event in FROM_OUTSIDE} == {"city", "provider", "enforcement"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (submission(group={"size": 0, "connections": []}), ("/group/size", "greater-than-equal")),
        (submission(revision=True), ("/revision", "int-type")),
        (submission(safety_interest="a\x00b"), ("", "forbidden-character")),
        (submission(safety_interest="x" * 300_000), ("", "oversize")),
        (cloudevent(time="yesterday"), ("", "bad-time")),
        (cloudevent(type="city.submission.submitted.v2"), ("", "unsupported-version")),
        (cloudevent(type="city.lamp.submitted.v1"), ("", "unknown-type")),
        ({name: value for name, value in cloudevent().items() if name != "id"}, ("", "missing-header")),
        ({name: value for name, value in cloudevent().items() if name != "data"}, ("", "not-cloudevents")),
    ],
)
def test_what_does_not_fit_is_told_as_a_pointer_and_a_code(content: Any, expected: tuple[str, str]) -> None:
    told = judge(content)
    assert told.problems == (expected,)
    assert not told.fits


def test_plain_data_are_what_publish_would_send() -> None:
    assert judge(submission()).type_name == "city.submission.submitted.v1"
    withdrawn = {"submission_id": ID, "revision": 2, "withdrawn_at": "2026-11-21T10:00:00Z"}
    assert judge(withdrawn).type_name == "city.submission.withdrawn.v1"
    assert judge(withdrawn).fits


def test_a_providers_plain_answer_needs_its_type() -> None:
    answer = {"referral_id": ID, "reason": "no-capacity"}
    with pytest.raises(Trouble, match="what the answer says"):
        judge(answer)
    assert judge(answer, DECLINED).fits
    assert judge({"referral_id": ID}, DECLINED).problems == (("/reason", "missing"),)


def test_a_type_is_called_by_its_word_or_by_its_full_name() -> None:
    assert type_called("amended") == "city.submission.amended.v1"
    assert type_called(DECLINED) == DECLINED
    for name in ("intake.request.received.v1", "lost"):
        with pytest.raises(Trouble, match=f"no type {name}"):
            type_called(name)


def test_another_sources_event_is_found_where_a_source_is_named() -> None:
    assert judge(cloudevent(), source="pdx311").fits
    assert judge(cloudevent(source="/city/parks"), source="pdx311").problems == (("/source", "source-mismatch"),)


def test_every_version_of_the_event_is_tried_and_the_named_one_decides() -> None:
    old = judge(cloudevent(type=LampRepairedV1.TYPE, data={"lamp_id": ID, "minutes": 5}), events=LAMPS)
    assert old.fits
    assert dict(old.others) == {
        LampRepairedV2.TYPE: (("/duration_seconds", "missing"),),
        LampRepairedV3.TYPE: (("/repairs", "missing"),),
    }
    new = judge(cloudevent(type=LampRepairedV3.TYPE, data={"lamp_id": ID, "duration_seconds": 300}), events=LAMPS)
    assert not new.fits
    assert dict(new.others)[LampRepairedV2.TYPE] == ()


def test_fields_of_a_newer_contract_are_counted_and_do_no_harm() -> None:
    told = judge(submission(favourite_colour="green", group={"size": 5, "connections": [], "mood": "good"}))
    assert (told.fits, told.skipped) == (True, 2)


def test_personal_data_in_the_wrong_place_only_warn() -> None:
    told = judge(cloudevent(id="hodan@example.org", data=submission(submission_id=ID, source_reference="503-555-0142")))
    assert told.fits
    assert told.personal == (("/id", "mail-address"), ("/source_reference", "phone-number"))


def test_data_in_base64_are_not_looked_at_as_an_attribute() -> None:
    told = judge(cloudevent(data_base64="+5035550142"))
    assert (told.fits, told.personal) == (True, ())


def test_a_type_that_is_none_of_ours_is_not_repeated() -> None:
    for content in (cloudevent(type="hodan@example.org"), cloudevent(type={"a": 1}), cloudevent(type="hodan", id=None)):
        assert judge(content).type_name == UNKNOWN_TYPE
    assert judge(cloudevent(type="hodan", source="/city/parks"), source="pdx311").type_name == UNKNOWN_TYPE


# ---- the command


def check(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "upstream_client", "check", *words]
    return subprocess.run(program, cwd=folder, input=given, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_ends_with_nought_where_all_fit_and_with_four_where_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(submission()))
    (tmp_path / "mixed.json").write_text(json.dumps([submission(), submission(revision=0)]))
    good, mixed = check(tmp_path, "good.json"), check(tmp_path, "mixed.json")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.split() == ["fits", "record", "1", "city.submission.submitted.v1"]
    assert mixed.returncode == 4
    assert mixed.stdout.splitlines()[1].split(maxsplit=5)[-1] == "city.submission.submitted.v1  /revision greater-than-equal"


@pytest.mark.parametrize(
    ("words", "given"),
    [((), ""), (("absent.json",), ""), (("-",), ""), (("-",), "{"), (("-", "--type", "lost"), "{}")],
)
def test_wrong_usage_ends_with_two(tmp_path: Path, words: tuple[str, ...], given: str) -> None:
    done = check(tmp_path, *words, given=given)
    assert done.returncode == 2
    assert done.stdout == ""


def test_no_value_is_ever_shown(tmp_path: Path) -> None:
    """Neither what is wrong, nor what looks personal, nor the name of a field that nobody knows."""
    secret = submission(submission_id="not-an-id", source_reference="hodan@example.org", born_in_secret="1990-02-03")
    for more in ((), ("--json",)):
        done = check(tmp_path, "-", *more, given=json.dumps(secret))
        assert done.returncode == 4
        told = done.stdout + done.stderr
        assert "uuid-parsing" in told
        assert "date" in told
        assert not [word for word in ("not-an-id", "hodan", "1990", "born_in_secret") if word in told]
        unknown = check(tmp_path, "-", *more, given=json.dumps(cloudevent(type="hodan@example.org")))
        assert unknown.returncode == 4
        assert "unknown type" in unknown.stdout
        assert "hodan" not in unknown.stdout + unknown.stderr


def test_json_tells_everything_for_a_program(tmp_path: Path) -> None:
    done = check(tmp_path, "-", "--json", given=json.dumps(submission(revision=0, source_reference="12 NE Sample St")))
    assert json.loads(done.stdout) == {
        "record": 1,
        "type": "city.submission.submitted.v1",
        "fits": False,
        "problems": [{"pointer": "/revision", "code": "greater-than-equal"}],
        "other_versions": {},
        "unknown_fields": 0,
        "personal": [{"pointer": "/source_reference", "kind": "street-address"}],
    }
