"""The HTTP door and what every process shows of itself: health, readiness, metrics.

One ASGI application per process. Services add their pages; each command goes through the same transaction as a record.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import structlog
from asyncpg import Connection
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from upstream_runtime.apply import Step, only
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Cause, Decide, Decision, Fact
from upstream_runtime.engine import Engine
from upstream_runtime.failures import Trouble, trouble
from upstream_runtime.pages import ON_EVERY_ANSWER, bears
from upstream_runtime.wiring import Aggregate, App

BODY_BYTES_MAX = 64 * 1024
TOO_LARGE = "This is larger than anything we ask for."
log = structlog.get_logger()
T = TypeVar("T")


class Door:
    """One person's command at a time. Given to every service's pages."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> datetime:
        """The moment, UTC, on this process's clock."""
        return self._engine.now()

    @property
    def secret(self) -> bytes:
        """This database's secret, with which ids are drawn."""
        return self._engine.mind.secret

    async def tell(self, aggregate: Aggregate, key: UUID, decide: Decide[Any], fact: object) -> Any:
        """Decide on one command and save what follows; the decision's answer."""
        return await self._transact(aggregate, key, decide, fact)

    async def say(self, event: Fact, about: UUID) -> None:
        """Say an event of which no state is kept. It belongs to `about`."""
        await self._transact(None, about, lambda *_: Decision(events=(event,)), None)

    async def _transact(self, aggregate: Aggregate | None, key: UUID, decide: Decide[Any], fact: object) -> Any:
        cause = Cause(str(fresh_id()), f"{self._engine.mind.voice.source}/pages", self.now())
        applied = await self._engine.transact(only(Step(aggregate, key, decide, fact, cause)))
        return applied.answers[0]

    async def ask(self, query: Callable[[Connection], Awaitable[T]]) -> T:
        """Read something."""
        return await self._engine.ask(query)


def _is_small(request: Request) -> bool:
    length = request.headers.get("content-length", "0")
    announced = "chunked" not in request.headers.get("transfer-encoding", "")
    return announced and length.isdigit() and int(length) <= BODY_BYTES_MAX


async def _answered(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer, or a plain word where there is none: what went wrong is in the log, by its class."""
    try:
        return await call_next(request)
    except Exception as error:
        if trouble(error) is Trouble.POISON:
            log.error("page.failed", method=request.method, exc_info=error)
            return PlainTextResponse("Something broke on our side. Nothing was changed.", 500)
        log.warning("page.unavailable", method=request.method, exc_info=error)
        return PlainTextResponse("We cannot do this right now. Nothing was lost; please try again in a minute.", 503)


def application(app: App, engine: Engine, ready: Callable[[], dict[str, bool]], metrics_token: str | None = None) -> FastAPI:
    """The process's ASGI application. `ready` names what must hold before it is sent work.

    Metrics count what happens and when, topic by topic, which is nobody's business who opens a page: they are shown to the
    holder of `metrics_token`, and to nobody where there is none.
    """
    web = FastAPI(title=f"Upstream {app.process}", openapi_url=None, docs_url=None, redoc_url=None)

    @web.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await _answered(request, call_next) if _is_small(request) else PlainTextResponse(TOO_LARGE, 413)
        for name, value in ON_EVERY_ANSWER.items():
            response.headers.setdefault(name, value)
        return response

    @web.exception_handler(RequestValidationError)
    async def unreadable(_: Request, __: Exception) -> Response:
        return PlainTextResponse("Something in this request is missing or cannot be read. Please go back and try again.", 422)

    @web.get("/health/live")
    async def live() -> Response:
        return PlainTextResponse("alive")

    @web.get("/health/ready")
    async def readiness() -> Response:
        found = ready()
        return JSONResponse(found, 200 if all(found.values()) else 503)

    @web.get("/metrics")
    async def metrics(request: Request) -> Response:
        if metrics_token is None or not bears(request, metrics_token):
            return PlainTextResponse("Not Found", 404)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    if app.pages is not None:
        app.pages(web, Door(engine))
    return web
