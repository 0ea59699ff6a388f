"""All SQL of the outreach side. Must not decide anything, and must not open what is locked.

What a provider's record is about is a referral, or the provider itself: `load_matters` and `save_matters` keep both, and
`referral_ids` finds a referral by the id that a provider knows it by.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from asyncpg import Connection

from upstream_referral.outreach.model import Provider, Referral
from upstream_referral.outreach.store.coordinator import (
    crossings_waiting,
    load_crossings,
    load_desks,
    save_crossings,
    save_desks,
)
from upstream_referral.outreach.store.providers import (
    directory,
    load_providers,
    load_services,
    provider_for,
    save_providers,
    save_services,
    standing_for,
    taking_referrals,
)
from upstream_referral.outreach.store.referrals import (
    load_referrals,
    referral_by_page,
    referral_ids,
    referrals_waiting,
    save_referrals,
)
from upstream_runtime.wiring import Change, Stored

__all__ = [
    "crossings_waiting",
    "directory",
    "load_crossings",
    "load_desks",
    "load_matters",
    "load_providers",
    "load_referrals",
    "load_services",
    "provider_for",
    "referral_by_page",
    "referral_ids",
    "referrals_waiting",
    "save_crossings",
    "save_desks",
    "save_matters",
    "save_providers",
    "save_services",
    "standing_for",
    "taking_referrals",
]


async def load_matters(conn: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Stored[Referral] | Stored[Provider]]:
    """Referrals and providers by id; no id is both."""
    referrals = await load_referrals(conn, keys)
    others = [key for key in keys if key not in referrals]
    return {**referrals, **(await load_providers(conn, others) if others else {})}


async def save_matters(conn: Connection, changes: Sequence[Change[Referral | Provider]]) -> int:
    """Write referrals and providers whose rows still have the versions that were loaded. Returns how many."""
    referrals = [
        Change(change.key, change.loaded, change.version, change.state)
        for change in changes
        if isinstance(change.state, Referral)
    ]
    providers = [
        Change(change.key, change.loaded, change.version, change.state)
        for change in changes
        if isinstance(change.state, Provider)
    ]
    written = await save_referrals(conn, referrals) if referrals else 0
    return written + (await save_providers(conn, providers) if providers else 0)
