"""What every process says about its own troubles: records that were set aside for a person."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from upstream_schemas.model import Code, Event, Hash, Id, Line, Moment, Offset, Partition
from upstream_schemas.privacy import Open, Personal

# What is copied of a record is at most 64 KiB, which base64 makes a third longer.
Copied = Annotated[str, StringConstraints(max_length=87_384)]


class DeadLetterRecordedV1(Event):
    """A record was set aside, with the reason and, except after an emergency, its bytes."""

    TYPE: ClassVar[str] = "operations.dead-letter.recorded.v1"
    dead_letter_id: Annotated[Id, Open] = Field(description="The dead letter; also the record's key")
    process: Annotated[Code, Open] = Field(description="Which process set it aside")
    topic: Annotated[Line, Open] = Field(description="Topic it came from")
    partition: Annotated[Partition, Open] = Field(description="Partition it came from")
    offset: Annotated[Offset, Open] = Field(description="Offset it lay at")
    reason: Annotated[Code, Open] = Field(description="Why it was set aside")
    pointer: Annotated[str | None, Open] = Field(None, max_length=300, description="Where the trouble stands")
    value_bytes: Annotated[int, Open] = Field(ge=0, le=1 << 30, description="Size of the value, bytes")
    value_hash: Annotated[Hash, Open] = Field(description="SHA-256 of the value")
    value: Annotated[Copied | None, Personal] = Field(
        None, description="The value, base64; not after an emergency, nor when large"
    )
    key: Annotated[Copied | None, Personal] = Field(
        None, description="The record's key, base64; not after an emergency, nor when large"
    )
    headers: Annotated[Copied | None, Personal] = Field(
        None, description="The headers as JSON pairs with hexadecimal values, base64; not after an emergency, nor when large"
    )
    set_aside_at: Annotated[Moment, Open] = Field(description="When")
