"""Where people come in: the page behind an answer link, for the group and each trainer, and the staff door.

Only POST changes anything, because mail scanners follow links. Nothing here decides.
"""

from collections.abc import Callable

from fastapi import FastAPI

from upstream_runtime.links import Links
from upstream_runtime.web import Door
from upstream_scheduler.web import answer, staff
from upstream_scheduler.web.staff import Kept

__all__ = ["Kept", "pages"]


def pages(kept: Kept, links: Links, staff_token: str) -> Callable[[FastAPI, Door], None]:
    """All pages of the scheduler, to be put into the process's application."""

    def put(app: FastAPI, door: Door) -> None:
        answer.put(app, door, kept.sessions, links)
        staff.put(app, door, kept, staff_token)

    return put
