"""A supervised process is relieved by another: who runs when, and what is left where one of the two ends in the middle of it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from upstream_stack.child import Child
from upstream_stack.launch import Launch
from upstream_stack.log_files import TURN_OVER_BYTES, first_words
from upstream_stack.proc_table import descendants

PROGRAM = """
import os, signal, sys, time
from upstream_runtime.relief import wait_for_turn

def hold(name):
    while os.path.exists(name):
        time.sleep(0.01)

def end(*_):
    hold("busy")
    sys.exit(0)

signal.signal(signal.SIGTERM, end)
relief = os.environ.get("UPSTREAM_RELIEF")
if relief and os.path.exists("broken"):
    sys.exit("there is no key")
if relief:
    hold("slow")
wait_for_turn(relief)
with open("up", "a") as up:
    print(os.getpid(), file=up)
while True:
    time.sleep(1)
"""
SECONDS = 20.0


class Kept:
    """A process under supervision, and the ids of all that went to work under its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        launch = Launch("kept", (sys.executable, "-c", PROGRAM), 0, folder / "kept.log", folder, dict(os.environ))
        self.child = Child(launch, self._probe, lambda: None)

    def went_to_work(self) -> list[int]:
        up = self.folder / "up"
        return [int(line) for line in up.read_text().split()] if up.exists() else []

    @property
    def pid(self) -> int:
        identity = self.child.record.identity
        assert identity is not None
        return identity.pid

    def beside_it(self) -> list[int]:
        """What else runs of this program."""
        return [pid for pid in running(self.folder) if pid != self.pid]

    async def up(self, count: int) -> None:
        await until(lambda: self.child.record.state == "up" and len(self.went_to_work()) >= count)

    async def _probe(self) -> None:
        await until(lambda: self.pid in self.went_to_work())


def running(folder: Path) -> list[int]:
    """The processes that we started there."""
    return [pid for pid in descendants(os.getpid())[1:] if _runs(pid, folder)]


def _runs(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == folder.resolve()
    except OSError:
        return False


async def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    found = Kept(tmp_path)
    found.child.start()
    await found.up(1)
    yield found
    for name in ("slow", "busy"):
        (tmp_path / name).unlink(missing_ok=True)
    await found.child.stop()
    await until(lambda: not running(tmp_path))


async def test_the_relief_goes_to_work_when_the_other_has_ended_and_not_before(kept: Kept) -> None:
    before = kept.pid
    for name in ("slow", "busy"):
        (kept.folder / name).touch()
    relieving = asyncio.create_task(kept.child.relieve(SECONDS))
    await until(lambda: len(kept.beside_it()) == 1)
    (relief,) = kept.beside_it()
    assert kept.pid == before
    (kept.folder / "slow").unlink()
    await asyncio.sleep(0.5)
    assert (kept.pid, kept.went_to_work()) == (before, [before]), "the one that runs is still busy"
    (kept.folder / "busy").unlink()
    await relieving
    await kept.up(2)
    assert (kept.pid, kept.went_to_work(), kept.child.record.restarts) == (relief, [before, relief], 1)


@pytest.mark.parametrize("what", ["broken", "slow"])
async def test_where_no_relief_gets_ready_nothing_has_changed(kept: Kept, what: str) -> None:
    before = kept.pid
    (kept.folder / what).touch()
    await kept.child.relieve(SECONDS if what == "broken" else 0.5)
    assert (kept.pid, kept.child.record.state, kept.child.record.restarts) == (before, "up", 0)
    await until(lambda: not kept.beside_it())
    said = first_words(kept.child.launch.log, 0)
    assert said == ("there is no key" if what == "broken" else "")


async def test_one_that_ends_by_itself_while_its_relief_loads_is_started_again_and_the_relief_is_not_kept(kept: Kept) -> None:
    (kept.folder / "slow").touch()
    relieving = asyncio.create_task(kept.child.relieve(SECONDS))
    await until(lambda: len(kept.beside_it()) == 1)
    relief = kept.beside_it()
    os.kill(kept.pid, signal.SIGKILL)
    await until(lambda: kept.child.record.restarts == 1 and kept.child.record.state == "backing off")
    (kept.folder / "slow").unlink()
    await relieving
    await kept.up(2)
    assert kept.pid not in relief
    await until(lambda: not kept.beside_it())
    assert kept.child.record.restarts == 1


async def test_relief_that_ends_before_its_turn_is_replaced(kept: Kept) -> None:
    (kept.folder / "busy").touch()
    relieving = asyncio.create_task(kept.child.relieve(SECONDS))
    await until(lambda: len(kept.beside_it()) == 1)
    (relief,) = kept.beside_it()
    await asyncio.sleep(1.0)  # it has said that it is ready
    os.kill(relief, signal.SIGKILL)
    await until(lambda: not kept.beside_it())
    (kept.folder / "busy").unlink()
    await relieving
    await kept.up(2)
    assert kept.pid != relief
    assert (kept.went_to_work()[1:], kept.child.record.restarts) == ([kept.pid], 1)


@pytest.mark.parametrize("held", ["slow", "busy"])
async def test_a_stop_in_the_middle_leaves_nothing(kept: Kept, held: str) -> None:
    (kept.folder / held).touch()
    relieving = asyncio.create_task(kept.child.relieve(SECONDS))
    await until(lambda: len(kept.beside_it()) == 1)
    await asyncio.sleep(0.5)
    relieving.cancel()
    await asyncio.gather(relieving, return_exceptions=True)
    (kept.folder / held).unlink()
    await kept.child.stop()
    assert kept.child.record.state == "stopped"
    await until(lambda: not running(kept.folder))


async def test_a_relief_leaves_the_log_of_the_one_that_runs_where_it_is(kept: Kept) -> None:
    log = kept.child.launch.log
    log.write_bytes(b"x" * (TURN_OVER_BYTES + 1))
    (kept.folder / "broken").touch()
    await kept.child.relieve(SECONDS)
    assert not log.with_name("kept.log.1").exists()
    assert first_words(log, TURN_OVER_BYTES + 1).startswith("there is no key")
