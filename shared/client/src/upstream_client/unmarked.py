"""Personal data where the contract does not expect it: in a field that is marked open, or in one that it does not know.

Looks for four patterns and nothing else: a mail address, a telephone number as it is written in North America or in E.164, a
date more than five years ago, and a number with a street's name. It can miss and it can mistake; it never repeats a value.
Whatever the text, the time a look takes grows no faster than the text: no pattern may begin with an open repetition.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from upstream_schemas.privacy import Open, data_class_of, records_inside

Found = tuple[str, str]  # JSON pointer and kind
_MEANT: Final = frozenset({"callback_number"})  # open by intent: the number of an office, which anybody may call
BIRTH_YEARS: Final = 5  # a date younger than that is hardly a date of birth
_STREETS: Final = "st|street|ave|avenue|blvd|boulevard|rd|road|dr|drive|ln|lane|ct|court|way|pl|place|ter|terrace|pkwy|parkway|hwy|highway|loop|cir|circle"
_MAIL: Final = re.compile(r"[^\s@<>]@[^\s@<>]+\.[^\W\d_]{2,}")
_PHONE: Final = re.compile(
    r"(?<![\w+-])(?:\+[1-9][\d .()-]{6,18}\d|(?:1[ .-]?)?(?:\([2-9]\d{2}\)|[2-9]\d{2})[ .-]?[2-9]\d{2}[ .-]?\d{4})(?![\w-])"
)
_DATE: Final = re.compile(r"(?<![\w-])(?:((?:19|20)\d{2})-[01]?\d-[0-3]?\d|[0-3]?\d[./][0-3]?\d[./]((?:19|20)\d{2}))(?![\w-])")
_STREET: Final = re.compile(rf"\b\d{{1,5}} +(?:[NSEW]{{1,2}}\.? +)?(?:[\w'-]+ +){{1,3}}(?:{_STREETS})\b", re.IGNORECASE)
_NOT_LOOKED_AT: Final = re.compile(r"[0-9A-Fa-f-]{20,}|\d{4}-\d\d-\d\d[Tt].*")  # ids, traces, moments


def unmarked(document: object, record: type[BaseModel], this_year: int, pointer: str = "") -> Iterator[Found]:
    """What looks personal in fields of this record that are not marked for it, as (JSON pointer, kind).

    A field that the contract does not know is told with the pointer of the record that holds it.
    """
    if not isinstance(document, dict):
        return
    for name, value in document.items():
        field = record.model_fields.get(name)
        if field is None:
            yield from ((f"{pointer}/…", kind) for kind in _kinds(value, this_year))
            continue
        below = f"{pointer}/{name}"
        inner = records_inside(field.annotation)
        if inner:
            yield from _within(value, inner[0], this_year, below)
        elif data_class_of(record, name) is Open and name not in _MEANT:
            yield from ((below, kind) for kind in _kinds(value, this_year))


def in_attributes(attributes: Mapping[str, Any], this_year: int) -> Iterator[Found]:
    """The same in what a CloudEvent says around its data, which is never personal."""
    for name, value in attributes.items():
        yield from ((f"/{name}", kind) for kind in _kinds(value, this_year))


def _within(value: object, record: type[BaseModel], this_year: int, pointer: str) -> Iterator[Found]:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from unmarked(entry, record, this_year, f"{pointer}/{index}")
    else:
        yield from unmarked(value, record, this_year, pointer)


def _kinds(value: object, this_year: int) -> Iterable[str]:
    """Which kinds stand in a value, each once, whatever it is made of."""
    return dict.fromkeys(kind for text in _texts(value) for kind in _kinds_in(text, this_year))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)


def _kinds_in(text: str, this_year: int) -> Iterator[str]:
    if _NOT_LOOKED_AT.fullmatch(text):
        return
    if _MAIL.search(text):
        yield "mail-address"
    if _PHONE.search(text):
        yield "phone-number"
    if any(int(year) <= this_year - BIRTH_YEARS for found in _DATE.findall(text) for year in found if year):
        yield "date-of-birth"
    if _STREET.search(text):
        yield "street-address"
