"""Generate JSON that a JSON schema accepts: answers for ``response_format`` and arguments for tools.

Covers what schemas use in practice (types, enums, constants, bounds, formats, patterns, nested and recursive
definitions, and combinations by ``allOf``, ``anyOf`` and ``oneOf``). Values come from the schema's own examples and
defaults, then from words of the conversation, then from the member's name. A schema that no value matches raises
:class:`SchemaError`, as does one whose value would be too large: a few bytes (``minItems``, references that double) can
request gigabytes.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, TypeGuard, TypeVar

from ._patterns import is_found, matching_text
from ._values import as_list, as_object, is_number

_Found = TypeVar("_Found")
_MAX_DEPTH: Final = 12
_RECURSION: Final = 2
_BROAD: Final = 4
"""Deeper arrays have one item instead of two: nested arrays double with each level."""
MAX_VALUES: Final = 20_000
"""Maximum number of values in an answer; the services' strict mode allows schemas of 5,000 members."""
MAX_TEXT: Final = 1_000_000
"""Maximum number of characters in all texts of an answer together."""
_MAX_STEPS: Final = 1_000_000
"""Maximum number of schema members to look at while merging."""
_FORMATS: Final[Mapping[str, str]] = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT30M",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "/path",
    "iri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "json-pointer": "/path",
    "regex": "^a+$",
    "byte": "YWJj",
}


class SchemaError(ValueError):
    """No value can be generated for a schema; says where and why."""


class _TooLargeError(SchemaError):
    """The whole answer is too large; trying another branch is useless."""


@dataclass(frozen=True)
class Hints:
    """Values offered by the conversation.

    :keyword words: Strings to use, such as names of places.
    :keyword numbers: Numbers to use.
    :keyword text: The whole text, which is searched for the values of an enum.
    """

    words: Sequence[str] = ()
    numbers: Sequence[float] = ()
    text: str = ""

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()


def read_hints(text: str) -> Hints:
    """Return the quoted phrases, proper nouns and numbers of a text, in that order."""
    quoted: list[str] = re.findall(r'"([^"]+)"', text)
    nouns: list[str] = re.findall(r"(?<![.?!] )(?<!^)\b([A-ZÀ-Þ][\w'-]+(?: [A-ZÀ-Þ][\w'-]+)*)", text)
    numbers: list[str] = re.findall(r"(?<![\w.])-?\d{1,15}(?:\.\d{1,15})?(?![\w])", text)
    words = dict.fromkeys((*quoted, *(noun for noun in nouns if noun not in ("I", "JSON"))))
    return Hints(tuple(words), tuple(map(float, numbers)), text)


def generate(schema: Any, hints: Hints | None = None) -> Any:
    """Return a value that ``schema`` accepts.

    :param schema: A JSON schema: an object, or True.
    :param hints: Values to prefer where they fit.
    :raises SchemaError: If there is none, or the schema uses a feature that the emulator does not support.
    """
    try:
        return _Generator(as_object(schema), hints or Hints()).value(schema, _Place())
    except OverflowError as error:
        raise SchemaError("a number in the schema is too large to calculate with") from error


@dataclass(frozen=True)
class _Place:
    """The generator's position in the value and in the schema."""

    name: str = "value"
    depth: int = 0
    refs: tuple[str, ...] = ()
    index: int = 0

    @property
    def tight(self) -> bool:
        """Whether to leave out all optional parts, so that recursion ends."""
        return any(self.refs.count(ref) > _RECURSION for ref in self.refs) or self.depth > _MAX_DEPTH


