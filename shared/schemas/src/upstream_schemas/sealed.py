"""What is inside sealed values: records that travel only as ciphertext, and what their readers may expect in them.

No event; nothing here is ever written to a topic in plain.
"""

from typing import Annotated, Final

from pydantic import Field

from upstream_schemas.model import Codes, Id, Language, Line, Paragraph, Record
from upstream_schemas.privacy import Open, Personal

PADDED_BYTES: Final = 8192  # every self-referral and every payload has this size before it is sealed
CONTACT_PADDED_BYTES: Final = 1024  # every contact that crosses the wall


class TooLongError(Exception):
    """What is to be sealed does not fit into its one size."""


def padded(document: str, size_bytes: int) -> str:
    """A JSON document of exactly this size, so that its ciphertext tells nothing. Raises TooLongError."""
    missing = size_bytes - len(document.encode())
    if missing < 0:
        raise TooLongError
    return document + " " * missing


class SelfReferral(Record):
    """What somebody wrote into the form for help."""

    page_secret: Annotated[str, Personal] = Field(
        pattern=r"^[A-Za-z0-9_-]{43}$",
        description="The secret in the address of the person's own page: 32 random bytes, base64url",
    )
    language: Annotated[Language, Personal] = Field(description="Language the person chose")
    needs: Annotated[Codes, Personal] = Field(max_length=10, description="What would help, as codes of the catalogue of needs")
    name: Annotated[Line | None, Personal] = Field(None, description="How the person wants to be addressed")
    email: Annotated[str | None, Personal] = Field(None, max_length=254, description="Mail address, where we may write")
    phone: Annotated[str | None, Personal] = Field(
        None, max_length=16, description="Telephone number in E.164, where they may be called"
    )
    words: Annotated[Paragraph | None, Personal] = Field(None, description="Anything else, in the person's words")


class OfferPayload(Record):
    """What one provider is told: the least that the participant's consent covers. Absent means: not allowed, or not given."""

    referral_id: Annotated[Id, Open] = Field(description="This provider's own id of the referral")
    needs: Annotated[Codes, Personal] = Field(max_length=10, description="What would help")
    language: Annotated[Language | None, Personal] = Field(None, description="Language to speak")
    name: Annotated[Line | None, Personal] = Field(None, description="How the person wants to be addressed")
    email: Annotated[str | None, Personal] = Field(None, max_length=254, description="Mail address")
    phone: Annotated[str | None, Personal] = Field(None, max_length=16, description="Telephone number in E.164")
    words: Annotated[Paragraph | None, Personal] = Field(None, description="The person's own words")
    terms: Annotated[Paragraph, Open] = Field(description="What the provider may do with this: pass it on to nobody")
