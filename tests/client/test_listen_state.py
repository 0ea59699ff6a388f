"""What a listener keeps: where it goes on, what it handed over, what it set aside."""

import json
import stat
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey
from support.provider_builders import NAME, erasure, payload, sealed_offer, wire

from upstream_client.provider.handed_over import IDS_KEPT_MAX, HandedOver
from upstream_client.provider.offsets import Offsets
from upstream_client.provider.poison import Poison
from upstream_client.trouble import Trouble


@given(st.lists(st.integers(1, 3), max_size=30), st.randoms())
def test_whatever_the_order_in_which_records_are_done_the_next_run_begins_with_the_first_that_is_not(
    steps: list[int], chance: Random
) -> None:
    taken = [sum(steps[: number + 1]) for number in range(len(steps))]
    offsets = Offsets(0)
    for offset in taken:
        offsets.taken(offset)
    left = list(taken)
    chance.shuffle(left)
    while left:
        assert offsets.next_offset == min(left)
        assert offsets.open == set(left)
        offsets.done(left.pop())
    assert offsets.next_offset == (taken[-1] + 1 if taken else 0)


def test_what_was_handed_over_is_known_to_the_next_run(tmp_path: Path) -> None:
    HandedOver(tmp_path).note("one", 4)

    again = HandedOver(tmp_path)
    assert "one" in again
    assert "two" not in again
    assert again.next_offset == 4


def test_only_so_many_ids_are_kept_the_newest(tmp_path: Path) -> None:
    (tmp_path / "handed-over.json").write_text(
        json.dumps({"next_offset": 1, "ids": [str(number) for number in range(IDS_KEPT_MAX)]})
    )
    state = HandedOver(tmp_path)
    state.note("newest", 2)

    assert ("newest" in state, "1" in state, "0" in state) == (True, True, False)


def test_only_the_owner_can_read_the_state(tmp_path: Path) -> None:
    HandedOver(tmp_path / "state").note("one", 1)
    Poison(tmp_path / "state").add(wire(erasure(uuid4())), "cannot-open")

    files = list((tmp_path / "state").iterdir())
    assert {path.name for path in files} == {"handed-over.json", "poison.jsonl"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_draft_that_a_dead_program_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "handed-over.draft").write_text('{"next_off')

    HandedOver(tmp_path).note("one", 1)

    assert "one" in HandedOver(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"next_offset": 1, "ids": 3}'])
def test_a_state_that_is_none_is_told_and_not_guessed(tmp_path: Path, content: str) -> None:
    (tmp_path / "handed-over.json").write_text(content)

    with pytest.raises(Trouble, match="cannot be read"):
        HandedOver(tmp_path)


def test_a_disk_that_takes_nothing_is_told_in_three_lines(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Trouble, match="cannot be written"):
        Poison(tmp_path / "file").add(wire(erasure(uuid4())), "cannot-open")


def test_what_is_set_aside_is_ciphertext_and_where_it_lay(tmp_path: Path) -> None:
    offer, _ = sealed_offer(PrivateKey.generate().public_key, payload(uuid4()))
    Poison(tmp_path).add(wire(offer, "one", offset=7), "cannot-open")

    text = (tmp_path / "poison.jsonl").read_text()
    entry = json.loads(text)
    assert (entry["reason"], entry["offset"], entry["key"]) == ("cannot-open", 7, str(offer.referral_id))
    assert ["ce_id", "one"] in entry["headers"]
    assert NAME not in text


def test_what_is_set_aside_of_one_referral_can_be_taken_out(tmp_path: Path) -> None:
    gone, stays = erasure(uuid4()), erasure(uuid4())
    poison = Poison(tmp_path)
    poison.forget(gone.referral_id)
    for event in (gone, stays, gone):
        poison.add(wire(event), "receiver-422")

    poison.forget(gone.referral_id)

    assert [json.loads(line)["key"] for line in poison.file.read_text().splitlines()] == [str(stays.referral_id)]
