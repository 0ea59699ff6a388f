"""The participant's page behind a secret address: where it stands, who may be told, and taking it back.

Works without JavaScript and without a mouse. A secret that nobody has, and one whose referral has not arrived yet, are
looked up and answered alike; the secret stands in the address only, and its hash alone reaches the database.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from asyncpg import Connection
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from upstream_referral.outreach import decide, store
from upstream_referral.outreach.model import CHOSEN, TAKEN_BACK, Referral, TakenBack
from upstream_referral.outreach.texts import written_language
from upstream_referral.outreach.texts.page_words import known
from upstream_referral.outreach.web.choice_form import Filled, choice, filled
from upstream_referral.outreach.web.participant_view import (
    Directory,
    choices,
    may_be_taken_back,
    name_of,
    page_view,
)
from upstream_referral.outreach.web.rendering import UNFILLED, confirm_html, message_html, participant_html
from upstream_runtime.allowance import Allowance
from upstream_runtime.decision import Decide
from upstream_runtime.pages import html
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate

TRIES_MAX: Final = 30
DONE: Final = frozenset({CHOSEN, TAKEN_BACK})
NOT_NOW: Final = "problem.not-now"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for somebody's page, in their language: the page's secret, the referral, and the directory beside it."""

    secret: str
    reader: str
    referral: Referral
    directory: Directory

    @property
    def path(self) -> str:
        """The page's own address."""
        return f"/p/{self.secret}"

    def page(self, problem: str | None = None, form: Filled = UNFILLED, status: int = 200) -> Response:
        """The page as it stands."""
        view = page_view(self.referral, self.directory, self.reader)
        return html(participant_html(view, self.reader, self.path, problem, form), status)


Visits = Callable[[str, Request], Awaitable[Visit | Response]]
Tell = Callable[[Visit, Decide[Any], object], Awaitable[Response]]


def put(app: FastAPI, door: Door, referrals: Aggregate) -> None:
    """The participant's page and its forms."""
    allowance = Allowance(TRIES_MAX)

    async def visit(secret: str, http: Request) -> Visit | Response:
        return await _visit(door, allowance, secret, http)

    async def told(visited: Visit, rule: Decide[Any], fact: object) -> Response:
        answer = await door.tell(referrals, visited.referral.referral_id, rule, fact)
        if answer in DONE:
            return RedirectResponse(f"{visited.path}?lang={visited.reader}", 303)
        return await _moved_on(door, visited, known("problem", answer))

    @app.get("/p/{secret}")
    async def show(secret: str, http: Request) -> Response:
        visited = await visit(secret, http)
        return visited if isinstance(visited, Response) else visited.page()

    @app.post("/p/{secret}/choose")
    async def choose(secret: str, http: Request) -> Response:
        visited = await visit(secret, http)
        if isinstance(visited, Response):
            return visited
        offered = choices(visited.referral)
        if not offered:
            return visited.page(NOT_NOW, status=409)
        form = filled(_texts(await http.form()), offered)
        chosen = choice(form, offered)
        if isinstance(chosen, str):
            return visited.page(chosen, form, 422)
        return await told(visited, decide.chosen, chosen)

    _put_taking_back(app, visit, told)


def _put_taking_back(app: FastAPI, visit: Visits, told: Tell) -> None:
    """Taking back, from one recipient or from all: first a page that asks, which changes nothing, then the deed."""

    async def ask_first(secret: str, service: str | None, http: Request) -> Response:
        visited = await visit(secret, http)
        if isinstance(visited, Response):
            return visited
        if not may_be_taken_back(visited.referral, service):
            return visited.page(NOT_NOW, status=409)
        name = None if service is None else name_of(service, visited.directory)
        return html(confirm_html(visited.reader, http.url.path, visited.path, name))

    async def take_back(secret: str, service: str | None, http: Request) -> Response:
        visited = await visit(secret, http)
        return visited if isinstance(visited, Response) else await told(visited, decide.taken_back, TakenBack(service))

    @app.get("/p/{secret}/take-back")
    async def ask_about_all(secret: str, http: Request) -> Response:
        return await ask_first(secret, None, http)

    @app.post("/p/{secret}/take-back")
    async def take_all_back(secret: str, http: Request) -> Response:
        return await take_back(secret, None, http)

    @app.get("/p/{secret}/take-back/{service}")
    async def ask_about_one(secret: str, service: str, http: Request) -> Response:
        return await ask_first(secret, service, http)

    @app.post("/p/{secret}/take-back/{service}")
    async def take_one_back(secret: str, service: str, http: Request) -> Response:
        return await take_back(secret, service, http)


async def _visit(door: Door, allowance: Allowance, secret: str, http: Request) -> Visit | Response:
    """The referral behind a secret. Every look-up uses up a try, found or not, so that nobody can try out many."""
    reader = _reader(http, "en")
    if not allowance.take(http.client.host if http.client else "", door.now()):
        return html(message_html(reader, "busy-title", "busy"), 429)
    page_hash = sha256(secret.encode("utf-8", "replace")).hexdigest()

    async def query(conn: Connection) -> tuple[Referral | None, Directory]:
        return await store.referral_by_page(conn, page_hash), await store.directory(conn)

    referral, directory = await door.ask(query)
    if referral is None:
        return html(message_html(reader, "not-found", "not-found-explain", f"/p/{secret}"), 404)
    return Visit(secret, _reader(http, referral.language), referral, directory)


async def _moved_on(door: Door, visited: Visit, problem: str) -> Response:
    """What somebody wanted can no longer be done: the page as it stands by now."""
    found = await door.ask(lambda conn: store.load_referrals(conn, [visited.referral.referral_id]))
    stored = found.get(visited.referral.referral_id)
    referral = stored.state if stored else visited.referral
    return Visit(visited.secret, visited.reader, referral, visited.directory).page(problem, status=409)


def _texts(form: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _reader(http: Request, own: str) -> str:
    """The language a page is shown in: what the reader chose, else the referral's own."""
    return written_language(http.query_params.get("lang", own))
