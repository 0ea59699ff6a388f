"""Instances of any released schema, for property tests: a Hypothesis strategy made from its JSON Schema.

Knows the three rules between fields that JSON Schema cannot say, and nothing else about any event.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

TEXT = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
Schema = Mapping[str, Any]


def instances(schema: Schema) -> st.SearchStrategy[Any]:
    """JSON documents that a writer of this schema may write."""
    return _of(schema, schema.get("$defs", {})).map(_mended)


def _of(schema: Schema, records: Mapping[str, Schema]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _of(records[schema["$ref"].removeprefix("#/$defs/")], records)
    if "anyOf" in schema:
        return st.one_of(*(_of(each, records) for each in schema["anyOf"]))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    of_kind: st.SearchStrategy[Any] = _KINDS[schema["type"]](schema, records)
    return of_kind


def _text(schema: Schema, _: object) -> st.SearchStrategy[str]:
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001
    if "pattern" in schema:
        pattern = schema["pattern"].removesuffix("$") + r"\Z"
        found = st.from_regex(pattern, fullmatch=True, alphabet=TEXT)
        return found.filter(lambda text: len(text) <= schema.get("maxLength", len(text)))
    return st.text(TEXT, min_size=schema.get("minLength", 0), max_size=min(schema["maxLength"], 30))


def _number(schema: Schema, _: object) -> st.SearchStrategy[float]:
    return st.floats(schema["minimum"], schema["maximum"], allow_nan=False, allow_infinity=False)


def _list(schema: Schema, records: Mapping[str, Schema]) -> st.SearchStrategy[list[Any]]:
    unique = repr if schema.get("uniqueItems") else None
    items, most = _of(schema["items"], records), min(schema["maxItems"], 3)
    return st.lists(items, min_size=schema.get("minItems", 0), max_size=most, unique_by=unique)


def _record(schema: Schema, records: Mapping[str, Schema]) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: _of(field, records) for name, field in schema["properties"].items()}
    needed = schema.get("required", ())
    optional = {name: field for name, field in fields.items() if name not in needed}
    return st.fixed_dictionaries({name: fields[name] for name in needed}, optional=optional)


_KINDS: Mapping[str, Any] = {
    "string": _text,
    "number": _number,
    "array": _list,
    "object": _record,
    "integer": lambda schema, _: st.integers(schema["minimum"], schema["maximum"]),
    "boolean": lambda _, __: st.booleans(),
    "null": lambda _, __: st.none(),
}


def _mended(node: Any) -> Any:
    """The same document with the rules between fields kept."""
    if isinstance(node, list):
        return [_mended(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    fields = {name: _mended(inner) for name, inner in node.items()}
    if {"weekday", "start", "end"} <= fields.keys() and fields["end"] <= fields["start"]:
        fields |= {"start": "00:00", "end": "23:59"}
    if "consent_contact" in fields and fields.get("email") is None and fields.get("phone") is None:
        fields["email"] = "sample@example.org"
    if fields.get("anonymous"):
        fields.pop("requester", None)
    return fields
