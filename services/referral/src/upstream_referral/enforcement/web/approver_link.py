"""The signed link to an approver's page: who they are, and since when it is good. Pure but for the signing."""

from datetime import datetime, timedelta
from typing import Final, cast, get_args

from upstream_referral.enforcement.model import Approver, Role
from upstream_runtime.links import Links

GOOD_FOR: Final = timedelta(days=90)  # whoever leaves a role loses its page, at the latest then
ROLES: Final[tuple[str, ...]] = get_args(Role)
_DOOR: Final = "a"


def make(links: Links, approver: Approver, now: datetime) -> str:
    """A link for this approver, good for GOOD_FOR."""
    return links.make_dated(_DOOR, now, approver.role, approver.agency, approver.account)


def read(links: Links, token: str, now: datetime) -> Approver | None:
    """Whose link it is; None where we did not make it or its time is over."""
    claims = links.read_dated(_DOOR, token, now, GOOD_FOR)
    if claims is None:
        return None
    role, agency, account = claims
    return Approver(cast("Role", role), agency, account) if role in ROLES else None
