"""What may happen to one call, and how often: drawn from the seed, so that each seed is harsh in ways of its own.

Decides only; who made the call carries it out.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from random import Random


class Kind(Enum):
    """What sort of call waits to be let go."""

    PLAIN = "nothing can go wrong with it"
    CALL = "a statement"
    WRITE = "a statement that may wait for locks while it holds some"
    COMMIT = "a commit"
    APPEND = "records on their way to the broker"
    ACK = "the broker's word that it has them"


class Fate(Enum):
    """What becomes of a call."""

    GOES = "goes through"
    LOST_BEFORE = "the connection is lost before it"
    LOST_AFTER = "the connection is lost after it, so that its outcome is unknown"
    LATE = "the connection is lost, and the server gets to it later"
    DIES_BEFORE = "the process dies before it"
    DIES_AFTER = "the process dies after it"
    DEADLOCK = "the server breaks a deadlock with it"
    NO_ROOM = "the server has no room for it"


ODDS: dict[Kind, dict[Fate, int]] = {
    Kind.PLAIN: {},
    Kind.CALL: {Fate.LOST_BEFORE: 3, Fate.LOST_AFTER: 2, Fate.DIES_BEFORE: 2, Fate.DIES_AFTER: 1, Fate.NO_ROOM: 1},
    Kind.WRITE: {Fate.LOST_BEFORE: 3, Fate.LOST_AFTER: 2, Fate.DIES_BEFORE: 2, Fate.DIES_AFTER: 1, Fate.DEADLOCK: 4},
    Kind.COMMIT: {Fate.LOST_BEFORE: 2, Fate.LOST_AFTER: 4, Fate.LATE: 4, Fate.DIES_BEFORE: 2, Fate.DIES_AFTER: 3},
    Kind.APPEND: {Fate.LOST_BEFORE: 2, Fate.LOST_AFTER: 3, Fate.LATE: 3, Fate.DIES_BEFORE: 1, Fate.DIES_AFTER: 2},
    Kind.ACK: {Fate.LOST_BEFORE: 3, Fate.DIES_BEFORE: 3},
}  # fmt: skip
HARSHER = {Kind.CALL: 1, Kind.WRITE: 1, Kind.COMMIT: 5, Kind.APPEND: 8, Kind.ACK: 5, Kind.PLAIN: 0}
RATES = (0.0, 0.005, 0.01, 0.02, 0.04)  # of statements; the others are hit more often, because there are fewer of them


@dataclass(slots=True)
class Faults:
    """Draws fates, and counts what it drew. Calm, it lets everything through."""

    dice: Random
    calm: bool = False
    drawn: Counter[str] = field(default_factory=Counter)
    rate: float = 0.0
    spared: frozenset[Fate] = frozenset()

    def __post_init__(self) -> None:
        self.rate = self.dice.choice(RATES)
        self.spared = frozenset(fate for fate in Fate if self.dice.random() < 0.2)

    def draw(self, kind: Kind) -> Fate:
        """What becomes of the next call of this kind."""
        if self.calm or self.dice.random() >= self.rate * HARSHER[kind]:
            return Fate.GOES
        odds = {fate: odd for fate, odd in ODDS[kind].items() if fate not in self.spared}
        if not odds:
            return Fate.GOES
        fate = self.dice.choices(list(odds), list(odds.values()))[0]
        self.drawn[f"{kind.name}.{fate.name}"] += 1
        return fate
