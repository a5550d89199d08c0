"""Check a value against the part of JSON schema that the contract is written in.

The tables of `_contract` are used three times: to accept, to refuse, and as the OpenAPI document. The
first violation is reported, as services do. Of the branches of an ``anyOf``, the one that matched furthest is reported.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ._values import as_list, as_object, is_number

Schema = Mapping[str, Any]
Path = tuple[Any, ...]

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: is_number(value) and (isinstance(value, int) or value.is_integer()),
    "number": is_number,
}


@dataclass(frozen=True)
class Violation:
    """Where a value violates which rule, and how."""

    path: Path
    rule: str
    message: str
    value: Any = None


def first_violation(schema: Schema, value: Any, path: Path = ()) -> Violation | None:
    """Return the first violation of ``schema`` by ``value``, or None."""
    if "anyOf" in schema:
        return _any_of(schema["anyOf"], value, path)
    if "discriminator" in schema:
        return _by_discriminator(schema, value, path)
    kind = schema.get("type")
    if kind is not None and not _TYPES[kind](value):
        return Violation(path, "type", f"expected {_article(kind)}, but got {json_type(value)}", value)
    for check in (_enum, _bounds, _length, _items, _properties):
        violation = check(schema, value, path)
        if violation is not None:
            return violation
    return None


def json_type(value: Any) -> str:
    """Return the JSON type of ``value``, with its article."""
    return _article(next(name for name, fits in _TYPES.items() if fits(value)))


def _article(name: str) -> str:
    return "null" if name == "null" else f"{'an' if name[0] in 'aio' else 'a'} {name}"


def _any_of(branches: list[Schema], value: Any, path: Path) -> Violation | None:
    violations: list[Violation] = []
    for branch in branches:
        violation = first_violation(branch, value, path)
        if violation is None:
            return None
        violations.append(violation)
    deepest = max(violations, key=lambda violation: (len(violation.path), violation.rule != "type"))
    if len(deepest.path) > len(path) or deepest.rule != "type":
        return deepest
    wanted = [_article(branch["type"]) for branch in branches if branch.get("type", "null") != "null"]
    return Violation(path, "type", f"expected {' or '.join(wanted)}, but got {json_type(value)}", value)


def _by_discriminator(schema: Schema, value: Any, path: Path) -> Violation | None:
    """Check an object by the schema of its kind, which is named by one of its members."""
    if not isinstance(value, dict):
        return Violation(path, "type", f"expected an object, but got {json_type(value)}", value)
    name = schema["discriminator"]["propertyName"]
    found = as_object(value)
    if name not in found:
        return Violation((*path, name), "required", "is missing", value)
    kinds: Mapping[str, Schema] = {branch["properties"][name]["const"]: branch for branch in as_list(schema["oneOf"])}
    kind = found[name]
    if not isinstance(kind, str) or kind not in kinds:
        return _not_among(list(kinds), kind, (*path, name))
    return first_violation(kinds[kind], value, path)


def _not_among(allowed: list[Any], value: Any, path: Path) -> Violation:
    return Violation(path, "enum", f"{value!r} is not one of {', '.join(map(repr, allowed))}", value)


def _enum(schema: Schema, value: Any, path: Path) -> Violation | None:
    allowed = [schema["const"]] if "const" in schema else schema.get("enum")
    return _not_among(allowed, value, path) if allowed is not None and value not in allowed else None


def _bounds(schema: Schema, value: Any, path: Path) -> Violation | None:
    if not is_number(value):
        return None
    if value < schema.get("minimum", value):
        return Violation(path, "minimum", f"expected a value >= {schema['minimum']}, but got {value}", value)
    if value > schema.get("maximum", value):
        return Violation(path, "maximum", f"expected a value <= {schema['maximum']}, but got {value}", value)
    return None


def _length(schema: Schema, value: Any, path: Path) -> Violation | None:
    if not isinstance(value, str):
        return None
    if len(value) < schema.get("minLength", 0):
        return Violation(path, "minLength", f"expected at least {schema['minLength']} characters", value)
    if len(value) > schema.get("maxLength", len(value)):
        text = f"expected at most {schema['maxLength']} characters, but got {len(value)}"
        return Violation(path, "maxLength", text, value)
    return None


def _items(schema: Schema, value: Any, path: Path) -> Violation | None:
    if not isinstance(value, list):
        return None
    items = as_list(value)
    if len(items) < schema.get("minItems", 0):
        return Violation(
            path, "minItems", f"expected at least {schema['minItems']} item(s), but got {len(items)}", value
        )
    if len(items) > schema.get("maxItems", len(items)):
        return Violation(path, "maxItems", f"expected at most {schema['maxItems']} items, but got {len(items)}", value)
    for index, item in enumerate(items):
        violation = first_violation(schema.get("items", {}), item, (*path, index))
        if violation is not None:
            return violation
    return None


def _properties(schema: Schema, value: Any, path: Path) -> Violation | None:
    if not isinstance(value, dict):
        return None
    found = as_object(value)
    for name in schema.get("required", ()):
        if name not in found:
            return Violation((*path, name), "required", "is missing", value)
    for name, inner in as_object(schema.get("properties")).items():
        violation = first_violation(inner, found[name], (*path, name)) if name in found else None
        if violation is not None:
            return violation
    extra = as_object(schema.get("additionalProperties"))
    unknown = [name for name in found if name not in as_object(schema.get("properties"))]
    violations = (first_violation(extra, found[name], (*path, name)) for name in unknown)
    return next(filter(None, violations), None)
