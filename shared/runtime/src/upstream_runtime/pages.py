"""What the pages and staff doors of all services have in common: their headers, their guard, how a body is read.

Knows no page of any service.
"""

import re
from collections.abc import Callable, Mapping
from secrets import compare_digest
from typing import Final, TypeVar

from fastapi import HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ValidationError

ON_EVERY_ANSWER: Final[Mapping[str, str]] = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
HEADERS: Final[Mapping[str, str]] = {
    **ON_EVERY_ANSWER,
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_UNSEEN: Final = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
M = TypeVar("M", bound=BaseModel)


def html(text: str, status: int = 200) -> Response:
    """A page that is never kept, never framed and leads nowhere else."""
    return HTMLResponse(text, status, HEADERS)


def still(text: object) -> str:
    """A text without the characters that nobody sees and that turn or hide what stands around them."""
    return _UNSEEN.sub("", str(text))


def bears(request: Request, token: str) -> bool:
    """Whether a request bears this token. Takes as long for a wrong one as for a right one."""
    return compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())


def staff_guard(token: str) -> Callable[[Request], None]:
    """What lets nobody through a staff door without its token: raises HTTPException 401."""

    def check(request: Request) -> None:
        if not bears(request, token):
            raise HTTPException(401, "This door is for staff: send the staff token.", {"WWW-Authenticate": "Bearer"})

    return check


def read_body(model: type[M], body: bytes) -> M:
    """A staff door's body in this shape. Raises HTTPException 422 that says what is wrong without repeating it."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        raise HTTPException(422, [{"at": list(problem["loc"]), "what": problem["msg"]} for problem in problems]) from None
