"""The matrix as a plan: which laps there are, what is broken in each, and for how long. All chance comes from one seed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from faults import rows_anew, rows_broker, rows_database, rows_disk, rows_input, rows_network, rows_process, rows_quorum
from faults.client import Load
from faults.lap import Lap
from faults.little_room import LittleRoom, room_can_be_limited
from faults.pipeline import PROCESSES
from faults.quorum import Quorum
from faults.world import World

Break = Callable[[Lap, float], Awaitable[None]]


USUAL: Final = Load(bad=0.02)
CALM: Final = replace(USUAL, rate=40.0)  # where something is away for long: reminders are one transaction each, and pile up


@dataclass(frozen=True, slots=True)
class LapPlan:
    """One lap: what breaks it until its time is up (`seconds`, of the short matrix), under which load.

    One in another kind of `world` gets one of its own. A `long` one is part of the soak, and of the short matrix where it is named.
    """

    name: str
    breaks: Break
    seconds: float
    load: Load = USUAL
    through_proxies: bool = False
    replicated: bool = False
    twins: tuple[str, ...] = ()
    world: type[World] = World
    long: bool = False


async def crashes(lap: Lap, until: float) -> None:
    await asyncio.gather(
        *(rows_process.crash_chain(lap, role, until) for role in PROCESSES), *(_moods(lap, role, until) for role in PROCESSES)
    )
    for role in PROCESSES:
        await rows_input.redrive_twice(lap, role)


async def _moods(lap: Lap, role: str, until: float) -> None:
    """What is parked and drained meanwhile: crash point C13 lives of it."""
    while time.monotonic() < until - 5:
        await asyncio.sleep(lap.rng.uniform(0.5, 2.0))
        await rows_input.sicken(lap, role, 0.1, lap.rng.uniform(1.0, 3.0))


async def poison(lap: Lap, until: float) -> None:
    """One key among 200; half of the time without it, to compare with."""
    await rows_input.poison_one(lap, "b", (until - time.monotonic()) / 2)
    await rows_input.redrive_twice(lap, "b")


async def kills(lap: Lap, until: float) -> None:
    await asyncio.gather(*(rows_process.kill_at_random(lap, role, until) for role in PROCESSES))


async def pauses(lap: Lap, until: float) -> None:
    await asyncio.gather(*(rows_process.pause(lap, role, until) for role in PROCESSES))


async def brokers(lap: Lap, until: float) -> None:
    rows = [rows_broker.refuse_records, rows_broker.kill_broker, rows_broker.restart_broker, rows_broker.restart_loop]
    await _each_in_turn(lap, until, rows)


async def databases(lap: Lap, until: float) -> None:
    await asyncio.gather(_servers(lap, until), *(_sessions(lap, role, until) for role in PROCESSES))


async def _servers(lap: Lap, until: float) -> None:
    rows = [rows_database.kill_server, rows_database.stop_server_immediately]
    while time.monotonic() < until:
        await asyncio.sleep(lap.rng.uniform(4.0, 8.0))
        lap.rng.shuffle(rows)
        await rows[0](lap)


async def _sessions(lap: Lap, role: str, until: float) -> None:
    rows = [
        *[rows_database.end_sessions] * 4, rows_database.sit_in_a_transaction, rows_database.deadlock,
        rows_database.unserializable, rows_database.no_connection_left,
    ]  # fmt: skip
    while time.monotonic() < until:
        lap.rng.shuffle(rows)
        for row in rows:
            if time.monotonic() < until:
                await asyncio.sleep(lap.rng.uniform(0.3, 1.0))
                await rows_database.while_it_is_there(row, lap, role)


async def networks(lap: Lap, until: float) -> None:
    await asyncio.gather(*(_network(lap, role, until) for role in PROCESSES))


async def _network(lap: Lap, role: str, until: float) -> None:
    await rows_network.network(lap, role, until - 12)
    await rows_network.long_partition(lap, role, "postgres" if role == "c" else "kafka")


async def replicas(lap: Lap, until: float) -> None:
    storming = asyncio.gather(*(rows_process.storm(lap, role, until) for role in ("a", "b")))
    await asyncio.sleep(2)
    await rows_process.raise_partitions(lap)
    await storming


async def upgrades(lap: Lap, until: float) -> None:
    await rows_process.upgrade(lap)
    while time.monotonic() < until:
        await rows_process.restart_static_member(lap, lap.rng.choice(PROCESSES))


async def inputs(lap: Lap, until: float) -> None:
    rows_input.count_input(lap)
    await asyncio.sleep(4)
    while time.monotonic() < until:
        await rows_input.replay_segment(lap)
        await rows_input.move_offsets(lap, "b", "back")
        await rows_input.move_offsets(lap, "c", "forward")


async def clocks(lap: Lap, until: float) -> None:
    """An hour forward, and back and forth from there; in the end forward of all, so that every reminder comes."""
    offset = 0.0
    while time.monotonic() < until:
        for step in (3600.0, -20.0, 30.0, -15.0, 60.0):
            offset += step
            await rows_input.step_clock(lap, step, offset)
            await asyncio.sleep(1)
        await rows_input.rotate_credentials(lap, lap.rng.choice(PROCESSES))


async def quorum(lap: Lap, until: float) -> None:
    rows = [rows_quorum.kill_leader, rows_quorum.kill_controller, rows_quorum.two_down, rows_quorum.restart_in_turn]
    await _each_in_turn(lap, until, rows)


async def wiped(lap: Lap, until: float) -> None:
    await _each_in_turn(lap, until, [rows_anew.wipe_broker])


async def restored(lap: Lap, until: float) -> None:
    """Each process once: who only reads, who reads and speaks, who is asked from outside."""
    while True:
        for role in lap.rng.sample(PROCESSES, len(PROCESSES)):
            await asyncio.sleep(lap.rng.uniform(1.0, 2.0))
            await rows_anew.restore_database(lap, role)
        if time.monotonic() > until:
            return


async def room(lap: Lap, until: float) -> None:
    rows = [rows_disk.database_disk_full, rows_disk.database_log_full, rows_disk.broker_disk_full]
    await _each_in_turn(lap, until, rows)


async def _each_in_turn(lap: Lap, until: float, rows: Sequence[Callable[[Lap], Awaitable[None]]]) -> None:
    """All of them at least once, in an order drawn from the seed, and again while there is time."""
    while True:
        for row in lap.rng.sample(rows, len(rows)):
            await asyncio.sleep(lap.rng.uniform(1.0, 2.0))
            await row(lap)
        if time.monotonic() > until:
            return


LAPS: Final = (
    LapPlan("crashes", crashes, 40),
    LapPlan("kills", kills, 10),
    LapPlan("pauses", pauses, 26, replicated=True, twins=PROCESSES),
    LapPlan("brokers", brokers, 30),
    LapPlan("databases", databases, 35),
    LapPlan("networks", networks, 38, through_proxies=True),
    LapPlan("replicas", replicas, 20, replicated=True),
    LapPlan("upgrades", upgrades, 12),
    LapPlan("inputs", inputs, 20, Load(bad=0.1, copies=5, shuffled=True, bad_each=20, rate=15)),
    LapPlan("clocks", clocks, 12),
    LapPlan("poison", poison, 20, Load(accounts=200)),
    LapPlan("wiped", wiped, 20, CALM, long=True),
    LapPlan("restored", restored, 30, CALM, long=True),
    LapPlan("room", room, 40, CALM, world=LittleRoom, long=True),
    LapPlan("quorum", quorum, 40, CALM, world=Quorum, long=True),
)


def possible() -> tuple[LapPlan, ...]:
    """The laps that can be run here."""
    return tuple(plan for plan in LAPS if plan.world is not LittleRoom or room_can_be_limited())


def absent() -> dict[str, str]:
    """Rows of the design that cannot be injected here, and why: never counted, always named."""
    return {} if room_can_be_limited() else {"D5": "not injected here: a disk of limited size needs root"}
