"""Turns views into HTML. Pure but for reading the templates once. Must put nothing on a page unescaped.

What somebody else wrote stands between marks of its own direction, and without characters that turn the text around it.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from upstream_referral.outreach.texts import WRITTEN, direction, own_name, written_language
from upstream_referral.outreach.texts.page_words import words
from upstream_referral.outreach.web.choice_form import Filled
from upstream_referral.outreach.web.coordinator_view import DeskView
from upstream_referral.outreach.web.participant_view import PageView

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STYLE: Final = (files("upstream_referral.outreach.web") / "templates" / "page.css").read_text()
UNFILLED: Final = Filled()
CANNOT_UNDO: Final = ("read", "sent", "key")
_UNSEEN: Final = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")


def still(text: object) -> str:
    """A text without the characters that nobody sees and that turn or hide what stands around them."""
    return _UNSEEN.sub("", str(text))


_PAGES: Final = Environment(
    loader=PackageLoader("upstream_referral.outreach.web"),
    autoescape=True,
    trim_blocks=True,
    undefined=StrictUndefined,
    finalize=lambda shown: shown if isinstance(shown, Markup) else still(shown),
)


def participant_html(view: PageView, reader: str, here: str, problem: str | None = None, form: Filled = UNFILLED) -> str:
    """The participant's page. `here` is its own path; `problem` a key of the words; `form` what was already ticked."""
    return _html("participant.html", reader, here, view=view, problem=problem, form=form, undo=CANNOT_UNDO)


def confirm_html(reader: str, here: str, page: str, name: str | None) -> str:
    """The step before something is taken back: from one recipient by name, or everything."""
    return _html("confirm.html", reader, here, page=page, name=name, undo=CANNOT_UNDO)


def message_html(reader: str, title: str, message: str, here: str | None = None) -> str:
    """A page that says one thing, by the keys of its words."""
    return _html("message.html", reader, here, title=title, message=message)


def desk_html(view: DeskView, here: str) -> str:
    """The coordinator's page."""
    return _PAGES.get_template("coordinator.html").render(view=view, here=here)


def closed_html() -> str:
    """What somebody sees whose coordinator link is none of ours."""
    return _PAGES.get_template("coordinator.html").render(view=None, here="")


def html(text: str, status: int = 200) -> Response:
    """A page that is never kept, never framed and leads nowhere else."""
    return HTMLResponse(text, status, HEADERS)


def _html(template: str, reader: str, here: str | None, **shown: Any) -> str:
    code = written_language(reader)
    table = words(code)

    def said(key: str, **places: object) -> Markup:
        return Markup(table[key]).format(**{place: _apart(value) for place, value in places.items()})  # noqa: S704 - our own words

    return _PAGES.get_template(template).render(
        text=table,
        said=said,
        language=code,
        direction=direction(code),
        here=here,
        languages=[(other, own_name(other)) for other in WRITTEN],
        **shown,
    )


def _apart(value: object) -> Markup:
    return Markup("<bdi>{}</bdi>").format(still(value))
