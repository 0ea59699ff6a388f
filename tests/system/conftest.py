"""A second stack, for tests that take it apart: set up once, without the mail sink, whose port is then free for another peer."""

import shutil
from collections.abc import Iterator

import pytest

from upstream_stack.demo.play import register
from upstream_stack.demo_command import DATA
from upstream_stack.layout import PORT_BASE_DEFAULT
from upstream_stack.ports_in_use import free_base
from upstream_stack.processes import MAIL_SINK, NAMES
from upstream_stack.stack import Stack

ALL_BUT_THE_SINK = tuple(name for name in NAMES if name != MAIL_SINK.name)


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    found = Stack(tmp_path_factory.mktemp("second") / "run", free_base(NAMES, other_than=PORT_BASE_DEFAULT))
    found.up(*ALL_BUT_THE_SINK)
    register(found, DATA)
    yield found
    found.down()
    shutil.rmtree(found.layout.elsewhere, ignore_errors=True)


@pytest.fixture
def without_sink(second: Stack) -> Stack:
    """The second stack as it was set up, whoever took it apart before."""
    second.up(*ALL_BUT_THE_SINK)
    return second
