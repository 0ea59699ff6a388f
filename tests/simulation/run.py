"""One seed from the first record to the last check: harsh for a while, then calm until everything has come to rest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from simulation import city
from simulation.acts import Acts
from simulation.check import everything_wrong
from simulation.database import Database, emptied
from simulation.log import Log, Place
from simulation.process import Process, Service
from simulation.source import Group
from simulation.standins import simulated
from simulation.world import World

from upstream_schemas.topic import Topic

STEPS_MAX = 500  # of the harsh part
CALM_STEPS_MAX = 20_000
CALM_SECONDS_MAX = 3_600.0  # of the world's time
REPLICAS = 2
REST = """
SELECT (SELECT count(*) FROM runtime.due) AS due, (SELECT count(*) FROM runtime.parked) AS parked,
  (SELECT coalesce(sum(c.n - coalesce(s.n, 0)), 0) FROM runtime.counter c LEFT JOIN runtime.sent s USING (topic, partition)) AS unsent
"""


@dataclass(slots=True)
class Result:
    """What one seed showed. `wrong` is empty where every invariant held."""

    seed: int
    wrong: list[str]
    trace: list[str]
    faults: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    asked: int = 0


class Run:
    """One seed over databases that are empty."""

    def __init__(self, seed: int, databases: Sequence[Database], keys: int | None = None) -> None:
        self.world = world = World(seed)
        self.log = log = Log(world)
        for topic in city.CATALOGUE:
            for place in _places(topic):
                log.partitions[place] = []
        self.services = {database.name: _service(database) for database in databases}
        self.processes = [
            Process(f"{name}-{number}", service, world, log)
            for name, service in sorted(self.services.items())
            for number in range(1, REPLICAS + 1)
        ]
        count = keys or world.dice.choice((1, 2, 4, 8))
        self.acts = Acts(world, log, self.processes, self.services, [world.uuid() for _ in range(count)])
        self.steps = 0

    async def run(self) -> Result:
        """Raises nothing that the engine did wrong: that is in the result."""
        world = self.world
        with simulated(world):
            try:
                await self._harsh()
                if await self._calm():
                    world.wrong += await everything_wrong(self.acts)
            finally:
                await self._end()
        return Result(world.seed, world.wrong, world.trace, world.faults.drawn, self.steps, len(self.acts.sent))

    async def _harsh(self) -> None:
        world = self.world
        for process in self.processes:
            process.start()
        for service in self.services.values():
            service.group.rebalance(world)
        await world.settle()
        rate = world.dice.choice((0.05, 0.1, 0.3))
        while self.steps < STEPS_MAX and self.acts.left > 0 and not world.wrong:
            if world.dice.random() < rate or not await self._step():
                await self.acts.one()
            await self._bury()

    async def _calm(self) -> bool:
        """Faults off, and on until nothing is left to do. False where that never came."""
        world, acts = self.world, self.acts
        await self._heal()
        until, steps = world.seconds + CALM_SECONDS_MAX, self.steps + CALM_STEPS_MAX
        while not world.wrong and world.seconds < until and self.steps < steps:
            for orphan in acts.orphans():
                await acts.notice(orphan)
            if not await self._step() and not acts.orphans():
                if await self._at_rest():
                    return True
                world.time_passes()
            await self._bury(revive=True)
        world.wrong = world.wrong or [f"never came to rest: {await self._unfinished()}"]
        return False

    async def _heal(self) -> None:
        """Whatever was broken is mended, whoever was dead lives, and operators have tried again what waits."""
        world = self.world
        world.faults.calm = True
        world.note("calm")
        self.log.refused.clear()
        self.log.arrive()
        for service in self.services.values():
            service.mood.broken.clear()
        for process in self.processes:
            if not process.alive:
                process.start()
        await world.settle()
        for service in self.services.values():
            service.group.rebalance(world)
        for process in self.processes:
            process.clock.off = timedelta(0)
        for process in self.processes[::REPLICAS]:
            process.redrive()

    async def _step(self) -> bool:
        self.steps += 1
        if not self.world.faults.calm and self.world.dice.random() < self.world.haste:
            self.world.time_passes(self.world.dice.choice((0.1, 1.0, 6.0)))
        return await self.world.go_on() or (not self.world.faults.calm and self.world.time_passes())

    async def _bury(self, *, revive: bool = False) -> None:
        """Those who are dying die; in order or not."""
        while self.world.dying:
            owner = self.world.dying.pop(0)
            for process in self.processes:
                if process.alive and process.owner == owner:
                    await process.die()
                    if revive:
                        process.start()
                        process.service.group.rebalance(self.world)

    async def _at_rest(self) -> bool:
        return not any((await self._unfinished()).values())

    async def _unfinished(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for process in self.processes:
            found[process.name] = int(not process.source.idle) + len(process.consumer.held)
        for name, service in self.services.items():
            for row in await service.database.watcher.fetch(REST):
                found |= {f"{name} {what}": int(count) for what, count in row.items()}
        return found

    async def _end(self) -> None:
        self.world.faults.calm = True
        for process in self.processes:
            if process.alive:
                await process.die()
        while any(service.database.orphans for service in self.services.values()):
            for orphan in self.acts.orphans():
                await self.acts.notice(orphan)
            await self.world.settle()


async def run_seed(seed: int, databases: Sequence[Database], keys: int | None = None) -> Result:
    """Empty the databases and run one seed."""
    await emptied(databases)
    return await Run(seed, databases, keys).run()


def _places(topic: Topic) -> list[Place]:
    names = [topic.for_party(party) for party in city.PARTIES] if topic.mark else [topic.name]
    return [(name, partition) for name in names for partition in range(topic.partitions)]


def _service(database: Database) -> Service:
    mood = city.Mood()
    app = {city.DESK: city.desk, city.HALL: city.hall}[database.name](mood)
    topics = [route.topic for route in app.routes] + [inlet.family for inlet in app.inlets]
    return Service(app, mood, database, Group([place for topic in topics for place in _places(topic)]))
