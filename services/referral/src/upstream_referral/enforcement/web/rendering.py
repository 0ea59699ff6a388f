"""Turns views into HTML. Pure but for reading the templates once. Must put nothing on a page unescaped.

What an agency wrote stands between marks of its own direction, and without characters that turn the text around it.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from upstream_referral.enforcement.web.approver_view import PageView

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STYLE: Final = (files("upstream_referral.enforcement.web") / "templates" / "page.css").read_text()
_UNSEEN: Final = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")


def _still(shown: Any) -> Any:
    """A text without the characters that nobody sees and that turn or hide what stands around them."""
    return shown if isinstance(shown, Markup) else _UNSEEN.sub("", str(shown))


_PAGES: Final = Environment(
    loader=PackageLoader("upstream_referral.enforcement.web"),
    autoescape=True,
    trim_blocks=True,
    undefined=StrictUndefined,
    finalize=_still,
)


def approver_html(view: PageView, said: str | None = None, problem: str | None = None) -> str:
    """An approver's page: what their last press of a button did, and what waits for them."""
    return _PAGES.get_template("approver.html").render(view=view, said=said, problem=problem)


def unknown_html() -> str:
    """What somebody sees whose link opens nothing."""
    return _PAGES.get_template("unknown.html").render()


def html(text: str, status: int = 200) -> Response:
    """A page that is never kept, never framed and leads nowhere else."""
    return HTMLResponse(text, status, HEADERS)
