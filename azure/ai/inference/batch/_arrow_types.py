"""Map a Python type to an Arrow type, and to a function that writes its values. Needs pyarrow.

One walk over the type's JSON Schema produces both. Types without a fixed form in Arrow become text: unions of texts and
numbers as they are; other unions, mappings, `Any`, tuples of mixed types and recursive types as JSON.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from importlib import import_module
from pathlib import PurePath
from typing import Any, NamedTuple, cast
from uuid import UUID

from .._json import encode, is_list, is_object, storable
from .._schemas.json_schema import shape_of

_LARGEST = 2**63


class ArrowShape(NamedTuple):
    """A type as a column of a table."""

    type: Any
    """The `pyarrow.DataType`. Every value may be null."""
    write: Callable[[Any], Any]
    """Converts a JSON value for a column of this type."""


def arrow_shape_of(kind: Any) -> ArrowShape:
    """Return the Arrow type of a Python type, and the function that converts its values for such a column.

    :param kind: A type that has a JSON form, as for `parse_as`.
    :raises TypeError: It has no JSON form, or needs pydantic, which is not installed.
    """
    schema = shape_of(kind).schema
    shape = _Walk(schema.get("$defs", {})).shape(schema, ())

    def write(value: Any) -> Any:
        return shape.write(to_plain(value))

    return ArrowShape(shape.type, write)


def to_plain(value: Any) -> Any:
    """Return the JSON form of a parsed value."""
    return json.loads(json.dumps(value, default=_plain))


def _plain(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json", by_alias=True)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        return list(cast("set[Any]", value))
    if isinstance(value, (UUID, PurePath, Decimal)):
        return str(value)
    return encode(value)


class _Walk:
    """One walk over a schema.

    :param definitions: The definitions that it refers to.
    """

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._arrow: Any = import_module("pyarrow")
        self._definitions = definitions
        self._text = ArrowShape(self._arrow.string(), _nullable(_as_text))
        self._scalar = ArrowShape(self._arrow.string(), _nullable(_as_scalar_text))
        self._plain: Mapping[str, ArrowShape] = {
            "string": ArrowShape(self._arrow.string(), _nullable(storable)),
            "boolean": ArrowShape(self._arrow.bool_(), _nullable(bool)),
            "integer": ArrowShape(self._arrow.int64(), _nullable(_as_integer)),
            "number": ArrowShape(self._arrow.float64(), _nullable(float)),
        }

    def shape(self, schema: Any, inside: tuple[str, ...]) -> ArrowShape:
        """Return the shape of a schema.

        :param inside: The definitions around it.
        """
        reference = schema.get("$ref")
        if reference is not None:
            name = reference.rpartition("/")[2]
            if name in inside:
                return self._text
            return self.shape(self._definitions[name], (*inside, name))
        choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
        if len(choices) == 1:
            return self.shape(choices[0], inside)
        if choices and all(choice.get("type") in self._plain for choice in choices):
            return self._scalar
        return self._of_type(_type_of(schema), schema, inside)

    def _of_type(self, name: str | None, schema: Any, inside: tuple[str, ...]) -> ArrowShape:
        plain = self._plain.get(name or "")
        if plain is not None:
            return plain
        if name == "array" and is_object(schema.get("items")):
            item = self.shape(schema["items"], inside)
            return ArrowShape(self._arrow.list_(item.type), _nullable(partial(_as_list, item.write)))
        if name == "object" and schema.get("properties") and not schema.get("additionalProperties"):
            members = {name: self.shape(member, inside) for name, member in schema["properties"].items()}
            kind = self._arrow.struct([(name, member.type) for name, member in members.items()])
            return ArrowShape(kind, _nullable(partial(_as_record, members)))
        return self._text


def _type_of(schema: Any) -> str | None:
    """Return the one type of a schema, besides null; `None` if it may have several."""
    named = schema.get("type")
    names = [name for name in named if name != "null"] if is_list(named) else [named]
    return names[0] if len(names) == 1 else None


def _nullable(write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else write(value)


def _as_text(value: Any) -> str:
    return storable(json.dumps(value, ensure_ascii=False))


def _as_scalar_text(value: Any) -> str:
    return storable(value) if isinstance(value, str) else json.dumps(value)


def _as_integer(value: Any) -> int:
    if not -_LARGEST <= value < _LARGEST:
        raise ValueError(f"{value} does not fit into a column of 64-bit integers: make the member a str or a float.")
    return int(value)


def _as_list(write: Callable[[Any], Any], value: Any) -> list[Any]:
    return [write(item) for item in value]


def _as_record(members: Mapping[str, ArrowShape], value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: member.write(value.get(name)) for name, member in members.items()}
