"""What opens for a provider, and what does not."""

from pathlib import Path
from uuid import uuid4

import pytest
from nacl.public import PrivateKey
from support.provider_builders import KEY_ID, key_file, payload, sealed_offer, tombstone, wire

from upstream_client.provider.content_keys import DESTROYED, ContentKeys
from upstream_client.provider.opening import CannotOpenError, PrivateKeys, open_offer
from upstream_client.trouble import Trouble
from upstream_schemas.envelope import Unreadable

OURS = PrivateKey.generate()
TOLD = payload(uuid4())
OFFER, KEY = sealed_offer(OURS.public_key, TOLD)


def test_an_offer_opens_with_its_key_and_the_private_one() -> None:
    assert open_offer(OFFER, KEY, OURS) == TOLD


def test_an_offer_does_not_open_for_another_provider() -> None:
    with pytest.raises(CannotOpenError):
        open_offer(OFFER, KEY, PrivateKey.generate())


def test_an_offer_does_not_open_with_the_key_of_another() -> None:
    _, other = sealed_offer(OURS.public_key, payload(uuid4()))

    with pytest.raises(CannotOpenError):
        open_offer(OFFER, other, OURS)


def test_what_is_inside_must_be_about_the_same_referral() -> None:
    moved = OFFER.model_copy(update={"referral_id": uuid4()})

    with pytest.raises(CannotOpenError):
        open_offer(moved, KEY, OURS)


@pytest.mark.parametrize("sealed", ["", "no base64!", "QUJD", OFFER.sealed[:-8]])
def test_damaged_ciphertext_does_not_open(sealed: str) -> None:
    with pytest.raises(CannotOpenError):
        open_offer(OFFER.model_copy(update={"sealed": sealed}), KEY, OURS)


@pytest.mark.parametrize("sealed_key", ["", "QUJD", KEY.sealed_key[:-8]])
def test_a_damaged_key_does_not_open(sealed_key: str) -> None:
    with pytest.raises(CannotOpenError):
        open_offer(OFFER, KEY.model_copy(update={"sealed_key": sealed_key}), OURS)


def test_the_last_word_on_a_key_counts() -> None:
    keys = ContentKeys()
    assert keys.of(OFFER.referral_id) is None

    keys.take(wire(KEY))
    assert keys.of(OFFER.referral_id) == KEY

    keys.take(tombstone(OFFER.referral_id))
    assert keys.of(OFFER.referral_id) is DESTROYED


def test_a_key_under_the_id_of_another_referral_is_not_taken() -> None:
    keys = ContentKeys()
    moved = wire(KEY.model_copy(update={"referral_id": uuid4()}))

    with pytest.raises(Unreadable, match="key-mismatch"):
        keys.take(type(moved)(str(OFFER.referral_id).encode(), moved.value, moved.headers))
    assert keys.of(OFFER.referral_id) is None


def test_private_keys_that_are_renewed_are_found_without_a_new_start(tmp_path: Path) -> None:
    keys = PrivateKeys(key_file(tmp_path / "keys.json", OURS))
    renewed = PrivateKey.generate()
    assert keys.of("sample-help-2") is None

    key_file(tmp_path / "keys.json", renewed, "sample-help-2")

    assert keys.of("sample-help-2") == renewed


def test_private_keys_have_their_ids(tmp_path: Path) -> None:
    assert PrivateKeys(key_file(tmp_path / "keys.json", OURS)).of(KEY_ID) == OURS


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": {"a": 1}}', '{"keys": {"a": "QUJD"}}', '{"keys": []}'])
def test_a_file_that_holds_no_keys_is_told_without_what_it_holds(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content)

    with pytest.raises(Trouble, match="cannot be used"):
        PrivateKeys(tmp_path / "keys.json")
    with pytest.raises(Trouble, match="cannot be used"):
        PrivateKeys(tmp_path / "absent.json")
