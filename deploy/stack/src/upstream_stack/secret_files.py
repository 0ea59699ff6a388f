"""Secrets as files: one each, mode 0600, made once and never printed. Never returns a secret in an error."""

import base64
import os
import secrets
from pathlib import Path

from nacl.public import PrivateKey

from upstream_stack.layout import Layout
from upstream_stack.parties import Party
from upstream_stack.processes import (
    LANE_PRIVATE_KEY,
    ROLES,
    SERVICES,
    STAFF_TOKEN,
    secrets_of,
)
from upstream_stack.rights import ADMIN, OPERATOR

KAFKA_PASSWORD = "kafka-password"  # noqa: S105 - the name of a secret, not one
DATABASE_PASSWORD = "database-password"  # noqa: S105 - the name of a secret, not one
CONTROLLER_PASSWORD = "controller-password"  # noqa: S105 - the name of a secret, not one

_TOKEN_BYTES = 32


def write_private(path: Path, text: str) -> None:
    """Puts `text` at `path`, readable by its owner alone from the first moment, whole or not at all."""
    _make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _make_private_folder(folder: Path) -> None:
    """Every folder that is missing on the way is private too, which `parents=True` would not do."""
    if not folder.exists():
        _make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def make_secrets(layout: Layout) -> None:
    """Makes every secret of our own processes that does not exist yet."""
    for name in (KAFKA_PASSWORD, DATABASE_PASSWORD, CONTROLLER_PASSWORD):
        _make(layout, ADMIN, name)
    _make(layout, OPERATOR, KAFKA_PASSWORD)
    for service in SERVICES:
        _make(layout, service.name, KAFKA_PASSWORD)
        for role in ROLES:
            _make(layout, secrets_of(service.name, role), DATABASE_PASSWORD)
        for name in service.secrets:
            _make_declared(layout, service.name, name)


def new_token() -> str:
    """A secret of 256 random bits, as text."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def read_secret(layout: Layout, holder: str, name: str) -> str:
    """One secret of one holder."""
    return (layout.secrets / holder / name).read_text(encoding="utf-8")


def party_secret(layout: Layout, party: Party) -> str:
    """The broker password of an outside party, made at the first call."""
    return _make(layout, f"parties/{party.slug}", KAFKA_PASSWORD)


def forget_party(layout: Layout, party: Party) -> None:
    """Removes the password of an outside party; the next one is new."""
    (layout.secrets / "parties" / party.slug / KAFKA_PASSWORD).unlink(missing_ok=True)


def lane_public_key_path(layout: Layout) -> Path:
    """The notifier lane's public key: whoever seals for the lane is given this path."""
    return layout.keys / "notifier-public.lane.pub"


def _make(layout: Layout, holder: str, name: str) -> str:
    path = layout.secrets / holder / name
    if not path.exists():
        write_private(path, new_token())
    return path.read_text(encoding="utf-8")


def _make_declared(layout: Layout, holder: str, name: str) -> None:
    if name == LANE_PRIVATE_KEY:
        _make_lane_keys(layout, holder)
        return
    token = _make(layout, holder, name)
    if name == STAFF_TOKEN:
        write_private(layout.secrets / OPERATOR / f"{holder}-{STAFF_TOKEN}", token)


def _make_lane_keys(layout: Layout, holder: str) -> None:
    private_path = layout.secrets / holder / LANE_PRIVATE_KEY
    if not private_path.exists():
        write_private(private_path, base64.b64encode(PrivateKey.generate().encode()).decode())
    private = PrivateKey(base64.b64decode(private_path.read_text(encoding="utf-8")))
    write_private(lane_public_key_path(layout), base64.b64encode(private.public_key.encode()).decode())
