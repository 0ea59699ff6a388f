"""The way in for somebody who looks for help: who there is, and a form that keeps nothing.

What is written is looked through for an emergency, sealed to OVP at once, said and forgotten. No row, no log line and no
answer but the one to the person's own browser may hold a word of it.
"""

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request, Response

from upstream_intake import store
from upstream_intake.rules.emergency import EmergencyHit, wording
from upstream_intake.texts.page_words import words
from upstream_intake.web import help_form
from upstream_intake.web.help_form import Problem, Typed
from upstream_intake.web.help_rendering import help_html, sent_html, services_html
from upstream_intake.web.rendering import message_html
from upstream_intake.web.resident import reader_of
from upstream_intake.web.services_view import services_view
from upstream_intake.web.slip import Slip, read_slip
from upstream_runtime.allowance import Allowance
from upstream_runtime.links import Links
from upstream_runtime.pages import html
from upstream_runtime.vault import NamedSeal
from upstream_runtime.web import Door
from upstream_schemas.outreach import ReferralReceivedV1

TRIES_MAX: Final = 20
TOO_OLD: Final = (Problem(None, "old"),)
TOO_MANY: Final = (Problem(None, "busy"),)


@dataclass(frozen=True, slots=True)
class Helpers:
    """The outreach side as intake knows it: how to seal to it, and where it shows participants their own pages."""

    seal: NamedSeal
    pages_url: str


def put(app: FastAPI, door: Door, links: Links, helpers: Helpers) -> None:
    """The page for help, the list of services, and the form."""
    allowance = Allowance(TRIES_MAX)

    @app.get("/help")
    async def show(http: Request) -> Response:
        reader = reader_of(http, "en")
        return html(help_html(reader, Typed(reader), Slip.fresh(door.now()).signed(links)))

    @app.get("/help/services")
    async def services(http: Request) -> Response:
        reader = reader_of(http, "en")
        return html(services_html(reader, services_view(await door.ask(store.directory), words(reader))))

    @app.post("/help")
    async def send(http: Request) -> Response:
        reader = reader_of(http, "en")
        sent = [(name, value) for name, value in (await http.form()).multi_items() if isinstance(value, str)]
        if (hit := help_form.emergency_in_form(sent)) is not None:
            return _emergency(reader, hit)
        form, signed = help_form.typed(sent, reader), dict(sent).get(help_form.SLIP, "")
        slip = read_slip(links, signed, door.now())
        if slip is None:
            return html(help_html(reader, form, Slip.fresh(door.now()).signed(links), TOO_OLD), 409)
        if not allowance.take(http.client.host if http.client else "", door.now()):
            return html(help_html(reader, form, signed, TOO_MANY), 429)
        document = help_form.document(form, slip.page_secret)
        if not isinstance(document, str):
            return html(help_html(reader, form, signed, document), 422)
        await door.say(_received(slip, *helpers.seal(document)), about=slip.referral_id)
        return html(sent_html(reader, f"{helpers.pages_url}/p/{slip.page_secret}"))


def _received(slip: Slip, key_id: str, sealed: str) -> ReferralReceivedV1:
    return ReferralReceivedV1(referral_id=slip.referral_id, key_id=key_id, sealed=sealed)


def _emergency(reader: str, hit: EmergencyHit) -> Response:
    """911 at once (journey J3): the text is gone with the answer to this request."""
    table = words(reader)
    page = message_html(reader, table["emergency"], wording(hit, reader), f"/help?lang={reader}", table["help.back"])
    return html(page)
