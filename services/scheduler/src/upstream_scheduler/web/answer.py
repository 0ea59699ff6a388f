"""The page behind an answer link: the slot in its reader's language, and the buttons that still make sense.

Must not show who anybody is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Final, Literal
from uuid import UUID

from asyncpg import Connection
from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment, PackageLoader, select_autoescape

from upstream_runtime.links import Links
from upstream_runtime.pages import HEADERS, html
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate
from upstream_scheduler import decide, store, texts
from upstream_scheduler.decide.answers import Answered, Word
from upstream_scheduler.decide.ending import OutcomeReported
from upstream_scheduler.decide.standing import Standing, standing
from upstream_scheduler.model import GROUP, Seat, Session
from upstream_schemas.catalogues import languages, training_topics

_SHOWS_SLOT: Final = frozenset(
    {Standing.OPEN, Standing.ACCEPTED, Standing.CONFIRMED, Standing.UNDER_WAY, Standing.DELIVERED, Standing.MISSED}
)
_PAGES: Final = Environment(
    loader=PackageLoader("upstream_scheduler.web"), autoescape=select_autoescape(default=True), trim_blocks=True
)
_CSS: Final = (files("upstream_scheduler.web") / "templates" / "page.css").read_text()
Button = Word | Literal["delivered", "missed"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a signed link says: about which request, on which offer, from which seat."""

    request_id: UUID
    round: int
    seat: Seat


def claims_in(said: tuple[str, ...]) -> Claims:
    """What `decide.news.claims` wrote into the link."""
    request_id, number, party, *trainer = said
    return Claims(UUID(request_id), int(number), Seat("trainer", UUID(trainer[0])) if party == "trainer" else GROUP)


def put(app: FastAPI, door: Door, sessions: Aggregate, links: Links) -> None:
    """The answer page and its buttons."""

    @app.get("/style/page.css")
    async def style() -> Response:
        return Response(_CSS, media_type="text/css", headers={"Cache-Control": "max-age=86400"})

    @app.get("/a/{token}")
    async def show(token: str, request: Request) -> Response:
        said = links.read("a", token)
        session = None if said is None else await _session(door, claims_in(said))
        if said is None or session is None:
            return _unknown(request)
        return _page(request, session, claims_in(said), door.now())

    @app.post("/a/{token}")
    async def answer(token: str, request: Request, word: Annotated[Button, Form()]) -> Response:
        said = links.read("a", token)
        if said is None:
            return _unknown(request)
        await _tell(door, sessions, claims_in(said), word)
        return RedirectResponse(f"{request.url.path}?{request.url.query}".rstrip("?"), 303, HEADERS)


async def _session(door: Door, claims: Claims) -> Session | None:
    async def query(conn: Connection) -> Session | None:
        stored = (await store.load_sessions(conn, [claims.request_id])).get(claims.request_id)
        return None if stored is None else stored.state

    return await door.ask(query)


async def _tell(door: Door, sessions: Aggregate, claims: Claims, word: Button) -> None:
    match word:
        case "accept" | "decline" | "cancel":
            await door.tell(sessions, claims.request_id, decide.answered, Answered(claims.seat, claims.round, word))
        case "delivered" | "missed" if claims.seat.party == "trainer":
            report = OutcomeReported(word, "trainer", claims.round)
            await door.tell(sessions, claims.request_id, decide.outcome_reported, report)


def _page(request: Request, session: Session, claims: Claims, now: datetime) -> Response:
    held, stands = session.held, standing(session, claims.seat, claims.round, now)
    language = _language(request, _own_language(session, claims.seat))
    shown: dict[str, object] = {"standing": stands.value, "party": claims.seat.party, "reference": session.reference}
    if held is not None and stands in _SHOWS_SLOT:
        topic = training_topics.topic(session.order.topic)
        shown |= {
            "slot": held.slot,
            "topic": session.order.topic if topic is None else topic.titles[language],
            "when": texts.slot_text(held.slot, language),
            "until": texts.moment_text(held.hold_until, language),
        }
    return _rendered(language, 200, shown)


def _unknown(request: Request) -> Response:
    return _rendered(_language(request, "en"), 404, {"standing": "unknown"})


def _own_language(session: Session, seat: Seat) -> str:
    if session.held is not None:
        for trainer in session.held.trainers:
            if trainer.seat == seat:
                return trainer.person.language
    return session.group.language if seat == GROUP else "en"


def _language(request: Request, own: str) -> str:
    return texts.spoken(request.query_params.get("lang", own))


def _rendered(language: str, status: int, shown: Mapping[str, object]) -> Response:
    names = [(code, found.own_name) for code in texts.TEXTS if (found := languages.language(code))]
    page = _PAGES.get_template("answer.html").render(
        language=language,
        direction=languages.direction(language),
        text=texts.TEXTS[language],
        languages=names,
        **shown,
    )
    return html(page, status)
