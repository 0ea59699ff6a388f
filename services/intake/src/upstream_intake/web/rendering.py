"""Turns views into HTML. Pure but for reading the templates once. Must put nothing on a page unescaped."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from upstream_intake.texts import WRITTEN, written_language
from upstream_intake.texts.page_words import words
from upstream_intake.web.case_view import CaseView
from upstream_schemas.catalogues import languages

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STYLE: Final = (files("upstream_intake.web") / "templates" / "page.css").read_text()
_PAGES: Final = Environment(
    loader=PackageLoader("upstream_intake.web"), autoescape=True, trim_blocks=True, undefined=StrictUndefined
)


def case_html(view: CaseView, reader: str, path: str | None, problem: str | None = None) -> str:
    """The page of a case. `path` is where its forms go; without one nothing can be done on it."""
    return page("case.html", reader, path, view=view, path=path, problem=problem, read_only=path is None)


def status_html(reader: str, problem: str | None = None) -> str:
    """The form that asks for a reference."""
    return page("status.html", reader, "/status", problem=problem)


def message_html(reader: str, title: str, message: str, back: str | None = None, back_words: str | None = None) -> str:
    """A page that says one thing. `back` leads on; without `back_words` it is called the way back to a request."""
    return page("message.html", reader, None, title=title, message=message, back=back, back_words=back_words)


def html(text: str, status: int = 200) -> Response:
    """A page that is never kept, never framed and leads nowhere else."""
    return HTMLResponse(text, status, HEADERS)


def page(template: str, reader: str, here: str | None, **shown: object) -> str:
    """A template in the reader's language. `here` is where the other languages of the page are reached."""
    code = written_language(reader)
    return _PAGES.get_template(template).render(
        text=words(code),
        language=code,
        direction=direction(code),
        direction_of=direction,
        here=here,
        languages=[(other, own_name(other)) for other in WRITTEN],
        **shown,
    )


def direction(code: str) -> str:
    """Which way a language is written."""
    found = languages.language(code)
    return found.direction if found else "ltr"


def own_name(code: str) -> str:
    """What a language calls itself."""
    found = languages.language(code)
    return found.own_name if found else code
