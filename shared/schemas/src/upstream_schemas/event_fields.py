"""The fields of an event as rows that a person reads: where, what, within which bounds, and what it may hold.

Reads the schemas of the AsyncAPI document, whose records stand under `components/schemas`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_RECORDS: Final = "#/components/schemas/"
_KINDS: Final = {"date-time": "time", "uuid": "UUID", "date": "date"}


class Field(NamedTuple):
    """One field. `place` is its way from the top, such as `/topics/…/code`; `holds` its data class."""

    place: str
    needed: bool
    kind: str
    bounds: str
    holds: str
    description: str


def fields_of(schema: Mapping[str, Any], records: Mapping[str, Any], above: str = "") -> Iterator[Field]:
    """Every field of a record and of the records inside it, in order."""
    needed = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        place, plain = f"{above}/{name}", _plain(field)
        inner, below = _inside(plain, place)
        description = field.get("description", "")
        yield Field(place, name in needed, _kind(plain), _bounds(plain), field.get("x-data-class", ""), description)
        if "$ref" in inner:
            yield from fields_of(records[inner["$ref"].removeprefix(_RECORDS)], records, below)


def _plain(field: Mapping[str, Any]) -> Mapping[str, Any]:
    """A field without its "or null": on the wire, a field that holds nothing is left out."""
    choices = [choice for choice in field.get("anyOf", ()) if choice.get("type") != "null"]
    return {**field, **choices[0]} if len(choices) == 1 else field


def _inside(plain: Mapping[str, Any], place: str) -> tuple[Mapping[str, Any], str]:
    return (plain["items"], f"{place}/…") if plain.get("type") == "array" else (plain, place)


def _kind(plain: Mapping[str, Any]) -> str:
    if "$ref" in plain:
        return "record"
    if plain.get("type") == "array":
        return f"list of {_kind(plain['items'])}s"
    word = str(plain.get("type", ""))
    return _KINDS.get(plain.get("format", ""), "text" if word == "string" else word)


def _bounds(plain: Mapping[str, Any]) -> str:
    if "const" in plain:
        return f"always {plain['const']}"
    if "enum" in plain:
        return "one of " + ", ".join(str(word) for word in plain["enum"])
    size = _range(plain, "minLength", "maxLength", " letters") + _range(plain, "minItems", "maxItems", " entries")
    pattern = [f"pattern {plain['pattern']}"] if "pattern" in plain and "format" not in plain else []
    each = [f"each: {_bounds(plain['items'])}"] if plain.get("type") == "array" and _bounds(plain["items"]) else []
    once = ["no repeats"] if plain.get("uniqueItems") else []
    return "; ".join([*_range(plain, "minimum", "maximum", ""), *size, *once, *pattern, *each])


def _range(plain: Mapping[str, Any], least: str, most: str, unit: str) -> list[str]:
    low, high = plain.get(least), plain.get(most)
    if low is None and high is None:
        return []
    if high is None:
        return [f"at least {low}{unit}"]
    return [f"up to {high}{unit}" if low is None else f"{low} to {high}{unit}"]
