"""The operator's door of a process: parked keys, records set aside, gaps. JSON both ways, behind the operator's token."""

from collections.abc import Awaitable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from upstream_runtime.gaps import Gap
from upstream_runtime.operators import NothingToDoError, Operators, Order, StillUnreadableError
from upstream_runtime.pages import read_body, staff_guard
from upstream_runtime.parked import Act, Letter, ParkedKey, StateKey
from upstream_runtime.store import Partition

Aggregate = Annotated[str, Path(pattern="^[a-z_-]{1,50}$")]
Topic = Annotated[str, Path(pattern="^[a-z0-9.-]{1,249}$")]
READABLE = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$"


class OrderBody(BaseModel):
    """Who orders it and why."""

    model_config = ConfigDict(strict=True, extra="forbid")
    by: str = Field(min_length=1, max_length=100, pattern=r"^[\w.@+-]+$")
    reason: str = Field(min_length=1, max_length=500, pattern=READABLE)
    dry_run: bool = False


def put(app: FastAPI, operators: Operators, token: str) -> None:
    """The operator's door, put into the process's application."""
    router = APIRouter(prefix="/operator", dependencies=[Depends(staff_guard(token))])
    _looks(router, operators)
    _acts(router, operators)
    app.include_router(router)


def _looks(router: APIRouter, operators: Operators) -> None:
    @router.get("/parked")
    async def parked() -> dict[str, Any]:
        return {"parked": [_shown_key(key) for key in await operators.parked()]}

    @router.get("/parked/{aggregate}/{key}")
    async def waiting(aggregate: Aggregate, key: UUID) -> dict[str, Any]:
        return {"waiting": [found._asdict() for found in await operators.waiting(StateKey(aggregate, key))]}

    @router.get("/set-aside")
    async def set_aside() -> dict[str, Any]:
        return {"set_aside": [_shown_letter(letter) for letter in await operators.set_aside()]}

    @router.get("/gaps")
    async def gaps() -> dict[str, Any]:
        return {"gaps": [_shown_gap(place, found) for place, found in operators.gaps().items()]}

    @router.get("/acts")
    async def acts() -> dict[str, Any]:
        return {"acts": [_shown_act(act) for act in await operators.acts()]}


def _acts(router: APIRouter, operators: Operators) -> None:
    @router.post("/parked/{aggregate}/{key}")
    async def retry(aggregate: Aggregate, key: UUID, http: Request) -> dict[str, str]:
        return await _done(operators.retry(StateKey(aggregate, key), _order(await http.body())))

    @router.post("/set-aside/{letter}")
    async def put_back(letter: UUID, http: Request) -> dict[str, str]:
        return await _done(operators.put_back(letter, _order(await http.body())))

    @router.post("/gaps/{topic}/{partition}")
    async def go_on(topic: Topic, partition: int, http: Request) -> dict[str, str]:
        return await _done(operators.go_on_without((topic, partition), _order(await http.body())))


def _shown_key(key: ParkedKey) -> dict[str, Any]:
    return {
        "aggregate": key.of.aggregate,
        "key": str(key.of.key),
        "reason": key.reason,
        "parked_at": key.parked_at.isoformat(),
        "waiting": key.waiting,
        "tries": key.tries,
        "try_at": key.try_at.isoformat(),
    }


def _shown_letter(letter: Letter) -> dict[str, Any]:
    back = letter.redriven_at.isoformat() if letter.redriven_at else None
    return letter._asdict() | {"id": str(letter.id), "set_aside_at": letter.set_aside_at.isoformat(), "redriven_at": back}


def _shown_gap(place: Partition, gap: Gap) -> dict[str, Any]:
    behind = {"stream": gap.behind.stream, "n": gap.behind.n}
    return {"topic": place[0], "partition": place[1], "expected": gap.expected, **behind}


def _shown_act(act: Act) -> dict[str, Any]:
    what = {"at": act.at.isoformat(), "act": act.act, "target": act.target}
    return {**what, "by": act.by, "reason": act.why, "outcome": act.outcome}


def _order(body: bytes) -> Order:
    given = read_body(OrderBody, body)
    return Order(given.by, given.reason, given.dry_run)


async def _done(act: Awaitable[str]) -> dict[str, str]:
    """What was done. 404 where there is nothing to do, 409 where it cannot be done yet; nothing of a record is repeated."""
    try:
        return {"answer": await act}
    except NothingToDoError as nothing:
        raise HTTPException(404, str(nothing)) from None
    except StillUnreadableError as still:
        raise HTTPException(409, f"it still cannot be read: {still}") from None
