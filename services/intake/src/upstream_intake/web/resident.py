"""The requester's page: where the case stands, and what they can do about it. Works without JavaScript and without a mouse."""

from typing import Final
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from upstream_intake import model
from upstream_intake.decide.agreements import EXPIRED
from upstream_intake.decide.case import CLOSED, DONE, UNKNOWN
from upstream_intake.rules.emergency import EmergencyHit, wording
from upstream_intake.store import load_requests
from upstream_intake.texts import written_language
from upstream_intake.texts.page_words import in_family, words
from upstream_intake.web.case_view import case_view
from upstream_intake.web.forms import command
from upstream_intake.web.rendering import STYLE, case_html, message_html
from upstream_runtime.links import Links
from upstream_runtime.pages import html
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate

GONE: Final = frozenset({CLOSED, EXPIRED})


def put(app: FastAPI, door: Door, aggregate: Aggregate, links: Links) -> None:
    """The requester's page and its forms."""

    @app.get("/style/page.css")
    async def style() -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=86400"})

    @app.get("/r/{token}")
    async def show(token: str, http: Request) -> Response:
        request = await _request(door, links, token)
        return _not_found(http) if request is None else _case(http, token, request)

    @app.post("/r/{token}/{action}")
    async def act(token: str, action: str, http: Request) -> Response:
        request = await _request(door, links, token)
        form = {name: value for name, value in (await http.form()).items() if isinstance(value, str)}
        read = command(action, form)
        if request is None or read is None:
            return _not_found(http)
        if isinstance(read, EmergencyHit):
            return _emergency(http, token, request, read)
        if isinstance(read, str):
            return _case(http, token, request, read, 422)
        answer = await door.tell(aggregate, request.id, read.decide, read.fact)
        return await _answered(http, token, answer)

    async def _answered(http: Request, token: str, answer: str) -> Response:
        request = await _request(door, links, token)
        if request is None or answer == UNKNOWN:
            return _not_found(http)
        if answer == DONE:
            return RedirectResponse(f"/r/{token}?lang={reader_of(http, request.language)}", 303)
        return _case(http, token, request, f"problem.{answer}", 410 if answer in GONE else 409)


async def _request(door: Door, links: Links, token: str) -> model.Request | None:
    claims = links.read("r", token)
    if claims is None:
        return None
    request_id = UUID(claims[0])
    stored = (await door.ask(lambda conn: load_requests(conn, [request_id]))).get(request_id)
    return None if stored is None else stored.state


def reader_of(http: Request, own: str) -> str:
    """The language a page is shown in: what the reader chose, else the request's own."""
    return written_language(http.query_params.get("lang", own))


def _case(http: Request, token: str, request: model.Request, problem: str | None = None, status: int = 200) -> Response:
    reader = reader_of(http, request.language)
    table = words(reader)
    said = None if problem is None else table.get(problem, in_family(table, "problem", "other"))
    return html(case_html(case_view(request, reader), reader, f"/r/{token}", said), status)


def _emergency(http: Request, token: str, request: model.Request, hit: EmergencyHit) -> Response:
    """911 at once (journey J3): the text is gone with the answer to this request."""
    reader = reader_of(http, request.language)
    return html(message_html(reader, words(reader)["emergency"], wording(hit, reader), f"/r/{token}?lang={reader}"))


def _not_found(http: Request) -> Response:
    reader = reader_of(http, "en")
    table = words(reader)
    return html(message_html(reader, table["not-found"], table["not-found-explain"]), 404)
