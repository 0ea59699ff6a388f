"""The staff door: the roster, and what staff do to a session. JSON in and out, behind the staff token.

A trainer's name and addresses are locked under a fresh key before anything decides or stores; only staff see them.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query, Request

from upstream_runtime import vault
from upstream_runtime.clock import fresh_id
from upstream_runtime.decision import Decide
from upstream_runtime.pages import read_body, staff_guard
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate
from upstream_scheduler import decide, roster, store
from upstream_scheduler.decide.ending import CalledOff, LookedAgain, OutcomeReported
from upstream_scheduler.decide.orders import WEEKDAYS, stretch
from upstream_scheduler.decide.roster import TrainerErased, TrainerRegistered
from upstream_scheduler.model import Away, Held, Session, Stage, Trainer, Venue
from upstream_scheduler.web.staff_bodies import CancelBody, OutcomeBody, StaffBody, TrainerBody, VenueBody
from upstream_schemas.intake import ContactCard

LISTED_MAX: Final = 500
REFUSALS: Final = frozenset({"no-slot", "not-current", "not-waiting", "too-early", "too-late"})
CODE: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
M = TypeVar("M", bound=StaffBody)
Slug = Annotated[str, Path(pattern=CODE)]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the doors of this service decide on."""

    sessions: Aggregate
    trainers: Aggregate
    venues: Aggregate


def put(app: FastAPI, door: Door, kept: Kept, token: str) -> None:
    """The staff door, put into the process's application."""
    router = APIRouter(prefix="/staff", dependencies=[Depends(staff_guard(token))])
    _put_roster(router, door, kept)
    _put_sessions(router, door, kept)
    app.include_router(router)


def _put_roster(router: APIRouter, door: Door, kept: Kept) -> None:
    @router.put("/trainers/{slug}")
    async def put_trainer(slug: Slug, request: Request) -> dict[str, str]:
        registered = _registered(slug, read_body(TrainerBody, await request.body()))
        answer = await door.tell(kept.trainers, roster.trainer_id(slug), decide.trainer_registered, registered)
        return {"slug": slug, "answer": answer}

    @router.get("/trainers")
    async def list_trainers() -> list[dict[str, Any]]:
        return [_shown_trainer(trainer) for trainer in await door.ask(roster.all_trainers)]

    @router.delete("/trainers/{slug}")
    async def erase_trainer(slug: Slug) -> dict[str, str]:
        trainer_id = roster.trainer_id(slug)
        if counted_on := await door.ask(lambda conn: store.upcoming(conn, trainer_id)):
            raise HTTPException(409, {"answer": "still-booked", "references": counted_on})
        answer = await door.tell(kept.trainers, trainer_id, decide.trainer_erased, TrainerErased())
        if answer == "unknown":
            raise HTTPException(404, "No trainer of this name.")
        return {"slug": slug, "answer": answer}

    @router.put("/venues/{code}")
    async def put_venue(code: Slug, request: Request) -> dict[str, str]:
        body = read_body(VenueBody, await request.body())
        venue_id = roster.venue_id(code)
        venue = Venue(venue_id, code, body.name, body.capacity, body.formats, body.access, body.active)
        return {"code": code, "answer": await door.tell(kept.venues, venue_id, decide.venue_registered, venue)}


def _put_sessions(router: APIRouter, door: Door, kept: Kept) -> None:
    async def tell(reference: str, rule: Decide[Session], fact: object) -> dict[str, str]:
        request_id = await door.ask(lambda conn: store.request_of(conn, reference))
        if request_id is None:
            raise HTTPException(404, "No session with this reference.")
        answer = await door.tell(kept.sessions, request_id, rule, fact)
        if answer in REFUSALS:
            raise HTTPException(409, {"reference": reference, "answer": answer})
        return {"reference": reference, "answer": answer}

    @router.get("/sessions")
    async def list_sessions(
        stage: Stage | None = None, limit: Annotated[int, Query(ge=1, le=LISTED_MAX)] = 100
    ) -> list[dict[str, Any]]:
        async def query(conn: Connection) -> list[dict[str, Any]]:
            names = {trainer.trainer_id: trainer.slug for trainer in await roster.all_trainers(conn)}
            return [_shown_session(found, names) for found in await store.all_sessions(conn, stage, limit)]

        return await door.ask(query)

    @router.post("/sessions/{reference}/cancel")
    async def cancel(reference: str, request: Request) -> dict[str, str]:
        body = read_body(CancelBody, await request.body())
        return await tell(reference, decide.called_off, CalledOff(body.party, body.reschedule))

    @router.post("/sessions/{reference}/outcome")
    async def outcome(reference: str, request: Request) -> dict[str, str]:
        body = read_body(OutcomeBody, await request.body())
        return await tell(reference, decide.outcome_reported, OutcomeReported(body.outcome, "city"))

    @router.post("/sessions/{reference}/look-again")
    async def look_again(reference: str) -> dict[str, str]:
        return await tell(reference, decide.looked_again, LookedAgain())


def _registered(slug: str, body: TrainerBody) -> TrainerRegistered:
    card = ContactCard(name=body.name, email=body.email, phone=body.phone, consent_contact=True)  # whoever registers agrees
    trainer = Trainer(
        trainer_id=roster.trainer_id(slug),
        slug=slug,
        contact_id=fresh_id(),
        language=body.language,
        skills=body.skills,
        languages=body.languages,
        formats=body.formats,
        timezone=body.timezone,
        weekly=tuple(map(stretch, body.weekly)),
        exceptions=tuple(
            Away(away.day, tuple((time.fromisoformat(h.start), time.fromisoformat(h.end)) for h in away.hours))
            for away in body.exceptions
        ),
        week_max=body.sessions_per_week_max,
        active=body.active,
        person_key=None,
        contact=None,
    )
    key, contact = vault.locked(card.model_dump_json())
    return TrainerRegistered(trainer, contact=contact, key=key)


def _shown_trainer(trainer: Trainer) -> dict[str, Any]:
    return {
        "slug": trainer.slug,
        "contact": _opened(trainer),
        "active": trainer.active,
        "skills": trainer.skills,
        "languages": trainer.languages,
        "formats": trainer.formats,
        "sessions_per_week_max": trainer.week_max,
        "weekly": [
            {"weekday": WEEKDAYS[own.weekday], "start": f"{own.start:%H:%M}", "end": f"{own.end:%H:%M}"}
            for own in trainer.weekly
        ],
    }


def _opened(trainer: Trainer) -> dict[str, Any] | None:
    if trainer.person_key is None or trainer.contact is None:
        return None
    opened: dict[str, Any] = json.loads(vault.unlock(b64decode(trainer.person_key), trainer.contact))
    return opened


def _shown_session(session: Session, names: Mapping[UUID, str]) -> dict[str, Any]:
    held = session.held
    return {
        "reference": session.reference,
        "request_id": str(session.request_id),
        "stage": session.stage,
        "topic": session.order.topic,
        "language": session.order.language,
        "group_size": session.order.group_size,
        "round": session.rounds,
        "waits_because": session.waits_because,
        "slot": None if held is None else _shown_slot(held, names),
    }


def _shown_slot(held: Held, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "starts_at": held.slot.starts_at.isoformat(),
        "ends_at": held.slot.ends_at.isoformat(),
        "venue": held.slot.place.code,
        "trainers": [names.get(trainer.trainer_id) for trainer in held.trainers],
        "hold_until": held.hold_until.isoformat(),
        "accepted": [seat.party for seat in held.accepted],
    }
