"""Where people come in: the participant's page behind a secret address, the coordinator's behind a signed link, the staff door.

Only POST changes anything, because mail scanners follow links. Nothing here decides.
"""

from collections.abc import Callable

from fastapi import FastAPI, Response

from upstream_referral.outreach.web import coordinator, participant, staff
from upstream_referral.outreach.web.coordinator import Opener
from upstream_referral.outreach.web.rendering import STYLE
from upstream_referral.outreach.web.staff import Kept
from upstream_runtime.links import Links
from upstream_runtime.web import Door

__all__ = ["Kept", "Opener", "pages"]


def pages(kept: Kept, links: Links, staff_token: str, opener: Opener) -> Callable[[FastAPI, Door], None]:
    """All pages of the outreach side, to be put into the process's application. `opener` opens what is sealed to OVP."""

    def put(app: FastAPI, door: Door) -> None:
        @app.get("/style/page.css")
        async def style() -> Response:
            return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=86400"})

        participant.put(app, door, kept.referrals)
        coordinator.put(app, door, kept.crossings, links, opener)
        staff.put(app, door, kept, links, staff_token)

    return put
