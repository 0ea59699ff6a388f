"""What staff send: strict shapes. Nothing is decided or kept here."""

import binascii
from base64 import b64decode
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from upstream_schemas.catalogues import languages
from upstream_schemas.model import Code, Codes, Language

KEY_BYTES: Final = 32
B = TypeVar("B", bound="StaffBody")


def _public_key(text: str) -> str:
    try:
        size_bytes = len(b64decode(text, validate=True))
    except binascii.Error:
        size_bytes = 0
    if size_bytes != KEY_BYTES:
        raise ValueError("a public key is 32 bytes in base64")
    return text


def _spoken(code: str) -> str:
    if not languages.known(code):
        raise ValueError("no language of the catalogue")
    return code


class StaffBody(BaseModel):
    """Strict, frozen; an unknown field is refused."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


class ProviderBody(StaffBody):
    """A provider as `upstream-stack provider add` registers it: its newest public key and its services of the directory."""

    key_id: Code
    public_key: Annotated[str, Field(max_length=100), AfterValidator(_public_key)]
    services: Annotated[Codes, Field(min_length=1, max_length=20)]


class DeskBody(StaffBody):
    """Where the coordinator's desk is told that something new waits."""

    email: str = Field(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$")
    language: Annotated[Language, AfterValidator(_spoken)] = "en"


class CoordinatorBody(StaffBody):
    """Whose link it is: a staff account."""

    account: Code
