"""What a person of the team sends: strict shapes, nothing decided."""

from typing import Annotated, Any, Literal, TypeVar

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from upstream_intake.model import MeetingFormat
from upstream_schemas.city import Availability
from upstream_schemas.model import Code, Codes, Language

Words = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True, pattern=r"^[^\x00]*$")]
B = TypeVar("B", bound="StaffBody")


class StaffBody(BaseModel):
    """Whoever decides says who they are: `reviewer` is their staff account."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)
    reviewer: Code


class AnswerBody(StaffBody):
    """A question to the requester, naming nobody."""

    question: Words


class AcceptBody(StaffBody):
    """An agreement is to be proposed; what is left out is taken from the request."""

    topic: Code | None = None
    format: MeetingFormat | None = None
    length_minutes: int | None = Field(None, ge=15, le=480)
    group_size: int | None = Field(None, ge=1, le=5000)
    language: Language | None = None
    connections: Annotated[Codes, Field(max_length=4)] | None = None
    availability: Availability | None = None


class RejectBody(StaffBody):
    """The reason the requester is told, naming nobody."""

    reason: Words


class CloseBody(StaffBody):
    """What changed because of the case, naming nobody."""

    outcome: Literal["delivered", "declined", "cancelled"]
    what_changed_text: Words


class EraseBody(StaffBody):
    """The requester asked for it."""


def read(model: type[B], body: bytes) -> B:
    """The body in this shape. Raises HTTPException 422 with pointers and codes, never with values."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise HTTPException(422, [_problem(entry) for entry in found]) from None


def _problem(entry: Any) -> dict[str, str]:
    path = entry["loc"][:-1] if entry["type"] == "extra_forbidden" else entry["loc"]
    return {"pointer": "".join(f"/{part}" for part in path), "code": entry["type"].replace("_", "-")}
