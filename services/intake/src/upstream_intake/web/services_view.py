"""What the page of services shows: who could help, in the reader's words where they are ours. Pure.

Shows only what was published; what is not known is left out, and nothing is promised.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from upstream_intake.model import Service
from upstream_intake.texts.page_words import in_family

SHOWN: Final = frozenset({"active", "temporarily closed"})


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service. `call` and `web` are addresses a browser may follow."""

    organization: str
    name: str
    description: str
    helps_with: tuple[str, ...]
    eligibility: str | None
    hours: str | None
    phone: str | None
    call: str | None
    web: str | None
    closed: bool
    takes_referrals: bool
    source: str


def services_view(services: Iterable[Service], table: Mapping[str, str]) -> tuple[ServiceView, ...]:
    """Those that exist, by the names of their organisations: no order of merit."""
    shown = (service for service in services if service.status in SHOWN)
    return tuple(_view(service, table) for service in sorted(shown, key=_by_name))


def _by_name(service: Service) -> tuple[str, str]:
    return service.organization.casefold(), service.name.casefold()


def _view(service: Service, table: Mapping[str, str]) -> ServiceView:
    return ServiceView(
        organization=service.organization,
        name=service.name,
        description=service.description,
        helps_with=tuple(in_family(table, "need", code) for code in service.needs),
        eligibility=service.eligibility,
        hours=service.hours,
        phone=service.phone,
        call=_call(service.phone),
        web=service.url if service.url and service.url.startswith(("https://", "http://")) else None,
        closed=service.status != "active",
        takes_referrals=service.takes_referrals,
        source=service.source,
    )


def _call(phone: str | None) -> str | None:
    digits = "".join(sign for sign in phone or "" if sign in "+0123456789")
    return f"tel:{digits}" if digits else None
