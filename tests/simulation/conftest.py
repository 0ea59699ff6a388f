"""One PostgreSQL for all tests of the simulation."""

from collections.abc import Iterator

import pytest
from simulation.server import postgres


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The beginning of the databases' addresses."""
    with postgres() as dsn:
        yield dsn
