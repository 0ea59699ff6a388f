"""What staff send: strict shapes, checked against the catalogues. Nothing is decided or kept here."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from upstream_scheduler.model import Format
from upstream_schemas.catalogues import access_needs, languages, training_topics
from upstream_schemas.city import WallTime, Window
from upstream_schemas.model import Code, Language, Line

Formats = Annotated[tuple[Format, ...], Field(min_length=1, max_length=2)]


class StaffBody(BaseModel):
    """Strict, frozen; an unknown field is refused."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


class Hours(StaffBody):
    """Wall times of one day."""

    start: WallTime
    end: WallTime

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("hours end after they start")
        return self


class Exceptional(StaffBody):
    """A date on which the week does not hold; no hours means away."""

    day: date
    hours: tuple[Hours, ...] = Field((), max_length=10)


class TrainerBody(StaffBody):
    """A trainer as staff describe them."""

    name: Line
    email: str = Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    phone: str | None = Field(None, pattern=r"^\+[1-9]\d{6,14}$")
    language: Language
    skills: tuple[Code, ...] = Field(min_length=1, max_length=50)
    languages: tuple[Language, ...] = Field(min_length=1, max_length=20)
    formats: Formats
    timezone: Literal["America/Los_Angeles"] = "America/Los_Angeles"
    weekly: tuple[Window, ...] = Field(max_length=50)
    exceptions: tuple[Exceptional, ...] = Field((), max_length=400)
    sessions_per_week_max: int = Field(ge=1, le=40)
    active: bool = True

    @field_validator("skills")
    @classmethod
    def _known_topics(cls, skills: tuple[str, ...]) -> tuple[str, ...]:
        return _known(skills, training_topics.known)

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, spoken: tuple[str, ...]) -> tuple[str, ...]:
        return _known(spoken, languages.known)


class VenueBody(StaffBody):
    """A place or an online room as staff describe it."""

    name: Line
    capacity: int = Field(ge=1, le=5000)
    formats: Formats
    access: tuple[Code, ...] = Field((), max_length=10)
    active: bool = True

    @field_validator("access")
    @classmethod
    def _known_needs(cls, access: tuple[str, ...]) -> tuple[str, ...]:
        return _known(access, access_needs.known)


class CancelBody(StaffBody):
    """Who cancels, and whether another slot is looked for."""

    party: Literal["city", "trainer"]
    reschedule: bool


class OutcomeBody(StaffBody):
    """What happened."""

    outcome: Literal["delivered", "missed"]


def _known(codes: tuple[str, ...], known: Callable[[str], bool]) -> tuple[str, ...]:
    if unknown := [code for code in codes if not known(code)]:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return codes
