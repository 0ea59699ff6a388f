"""Key pairs with ids, as files: the newest one is current, old ones stay so that what was sealed to them still opens.

A private file is `{"current": "ovp-2", "keys": {"ovp-1": "<base64>", "ovp-2": "<base64>"}}`, a public one `ovp-2 <base64>`.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from nacl.public import PrivateKey

from upstream_stack.private_files import write_private


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What whoever seals is given: which key it is, and the key in base64."""

    id: str
    text: str

    def __str__(self) -> str:
        return f"{self.id} {self.text}"


def ensure_keys(path: Path, holder: str) -> PublicKey:
    """The current public key of the file, which is made with a first pair where it is not there."""
    return current_key(path) if path.exists() else add_key(path, holder)


def add_key(path: Path, holder: str) -> PublicKey:
    """Makes a pair `<holder>-<n>` that is current from now on; the older ones stay in the file."""
    keys: dict[str, str] = json.loads(path.read_bytes())["keys"] if path.exists() else {}
    key_id = f"{holder}-{len(keys) + 1}"
    keys[key_id] = base64.b64encode(PrivateKey.generate().encode()).decode()
    write_private(path, json.dumps({"current": key_id, "keys": keys}, indent=2))
    return current_key(path)


def current_key(path: Path) -> PublicKey:
    """The public half of the pair that is current."""
    content = json.loads(path.read_bytes())
    private = PrivateKey(base64.b64decode(content["keys"][content["current"]]))
    return PublicKey(content["current"], base64.b64encode(private.public_key.encode()).decode())
