"""The outside parties of a stack, kept in one file. Parties are data: the catalogue names kinds, this names who they are."""

import re
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from upstream_schemas.topic import Zone
from upstream_schemas.topics import OPERATOR_OF

Kind = Literal["source", "provider", "agency"]

DEFAULT_SOURCES = ("pdx311", "parks", "civic-web")
DEFAULT_AGENCIES = ("ppb",)

_MARKS: Final[dict[Kind, str]] = {"source": "<source>", "provider": "<slug>", "agency": "<agency>"}
_ZONES: Final[dict[Kind, Zone]] = {"source": Zone.CITY, "provider": Zone.PROVIDER, "agency": Zone.ENFORCEMENT}
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SLUG_CHARS_MAX = 40


class Party(BaseModel):
    """One outside party; `kind` says which mark of the catalogue its slug stands for."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    slug: str
    kind: Kind = "source"

    @property
    def mark(self) -> str:
        """The mark of the catalogue that stands for this kind of party."""
        return _MARKS[self.kind]

    @property
    def operator(self) -> str:
        """Who sees the names and lags of this party's consumer groups."""
        return OPERATOR_OF[_ZONES[self.kind]]


_PARTIES: TypeAdapter[tuple[Party, ...]] = TypeAdapter(tuple[Party, ...])


def is_slug(text: str) -> bool:
    """Whether `text` can name a party: lower case, digits and single hyphens, so that a prefix of one is never another's."""
    return len(text) <= _SLUG_CHARS_MAX and _SLUG.fullmatch(text) is not None


def read_parties(path: Path) -> tuple[Party, ...]:
    """The parties on file; the default ones where no file has been written yet."""
    if path.exists():
        return _PARTIES.validate_json(path.read_bytes())
    sources = tuple(Party(slug=slug) for slug in DEFAULT_SOURCES)
    return (*sources, *(Party(slug=slug, kind="agency") for slug in DEFAULT_AGENCIES))


def write_parties(path: Path, parties: tuple[Party, ...]) -> None:
    """Replaces the file, so that a reader never sees half of it."""
    draft = path.with_suffix(".new")
    draft.write_bytes(_PARTIES.dump_json(parties, indent=2))
    draft.replace(path)
