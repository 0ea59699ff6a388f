"""No commit can change or delete a released version, not even one that changes the golden file with it."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from contracts.lamp_history import LampRepairedV1, LampRepairedV1Edition2, LampRepairedV2

from upstream_schemas import golden, json_schema
from upstream_schemas.model import Event

FIRST, SECOND = "sample.lamp.repaired.v1.json", "sample.lamp.repaired.v1.edition-2.json"
EXAMPLES = {
    "sample.lamp.repaired.v1": {"lamp_id": "0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77", "minutes": 5},
    "sample.lamp.repaired.v2": {"lamp_id": "0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77", "duration_seconds": 300},
}


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Sample Person", "-c", "user.email=sample@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *who, *arguments), cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--allow-empty", "--quiet", "--message", "A step")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The golden folder of a repository in which version 1 was released."""
    monkeypatch.setattr(json_schema, "example", lambda event: EXAMPLES[event.TYPE])
    found = tmp_path / "a repository" / "golden"
    found.parent.mkdir()
    git(found.parent, "init", "--quiet", "--initial-branch=main")
    assert golden.write(found, (LampRepairedV1,)) == [FIRST]
    commit(found.parent)
    return found


def wrong(folder: Path, *events: type[Event]) -> Sequence[str]:
    return golden.check(folder, events)


def test_an_untouched_release_is_unbroken(folder: Path) -> None:
    assert wrong(folder, LampRepairedV1) == []


def test_a_new_version_is_added_beside_the_old_and_touches_nothing(folder: Path) -> None:
    before = (folder / FIRST).read_bytes()
    assert wrong(folder, LampRepairedV1, LampRepairedV2) == ["sample.lamp.repaired.v2: not released yet; --write adds it"]
    assert golden.write(folder, (LampRepairedV1, LampRepairedV2)) == ["sample.lamp.repaired.v2.json"]
    commit(folder.parent)
    assert wrong(folder, LampRepairedV1, LampRepairedV2) == []
    assert (folder / FIRST).read_bytes() == before


def test_an_optional_field_becomes_an_edition_beside_the_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LampRepairedV1Edition2, "__doc__", LampRepairedV1.__doc__)
    grown = type("LampRepairedV1", (LampRepairedV1Edition2,), {"__doc__": LampRepairedV1.__doc__})
    assert wrong(folder, grown) == ["sample.lamp.repaired.v1: has grown; --write adds an edition"]
    assert golden.write(folder, (grown,)) == [SECOND]
    commit(folder.parent)
    assert wrong(folder, grown) == []
    assert golden.write(folder, (grown,)) == []


def test_a_changed_class_is_found_and_never_overwrites_what_was_released(folder: Path) -> None:
    changed = type("Changed", (LampRepairedV2,), {"TYPE": LampRepairedV1.TYPE, "__doc__": LampRepairedV1.__doc__})
    assert wrong(folder, changed) == [
        "sample.lamp.repaired.v1: differs from what was released; a change is a new version beside it"
    ]
    assert golden.write(folder, (changed,)) == []


def test_one_commit_that_changes_class_and_golden_together_is_found(folder: Path) -> None:
    changed = type("Changed", (LampRepairedV2,), {"TYPE": LampRepairedV1.TYPE, "__doc__": LampRepairedV1.__doc__})
    (folder / FIRST).unlink()
    assert golden.write(folder, (changed,)) == [FIRST]
    commit(folder.parent)
    assert wrong(folder, changed) == [f"{FIRST}: changed after its first commit"]


def test_a_deleted_release_is_found_even_when_its_class_went_with_it(folder: Path) -> None:
    (folder / FIRST).unlink()
    commit(folder.parent)
    assert wrong(folder) == [f"{FIRST}: deleted after its first commit"]


def test_a_release_that_was_deleted_in_one_commit_and_added_changed_in_the_next_is_found(folder: Path) -> None:
    kept = (folder / FIRST).read_text()
    (folder / FIRST).unlink()
    commit(folder.parent)
    (folder / FIRST).write_text(kept.replace("in minutes", "in hours"))
    commit(folder.parent)
    assert f"{FIRST}: changed after its first commit" in wrong(folder, LampRepairedV1)


def test_a_release_that_came_in_by_a_merge_is_held_to_its_first_commit(folder: Path) -> None:
    git(folder.parent, "checkout", "--quiet", "-b", "side")
    golden.write(folder, (LampRepairedV2,))
    commit(folder.parent)
    git(folder.parent, "checkout", "--quiet", "main")
    commit(folder.parent)
    git(folder.parent, "merge", "--quiet", "--no-ff", "--message", "Take it in", "side")
    assert wrong(folder, LampRepairedV1, LampRepairedV2) == []
    second = folder / "sample.lamp.repaired.v2.json"
    second.write_text(json.dumps(json.loads(second.read_text()) | {"description": "Quietly another"}))
    commit(folder.parent)
    assert f"{second.name}: changed after its first commit" in wrong(folder, LampRepairedV1, LampRepairedV2)


def test_a_class_that_is_gone_leaves_an_orphan_that_is_found(folder: Path) -> None:
    assert wrong(folder) == [f"{FIRST}: no event has this type"]


def test_an_edition_that_does_more_than_add_is_found(folder: Path) -> None:
    schema = json.loads((folder / FIRST).read_text())
    (folder / SECOND).write_text(json.dumps(schema | {"required": ["lamp_id"]}))
    assert wrong(folder, LampRepairedV1) == ["sample.lamp.repaired.v1: an edition does more than add optional fields"]


def test_a_shallow_copy_of_the_repository_is_red(folder: Path) -> None:
    commit(folder.parent)
    copy = folder.parent.parent / "copy"
    git(folder.parent, "clone", "--quiet", "--depth=1", folder.parent.as_uri(), str(copy))
    assert wrong(copy / "golden", LampRepairedV1) == ["golden: this copy of the repository is shallow"]


def test_files_without_a_repository_are_red(folder: Path) -> None:
    copy = folder.parent.parent / "unpacked" / "golden"
    shutil.copytree(folder, copy)
    assert wrong(copy, LampRepairedV1) == ["golden: git cannot tell when its files were released"]


def test_a_repository_without_a_first_commit_is_red(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "golden").mkdir()
    assert wrong(tmp_path / "golden") == ["golden: git cannot tell when its files were released"]
