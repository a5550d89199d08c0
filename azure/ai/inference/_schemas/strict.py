"""JSON schemas for strict mode.

In strict mode, Azure OpenAI accepts a subset of JSON Schema: every object is closed and requires all of its members,
the root is an object, and keywords that constrain a value are refused ("Supported schemas and limitations" of its
structured outputs). A refused constraint moves into the description, where it still helps the model; the reader
of the answer checks it. A schema that the subset cannot express, such as an object with arbitrary names, is an error.
"""

import json
from collections.abc import Iterator
from typing import Any

from .._json import is_object
from .readers import type_of

Schema = dict[str, Any]

_KEPT = ("title", "type", "enum")
_DESCRIBED_KEYWORDS = (
    "format", "contentEncoding", "pattern", "minLength", "maxLength",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "examples", "default",
)  # fmt: skip
_INEXPRESSIBLE = ("allOf", "not", "if", "prefixItems", "patternProperties", "dependentSchemas", "dependentRequired")


class NotStrictError(ValueError):
    """A schema cannot be expressed in strict mode."""


def strict(schema: Schema) -> Schema:
    """Return the strict form of a schema.

    Members that may be left out become required; their default moves into the description.

    :param schema: The schema of an object. It is not changed.
    :return: A schema that allows the same values, apart from constraints that only the description mentions.
    :raises NotStrictError: Strict mode cannot express the schema.
    """
    return _strict(schema, "the root")


def _strict(schema: Any, where: str) -> Schema:
    schema = _in_common_words(schema)
    refused = next(filter(schema.__contains__, _INEXPRESSIBLE), None)
    if refused:
        raise NotStrictError(f"{where} uses {refused!r}")
    written: Schema = {keyword: schema[keyword] for keyword in (*_KEPT, "$ref") if schema.get(keyword) is not None}
    if "anyOf" in schema:
        written["anyOf"] = [_strict(choice, where) for choice in schema["anyOf"]]
    kinds = schema.get("type") or ()
    if "object" in kinds:
        written.update(_closed_object(schema, where))
    if "array" in kinds:
        written["items"] = _strict(schema.get("items", {}), f"an item of {where}")
    if not written.keys() & {"type", "anyOf", "$ref"}:
        raise NotStrictError(f"{where} may be any value")
    return _described(written, schema) | _definitions(schema)


def _in_common_words(schema: Any) -> Schema:
    """Rewrite keywords that have an equivalent in `anyOf` or `enum`."""
    said: Schema = dict(schema) if is_object(schema) else {}
    if "oneOf" in said:
        said["anyOf"] = said.pop("oneOf")
    if "const" in said:
        said["enum"] = [said.pop("const")]
    if "enum" in said:
        said.setdefault("type", type_of(said["enum"]))
    if len(said.get("allOf", ())) == 1:
        (only,) = said.pop("allOf")
        said = {**only, **said}
    return said


def _closed_object(schema: Schema, where: str) -> Schema:
    if "properties" not in schema or is_object(schema.get("additionalProperties")):
        raise NotStrictError(f"{where} may have members of any name")
    properties: dict[str, Any] = schema["properties"]
    return {
        "properties": {name: _strict(member, repr(name)) for name, member in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


def _described(written: Schema, schema: Schema) -> Schema:
    constraints = "; ".join(_constraints(schema))
    description = schema.get("description", "")
    if constraints:
        description = f"{description} ({constraints})" if description else constraints
    if "$ref" in written and (description or len(written) > 1):
        written = {"anyOf": [{"$ref": written.pop("$ref")}], **written}
    return {**written, "description": description} if description else written


def _constraints(schema: Schema) -> Iterator[str]:
    for keyword in _DESCRIBED_KEYWORDS:
        if schema.get(keyword) is not None:
            yield f"{keyword}: {json.dumps(schema[keyword], ensure_ascii=False)}"


def _definitions(schema: Schema) -> Schema:
    definitions: dict[str, Any] = schema.get("$defs", {})
    if not definitions:
        return {}
    return {"$defs": {name: _strict(definition, repr(name)) for name, definition in definitions.items()}}
