"""The staff door: what waits for a person, with what its requester wrote, and the person's decision. JSON both ways.

Opens locked texts for staff eyes only, behind the staff token; an opened text is answered once and kept nowhere.
"""

import json
from base64 import b64decode
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request

from upstream_intake import model, store
from upstream_intake.decide import staff
from upstream_intake.decide.case import DONE, UNKNOWN
from upstream_intake.model import Locked, Note, StaffAccepts, StaffAsks, StaffCloses, StaffErases, StaffRejects
from upstream_intake.web import staff_bodies as bodies
from upstream_intake.web.status import tidied
from upstream_runtime import vault
from upstream_runtime.decision import Decide
from upstream_runtime.links import Links
from upstream_runtime.pages import staff_guard
from upstream_runtime.web import Door
from upstream_runtime.wiring import Aggregate

ACTIONS: Final = ("answer", "accept", "reject", "close", "erase")


def put(app: FastAPI, door: Door, aggregate: Aggregate, links: Links, token: str) -> None:
    """The staff door, put into the process's application."""
    router = APIRouter(prefix="/staff/triage", dependencies=[Depends(staff_guard(token))])

    @router.get("")
    async def waiting() -> dict[str, Any]:
        return {"waiting": [shown(request, links) for request in await door.ask(store.requests_waiting)]}

    @router.get("/{reference}")
    async def one(reference: str) -> dict[str, Any]:
        request = await _found(door, reference)
        return {**shown(request, links), **details(request)}

    @router.post("/{reference}/{action}")
    async def act(reference: str, action: str, http: Request) -> dict[str, Any]:
        decide, fact = decision(action, await http.body())
        request = await _found(door, reference)
        answer = await door.tell(aggregate, request.id, decide, fact)
        if answer == UNKNOWN:
            raise HTTPException(404, "There is no request with this reference.")
        if answer != DONE:
            raise HTTPException(409, {"reference": request.reference, "answer": answer})
        return {"reference": request.reference, "answer": answer, "status": (await _found(door, reference)).status}

    app.include_router(router)


def decision(action: str, body: bytes) -> tuple[Decide[Any], object]:
    """The decision that staff asks for, with its fact. Raises HTTPException 404 or 422."""
    match action:
        case "answer":
            asked = bodies.read(bodies.AnswerBody, body)
            return staff.staff_asked, StaffAsks(asked.reviewer, asked.question)
        case "accept":
            return staff.staff_accepted, _accepts(bodies.read(bodies.AcceptBody, body))
        case "reject":
            rejected = bodies.read(bodies.RejectBody, body)
            return staff.staff_rejected, StaffRejects(rejected.reviewer, rejected.reason)
        case "close":
            closed = bodies.read(bodies.CloseBody, body)
            return staff.staff_closed, StaffCloses(closed.reviewer, closed.outcome, closed.what_changed_text)
        case "erase":
            return staff.staff_erased, StaffErases(bodies.read(bodies.EraseBody, body).reviewer)
    raise HTTPException(404, f"Staff can {', '.join(ACTIONS)}.")


def shown(request: model.Request, links: Links) -> dict[str, Any]:
    """A request for staff eyes, with what its person wrote. The page link is for whoever has no mail to find it in."""
    waiting, wish = request.waiting, request.wish
    return {
        "reference": request.reference,
        "status": request.status,
        "since": waiting.since.isoformat() if waiting else None,
        "reasons": list(waiting.reasons) if waiting else [],
        "source": request.source,
        "channel": request.channel,
        "language": request.language,
        "intent": wish.intent,
        "group_size": wish.group_size,
        "connections": list(wish.connections),
        "topics": [topic.code for topic in wish.topics],
        "format": wish.format,
        "access_needs": list(wish.access_needs),
        "neighborhood": wish.neighborhood,
        "availability": wish.availability.model_dump(mode="json") if wish.availability else None,
        "notes": [_opened_note(note) for note in request.person.notes],
        "page_link": links.make("r", str(request.id)),
    }


def details(request: model.Request) -> dict[str, Any]:
    """What staff needs beside the list to speak with somebody: their contact, and all that has happened."""
    contact = request.person.contact
    return {
        "contact": json.loads(opened(contact)) if contact else None,
        "erased": request.erased,
        "question": request.question,
        "agreement": request.agreement.terms.model_dump(mode="json") if request.agreement else None,
        "outcome": request.outcome,
        "feedback": request.feedback,
        "timeline": [{"at": step.at.isoformat(), "code": step.code, "words": list(step.words)} for step in request.timeline],
    }


def opened(locked: Locked) -> str:
    """A locked text, opened with the key beside it."""
    return vault.unlock(b64decode(locked.key), locked.text)


def _opened_note(note: Note) -> dict[str, Any]:
    text = opened(note.locked)
    return {
        "kind": note.kind,
        "at": note.at.isoformat(),
        "text": json.loads(text) if note.kind == "submission" else text,
    }


def _accepts(body: bodies.AcceptBody) -> StaffAccepts:
    return StaffAccepts(
        reviewer=body.reviewer,
        topic=body.topic,
        format=body.format,
        length_minutes=body.length_minutes,
        group_size=body.group_size,
        language=body.language,
        connections=body.connections,
        availability=body.availability,
    )


async def _found(door: Door, reference: str) -> model.Request:
    request = await door.ask(lambda conn: store.request_by_reference(conn, tidied(reference)))
    if request is None:
        raise HTTPException(404, "There is no request with this reference.")
    return request
