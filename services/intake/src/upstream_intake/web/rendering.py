"""Turns views into HTML. Pure but for reading the templates once. Must put nothing on a page unescaped."""

from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from upstream_intake.texts import WRITTEN, written_language
from upstream_intake.texts.page_words import words
from upstream_intake.web.case_view import CaseView
from upstream_schemas.catalogues import languages

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


def page(template: str, reader: str, here: str | None, **shown: object) -> str:
    """A template in the reader's language. `here` is where the other languages of the page are reached."""
    code = written_language(reader)
    return _PAGES.get_template(template).render(
        text=words(code),
        language=code,
        direction=languages.direction(code),
        direction_of=languages.direction,
        here=here,
        languages=[(other, languages.own_name(other)) for other in WRITTEN],
        **shown,
    )
