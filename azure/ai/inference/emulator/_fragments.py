"""The building blocks of contracts: fragments of JSON schema, and functions that combine them."""

from collections.abc import Mapping
from typing import Any, Final

Fragment = dict[str, Any]

STRING: Final[Fragment] = {"type": "string"}
BOOLEAN: Final[Fragment] = {"type": "boolean"}
OBJECT: Final[Fragment] = {"type": "object"}
FLAG_MAP: Final[Fragment] = {"type": "object", "additionalProperties": {"type": "string"}}


def number(low: float, high: float) -> Fragment:
    """Return the schema of a number in a range."""
    return {"type": "number", "minimum": low, "maximum": high}


def integer(low: int = -(2**63), high: int = 2**63 - 1) -> Fragment:
    """Return the schema of an integer in a range."""
    return {"type": "integer", "minimum": low, "maximum": high}


def array(items: Fragment, low: int = 0, high: int = 0) -> Fragment:
    """Return the schema of an array with a minimum and maximum number of items; 0 for no limit."""
    return {"type": "array", "items": items, "minItems": low} | ({"maxItems": high} if high else {})


def enum(*values: str) -> Fragment:
    """Return the schema of a text from a fixed set."""
    return {"type": "string", "enum": list(values)}


def record(required: Mapping[str, Fragment], optional: Mapping[str, Fragment] | None = None) -> Fragment:
    """Return the schema of an object. Its optional members may be null, which means not set."""
    properties = dict(required) | {name: nullable(inner) for name, inner in (optional or {}).items()}
    return {"type": "object", "properties": properties, "required": list(required)}


def nullable(fragment: Fragment) -> Fragment:
    """Return the schema of a value that may be null."""
    return {"anyOf": [*fragment.get("anyOf", [fragment]), {"type": "null"}]}


def either(*fragments: Fragment) -> Fragment:
    """Return the schema of a value that matches one of several schemas."""
    return {"anyOf": list(fragments)}


def kinds(name: str, rows: Mapping[str, Fragment]) -> Fragment:
    """Return the schema of objects that are distinguished by the member ``name``."""
    branches: list[Fragment] = []
    for kind, row in rows.items():
        tagged = {name: {"const": kind, "type": "string"}}
        branches.append(row | {"properties": tagged | row["properties"], "required": [name, *row["required"]]})
    return {"discriminator": {"propertyName": name}, "oneOf": branches, "type": "object"}
