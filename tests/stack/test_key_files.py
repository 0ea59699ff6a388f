"""Key pairs in files: made once, added to, never lost."""

import json
import stat
from base64 import b64decode
from pathlib import Path

from nacl.public import PrivateKey, PublicKey, SealedBox

from upstream_stack.key_files import add_key, current_key, ensure_keys


def opens(path: Path, key_id: str, sealed: bytes) -> bytes:
    private = json.loads(path.read_bytes())["keys"][key_id]
    return SealedBox(PrivateKey(b64decode(private))).decrypt(sealed)


def test_the_first_pair_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "ario.keys.json"
    first = ensure_keys(path, "ario")
    assert (first.id, ensure_keys(path, "ario")) == ("ario-1", first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_new_pair_is_current_and_what_was_sealed_to_the_old_one_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "ovp-keys"
    first = ensure_keys(path, "ovp")
    sealed = SealedBox(PublicKey(b64decode(first.text))).encrypt(b"words")
    second = add_key(path, "ovp")
    assert (second.id, current_key(path)) == ("ovp-2", second)
    assert second.text != first.text
    assert opens(path, first.id, sealed) == b"words"
    assert opens(path, second.id, SealedBox(PublicKey(b64decode(second.text))).encrypt(b"new")) == b"new"


def test_the_public_half_is_written_as_its_id_and_the_key(tmp_path: Path) -> None:
    key = ensure_keys(tmp_path / "ovp-keys", "ovp")
    assert str(key) == f"ovp-1 {key.text}"
