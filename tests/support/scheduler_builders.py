"""The scheduler's facts and states with defaults, for tests: name only what the test is about."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from upstream_runtime.decision import Cause, Context, Decision, Due
from upstream_scheduler import decide
from upstream_scheduler.decide.answers import Answered
from upstream_scheduler.model import (
    CITY_ZONE,
    GROUP,
    Away,
    Facts,
    Format,
    Reference,
    Seat,
    Session,
    Stage,
    Stretch,
    Taken,
    Trainer,
    Venue,
    WeekPlace,
)
from upstream_schemas.city import Availability, Window
from upstream_schemas.intake import AgreementTerms, MeetingFormat, TrainingRequestedV1

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # a Monday, 09:00 in Portland
REQUEST = UUID("0190c7a2-1f3b-7c11-9d0e-0c8a5f1e2b77")
_NAMES = UUID("5c4ed01e-0000-8000-8000-00000000000f")
ALL_DAY = tuple(Stretch(weekday, time(0), time(23, 59)) for weekday in range(7))


def named(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(_NAMES, name)


def context(now: datetime = NOW, cause: str = "cause") -> Context[Reference]:
    """A context whose links read like what they claim."""
    return Context(now, Cause(cause, "/test", now), Reference(link=lambda *claims: "/".join(claims)), b"secret")


def window(weekday: str = "tuesday", start: str = "18:00", end: str = "21:00") -> Window:
    return Window.model_validate({"weekday": weekday, "start": start, "end": end})


def training_requested(
    *,
    request_id: UUID = REQUEST,
    topic: str = "personal-safety",
    format: MeetingFormat = "virtual",  # noqa: A002 - the field's own name
    length_minutes: int = 120,
    language: str = "so",
    group_size: int = 12,
    windows: tuple[Window, ...] = (window(),),
    earliest: datetime = NOW,
    latest: datetime = NOW + timedelta(days=28),
    needs: tuple[str, ...] = (),
    contact: str | None = "group",
) -> TrainingRequestedV1:
    terms = AgreementTerms(
        version=1,
        topic=topic,
        catalogue_version=1,
        format=format,
        length_minutes=length_minutes,
        language=language,
        group_size=group_size,
        group_duties=("bring-five",),
        city_duties=("send-trainer",),
        text_hash="0" * 64,
    )
    return TrainingRequestedV1(
        request_id=request_id,
        reference="UP-0TRY-0001",
        contact_id=None if contact is None else named(contact),
        language=language,
        terms=terms,
        connections=("live",),
        availability=Availability(windows=windows, earliest=earliest, latest=latest, timezone=CITY_ZONE),
        access_needs=needs,
        neighborhood=None,
    )


def session(now: datetime = NOW, **ordered: Any) -> Session:
    """A session that looks for its first slot."""
    event = training_requested(**ordered)
    opened = decide.training_requested(None, event, context(now, str(event.request_id))).state
    assert isinstance(opened, Session)
    return opened


def trainer(
    name: str = "asha",
    *,
    skills: tuple[str, ...] = ("personal-safety",),
    languages: tuple[str, ...] = ("en", "so"),
    formats: tuple[Format, ...] = ("virtual", "in_person"),
    weekly: tuple[Stretch, ...] = ALL_DAY,
    exceptions: tuple[Away, ...] = (),
    week_max: int = 5,
    active: bool = True,
) -> Trainer:
    return Trainer(
        trainer_id=named(name),
        slug=name,
        contact_id=named(f"contact of {name}"),
        language="en",
        skills=skills,
        languages=languages,
        formats=formats,
        timezone="America/Los_Angeles",
        weekly=weekly,
        exceptions=exceptions,
        week_max=week_max,
        active=active,
        person_key="key",
        contact="locked",
    )


def venue(
    code: str = "virtual-1",
    *,
    capacity: int = 100,
    formats: tuple[Format, ...] = ("virtual",),
    access: tuple[str, ...] = (),
    active: bool = True,
) -> Venue:
    return Venue(named(code), code, f"Room {code}", capacity, formats, access, active)


def facts(
    *trainers: Trainer,
    venues: tuple[Venue, ...] | None = None,
    taken: tuple[Taken, ...] = (),
    week_places: tuple[WeekPlace, ...] = (),
) -> Facts:
    """One trainer and one online room unless told otherwise."""
    return Facts(trainers or (trainer(),), (venue(),) if venues is None else venues, taken, week_places)


def booked(*sessions: Session) -> tuple[tuple[Taken, ...], tuple[WeekPlace, ...]]:
    """What these sessions' slots take from trainers and venues, as the database would have it."""
    taken: list[Taken] = []
    places: list[WeekPlace] = []
    for found in sessions:
        if found.held is not None and found.stage in (Stage.HELD, Stage.CONFIRMED):
            taken.append(Taken(found.held.slot.place.venue_id, found.held.slot.booked))
            for assigned in found.held.trainers:
                taken.append(Taken(assigned.trainer_id, found.held.slot.booked))
                places.append(WeekPlace(assigned.trainer_id, assigned.week, assigned.ordinal))
    return tuple(taken), tuple(places)


def after(decision: Decision[Session]) -> Session:
    """The state that a decision leaves."""
    assert isinstance(decision.state, Session), "the decision changed nothing"
    return decision.state


def held(now: datetime = NOW, using: Facts | None = None, **ordered: Any) -> Session:
    """A session whose first slot is held."""
    return after(decide.place(session(now, **ordered), using or facts(), context(now)))


def seat(name: str) -> Seat:
    """The group's seat, or a trainer's by name."""
    return GROUP if name == "group" else Seat("trainer", named(name))


def say(state: Session, who: str, word: str, now: datetime = NOW) -> Decision[Session]:
    """One press of a button on the page of the current offer."""
    assert state.held is not None
    return decide.answered(state, Answered(seat(who), state.held.round, word), context(now))  # type: ignore[arg-type]


def confirmed(now: datetime = NOW, using: Facts | None = None, **ordered: Any) -> Session:
    """A session that everybody said yes to."""
    state = held(now, using, **ordered)
    assert state.held is not None
    for everybody in state.held.seats:
        round_ = state.held.round
        state = after(decide.answered(state, Answered(everybody, round_, "accept"), context(now)))
    return state


def due(decision: Decision[Session]) -> dict[str, datetime | None]:
    """What must be looked at again, by kind."""
    return {row.kind: row.at for row in decision.due if isinstance(row, Due)}


def types(decision: Decision[Session]) -> list[str]:
    """The names of what was said, in order."""
    return [getattr(event, "TYPE", "tombstone") for event in decision.events]


def portland(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A wall time in Portland, as UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("America/Los_Angeles")).astimezone(UTC)


def on(year: int, month: int, day: int) -> date:
    return date(year, month, day)
