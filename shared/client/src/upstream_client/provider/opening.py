"""Opens what was sealed for this provider: the content key with its private key, the offer with the content key.

PyNaCl does the cryptography. Must not store, print or log: what it returns is about a person.
"""

import json
from base64 import b64decode
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.secret import SecretBox

from upstream_client.trouble import Trouble
from upstream_schemas.codec import decode
from upstream_schemas.envelope import Unreadable
from upstream_schemas.provider import ContentKeyDeliveredV1, ReferralOfferMadeV1
from upstream_schemas.sealed import OfferPayload


class CannotOpenError(Exception):
    """An offer does not open with the key that came for it. Says nothing about what is inside."""


class PrivateKeys:
    """The provider's private keys by their ids. The file is read again when it is asked for one it had not: keys are renewed."""

    def __init__(self, file: Path) -> None:
        """Raises Trouble where the file holds no keys."""
        self._file = file
        self._keys = _read(file)

    def of(self, key_id: str) -> PrivateKey | None:
        """The key of that id; None where the file has none. Raises Trouble where the file cannot be read any more."""
        if key_id not in self._keys:
            self._keys = _read(self._file)
        return self._keys.get(key_id)


def open_offer(offer: ReferralOfferMadeV1, key: ContentKeyDeliveredV1, private_key: PrivateKey) -> OfferPayload:
    """What the participant allows this provider to be told. Raises CannotOpenError."""
    try:
        content_key = b64decode(SealedBox(private_key).decrypt(b64decode(key.sealed_key)))
        payload = decode(SecretBox(content_key).decrypt(b64decode(offer.sealed)), OfferPayload)
    except (CryptoError, ValueError, Unreadable):
        raise CannotOpenError from None
    if payload.referral_id != offer.referral_id:
        raise CannotOpenError
    return payload


def _read(file: Path) -> dict[str, PrivateKey]:
    try:
        found = json.loads(file.read_bytes())["keys"].items()
        return {key_id: PrivateKey(b64decode(text)) for key_id, text in found}
    except OSError as error:
        raise _unusable(file, error.strerror or type(error).__name__) from None
    except (ValueError, TypeError, KeyError, AttributeError, CryptoError):
        raise _unusable(file, 'it is not {"keys": {"<id>": "<private key, base64>"}}') from None


def _unusable(file: Path, why: str) -> Trouble:
    return Trouble(
        f"The private keys in {file} cannot be used", why, "put the file that came with your credentials beside them"
    )
