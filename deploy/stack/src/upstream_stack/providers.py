"""Providers: parties that outreach must know too, with the public key that their referrals are sealed to.

What the broker knows of one is `partners`; this adds the key, the quota, and outreach's own register, asked at its staff door.
"""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from upstream_stack import staff_door
from upstream_stack.errors import Trouble, command
from upstream_stack.kafka_quotas import limit
from upstream_stack.key_files import add_key, current_key
from upstream_stack.parties import Party, read_parties
from upstream_stack.partners import add_party, find_party, key_ring_path, revoke_party, rotate_party
from upstream_stack.patience import came_true
from upstream_stack.settings import Target

OUTREACH = "referral-outreach"


def provider(slug: str) -> Party:
    """The party of this name."""
    return Party(slug=slug, kind="provider")


def add_provider(target: Target, slug: str, services: Sequence[str]) -> None:
    """Makes a provider and registers it; where outreach will not have it, nothing stays behind."""
    party = provider(slug)
    add_party(target.layout, target.ports, party)
    try:
        limit(target.layout, target.ports, slug)
        _register(target, party, services)
    except Trouble:
        revoke_party(target.layout, target.ports, party)
        raise


def rotate_provider(target: Target, slug: str) -> None:
    """A new password and a new key pair; old private keys stay in the file, for what was sealed to them."""
    party = find_party(target.layout, provider(slug))
    services = registered(slug)["services"]
    rotate_party(target.layout, target.ports, party)
    add_key(key_ring_path(target.layout, party), slug)
    _register(target, party, services)


def revoke_provider(target: Target, slug: str) -> None:
    """Locks a provider out first and tells outreach then; where outreach was away, the same command again tells it."""
    party = provider(slug)
    on_file = party in read_parties(target.layout.parties)
    if on_file:
        revoke_party(target.layout, target.ports, party)
    response = staff_door.knock(OUTREACH, "DELETE", f"/providers/{slug}")
    if response.status_code == HTTPStatus.NOT_FOUND and not on_file:
        find_party(target.layout, party)
    if response.is_error and response.status_code != HTTPStatus.NOT_FOUND:
        why = f"outreach still knows it ({response.status_code})"
        raise Trouble(f"{slug} is locked out, but not gone", why, command("provider", "revoke", slug))


def registered(slug: str) -> dict[str, Any]:
    """What outreach knows of a provider."""
    return staff_door.ask(OUTREACH, "GET", f"/providers/{slug}")


def try_out(slug: str, patience_seconds: float) -> bool:
    """Sends the provider a test record; True where whoever listens said in time that it came."""
    staff_door.ask(OUTREACH, "POST", f"/providers/{slug}/trial")
    return came_true(lambda: has_received(registered(slug)), patience_seconds)


def has_received(known: dict[str, Any]) -> bool:
    """Whether the newest test record was answered."""
    sent, received = known.get("trial_sent_at"), known.get("trial_received_at")
    return bool(sent and received and datetime.fromisoformat(received) >= datetime.fromisoformat(sent))


def _register(target: Target, party: Party, services: Sequence[str]) -> None:
    key = current_key(key_ring_path(target.layout, party))
    body = {"key_id": key.id, "public_key": key.text, "services": list(services)}
    staff_door.ask(OUTREACH, "PUT", f"/providers/{party.slug}", body)
