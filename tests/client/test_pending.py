"""What waits for an answer survives the program, byte for byte, and is gone when it is answered."""

import stat
from pathlib import Path

import pytest
from support.client_builders import record

from upstream_client.pending import Journal, default_folder, kept

ODD = record(2, None, key=None, value=b"\xff\x00", headers=(("n", None), ("n", b"\xff")))


def test_a_record_comes_back_byte_for_byte(tmp_path: Path) -> None:
    Journal(tmp_path, "pdx311", [record(1), ODD])

    assert kept(tmp_path, "pdx311").records == (record(1), ODD)


def test_a_record_without_a_value_comes_back_without_one(tmp_path: Path) -> None:
    Journal(tmp_path, "pdx311", [record(value=None)])

    assert kept(tmp_path, "pdx311").records == (record(value=None),)


def test_what_is_settled_does_not_come_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "pdx311", [record(1), record(2, "event-2")])
    journal.settled(record(1))

    assert [found.event_id for found in kept(tmp_path, "pdx311").records] == ["event-2"]


def test_the_file_is_gone_when_all_is_settled(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "pdx311", [record(1), record(2)])
    journal.settled(record(2))
    journal.settled(record(1))

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    Journal(tmp_path / "state", "pdx311", [record()])

    [file] = kept(tmp_path / "state", "pdx311").files
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_runs_come_back_in_their_order_and_numbered_anew(tmp_path: Path) -> None:
    for event_id in ("event-1", "event-2"):
        Journal(tmp_path, "pdx311", [record(1, event_id)])

    found = kept(tmp_path, "pdx311").records
    assert [(each.number, each.event_id) for each in found] == [(1, "event-1"), (2, "event-2")]


def test_answers_are_looked_for_from_the_earliest_place_noted(tmp_path: Path) -> None:
    for offset in (9, 4):
        Journal(tmp_path, "pdx311", [record()]).answers_from(offset)
    Journal(tmp_path, "pdx311", [record()])

    assert kept(tmp_path, "pdx311").answers_from == 4


def test_sources_are_kept_apart(tmp_path: Path) -> None:
    Journal(tmp_path, "parks", [record()])

    assert kept(tmp_path, "pdx311").records == ()
    assert kept(tmp_path, "pdx311").answers_from is None


def test_a_torn_last_line_loses_no_record(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "pdx311", [record(1), record(2)])
    [file] = kept(tmp_path, "pdx311").files
    journal.settled(record(1))
    file.write_bytes(file.read_bytes()[:-4])

    assert len(kept(tmp_path, "pdx311").records) == 2


def test_a_file_that_another_program_took_over_is_not_made_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "pdx311", [record(1), record(2)])
    kept(tmp_path, "pdx311").files[0].unlink()

    journal.settled(record(1))
    journal.settled(record(2))

    assert kept(tmp_path, "pdx311").files == ()


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"XDG_STATE_HOME": "/s"}, "linux", Path("/s/upstream")),
        ({}, "linux", Path.home() / ".local/state/upstream"),
        ({}, "darwin", Path.home() / "Library/Application Support/upstream"),
        ({"LOCALAPPDATA": "/l"}, "win32", Path("/l/upstream")),
    ],
)
def test_each_platform_has_its_folder(environment: dict[str, str], platform: str, expected: Path) -> None:
    assert default_folder(environment, platform) == expected
