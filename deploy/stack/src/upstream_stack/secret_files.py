"""Secrets as files: one each, mode 0600, made once and never printed. Never returns a secret in an error."""

import base64
import secrets
from pathlib import Path

from nacl.public import PrivateKey

from upstream_stack.key_files import PublicKey, add_key, ensure_keys
from upstream_stack.layout import Layout
from upstream_stack.parties import Party
from upstream_stack.private_files import write_private
from upstream_stack.processes import (
    LANE_PRIVATE_KEY,
    METRICS_TOKEN,
    OPERATOR_TOKEN,
    OVP_KEYS,
    ROLES,
    SERVICES,
    STAFF_TOKEN,
    Service,
    secrets_of,
)
from upstream_stack.rights import ADMIN, PEOPLE

KAFKA_PASSWORD = "kafka-password"  # noqa: S105 - the name of a secret, not one
DATABASE_PASSWORD = "database-password"  # noqa: S105 - the name of a secret, not one
CONTROLLER_PASSWORD = "controller-password"  # noqa: S105 - the name of a secret, not one

_TOKEN_BYTES = 32
_OVP = "ovp"


def make_secrets(layout: Layout) -> None:
    """Makes every secret of our own processes that does not exist yet."""
    for name in (KAFKA_PASSWORD, DATABASE_PASSWORD, CONTROLLER_PASSWORD):
        _make(layout, ADMIN, name)
    for person in PEOPLE:
        _make(layout, person, KAFKA_PASSWORD)
    for service in SERVICES:
        _make(layout, service.name, KAFKA_PASSWORD)
        for role in ROLES:
            _make(layout, secrets_of(service.name, role), DATABASE_PASSWORD)
        for name in service.secrets:
            _make_declared(layout, service, name)
        for shared in (METRICS_TOKEN, OPERATOR_TOKEN):
            token = _make(layout, service.name, shared)
            write_private(layout.secrets / service.operator / f"{service.name}-{shared}", token)


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


def lane_public_key_path(layout: Layout, lane: str) -> Path:
    """A notifier lane's public key: whoever seals for the lane is given this path."""
    return layout.keys / f"{lane}.lane.pub"


def ovp_public_key_path(layout: Layout) -> Path:
    """OVP's public key and its id: whoever seals to OVP reads it anew at each use, so a rotation needs no restart."""
    return layout.keys / f"{_OVP}.pub"


def rotate_ovp_key(layout: Layout, holder: str) -> PublicKey:
    """Makes a new pair for OVP; old ones stay, for what was sealed to them. The private half is there before anybody seals to it."""
    key = add_key(layout.secrets / holder / OVP_KEYS, _OVP)
    write_private(ovp_public_key_path(layout), str(key))
    return key


def _make(layout: Layout, holder: str, name: str) -> str:
    path = layout.secrets / holder / name
    if not path.exists():
        write_private(path, new_token())
    return path.read_text(encoding="utf-8")


def _make_declared(layout: Layout, service: Service, name: str) -> None:
    if name == LANE_PRIVATE_KEY:
        _make_lane_keys(layout, service.name)
    elif name == OVP_KEYS:
        write_private(ovp_public_key_path(layout), str(ensure_keys(layout.secrets / service.name / name, _OVP)))
    else:
        token = _make(layout, service.name, name)
        if name == STAFF_TOKEN:
            write_private(layout.secrets / service.operator / f"{service.name}-{STAFF_TOKEN}", token)


def _make_lane_keys(layout: Layout, lane: str) -> None:
    private_path = layout.secrets / lane / LANE_PRIVATE_KEY
    if not private_path.exists():
        write_private(private_path, base64.b64encode(PrivateKey.generate().encode()).decode())
    private = PrivateKey(base64.b64decode(private_path.read_text(encoding="utf-8")))
    write_private(lane_public_key_path(layout, lane), base64.b64encode(private.public_key.encode()).decode())
