"""What the simulation is worth: each bug that is planted in the engine is found by one of the first seeds."""

import pytest
import uvloop
from simulation.__main__ import results
from simulation.bugs import BUGS, planted

SEEDS_MAX = 200


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bug_is_found(server: str, bug: str) -> None:
    with planted(bug):
        found = uvloop.run(results(server, range(1, SEEDS_MAX + 1), until_wrong=True))
    assert found[-1].wrong, f"{len(found)} seeds did not see {bug}"
    print(f"{bug}: seed {found[-1].seed}: {found[-1].wrong[0]}")
