"""Records held against the AsyncAPI document, as somebody outside would who has nothing but that document."""

import json
from typing import Any

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT7

from upstream_schemas.asyncapi import document

DOCUMENT = document()
MESSAGES = DOCUMENT["components"]["messages"]
_HERE: Registry[Any] = Registry().with_resource("urn:document", DRAFT7.create_resource(DOCUMENT))


def complaints(schema: dict[str, Any], instance: Any) -> list[str]:
    """What draft 7, AsyncAPI's default, says about an instance, with the document's own records in reach."""
    pointed = json.loads(json.dumps(schema).replace('"#/components/', '"urn:document#/components/'))
    return [error.message for error in jsonschema.Draft7Validator(pointed, registry=_HERE).iter_errors(instance)]
