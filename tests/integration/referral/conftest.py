"""An empty database for the outreach side."""

from collections.abc import Callable

import pytest


@pytest.fixture
def outreach_dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("outreach")
