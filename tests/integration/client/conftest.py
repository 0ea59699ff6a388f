"""A broker without any service, for tests that play the city themselves: nobody else answers what a provider says."""

from collections.abc import Iterator

import pytest
from support.infra import Infra

from upstream_stack.processes import KAFKA
from upstream_stack.stack import Stack


@pytest.fixture(scope="session")
def broker(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with infra.driver.stack(tmp_path_factory.mktemp("broker"), KAFKA) as found:
        yield found
