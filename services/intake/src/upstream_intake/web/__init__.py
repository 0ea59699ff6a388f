"""Where people come in: the requester's page behind a secret link, the look-up by reference, and the staff door.

Only POST changes anything, because mail scanners follow links. Nothing here decides.
"""

from collections.abc import Callable

from fastapi import FastAPI

from upstream_intake.web import resident, staff, status
from upstream_runtime.links import Links
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate


def pages(request: Aggregate, links: Links, staff_token: str) -> Callable[[FastAPI, Door], None]:
    """All pages of intake, to be put into the process's application."""

    def put(app: FastAPI, door: Door) -> None:
        resident.put(app, door, request, links)
        status.put(app, door)
        staff.put(app, door, request, links, staff_token)

    return put
