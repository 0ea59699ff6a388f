"""What kind of trouble an exception is: somebody was faster, the machinery is down, or the fact itself cannot be decided."""

from enum import Enum

from asyncpg import exceptions as pg

from upstream_runtime.apply import Overtaken


class Trouble(Enum):
    """CONTENTION is run again at once; INFRASTRUCTURE waits and counts no attempt; POISON holds what it concerns."""

    CONTENTION = "contention"
    INFRASTRUCTURE = "infrastructure"
    POISON = "poison"


CONTENTION = (
    Overtaken,
    pg.DeadlockDetectedError,
    pg.SerializationError,
    pg.ExclusionViolationError,
    pg.UniqueViolationError,
)
INFRASTRUCTURE = (
    OSError,
    TimeoutError,
    pg.InterfaceError,
    pg.InternalClientError,  # a connection that died in the middle of the server's last words, lent once more
    pg.PostgresConnectionError,
    pg.OperatorInterventionError,
    pg.InsufficientResourcesError,
    pg.InvalidAuthorizationSpecificationError,
    pg.InvalidCatalogNameError,
    pg.IdleInTransactionSessionTimeoutError,
    pg.ReadOnlySQLTransactionError,
)


def trouble(error: BaseException) -> Trouble:
    """The kind of trouble an exception is."""
    if isinstance(error, CONTENTION):
        return Trouble.CONTENTION
    if isinstance(error, ValueError):  # asyncpg's client-side data errors are interface errors too
        return Trouble.POISON
    return Trouble.INFRASTRUCTURE if isinstance(error, INFRASTRUCTURE) else Trouble.POISON
