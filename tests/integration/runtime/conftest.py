"""What the engine's tests share: the engine on a database of its own, the broker, and the log as it is written."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.engine_kafka import Bus, bus_of
from support.engine_parts import Running, running

from upstream_runtime.clock import fresh_id
from upstream_stack.stack import Stack


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    """Every line that the engine logs during the test."""
    with capture_logs() as found:
        yield found


@pytest.fixture(scope="session")
def bus(stack: Stack) -> Bus:
    return bus_of(stack)


@pytest.fixture
def mark() -> str:
    """A name that no other test's topics have."""
    return fresh_id().hex[-12:]


@pytest.fixture
async def one(engine_dsn: str, tmp_path: Path, mark: str) -> AsyncIterator[Running]:
    """The engine on a database of its own."""
    async with running(engine_dsn, tmp_path, mark) as found:
        yield found
