"""One record on its way out, byte for byte: what is sent the first time is what is sent again. Must not look into a submission."""

from dataclasses import dataclass
from uuid import UUID

from upstream_schemas.envelope import ID_LENGTH_MAX

Header = tuple[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record for the broker. `number` counts from 1 within one run; `event_id` is what its answer will name, if anything."""

    number: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    event_id: str | None

    @property
    def submission_id(self) -> str | None:
        """The key, where it is an id."""
        try:
            return str(UUID(self.key.decode())) if self.key is not None else None
        except ValueError:
            return None


def id_in(headers: tuple[Header, ...]) -> str | None:
    """The one `ce_id` a receiver can read; None where it is missing, repeated, null or no text."""
    found = [value for name, value in headers if name == "ce_id" and value is not None]
    try:
        text = found[0].decode() if len(found) == 1 else ""
    except UnicodeDecodeError:
        return None
    return text if 0 < len(text) <= ID_LENGTH_MAX else None
