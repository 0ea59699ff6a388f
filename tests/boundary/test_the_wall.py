"""The wall as it is: every check of it finds nothing, and twenty histories of outreach give the police one view."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.wall_checks import CHECKS, Check, police_view
from support.wall_story import outreach_history, police_day
from support.wall_world import world

HISTORIES = 20


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_it_holds(check: Check, empty_database: Callable[[str], str], tmp_path: Path) -> None:
    assert await check(empty_database, tmp_path) == []


async def test_the_police_see_one_and_the_same_beside_twenty_histories(
    empty_database: Callable[[str], str], tmp_path: Path
) -> None:
    """Byte for byte: keys, values, headers, numbers and times of everything they can read."""
    async with world(empty_database, tmp_path) as quiet:
        await police_day(quiet)
        expected = await police_view(quiet)
    assert len(expected) == 5
    happened: set[str] = set()
    for seed in range(1, HISTORIES + 1):
        async with world(empty_database, tmp_path) as found:
            await outreach_history(found, seed, people=1 + seed % 3)
            await police_day(found)
            await outreach_history(found, seed + 1000, people=1)
            assert await police_view(found) == expected, f"history {seed}"
            happened |= {row.attributes["ce_type"] for row in await found.outreach.said("outreach.referrals.")}
    assert {f"outreach.referral.{what}.v1" for what in ("accepted", "declined", "closed", "withdrawn", "offered")} <= happened
