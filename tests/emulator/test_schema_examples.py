"""Generated JSON for schemas: a table of common ones, and any that hypothesis generates."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azure.ai.inference.emulator._patterns import matching_text
from azure.ai.inference.emulator._schema_examples import Hints, SchemaError, generate, read_hints

TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "left": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "next": {"$ref": "#/$defs/node"},
                "other": {"type": ["string", "null"]},
            },
            "required": ["value", "left", "other"],
        }
    },
}
SCHEMAS: list[Any] = [
    True,
    {},
    {"type": "string"},
    {"type": "string", "minLength": 30},
    {"type": "string", "maxLength": 2},
    {"type": "string", "maxLength": 0},
    *(
        {"type": "string", "format": name}
        for name in ("date", "date-time", "uuid", "email", "ipv4", "ipv6", "uri", "odd")
    ),
    {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "string", "format": "date"}}
    | {"items": {"type": "string"}},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{3,5}$"},
    {"type": "string", "pattern": "^(?:red|green)s?$", "minLength": 4},
    {"type": "string", "pattern": "[^a-z]+x", "minLength": 9},
    {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "string", "pattern": "^a+$"}},
    {"type": "array", "minItems": 2, "items": {"type": "string", "pattern": "^a$"}},
    {"type": "object", "required": ["b"], "patternProperties": {"^x_": {"type": "integer"}}},
    {"type": "integer"},
    {"type": "integer", "minimum": 10},
    {"type": "integer", "maximum": -10},
    {"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6},
    {"type": "integer", "minimum": 100, "multipleOf": 7},
    {"type": "number", "minimum": 0.25, "maximum": 0.3},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "multipleOf": 0.5, "minimum": 3.1},
    {"type": "number", "default": 3, "examples": [2.5, "no"]},
    {"type": "boolean"},
    {"type": "null"},
    {"const": {"a": 1}},
    {"enum": [3, "x", None]},
    {"type": ["integer", "null"]},
    {"type": "array"},
    {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 5},
    {"type": "array", "items": {"type": "integer"}, "maxItems": 0},
    {"type": "array", "maxItems": 1},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "boolean"}, "minItems": 3},
    {"type": "array", "contains": {"const": 7}},
    {"type": "array", "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}, "minItems": 3},
    {"type": "array", "uniqueItems": True, "items": {"type": "boolean"}},
    {"properties": {"a": {"minimum": 3}, "b": {"items": {"type": "integer"}}}},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 0},
    {"type": "object", "minProperties": 3},
    {"type": "object", "required": ["b"], "properties": {"a": False}},
    {"type": "object", "required": ["x_1"], "patternProperties": {"^x_": {"type": "integer"}}},
    {
        "type": "object",
        "minProperties": 2,
        "patternProperties": {"^x+$": {"type": "integer"}},
        "additionalProperties": False,
    },
    {"anyOf": [{"type": "integer", "minimum": 5, "maximum": 4}, {"type": "string"}]},
    {"oneOf": [{"type": "object", "properties": {"k": {"const": 1}}, "required": ["k"]}, {"type": "integer"}]},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"$ref": "#/$defs/b"},
        ],
        "$defs": {"b": {"properties": {"b": {"type": "string"}}, "required": ["a", "b"]}},
    },
    {"allOf": [{"type": "number", "minimum": 1, "maximum": 9}, {"type": "integer", "minimum": 4, "maximum": 20}]},
    {"allOf": [{"type": "integer"}, {"type": "number"}]},
    {"allOf": [{"enum": [1, 2]}, {"enum": [2, 3], "description": "x"}, {"description": "y"}]},
    {"allOf": [{"type": ["string", "null"]}, {"type": ["null", "string", "integer"]}]},
    {"definitions": {"a/b": {"type": "integer"}}, "properties": {"x": {"$ref": "#/definitions/a~1b"}}},
    TREE,
    {"type": "object", "properties": {"self": {"$ref": "#"}}},
    {
        "type": "object",
        "properties": {"self": {"anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"type": "integer"}]}},
    },
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_generated_values_are_valid(schema: Any) -> None:
    value = generate(schema)
    jsonschema.Draft202012Validator(schema).validate(value)
    assert generate(schema) == value


def test_exclusive_bound_of_draft_4() -> None:
    assert generate({"type": "integer", "minimum": 5, "exclusiveMinimum": True}) == 6


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (False, "accepts nothing"),
        ({"type": "object", "properties": {"a": 5}}, "the schema of 'a' is 5"),
        ({"type": "tuple"}, "the type of 'value' is 'tuple'"),
        ({"enum": []}, "the enum of 'value' is empty"),
        ({"$ref": "other.json"}, "points outside"),
        ({"$ref": "#/$defs/x"}, "points to nothing: there is no '$defs'"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"$ref": "#/$defs/x"}}}, "without end"),
        (
            {"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"x": {"$ref": "#/$defs/x"}}, "required": ["x"]}}},
            "refers to itself without end",
        ),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "no number for 'value' lies between 5 and 4"),
        ({"type": "string", "pattern": "("}, "is not a supported regular expression"),
        ({"type": "string", "pattern": "(?=x)y(?!z)\\1"}, "is not a supported regular expression"),
        ({"type": "string", "pattern": "^(?=x)y$"}, "has no known match"),
        ({"type": "string", "pattern": "^abc$", "maxLength": 2}, "has no known match"),
        ({"type": "array", "uniqueItems": True, "items": {"const": 1}, "minItems": 2}, "needs 2 different items"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "is 'string and integer'"),
        ({"anyOf": [{"type": "x"}, {"type": "y"}]}, "is 'y'"),
        ({"type": "integer", "minimum": 10**400, "multipleOf": 7}, "a number in the schema is too large"),
    ],
    ids=str,
)
def test_unsatisfiable_schemas(schema: Any, words: str) -> None:
    with pytest.raises(SchemaError) as caught:
        generate(schema)
    assert words in str(caught.value)


def test_values_come_from_the_conversation() -> None:
    hints = read_hints('Book "The Grand" in Rio for 3 nights at 99.5. Colour: Green')
    assert hints.words == ("The Grand", "Rio", "Green")
    assert hints.numbers == (3.0, 99.5)
    schema = {
        "properties": {
            "hotel": {"type": "string"},
            "nights": {"type": "integer"},
            "colour": {"enum": ["red", "green"]},
            "list": {"type": "array", "items": {"type": "string"}, "minItems": 4},
            "told": {"type": "string", "examples": ["like this"]},
        }
    }
    assert generate(schema, hints) == {
        "hotel": "The Grand",
        "nights": 3,
        "colour": "green",
        "list": ["The Grand", "Rio", "Green", "list 4"],
        "told": "like this",
    }
    assert generate({"type": "string"}, Hints()) == "value"


@pytest.mark.parametrize(
    "pattern",
    [
        "abc",
        "^\\d{4}-\\d{2}$",
        "a*b+c?d{2}e{1,}f{0,3}?",
        "(a|b)(?P<name>c|d)(?:e)",
        "[a-c-][]x][^a]",
        "[\\d_]\\w\\s\\.\\n\\bx",
        "^$",
        ".",
        "[^\\w]",
        "[a\\-z]",
        "x$|y$",
        "(?<name>x)".replace("?<name>", "?P<name>"),
    ],
)
def test_patterns(pattern: str) -> None:
    import re

    assert re.search(pattern, matching_text(pattern))


scalars = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")}, optional={"minLength": st.integers(0, 5), "format": st.just("date")}
    ),
    st.fixed_dictionaries({"type": st.just("integer")}, optional={"minimum": st.integers(-9, 9)}),
    st.fixed_dictionaries({"type": st.just("number")}, optional={"exclusiveMaximum": st.integers(-9, 9)}),
    st.fixed_dictionaries({"enum": st.lists(st.one_of(st.text(max_size=3), st.none(), st.integers()), min_size=1)}),
    st.fixed_dictionaries({"type": st.sampled_from(["boolean", "null"])}),
)


def nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from("abc")
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(names, inner)},
            optional={"required": st.lists(names, unique=True), "minProperties": st.integers(0, 4)},
        ),
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner},
            optional={"minItems": st.integers(0, 3), "maxItems": st.integers(3, 4)},
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=1)}),
    )


@given(schema=st.recursive(scalars, nest, max_leaves=8), text=st.text(max_size=30))
@settings(max_examples=150)
def test_any_schema(schema: Any, text: str) -> None:
    jsonschema.Draft202012Validator(schema).validate(generate(schema, read_hints(text)))
