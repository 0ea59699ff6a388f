"""A broker without any service, for tests that play the city themselves: nobody else answers what a provider says."""

import shutil
from collections.abc import Iterator

import pytest

from upstream_stack.layout import PORT_BASE_DEFAULT
from upstream_stack.ports_in_use import free_base
from upstream_stack.processes import KAFKA, NAMES
from upstream_stack.stack import Stack


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    found = Stack(tmp_path_factory.mktemp("broker") / "run", free_base(NAMES, other_than=PORT_BASE_DEFAULT))
    found.up(KAFKA)
    yield found
    found.down()
    shutil.rmtree(found.layout.elsewhere, ignore_errors=True)