class _Generator:
    """The whole schema, to which references point, the hints, and the budget that is left."""

    def __init__(self, root: Mapping[str, Any], hints: Hints) -> None:
        self._root = root
        self._hints = hints
        self._values, self._text, self._steps = MAX_VALUES, MAX_TEXT, _MAX_STEPS

    def value(self, schema: Any, place: _Place) -> Any:
        self._values -= 1
        if self._values < 0:
            raise _TooLargeError(f"the answer has more than {MAX_VALUES} values")
        if schema is True:
            return place.name
        if not isinstance(schema, dict):
            raise SchemaError(
                f"the schema of {place.name!r} is {schema!r}, which accepts nothing; use an object or true"
            )
        if place.depth > 3 * _MAX_DEPTH:
            raise SchemaError(f"the schema of {place.name!r} is too deep, or refers to itself without end")
        flat, place = self._flatten(as_object(schema), place)
        for branches in (as_list(flat.get("anyOf")), as_list(flat.get("oneOf"))):
            if branches:
                rest = {name: inner for name, inner in flat.items() if name not in ("anyOf", "oneOf")}
                return self._branch([self._merged(rest, branch) for branch in branches], place)
        if "const" in flat:
            return flat["const"]
        if "enum" in flat:
            return self._choose(as_list(flat["enum"]), place)
        return self._typed(flat, place)

    def _flatten(self, schema: Mapping[str, Any], place: _Place) -> tuple[Mapping[str, Any], _Place]:
        """Return ``schema`` with its references resolved and its ``allOf`` merged."""
        while "$ref" in schema:
            ref = str(schema["$ref"])
            if place.refs.count(ref) > 3 * _MAX_DEPTH:
                raise SchemaError(f"{ref} refers to itself without end")
            place = replace(place, refs=(*place.refs, ref))
            rest = {name: inner for name, inner in schema.items() if name != "$ref"}
            schema = self._merged(rest, self._resolve(ref))
        parts = as_list(schema.get("allOf"))
        if parts:
            merged: Mapping[str, Any] = {name: inner for name, inner in schema.items() if name != "allOf"}
            for part in parts:
                flat, place = self._flatten(as_object(part), place)
                merged = self._merged(merged, flat)
            return self._flatten(merged, place)
        return schema, place

    def _resolve(self, ref: str) -> Mapping[str, Any]:
        if not ref.startswith("#"):
            raise SchemaError(f"{ref!r} points outside the schema; only references that start with '#' are followed")
        found: Any = self._root
        for step in ref[1:].split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if key not in as_object(found):
                raise SchemaError(f"{ref!r} points to nothing: there is no {key!r}")
            found = as_object(found)[key]
        return as_object(found)

    def _merged(self, first: Mapping[str, Any], second: Any) -> dict[str, Any]:
        """Return a schema that accepts what both accept."""
        found = as_object(second)
        self._steps -= _size(first) + _size(found)
        if self._steps < 0:
            raise _TooLargeError("it has too many parts to merge")
        return _merge(first, found)

    def _branch(self, branches: Sequence[Mapping[str, Any]], place: _Place) -> Any:
        """Return a value of the first branch that has one; where recursion must end, of the simplest branch."""
        deeper = replace(place, depth=place.depth + 1)
        found: Any = SchemaError(f"{place.name!r} has no branches")
        for branch in sorted(branches, key=self._weight) if place.tight else branches:
            found = self._attempt(branch, deeper)
            if not isinstance(found, SchemaError):
                return found
        raise found

    def _attempt(self, branch: Mapping[str, Any], place: _Place) -> Any:
        """Return a value, or the error that explains why there is none."""
        try:
            return self.value(dict(branch), place)
        except _TooLargeError:
            raise
        except SchemaError as error:
            return error

    @staticmethod
    def _weight(schema: Mapping[str, Any]) -> int:
        kinds = schema.get("type")
        return (
            ("$ref" in schema)
            + 2 * (kinds in ("object", "array"))
            + 2 * any(key in schema for key in ("anyOf", "oneOf"))
        )

    def _choose(self, values: Sequence[Any], place: _Place) -> Any:
        if not values:
            raise SchemaError(f"the enum of {place.name!r} is empty")
        said = (value for value in values if isinstance(value, str) and value.lower() in self._hints.lower)
        return next(said, values[place.index % len(values)])

    def _typed(self, schema: Mapping[str, Any], place: _Place) -> Any:
        kinds = schema.get("type") or _implied_type(schema)
        names = [str(kind) for kind in as_list(kinds)] or [str(kinds)]
        kind = "null" if place.tight and "null" in names else names[0]
        maker = self._makers().get(kind)
        if maker is None:
            raise SchemaError(f"the type of {place.name!r} is {kind!r}; JSON has {', '.join(self._makers())}")
        return maker(schema, place)

    def _makers(self) -> Mapping[str, Callable[[Mapping[str, Any], _Place], Any]]:
        return {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": lambda schema, place: schema.get("default", True) is True,
            "null": lambda schema, place: None,
        }

    def _object(self, schema: Mapping[str, Any], place: _Place) -> dict[str, Any]:
        properties = as_object(schema.get("properties"))
        required = [str(name) for name in as_list(schema.get("required"))]
        names = required if place.tight else [*properties, *(name for name in required if name not in properties)]
        found: dict[str, Any] = {}
        for name in names:
            inner = properties.get(name, self._extra_schema(schema, name))
            if inner is not False:
                found[name] = self.value(inner, _Place(name, place.depth + 1, place.refs))
        for name in self._more_names(schema, found):
            found[name] = self.value(self._extra_schema(schema, name), _Place(name, place.depth + 1, place.refs))
        return found

    @staticmethod
    def _extra_schema(schema: Mapping[str, Any], name: str) -> Any:
        for pattern, inner in as_object(schema.get("patternProperties")).items():
            if _checked(is_found, pattern, name):
                return inner
        extra = schema.get("additionalProperties", True)
        return {"type": "string"} if extra is True else extra

    @staticmethod
    def _more_names(schema: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
        """Yield names to invent: at least one for a map, so that the answer shows what its values look like."""
        isa_map = "properties" not in schema and isinstance(schema.get("additionalProperties"), dict)
        wanted = max(_count(schema, "minProperties") or 0, int(isa_map and schema.get("maxProperties") != 0))
        patterns = list(as_object(schema.get("patternProperties")))
        closed = patterns and schema.get("additionalProperties") is False
        for number in range(1, wanted - len(found) + 1):
            yield _matching(patterns[0], number) if closed else f"key{number}"

    def _array(self, schema: Mapping[str, Any], place: _Place) -> list[Any]:
        fixed = as_list(schema.get("prefixItems"))
        low, high = _count(schema, "minItems") or 0, _count(schema, "maxItems")
        if low > MAX_VALUES:
            raise _TooLargeError(f"{place.name!r} needs {low} items; the emulator makes at most {MAX_VALUES} values")
        items = schema.get("items", schema.get("contains", {"type": "string"}))
        usual = 2 if place.depth <= _BROAD else 1
        wanted = low if place.tight or items is False else max(low, len(fixed) or usual)
        count = wanted if high is None else min(wanted, high)
        unique = schema.get("uniqueItems") is True
        found: list[Any] = []
        known: set[str] = set()
        for index in range(count):
            inner = fixed[index] if index < len(fixed) else items
            value = self.value(inner, _Place(place.name, place.depth + 1, place.refs, index))
            if not (unique and _key(value) in known):
                found.append(value)
            if unique:
                known.add(_key(value))
        if len(found) < low:
            raise SchemaError(f"{place.name!r} needs {low} different items, of which only {len(found)} could be made")
        return found

    def _string(self, schema: Mapping[str, Any], place: _Place) -> str:
        low, high = _count(schema, "minLength") or 0, _count(schema, "maxLength")
        if low > MAX_TEXT:
            raise _TooLargeError(f"{place.name!r} needs {low} characters; the emulator makes at most {MAX_TEXT}")
        text = self._unbounded(schema, place, low, high)
        text = (text + "." * (low - len(text)))[:high] if "pattern" not in schema else text
        self._text -= len(text)
        if self._text < 0:
            raise _TooLargeError(f"the texts of the answer have more than {MAX_TEXT} characters")
        return text

    def _unbounded(self, schema: Mapping[str, Any], place: _Place, low: int, high: int | None) -> str:
        if "pattern" in schema:
            return _matching(str(schema["pattern"]), place.index + 1, low, high)
        known = _FORMATS.get(str(schema.get("format")))
        if known is not None and place.index == 0:
            return known
        return known or self._words(schema, place)

    def _words(self, schema: Mapping[str, Any], place: _Place) -> str:
        examples = [*as_list(schema.get("examples")), schema.get("default")]
        texts = [example for example in examples if isinstance(example, str)]
        offered = texts or self._hints.words
        if place.index < len(offered):
            return offered[place.index]
        return f"{place.name} {place.index + 1}" if place.index else place.name

    def _integer(self, schema: Mapping[str, Any], place: _Place) -> int:
        return int(self._number({**schema, "multipleOf": max(1, math.ceil(_step(schema) or 1))}, place))

    def _number(self, schema: Mapping[str, Any], place: _Place) -> float:
        step = _step(schema)
        low = _bound(schema, "minimum", "exclusiveMinimum", step or 0.5)
        high = _bound(schema, "maximum", "exclusiveMaximum", -(step or 0.5))
        for start in (*self._numbers(schema, place), place.index + 1, low, high):
            if start is None:
                continue
            value = start if step is None else (math.ceil(start / step - 1e-9)) * step
            if (low is None or value >= low) and (high is None or value <= high):
                return value
        raise SchemaError(f"no number for {place.name!r} lies between {low} and {high}")

    def _numbers(self, schema: Mapping[str, Any], place: _Place) -> list[float]:
        examples = [*as_list(schema.get("examples")), schema.get("default")]
        numbers: list[float] = [number for number in examples if is_number(number)]
        return numbers + list(self._hints.numbers[place.index : place.index + 1])


def _size(schema: Mapping[str, Any]) -> int:
    """Return how much there is to merge."""
    return sum(len(as_object(inner)) + len(as_list(inner)) + 1 for inner in schema.values())


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _count(schema: Mapping[str, Any], name: str) -> int | None:
    """Return a bound such as ``minItems``, or None if there is none."""
    value = schema.get(name)
    if value is None:
        return None
    if not is_number(value) or value < 0 or value != value // 1:
        raise SchemaError(f"{name} is {value!r}; it must be a whole number of 0 or more")
    return int(value)


def _step(schema: Mapping[str, Any]) -> float | None:
    step = schema.get("multipleOf")
    if step is not None and not (_is_finite(step) and step > 0):
        raise SchemaError(f"multipleOf is {step!r}; it must be a number above 0")
    return step


def _is_finite(value: Any) -> TypeGuard[float]:
    return is_number(value) and (isinstance(value, int) or math.isfinite(value))


def _bound(schema: Mapping[str, Any], inclusive: str, exclusive: str, step: float) -> float | None:
    """Return a bound as an inclusive one. Draft 4 writes ``exclusiveMinimum: true`` next to ``minimum``."""
    bound, beyond = schema.get(inclusive), schema.get(exclusive)
    bounds = [bound + step if beyond is True else bound] if _is_finite(bound) else []
    if _is_finite(beyond):
        bounds.append(beyond + step)
    if not bounds:
        return None
    return max(bounds) if step > 0 else min(bounds)


def _implied_type(schema: Mapping[str, Any]) -> str:
    for kind, words in (
        ("object", ("properties", "required", "additionalProperties", "patternProperties")),
        ("array", ("items", "prefixItems", "minItems", "maxItems", "contains")),
        ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
    ):
        if any(word in schema for word in words):
            return kind
    return "string"


def _matching(pattern: str, number: int, low: int = 0, high: int | None = None) -> str:
    """Return a match of ``pattern``; a longer one for a higher ``number``, if that is how names can differ."""
    if number > 1:
        try:
            return matching_text(pattern, max(low, number), high)
        except ValueError:
            pass
    return _checked(matching_text, pattern, low, high)


def _checked(function: Callable[..., _Found], *arguments: Any) -> _Found:
    """Call a function of `_patterns`, and raise its errors as those of the schema."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise SchemaError(str(error)) from error


_LOWEST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_HIGHEST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")


def _merge(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that accepts what both accept, for the members that schemas combine in practice."""
    merged = dict(first)
    for name, value in second.items():
        if name not in merged:
            merged[name] = value
        elif name in ("properties", "$defs", "definitions", "patternProperties"):
            merged[name] = as_object(merged[name]) | as_object(value)
        elif name in ("required", "allOf"):
            both = [*as_list(merged[name]), *as_list(value)]
            merged[name] = list({_key(item): item for item in both}.values())
        elif name == "enum":
            allowed = set(map(_key, as_list(value)))
            merged[name] = [item for item in as_list(merged[name]) if _key(item) in allowed]
        elif name in _LOWEST and is_number(value) and is_number(merged[name]):
            merged[name] = min(merged[name], value)
        elif name in _HIGHEST and is_number(value) and is_number(merged[name]):
            merged[name] = max(merged[name], value)
        elif name == "type":
            merged[name] = _common_type(merged[name], value)
    return merged


def _common_type(first: Any, second: Any) -> Any:
    """Return the types that both allow; a contradiction is kept, and refused as an unknown type."""
    one, other = as_list(first) or [first], as_list(second) or [second]
    common = [kind for kind in one if kind in other or (kind == "integer" and "number" in other)]
    common += [kind for kind in other if kind == "integer" and "number" in one and kind not in common]
    return common[0] if len(common) == 1 else common or f"{first} and {second}"
