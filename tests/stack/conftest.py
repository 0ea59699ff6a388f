"""A stack of its own for these tests, beside any other: its own run directory, with a space in its name, and its own ports."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from upstream_stack.layout import PORT_BASE_DEFAULT
from upstream_stack.ports_in_use import free_base
from upstream_stack.processes import NAMES
from upstream_stack.stack import Stack


def new_stack(folder: Path) -> Stack:
    return Stack(folder / "run here", free_base(NAMES, other_than=PORT_BASE_DEFAULT))


def discard(stack: Stack) -> None:
    if stack.layout.state.exists():
        stack.down()
    shutil.rmtree(stack.layout.elsewhere, ignore_errors=True)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Real Kafka, real PostgreSQL and the mail sink; shared by the tests that leave them running."""
    stack = new_stack(tmp_path_factory.mktemp("live"))
    stack.up("kafka", "postgres", "mail-sink")
    yield stack
    discard(stack)


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Stack]:
    """A stack that nobody started yet."""
    stack = new_stack(tmp_path)
    yield stack
    discard(stack)
