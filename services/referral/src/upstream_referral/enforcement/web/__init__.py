"""Where people of the enforcement side come in: the page of each approver, and the staff door that makes links to them.

Only POST changes anything, because mail scanners follow links. Nothing here decides.
"""

from collections.abc import Callable

from fastapi import FastAPI

from upstream_referral.enforcement.web import approver, staff
from upstream_runtime.links import Links
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate


def pages(submission: Aggregate, links: Links, staff_token: str) -> Callable[[FastAPI, Door], None]:
    """All pages of the enforcement side, to be put into the process's application."""

    def put(app: FastAPI, door: Door) -> None:
        approver.put(app, door, submission, links)
        staff.put(app, door, links, staff_token)

    return put
