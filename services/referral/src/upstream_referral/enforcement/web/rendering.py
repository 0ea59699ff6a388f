"""Turns views into HTML. Pure but for reading the templates once. Must put nothing on a page unescaped.

What an agency wrote stands between marks of its own direction, and without characters that turn the text around it.
"""

from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from upstream_referral.enforcement.web.approver_view import PageView
from upstream_runtime.pages import still

STYLE: Final = (files("upstream_referral.enforcement.web") / "templates" / "page.css").read_text()


_PAGES: Final = Environment(
    loader=PackageLoader("upstream_referral.enforcement.web"),
    autoescape=True,
    trim_blocks=True,
    undefined=StrictUndefined,
    finalize=lambda shown: shown if isinstance(shown, Markup) else still(shown),
)


def approver_html(view: PageView, said: str | None = None, problem: str | None = None) -> str:
    """An approver's page: what their last press of a button did, and what waits for them."""
    return _PAGES.get_template("approver.html").render(view=view, said=said, problem=problem)


def unknown_html() -> str:
    """What somebody sees whose link opens nothing."""
    return _PAGES.get_template("unknown.html").render()
