"""The page behind an approver's link: what waits for them, and two buttons for each. Works without JavaScript.

A link that is none of ours, is too old, or speaks of something that is not this approver's to decide gets the same page.
"""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import FastAPI, Form, Response
from fastapi.responses import RedirectResponse

from upstream_referral.enforcement import store
from upstream_referral.enforcement.decide import approvals
from upstream_referral.enforcement.model import ANY_AGENCY, Approver, Approves, Declines, Word
from upstream_referral.enforcement.web import approver_link
from upstream_referral.enforcement.web.approver_view import page_view
from upstream_referral.enforcement.web.rendering import STYLE, approver_html, unknown_html
from upstream_runtime.links import Links
from upstream_runtime.pages import HEADERS, html
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate

DONE: Final[Mapping[str, str]] = {
    approvals.CROSSED: "You approved it. It has crossed.",
    approvals.RECORDED: "Your approval is recorded. It crosses when the other person has approved it, too.",
    approvals.DECLINED: "You declined it. It does not cross.",
}
PROBLEMS: Final[Mapping[str, str]] = {
    approvals.OVER: "Nothing was changed: this has been decided already, or its time is over.",
    approvals.ROLE_TAKEN: "Nothing was changed: somebody else has approved this in your role.",
    approvals.SAME_ACCOUNT: "Nothing was changed: you have approved this in another role. A second person must approve it.",
}


def put(app: FastAPI, door: Door, submission: Aggregate, links: Links) -> None:
    """The approver's page and its buttons."""

    @app.get("/style/page.css")
    async def style() -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=86400"})

    @app.get("/a/{token}")
    async def show(token: str, said: str = "") -> Response:
        approver = approver_link.read(links, token, door.now())
        return html(unknown_html(), 404) if approver is None else await _page(approver, said=DONE.get(said))

    @app.post("/a/{token}")
    async def decide(token: str, word: Annotated[Word, Form()], submission_id: Annotated[UUID, Form()]) -> Response:
        approver = approver_link.read(links, token, door.now())
        if approver is None:
            return html(unknown_html(), 404)
        if word == "approve":
            answer = await door.tell(submission, submission_id, approvals.approved, Approves(approver))
        else:
            answer = await door.tell(submission, submission_id, approvals.declined, Declines(approver))
        if answer in DONE:
            return RedirectResponse(f"/a/{token}?said={answer}", 303, HEADERS)
        if answer in PROBLEMS:
            return await _page(approver, problem=PROBLEMS[answer], status=409)
        return html(unknown_html(), 404)

    async def _page(approver: Approver, said: str | None = None, problem: str | None = None, status: int = 200) -> Response:
        kinds = [kind for kind, roles in approvals.WHO_APPROVES.items() if approver.role in roles]
        agency = None if approver.agency == ANY_AGENCY else approver.agency
        waiting = await door.ask(lambda conn: store.submissions_waiting(conn, kinds, agency))
        return html(approver_html(page_view(approver, waiting, door.now()), said, problem), status)
