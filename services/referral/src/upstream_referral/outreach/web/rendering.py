"""Turns views into HTML. Pure but for reading the templates once. Must put nothing on a page unescaped.

What somebody else wrote stands between marks of its own direction, and without characters that turn the text around it.
"""

from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from upstream_referral.outreach.texts import WRITTEN, written_language
from upstream_referral.outreach.texts.page_words import words
from upstream_referral.outreach.web.choice_form import Filled
from upstream_referral.outreach.web.coordinator_view import DeskView
from upstream_referral.outreach.web.participant_view import PageView
from upstream_runtime.pages import still
from upstream_schemas.catalogues import languages

STYLE: Final = (files("upstream_referral.outreach.web") / "templates" / "page.css").read_text()
UNFILLED: Final = Filled()
CANNOT_UNDO: Final = ("read", "sent", "key")


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


def _html(template: str, reader: str, here: str | None, **shown: Any) -> str:
    code = written_language(reader)
    table = words(code)

    def said(key: str, **places: object) -> Markup:
        return Markup(table[key]).format(**{place: _apart(value) for place, value in places.items()})  # noqa: S704 - our own words

    return _PAGES.get_template(template).render(
        text=table,
        said=said,
        language=code,
        direction=languages.direction(code),
        here=here,
        languages=[(other, languages.own_name(other)) for other in WRITTEN],
        **shown,
    )


def _apart(value: object) -> Markup:
    return Markup("<bdi>{}</bdi>").format(still(value))
