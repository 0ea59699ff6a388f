"""The one place of the client that asks what time it is and draws ids."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils


def now() -> datetime:
    """The moment, UTC."""
    return datetime.now(UTC)


def fresh_id() -> UUID:
    """A new UUIDv7."""
    return UUID(int=uuid_utils.uuid7().int)
