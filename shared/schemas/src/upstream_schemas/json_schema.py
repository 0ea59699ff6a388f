"""An event as JSON Schema, draft 2020-12: what is published and what a released version is held to.

Beside what pydantic says, each field carries its data class as `x-data-class`, and the whole carries its example.
"""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from upstream_schemas.examples import example
from upstream_schemas.model import Event
from upstream_schemas.privacy import data_class_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _WithDataClasses(GenerateJsonSchema):
    """Pydantic's generator without names of Python, and with the data class of each field."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        """Fields have descriptions; a title would only repeat the name."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """A record: its fields with their data classes."""
        found = super().model_schema(schema)
        found.pop("title", None)
        record: type[BaseModel] = schema["cls"]
        for name, field in found.get("properties", {}).items():
            if mark := data_class_of(record, name):
                field["x-data-class"] = mark.value
        return found


def schema_of(event: type[Event]) -> dict[str, Any]:
    """The schema of what a writer of this version may write. Readers skip properties they do not know."""
    found = event.model_json_schema(schema_generator=_WithDataClasses)
    head = {"$schema": DIALECT, "$id": f"urn:upstream:schema:{event.TYPE}", "title": event.TYPE}
    return {**head, **found, "examples": [example(event)]}
