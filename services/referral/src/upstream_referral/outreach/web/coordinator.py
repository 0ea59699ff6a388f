"""The coordinator's page behind a signed link: what waits, the most urgent first, and that somebody acts on it.

Opens contacts for the coordinator's eyes only, anew each time the page is shown, until somebody acknowledges them; keeps none.
What is acknowledged is recorded on this side and told to nobody.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from uuid import UUID

from asyncpg import Connection
from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse

from upstream_referral.outreach import decide, store
from upstream_referral.outreach.model import Acknowledged, Crossing, HelpOffer, Referral
from upstream_referral.outreach.sealing import details_of
from upstream_referral.outreach.web import coordinator_link
from upstream_referral.outreach.web.coordinator_view import Reachable, Waiting, desk_view
from upstream_referral.outreach.web.participant_view import Directory
from upstream_referral.outreach.web.rendering import closed_html, desk_html
from upstream_runtime.links import Links
from upstream_runtime.pages import html
from upstream_runtime.vault import CannotOpenError
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate
from upstream_schemas.codec import decode
from upstream_schemas.enforcement import OfferContact
from upstream_schemas.envelope import Unreadable

Opener = Callable[[str, str], str]
"""Opens what is sealed to OVP: (key id, sealed) -> text. Raises CannotOpenError."""


def put(app: FastAPI, door: Door, crossings: Aggregate, links: Links, opener: Opener) -> None:
    """The coordinator's page and its one button."""

    @app.get("/c/{token}")
    async def show(token: str) -> Response:
        account = coordinator_link.read(links, token, door.now())
        return html(closed_html(), 404) if account is None else await _page(door, opener, account, token)

    @app.post("/c/{token}/acknowledge/{crossing_id}")
    async def acknowledge(token: str, crossing_id: UUID) -> Response:
        account = coordinator_link.read(links, token, door.now())
        if account is None:
            return html(closed_html(), 404)
        await door.tell(crossings, crossing_id, decide.acknowledged, Acknowledged(account))
        return RedirectResponse(f"/c/{token}", 303)


async def _page(door: Door, opener: Opener, account: str, token: str) -> Response:
    async def query(conn: Connection) -> tuple[list[Crossing], list[Referral], Directory]:
        return (
            await store.crossings_waiting(conn),
            await store.referrals_waiting(conn, door.now()),
            await store.directory(conn),
        )

    crossings, referrals, directory = await door.ask(query)
    waiting = Waiting(crossings, referrals, _contacts(crossings, opener), _people(referrals))
    return html(desk_html(desk_view(account, waiting, directory), f"/c/{token}"))


def _contacts(crossings: Iterable[Crossing], opener: Opener) -> dict[UUID, Reachable | None]:
    """The contacts that crossed, opened; None for what does not open."""
    found: dict[UUID, Reachable | None] = {}
    for crossing in crossings:
        what = crossing.what
        if isinstance(what, HelpOffer) and what.key_id is not None and what.sealed_contact is not None:
            found[crossing.crossing_id] = _opened(opener, what.key_id, what.sealed_contact)
    return found


def _opened(opener: Opener, key_id: str, sealed: str) -> Reachable | None:
    try:
        contact = decode(opener(key_id, sealed).encode(), OfferContact)
    except (CannotOpenError, Unreadable):
        return None
    return Reachable(contact.name, contact.email, contact.phone)


def _people(referrals: Iterable[Referral]) -> dict[UUID, Reachable]:
    """How to reach the participants who wait, as far as they told us. What does not open hides nobody else."""
    found: dict[UUID, Reachable] = {}
    for referral in referrals:
        with suppress(CannotOpenError, Unreadable):
            if (details := details_of(referral)) is not None:
                found[referral.referral_id] = Reachable(details.name, details.email, details.phone)
    return found
