"""What a form for help carries from the moment it is shown, signed and hidden in it: sending it twice is sending it once.

The referral's id and the secret of the person's own page are drawn before anything is written, so that nothing about the
person has to be remembered here to know a form again.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final, Self
from uuid import UUID

from upstream_runtime.clock import fresh_id
from upstream_runtime.links import Links

# Long enough to write and think; short enough that on a shared computer nobody sends a form that is somebody else's.
GOOD_FOR: Final = timedelta(hours=2)
SECRET_BYTES: Final = 32
_DOOR: Final = "help"


@dataclass(frozen=True, slots=True)
class Slip:
    """One form that was shown."""

    referral_id: UUID
    page_secret: str = field(repr=False)
    shown_at: datetime

    @classmethod
    def fresh(cls, now: datetime) -> Self:
        """For a form that is shown now."""
        return cls(fresh_id(), token_urlsafe(SECRET_BYTES), now)

    def signed(self, links: Links) -> str:
        """As the form's hidden field carries it."""
        link = links.make(_DOOR, str(self.referral_id), self.page_secret, self.shown_at.isoformat())
        return link.rpartition("/")[2]


def read_slip(links: Links, signed: str, now: datetime) -> Slip | None:
    """The slip of a form that came back; None where we did not make it or its time is over."""
    claims = links.read(_DOOR, signed)
    if claims is None:
        return None
    referral_id, page_secret, shown_at = claims
    slip = Slip(UUID(referral_id), page_secret, datetime.fromisoformat(shown_at))
    return slip if now - slip.shown_at < GOOD_FOR else None
