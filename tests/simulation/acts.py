"""What the world outside the processes does: parties that send, people that click, operators, brokers, clocks and deaths.

Each act is one step of the simulation. Keeps the journal of what was asked, which the checks compare with what was done.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from simulation.city import ASKED, ECHOED, MOVED, PARTIES, AskedV1
from simulation.database import Orphan
from simulation.log import Headers, Log, Place, Record
from simulation.process import Process, Service, Told
from simulation.world import START, World

from upstream_schemas.codec import encode
from upstream_schemas.envelope import Envelope, to_headers

Body = tuple[bytes | None, bytes | None, Headers]  # key, value, headers
OWN: tuple[Place, ...] = tuple((topic.name, partition) for topic in (MOVED, ECHOED) for partition in range(topic.partitions))


@dataclass(slots=True)
class Acts:
    """One seed's outside world. `weights` say how often which act comes up; some seeds leave some out."""

    world: World
    log: Log
    processes: list[Process]
    services: dict[str, Service]
    keys: list[UUID]
    sent: list[tuple[Place, Body]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    rubbish: list[Record] = field(default_factory=list)
    weights: dict[Callable[[], object], int] = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        dice = self.world.dice
        self.left = dice.randint(15, 60)
        usual = {
            self.ask: 12, self.ask_again: 4, self.ask_otherwise: 2, self.send_rubbish: 2, self.click: 6,
        }  # fmt: skip
        harsh = {
            self.spoil_own: 1, self.replay: 3, self.rebalance: 4, self.fall_back: 3, self.leap: 7, self.turn_clock: 2,
            self.kill: 2, self.revive: 6, self.retire: 1, self.heal: 3, self.redrive: 2,
            self.refuse: 2, self.accept: 3, self.arrive: 3,
        }  # fmt: skip
        self.weights = usual | {act: weight for act, weight in harsh.items() if dice.random() < 0.7}

    async def one(self) -> None:
        """One act; things that happen by themselves at the server come up too."""
        orphans = self.orphans()
        if orphans and self.world.dice.random() < 0.4:
            await self.notice(self.world.dice.choice(orphans))
            return
        act = self.world.dice.choices(list(self.weights), list(self.weights.values()))[0]
        self.left -= 1
        self.world.note(f"act: {getattr(act, '__name__', act)}")
        done = act()
        if hasattr(done, "__await__"):
            await done
        await self.world.settle()

    # ---- parties and people

    def ask(self) -> None:
        dice = self.world.dice
        party = dice.choice(PARTIES)
        later = dice.choice((None, None, None, 1, 4))
        label = f"{party}{len(self.sent)}{'' if later is None else '+'}"
        event = AskedV1(counter_id=dice.choice(self.keys), label=label, later=later)
        if dice.random() < 0.08:
            dice.choice([self.services[name].mood for name in sorted(self.services)]).broken.add(label)
        self._send((ASKED.for_party(party), 0), _body(event, party, f"id-{label}"))

    def ask_again(self) -> None:
        if self.sent:
            self._send(*self.world.dice.choice(self.sent))

    def ask_otherwise(self) -> None:
        """Another body under an id that was used before."""
        place, (_, _, headers) = self.world.dice.choice(self.sent) if self.sent else (None, (None, None, ()))
        if place is None or not headers:
            return
        key = self.world.dice.choice(self.keys)
        value = encode(AskedV1(counter_id=key, label=f"otherwise{len(self.sent)}"))
        headers = [(name, str(key).encode() if name == "ce_subject" else text) for name, text in headers]
        self._send(place, (str(key).encode(), value, headers))

    def send_rubbish(self) -> None:
        dice = self.world.dice
        party = dice.choice(PARTIES)
        event = AskedV1(counter_id=dice.choice(self.keys), label="rubbish")
        key, value, headers = _body(event, party, f"id-rubbish{len(self.sent)}")
        bodies: list[Body] = [
            (key, b"{" + dice.randbytes(8), headers),
            (key, b'{"counter_id": 5}', headers),
            (key, None, headers),
            (b"another key", value, headers),
            (key, dice.randbytes(20), ()),
        ]
        self._send((ASKED.for_party(party), 0), dice.choice(bodies))

    def click(self) -> None:
        alive = [one for one in self.processes if one.alive and not one.draining and one.name.startswith("desk")]
        if alive:
            command = Told(f"click{len(self.told)}", self.world.dice.choice(self.keys))
            self.told.append(command)
            self.world.dice.choice(alive).tell(command)

    def _send(self, place: Place, body: Body) -> None:
        self.sent.append((place, body))
        self.log.append(place, *body)

    # ---- the broker

    def spoil_own(self) -> None:
        """A record that nobody can read turns up on a topic of our own."""
        dice = self.world.dice
        self.rubbish.append(self.log.append(dice.choice(OWN), dice.randbytes(4), dice.randbytes(30), ()))

    def replay(self) -> None:
        """An old segment of a topic of our own comes once more."""
        dice = self.world.dice
        place = dice.choice(OWN)
        numbered = [record for record in self.log.partitions[place] if record.number is not None]
        if numbered:
            first = dice.randrange(len(numbered))
            for record in numbered[first : first + dice.randint(1, 4)]:
                self.log.append(place, record.key, record.value, record.headers)

    def rebalance(self) -> None:
        self._some_service().group.rebalance(self.world)

    def fall_back(self) -> None:
        """Offsets that were committed are lost."""
        group = self._some_service().group
        for place in list(group.committed):
            group.committed[place] = self.world.dice.randint(0, group.committed[place])
        group.rebalance(self.world)

    def leap(self) -> None:
        """A position runs ahead on a numbered topic: what was skipped must be missed, and read after all.

        Only where a number was applied: a reader that never applied one begins with the first that it sees, and says so. And only
        over a number: a record of ours that bears none is missed by nobody.
        """
        able = [
            (process.source, place)
            for process in self.processes
            for place, at in process.source.places.items()
            if place in OWN and place in process.consumer._marks and at < self.log.end(place)
            if self.log.partitions[place][at].number is not None
        ]
        if able:
            source, place = self.world.dice.choice(able)
            source.places[place] += 1

    def refuse(self) -> None:
        """The broker will not take one of the next records of a partition, until it does."""
        dice = self.world.dice
        place = dice.choice(list(self.log.partitions))
        known = [record.number or 0 for record in self.log.partitions[place]]
        if place not in self.log.refused and place[0] not in {ASKED.for_party(party) for party in PARTIES}:
            self.log.refused[place] = max(known, default=0) + dice.randint(1, 3)

    def accept(self) -> None:
        if self.log.refused:
            del self.log.refused[self.world.dice.choice(list(self.log.refused))]

    def arrive(self) -> None:
        self.log.arrive()

    # ---- processes, clocks, operators

    def turn_clock(self) -> None:
        seconds = self.world.dice.choice((-3600.0, -5.0, -0.5, 0.5, 5.0, 20.0))
        self.world.dice.choice([one for one in self.processes if one.lives]).clock.off += timedelta(seconds=seconds)

    async def kill(self) -> None:
        alive = [one for one in self.processes if one.alive]
        if alive:
            await self.world.dice.choice(alive).die()

    def revive(self) -> None:
        dead = [one for one in self.processes if not one.alive]
        if dead:
            one = self.world.dice.choice(dead)
            one.start()
            one.service.group.rebalance(self.world)

    def retire(self) -> None:
        """A replica is stopped in order."""
        alive = [one for one in self.processes if one.alive and not one.draining]
        if alive:
            self.world.dice.choice(alive).drain()

    def heal(self) -> None:
        service = self._some_service()
        if service.mood.broken:
            service.mood.broken.remove(min(service.mood.broken))

    def redrive(self) -> None:
        alive = [one for one in self.processes if one.alive and not one.draining]
        if alive and not any(task.get_name() == "operator" for one in alive for task in one.tasks if not task.done()):
            self.world.dice.choice(alive).redrive()

    def orphans(self) -> list[tuple[Service, Orphan]]:
        """Lost sessions that the server may notice now."""
        services = [self.services[name] for name in sorted(self.services)]
        return [(service, orphan) for service in services for orphan in service.database.orphans if orphan.ready()]

    async def notice(self, found: tuple[Service, Orphan]) -> None:
        service, orphan = found
        self.world.note(f"{service.database.name}'s server notices a lost client{': it commits' if orphan.late else ''}")
        await service.database.notice(self.world, orphan)
        await self.world.settle()

    def _some_service(self) -> Service:
        return self.services[self.world.dice.choice(sorted(self.services))]


def _body(event: AskedV1, party: str, event_id: str) -> Body:
    key = str(event.counter_id)
    texts = to_headers(Envelope(event_id, f"/city/{party}", event.TYPE, START, key))
    return key.encode(), encode(event), [(name, text.encode()) for name, text in texts]
