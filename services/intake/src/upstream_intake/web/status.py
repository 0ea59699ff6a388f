"""Follow a request by its reference: the same timeline, nothing about a person, and nothing can be done here.

A reference travels in the body only, so that it stands in no log and no history. What is not found is looked up and shown
the same way as what is.
"""

import re
from typing import Final

from fastapi import FastAPI, Request, Response

from upstream_intake.store import request_by_reference
from upstream_intake.texts.page_words import words
from upstream_intake.web.case_view import case_view
from upstream_intake.web.rendering import case_html, status_html
from upstream_intake.web.resident import reader_of
from upstream_runtime.allowance import Allowance
from upstream_runtime.pages import html
from upstream_runtime.web import Door

TRIES_MAX: Final = 30
SIGNS: Final = 8
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def put(app: FastAPI, door: Door) -> None:
    """The look-up by reference."""
    allowance = Allowance(TRIES_MAX)

    @app.get("/status")
    async def ask(http: Request) -> Response:
        return html(status_html(reader_of(http, "en")))

    @app.post("/status")
    async def look_up(http: Request) -> Response:
        reader = reader_of(http, "en")
        if not allowance.take(http.client.host if http.client else "", door.now()):
            return html(status_html(reader, words(reader)["status-busy"]), 429)
        typed = (await http.form()).get("reference", "")
        reference = tidied(typed if isinstance(typed, str) else "")
        request = await door.ask(lambda conn: request_by_reference(conn, reference))
        if request is None:
            return html(status_html(reader, words(reader)["status-unknown"]), 404)
        return html(case_html(case_view(request, reader), reader, path=None))


def tidied(typed: str) -> str:
    """A reference as people say and type it, in its one spelling (Crockford's base 32: O is 0, I and L are 1)."""
    signs = re.sub(r"[^0-9A-Z]", "", typed.upper()[:40]).removeprefix("UP").translate(_MISREAD)
    return f"UP-{signs[:4]}-{signs[4:8]}" if len(signs) == SIGNS else ""
