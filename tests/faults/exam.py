"""The exam: each planted bug in a short lap that gives it its chance, and the invariant that must turn red.

A bug that only a race brings out is there in a lap, or is not, by chance: who is missed is asked again, from another draw. What
the checker is blind to it misses each time. The result says who was asked more than once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faults import rows_broker, rows_input, rows_process, rows_quorum
from faults.client import Load
from faults.journal import Line
from faults.lap import Lap, strain
from faults.quorum import Quorum
from faults.world import World
from upstream_stack.terminal import out

PATIENCE_SECONDS: Final = 23.0  # just more than the lag that I10 allows on a machine of our own
AT_ONCE: Final = 3
DRAWS: Final = 3


@dataclass(frozen=True, slots=True)
class Question:
    """One planted bug: where it sits, what gives it its chance, and what must notice it."""

    bug: str
    role: str
    red: str
    breaks: Callable[[Lap, str], Awaitable[None]]
    load: Load
    world: type[World] = World
    versions: tuple[tuple[str, int], ...] = ()


async def nothing(_: Lap, __: str) -> None:
    await asyncio.sleep(3)


async def killed(lap: Lap, role: str) -> None:
    """Twice, each time in the middle of its work: what it sends comes to C."""
    await _killed(lap, role, times=2)


async def killed_often(lap: Lap, role: str) -> None:
    """Six times, where a kill must fall into one statement of many."""
    await _killed(lap, role, times=6)


async def _killed(lap: Lap, role: str, times: int) -> None:
    for _ in range(times):
        await lap.flowing("c", "passed", 50)
        await rows_process.kill(lap, role)
    await lap.flowing("c", "passed")


async def replica(lap: Lap, __: str) -> None:
    await lap.flowing("c", "passed", 500)


async def offsets_forward(lap: Lap, role: str) -> None:
    await lap.flowing(role, "passed", 50)
    await rows_input.move_offsets(lap, role, "forward")


async def refused(lap: Lap, _: str) -> None:
    await asyncio.sleep(1)
    await rows_broker.refuse_records(lap)


async def leader_killed(lap: Lap, _: str) -> None:
    await lap.flowing("c", "passed", 50)
    await rows_quorum.kill_leader_ahead(lap)


async def sick(lap: Lap, role: str) -> None:
    await rows_input.sicken(lap, role, 0.3, 2.0)
    await asyncio.sleep(1)


STEADY: Final = Load(accounts=10)
QUESTIONS: Final = (  # those that take long first
    Question("numbers-outside", "a", "I6", killed_often, STEADY),
    Question("sent-before-ack", "a", "I6", killed, STEADY),
    Question("producer-kept", "a", "I10", refused, STEADY),
    Question("upcaster-missing", "b", "I1", nothing, STEADY, versions=(("b", 2),)),
    Question("offset-before-effect", "a", "I8", killed, Load(abandoned=0.9)),
    Question("inbox-removed", "a", "I1", nothing, Load(copies=3)),
    Question("watermark-apart", "b", "I1", killed, STEADY),
    Question("gap-applied", "c", "I1", offsets_forward, STEADY),
    Question("save-without-version", "c", "I5", replica, Load(accounts=12, rate=250)),
    Question("relay-without-lease", "a", "I4", replica, STEADY),
    Question("without-parking", "b", "I5", sick, STEADY),
    Question("altered-letter", "a", "I8", nothing, Load(bad=0.2)),
    Question("acks-of-one", "a", "I6", leader_killed, Load(), world=Quorum),
)


async def exam(world: World, folder: Path, seed: int, asked: Sequence[Question]) -> dict[str, int]:
    """Ask those of these questions that are for this kind of world: in which draw each was caught, 0 for one that was missed."""
    room = asyncio.Semaphore(AT_ONCE)
    here = [question for question in asked if question.world is type(world)]
    draws = await asyncio.gather(*(_until_caught(room, world, folder, question, seed) for question in here))
    return {question.bug: draw for question, draw in zip(here, draws, strict=True)}


def graded(found: Mapping[str, int]) -> Line:
    """How many were planted, how many caught, which were missed, and which were caught in another draw than the first."""
    return {
        "planted": len(found),
        "caught": sum(draw > 0 for draw in found.values()),
        "missed": [bug for bug, draw in found.items() if not draw],
        "draws": {bug: draw for bug, draw in found.items() if draw > 1},
    }


async def _until_caught(room: asyncio.Semaphore, world: World, folder: Path, question: Question, seed: int) -> int:
    """In which draw it was caught, once there is room to ask; 0 where it was missed in all of them."""
    async with room:
        for draw in range(1, DRAWS + 1):
            if await _ask(world, folder, question, seed + draw, f"{question.bug.replace('-', '')}{draw}"):
                return draw
        return 0


async def _ask(world: World, folder: Path, question: Question, seed: int, mark: str) -> bool:
    lap = Lap(
        world, folder / mark, mark, seed, question.load, planted={question.role: question.bug},
        versions=dict(question.versions), replicated=question.breaks is replica,
        twins=(question.role,) if question.breaks is replica else (), patience=PATIENCE_SECONDS * strain(),
    )  # fmt: skip
    began = time.monotonic()
    try:
        await lap.prepare()
        try:
            await question.breaks(lap, question.role)
        except TimeoutError:  # nothing came through any more, which is for the checker to say
            lap.told["stuck"] = "nothing came through"
        found = await lap.finish()
    finally:
        await lap.end()
    red = [name for name, count in found["violations"].items() if count]
    caught = question.red in red
    color = "green" if caught else "red"
    out.print(
        f"[{color}]{'✓' if caught else '✗'}[/{color}] {question.bug:<22} {question.red} had to turn red;"
        f" red are {', '.join(red) or 'none'}, {time.monotonic() - began:.0f} s"
    )
    return caught
