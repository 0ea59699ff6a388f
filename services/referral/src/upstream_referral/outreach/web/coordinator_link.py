"""The signed link to a coordinator's page: whose it is, and since when it is good. Pure but for the signing."""

from datetime import datetime, timedelta
from typing import Final

from upstream_runtime.links import Links

GOOD_FOR: Final = timedelta(days=90)  # whoever leaves the desk loses its page, at the latest then
_DOOR: Final = "c"


def make(links: Links, account: str, now: datetime) -> str:
    """A link for this account, good for GOOD_FOR."""
    return links.make_dated(_DOOR, now, account)


def read(links: Links, token: str, now: datetime) -> str | None:
    """Whose link it is; None where we did not make it or its time is over."""
    claims = links.read_dated(_DOOR, token, now, GOOD_FOR)
    return claims[0] if claims else None
