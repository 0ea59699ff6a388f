"""Sealed values: a person's own key, and boxes that only one lane can open. PyNaCl does the cryptography.

A person's data are locked under the person's key; destroying that key erases them everywhere. Must not store or log.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox
from nacl.utils import random

Seal = Callable[[str], str]
NamedSeal = Callable[[str], tuple[str, str]]


class CannotOpenError(Exception):
    """A sealed value does not open with this key. Says nothing about what is inside."""


def new_key() -> bytes:
    """A fresh key for one person, 32 bytes."""
    return random(SecretBox.KEY_SIZE)


def lock(key: bytes, text: str) -> str:
    """The text encrypted under a person's key, base64."""
    return b64encode(SecretBox(key).encrypt(text.encode())).decode()


def locked(text: str) -> tuple[str, str]:
    """A text under a fresh key of its own: the key as text, and the text encrypted."""
    key = new_key()
    return key_text(key), lock(key, text)


def unlock(key: bytes, locked: str) -> str:
    """The text that `lock` took. Raises CannotOpenError."""
    try:
        return SecretBox(key).decrypt(b64decode(locked)).decode()
    except (CryptoError, ValueError):
        raise CannotOpenError from None


def key_text(key: bytes) -> str:
    """A key as text, to be put into a sealed field."""
    return b64encode(key).decode()


def sealer(public_key_file: Path) -> Seal:
    """What seals a text so that only the holder of the private key reads it (X25519 sealed box, base64)."""
    return _sealer(public_key_file.read_text())


def named_sealer(public_key_file: Path) -> NamedSeal:
    """What seals a text to the key of a file `<key id> <base64>`; the function returns (key id, sealed).

    The file is read at each use, so that a new key needs no restart. The function raises OSError where there is no file.
    """

    def seal(text: str) -> tuple[str, str]:
        key_id, public_key = public_key_file.read_text().split()
        return key_id, _sealer(public_key)(text)

    return seal


def _sealer(public_key: str) -> Seal:
    box = SealedBox(PublicKey(b64decode(public_key.strip())))
    return lambda text: b64encode(box.encrypt(text.encode())).decode()


def opener(private_key: str) -> Callable[[str], str]:
    """What opens values sealed to this private key (base64). The function raises CannotOpenError."""
    box = SealedBox(PrivateKey(b64decode(private_key.strip())))

    def open_sealed(sealed: str) -> str:
        try:
            return box.decrypt(b64decode(sealed)).decode()
        except (CryptoError, ValueError):
            raise CannotOpenError from None

    return open_sealed
