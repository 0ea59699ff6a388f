"""The directory as it is seeded: reads `grantees.toml` once. Data only."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from uuid import UUID

from upstream_referral.outreach.model import Service


def grantees() -> Mapping[UUID, Service]:
    """The services of the grantees by their ids. What the programme's page does not say of one is None."""
    seed = tomllib.loads((files("upstream_referral.outreach") / "grantees.toml").read_text())
    services = [_service(entry, seed["source"]) for entry in seed["service"]]
    return {service.service_id: service for service in services}


def _service(entry: Mapping[str, object], source: str) -> Service:
    needs = entry["needs"]
    assert isinstance(needs, list), "needs is a list of codes"
    known = {name: str(value) for name, value in entry.items() if name not in {"service_id", "needs"}}
    return Service(**known, service_id=UUID(str(entry["service_id"])), needs=tuple(needs), source=source)  # type: ignore[arg-type]
