"""The pages for help as HTML."""

from collections.abc import Sequence
from typing import Final

from upstream_intake.web.help_form import EMAIL_LETTERS_MAX, NAME_LETTERS_MAX, WORDS_LETTERS_MAX, Problem, Typed
from upstream_intake.web.rendering import page
from upstream_intake.web.services_view import ServiceView
from upstream_schemas.catalogues import languages, needs

LETTERS_MAX: Final = {"name": NAME_LETTERS_MAX, "email": EMAIL_LETTERS_MAX, "words": WORDS_LETTERS_MAX}


def help_html(reader: str, form: Typed, slip: str, problems: Sequence[Problem] = ()) -> str:
    """What happens with what is written, and the form. `slip` is its hidden field."""
    return page(
        "help.html",
        reader,
        "/help",
        form=form,
        slip=slip,
        problems=problems,
        wrong={problem.field: problem.code for problem in problems},
        needs=needs.NEEDS,
        spoken=languages.LANGUAGES,
        letters_max=LETTERS_MAX,
    )


def sent_html(reader: str, link: str) -> str:
    """The form was sent: the person's own link, shown this once."""
    return page("help_sent.html", reader, None, link=link)


def services_html(reader: str, services: Sequence[ServiceView]) -> str:
    """Who could help."""
    return page("services.html", reader, "/help/services", services=services)
