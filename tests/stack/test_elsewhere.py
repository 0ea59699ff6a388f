"""Parts that somebody else runs: which ones may be, and what is said where nobody does. That it works is in tests/containers."""

import asyncio

import pytest

from upstream_stack import startup
from upstream_stack.errors import Trouble
from upstream_stack.stack import Stack


@pytest.mark.parametrize("part", ["intake", "mail-sink"])
def test_only_broker_and_database_can_run_elsewhere(idle: Stack, part: str) -> None:
    with pytest.raises(Trouble, match=f"{part} cannot run elsewhere"):
        idle.up(elsewhere=["kafka", part])
    assert not idle.layout.run_dir.exists()


def test_services_need_both_here_or_there(idle: Stack) -> None:
    with pytest.raises(Trouble, match="The services cannot run alone"):
        idle.up("intake", elsewhere=["kafka"])


async def test_a_part_that_does_not_answer_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_PART_SECONDS", 0.05)
    with pytest.raises(Trouble, match="kafka does not let us in") as refused:
        await startup._answers_elsewhere("kafka", 19092, asyncio.Event().wait())
    assert "127.0.0.1:19092" in refused.value.why
