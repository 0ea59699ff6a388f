"""A stack whose broker and database are containers: the run's own where it has one, else one for these tests alone."""

from collections.abc import Iterator

import pytest
from support.infra import Containers, Embedded, Infra
from support.infra_selection import NO_CONTAINERS

from upstream_stack.stack import Stack


@pytest.fixture(scope="session")
def contained(infra: Infra, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if infra.driver.name != Embedded.name:
        yield request.getfixturevalue("stack")
        return
    if not infra.engine.ready:
        pytest.skip(f"{NO_CONTAINERS}: {infra.engine.trouble}")
    with Containers().stack(tmp_path_factory.mktemp("contained")) as found:
        yield found
