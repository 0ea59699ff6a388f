"""The benchmark's events: orders that are placed, paid and shipped, about 600 bytes in and 400 bytes out."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from upstream_schemas.model import Event


class Row(BaseModel):
    """Fields as the load generator writes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(Row):
    """One line of an order."""

    sku: str
    quantity: int = Field(ge=1)
    price_cents: int = Field(ge=0)


class Order(Row):
    """What all kinds of order event share."""

    order_id: UUID
    customer_id: UUID
    currency: str = Field(min_length=3, max_length=3)
    amount_cents: int = Field(ge=0)
    channel: str
    region: str
    note: str | None = None
    priority: int = 0
    tags: tuple[str, ...] = ()


class Placed(Order):
    """An order was placed."""

    kind: Literal["placed"]
    lines: tuple[Line, ...]
    expected_at: datetime


class Paid(Order):
    """An order was paid."""

    kind: Literal["paid"]
    method: str
    paid_at: datetime


class Shipped(Order):
    """An order was shipped."""

    kind: Literal["shipped"]
    carrier: str
    tracking: str
    shipped_at: datetime


class OrderMoved(Event):
    """One event as the load generator sends it: its envelope stands in the value."""

    TYPE: ClassVar[str] = "bench.order.event.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {}
    id: UUID
    type: str
    source: str
    key: UUID
    time: datetime
    trace: str
    data: Annotated[Placed | Paid | Shipped, Field(discriminator="kind")]


class Update(Row):
    """What became of the order."""

    order_id: UUID
    customer_id: UUID
    version: int
    status: str
    total_cents: int
    currency: str
    region: str
    note: str


class OrderUpdated(Event):
    """The follow-up of one event; `cause` is the event's id."""

    TYPE: ClassVar[str] = "bench.order.updated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {}
    id: UUID
    type: str
    source: str
    key: UUID
    cause: UUID
    time: datetime
    trace: str
    data: Update
