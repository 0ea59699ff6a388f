"""The staff door: providers, the trial of one, the coordinator's desk and links. JSON in and out, behind the staff token.

The desk's address is locked under a fresh key before anything decides or stores. Nothing of a participant comes out here.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Request

from upstream_referral.outreach import decide, store
from upstream_referral.outreach.model import (
    DESK_KEY,
    UNKNOWN,
    UNKNOWN_SERVICE,
    DeskSet,
    Locked,
    Provider,
    ProviderRegistered,
    ProviderRemoved,
    TrialAsked,
)
from upstream_referral.outreach.web import coordinator_link
from upstream_referral.outreach.web import staff_bodies as bodies
from upstream_runtime import vault
from upstream_runtime.decision import Decide
from upstream_runtime.links import Links
from upstream_runtime.pages import read_body, staff_guard
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate
from upstream_schemas.intake import ContactCard

Slug = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the doors of this process decide on."""

    referrals: Aggregate
    providers: Aggregate
    crossings: Aggregate
    desk: Aggregate


def put(app: FastAPI, door: Door, kept: Kept, links: Links, token: str) -> None:
    """The staff door, put into the process's application."""
    router = APIRouter(prefix="/staff", dependencies=[Depends(staff_guard(token))])
    _put_providers(router, door, kept.providers)
    _put_desk(router, door, kept.desk, links)
    app.include_router(router)


def _put_providers(router: APIRouter, door: Door, providers: Aggregate) -> None:
    async def tell(slug: str, rule: Decide[Any], fact: object) -> dict[str, str]:
        answer = await door.tell(providers, decide.provider_id(slug, door.secret), rule, fact)
        if answer == UNKNOWN:
            raise HTTPException(404, "No provider of this name.")
        if answer == UNKNOWN_SERVICE:
            raise HTTPException(422, "The directory has no service of such a code.")
        return {"slug": slug, "answer": answer}

    @router.put("/providers/{slug}")
    async def register(slug: Slug, request: Request) -> dict[str, str]:
        body = read_body(bodies.ProviderBody, await request.body())
        standing = await door.ask(store.standing_for)
        if any(standing.get(code, slug) != slug for code in body.services):
            raise HTTPException(422, "Another provider stands for one of these services.")
        fact = ProviderRegistered(slug, body.key_id, body.public_key, body.services)
        return await tell(slug, decide.provider_registered, fact)

    @router.get("/providers/{slug}")
    async def show(slug: Slug) -> dict[str, Any]:
        key = decide.provider_id(slug, door.secret)
        stored = (await door.ask(lambda conn: store.load_providers(conn, [key]))).get(key)
        if stored is None or not stored.state.active:
            raise HTTPException(404, "No provider of this name.")
        return _shown(stored.state)

    @router.delete("/providers/{slug}")
    async def remove(slug: Slug) -> dict[str, str]:
        return await tell(slug, decide.provider_removed, ProviderRemoved())

    @router.post("/providers/{slug}/trial")
    async def try_out(slug: Slug) -> dict[str, str]:
        return await tell(slug, decide.trial_asked, TrialAsked())


def _put_desk(router: APIRouter, door: Door, desk: Aggregate, links: Links) -> None:
    @router.put("/desk")
    async def set_desk(request: Request) -> dict[str, str]:
        body = read_body(bodies.DeskBody, await request.body())
        return {"answer": await door.tell(desk, DESK_KEY, decide.desk_set, _desk(body))}

    @router.post("/coordinator-links")
    async def link(request: Request) -> dict[str, str]:
        body = read_body(bodies.CoordinatorBody, await request.body())
        return {"link": coordinator_link.make(links, body.account, door.now())}


def _desk(body: bodies.DeskBody) -> DeskSet:
    card = ContactCard(name="Coordinator", email=body.email, consent_contact=True)  # a desk of the city's own agrees
    return DeskSet(Locked(*vault.locked(card.model_dump_json())), body.language)


def _shown(provider: Provider) -> dict[str, Any]:
    sent, received = provider.trial_sent_at, provider.trial_received_at
    return {
        "slug": provider.slug,
        "key_id": provider.key_id,
        "services": list(provider.services),
        "trial_sent_at": sent.isoformat() if sent else None,
        "trial_received_at": received.isoformat() if received else None,
    }
