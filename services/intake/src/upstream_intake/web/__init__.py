"""Where people come in: the requester's page, the look-up by reference, the form for help, and the staff door.

Only POST changes anything, because mail scanners follow links. Nothing here decides.
"""

from collections.abc import Callable

from fastapi import FastAPI

from upstream_intake.web import help_page, resident, staff, status
from upstream_intake.web.help_page import Helpers
from upstream_runtime.links import Links
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate


def pages(request: Aggregate, links: Links, staff_token: str, helpers: Helpers) -> Callable[[FastAPI, Door], None]:
    """All pages of intake, to be put into the process's application."""

    def put(app: FastAPI, door: Door) -> None:
        resident.put(app, door, request, links)
        status.put(app, door)
        help_page.put(app, door, links, helpers)
        staff.put(app, door, request, links, staff_token)

    return put
