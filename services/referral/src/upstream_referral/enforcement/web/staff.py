"""The staff door: links to approvers' pages, for whoever holds this side's staff token. JSON in and out."""

from collections.abc import Callable
from secrets import compare_digest
from typing import Final, Literal, Self

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from upstream_referral.enforcement.model import ANY_AGENCY, Approver, Role
from upstream_referral.enforcement.web import approver_link
from upstream_runtime.links import Links
from upstream_runtime.web import Door
from upstream_schemas.model import Code

NEEDS_AGENCY: Final = "an agency's approver answers for one agency: name it"


class LinkBody(BaseModel):
    """Who is to get a link. `agency` is whose submissions they decide on; `*` is every agency's."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)
    role: Role
    agency: Code | Literal["*"]
    account: Code

    @model_validator(mode="after")
    def _an_agency_s_approver_has_an_agency(self) -> Self:
        if self.role == "agency-approver" and self.agency == ANY_AGENCY:
            raise ValueError(NEEDS_AGENCY)
        return self


def put(app: FastAPI, door: Door, links: Links, token: str) -> None:
    """The staff door, put into the process's application."""
    router = APIRouter(prefix="/staff", dependencies=[Depends(_guard(token))])

    @router.post("/approver-links")
    async def link(http: Request) -> dict[str, str]:
        body = _read(await http.body())
        return {"link": approver_link.make(links, Approver(body.role, body.agency, body.account), door.now())}

    app.include_router(router)


def _read(body: bytes) -> LinkBody:
    """The body in its shape; 422 says what is wrong without repeating it."""
    try:
        return LinkBody.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        raise HTTPException(422, [{"at": list(problem["loc"]), "what": problem["msg"]} for problem in problems]) from None


def _guard(token: str) -> Callable[[Request], None]:
    expected = f"Bearer {token}".encode()

    def check(http: Request) -> None:
        if not compare_digest(http.headers.get("authorization", "").encode(), expected):
            raise HTTPException(401, "This door is for staff: send the staff token.", {"WWW-Authenticate": "Bearer"})

    return check
