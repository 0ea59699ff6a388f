"""Data classes: what a field may hold, and so who may see it.

Every field of every record carries one of these marks; masking, logging and the wall between outreach and law
enforcement read them. This module must not know any event.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final, get_args, get_origin

from pydantic import BaseModel, PlainSerializer, SerializationInfo, StringConstraints


class DataClass(StrEnum):
    """What a field holds.

    `Open` may be published; `Personal` is about a person; `Sealed` is ciphertext on the wire; `Enforcement` never
    leaves law enforcement's side of the wall except as a listed crossing.
    """

    OPEN = "open"
    PERSONAL = "personal"
    SEALED = "sealed"
    ENFORCEMENT = "enforcement"


Open: Final = DataClass.OPEN
Personal: Final = DataClass.PERSONAL
Sealed: Final = DataClass.SEALED
Enforcement: Final = DataClass.ENFORCEMENT


SEALED_LENGTH_MAX: Final = 4000


class UnsealedError(Exception):
    """A sealed field cannot be written: the writer gave no `seal`, or what is sealed has grown too long."""


def _seal_on_the_wire(value: str, info: SerializationInfo) -> str:
    seal = (info.context or {}).get("seal")
    if seal is None:
        raise UnsealedError("a sealed field needs a seal to be written")
    sealed: str = seal(value)
    if len(sealed) > SEALED_LENGTH_MAX:
        raise UnsealedError("a sealed field is too long to be read again")
    return sealed


# A sealed field is plain text only in the memory of its writer: whoever encodes the event must give
# context={"seal": function}. What a reader finds in it is ciphertext, which its opener turns back.
SealedText = Annotated[
    str,
    DataClass.SEALED,
    StringConstraints(max_length=SEALED_LENGTH_MAX),
    PlainSerializer(_seal_on_the_wire, return_type=str),
]


def data_class_of(model: type[BaseModel], field: str) -> DataClass | None:
    """The mark on one field, or None where there is none (a test allows that only for fields that hold records)."""
    info = model.model_fields[field]
    for mark in (*info.metadata, *_marks_inside(info.annotation)):
        if isinstance(mark, DataClass):
            return mark
    return None


def _marks_inside(annotation: object) -> list[object]:
    if get_origin(annotation) is Annotated:
        return [*getattr(annotation, "__metadata__", ()), *_marks_inside(get_args(annotation)[0])]
    return [mark for inner in get_args(annotation) for mark in _marks_inside(inner)]


def fields_within(record: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
    """Every field of a record and of the records inside it, with the record it stands in."""
    for name, info in record.model_fields.items():
        yield record, name
        for inner in records_inside(info.annotation):
            yield from fields_within(inner)


def records_inside(annotation: object) -> list[type[BaseModel]]:
    """The records that an annotation mentions: its own class, or the classes in its unions and tuples."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [record for inner in get_args(annotation) for record in records_inside(inner)]
