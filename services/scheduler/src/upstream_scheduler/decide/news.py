"""The scheduler's events, put together: who is told, of which slot, with which link. Pure."""

from collections.abc import Iterator
from typing import TypedDict
from uuid import UUID

from upstream_scheduler.model import CITY_ZONE, GROUP, Held, Person, Reference, Seat, Session
from upstream_schemas.scheduler import Recipient, Slot


class _About(TypedDict):
    request_id: UUID
    session_id: UUID


class _News(_About):
    reference: str
    slot: Slot
    recipients: tuple[Recipient, ...]


def about(session: Session) -> _About:
    """The fields of every event about this session."""
    return {"request_id": session.request_id, "session_id": session.session_id}


def news(session: Session, held: Held, reference: Reference | None = None) -> _News:
    """The fields of an event that group and trainers are told of; with `reference`, each gets the link to their page."""
    slot = Slot(
        starts_at=held.slot.starts_at,
        ends_at=held.slot.ends_at,
        timezone=CITY_ZONE,
        venue=held.slot.place.code,
        venue_name=held.slot.place.name,
        topic=session.order.topic,
    )
    recipients = tuple(
        recipient(
            seat, person, None if reference is None else reference.link("a", *claims(session.request_id, held.round, seat))
        )
        for seat, person in _everybody(session, held)
    )
    return {**about(session), "reference": session.reference, "slot": slot, "recipients": recipients}


def recipient(seat: Seat, person: Person, link: str | None = None) -> Recipient:
    """Somebody who is told, and the page where they answer."""
    return Recipient(party=seat.party, contact_id=person.contact_id, language=person.language, answer_link=link)


def claims(request_id: UUID, offer_round: int, seat: Seat) -> tuple[str, ...]:
    """What an answer link says: for whom, on which offer, about which request."""
    trainer = () if seat.trainer_id is None else (str(seat.trainer_id),)
    return (str(request_id), str(offer_round), seat.party, *trainer)


def calendar_uid(session: Session) -> str:
    """The iCalendar UID: the same for the session's whole life, across reschedules."""
    return f"{session.session_id}@upstream.example.org"


def _everybody(session: Session, held: Held) -> Iterator[tuple[Seat, Person]]:
    yield GROUP, session.group
    for trainer in held.trainers:
        yield trainer.seat, trainer.person
