"""The staff door: links to approvers' pages, for whoever holds this side's staff token. JSON in and out."""

from typing import Final, Literal, Self

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict, model_validator

from upstream_referral.enforcement.model import ANY_AGENCY, Approver, Role
from upstream_referral.enforcement.web import approver_link
from upstream_runtime.links import Links
from upstream_runtime.pages import read_body, staff_guard
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
    router = APIRouter(prefix="/staff", dependencies=[Depends(staff_guard(token))])

    @router.post("/approver-links")
    async def link(http: Request) -> dict[str, str]:
        body = read_body(LinkBody, await http.body())
        return {"link": approver_link.make(links, Approver(body.role, body.agency, body.account), door.now())}

    app.include_router(router)
