"""Types as response formats, and answers as values of types."""

import gc
import json
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, asdict, dataclass, field, is_dataclass, make_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, Optional, TypedDict, Union
from uuid import UUID

import hypothesis
import hypothesis.strategies as st
import jsonschema  # type: ignore[import-untyped]
import pydantic
import pytest
import typing_extensions
from azure.core.exceptions import AzureError
from azure.core.serialization import NULL
from typing_extensions import Doc, NotRequired, ReadOnly, Required, TypeAliasType

from azure.ai.inference._nested_models import wrap_as
from azure.ai.inference._operations.response_format import response_format_of
from azure.ai.inference._schemas import structured_output as _structured
from azure.ai.inference._schemas.fields import UnreadableTypeError
from azure.ai.inference._schemas.json_schema import shape_of
from azure.ai.inference._schemas.readers import MisfitError
from azure.ai.inference._schemas.strict import NotStrictError, strict
from azure.ai.inference._schemas.structured_output import format_of_type, parse_as
from azure.ai.inference.exceptions import (
    AnswerError,
    FilteredAnswerError,
    InvalidAnswerError,
    MismatchedAnswerError,
    RefusedAnswerError,
    ToolCallError,
    TruncatedAnswerError,
)
from azure.ai.inference.models import (
    ChatCompletions,
    ChatCompletionsResponseFormatJSON,
    ChatCompletionsResponseFormatText,
    ChatCompletionsToolCall,
    JsonSchemaFormat,
)


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the schema of a type as it is sent."""
    schema: dict[str, Any] = format_of_type(kind)["json_schema"]["schema"]
    return schema


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Odd(Enum):
    PAIR = (1, 2)


UserId = NewType("UserId", int)
Numbers = TypeAliasType("Numbers", list[int])


@dataclass
class Item:
    """A thing for sale.

    :param name: What it is called.
    """

    name: str
    price: Decimal
    color: Color = Color.RED
    tags: list[str] = field(default_factory=list)
    count: int = field(default=3, metadata={"description": "How many"})
    note: str | None = None
    sold: Annotated[bool, "Whether it is gone"] = False
    made_up: int = field(default=0, init=False)


@dataclass
class Node:
    value: int
    next: Optional["Node"] = None


@dataclass
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number <= 0:
            raise ValueError("number must be above 0")


@dataclass
class Sloppy:
    text: str = None  # type: ignore[assignment]
    where: object = field(default=Path, repr=False)
    pair: tuple[int, str] = (1, "a")


@dataclass
class Unresolved:
    item: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@dataclass
class WithInitVar:
    seed: InitVar[int]


class Basket(TypedDict):
    """What was bought."""

    items: list[Item]
    owner: NotRequired[int]


class Partial(TypedDict, total=False):
    one: Required[int]
    two: ReadOnly[int]


class Quoted(TypedDict):
    one: "int"
    two: "NotRequired[ReadOnly[int]]"


class Person(pydantic.BaseModel):
    """Somebody."""

    name: str = pydantic.Field(min_length=1, description="Full name")
    age: int = pydantic.Field(ge=0, le=150)
    email: str | None = None
    role: Literal["user"] = "user"
    friends: list["Person"] = []


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    owner: Person = pydantic.Field(description="Whose dog")


class Pets(pydantic.BaseModel):
    pets: list[Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]]


class Whole:
    """A comment addressed to pydantic."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        return handler(int)


class Callback(pydantic.BaseModel):
    """A model that can be read, but has no schema."""

    call: Callable[[], None]


@dataclass
class Household:
    head: Person
    rooms: int = 2


@pydantic.dataclasses.dataclass
class Point:
    x: int


completion_of = wrap_as(ChatCompletions)


def answer(content: Any = None, *, finish: str = "stop", **message: Any) -> ChatCompletions:
    said = {"role": "assistant", "content": content, **message}
    return completion_of({"choices": [{"index": 0, "finish_reason": finish, "message": said}]})


class TestResponseFormat:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("text", {"type": "text"}),
            ("json_object", {"type": "json_object"}),
            (ChatCompletionsResponseFormatText(), {"type": "text"}),
            (ChatCompletionsResponseFormatJSON(), {"type": "json_object"}),
            ({"type": "anything", "new": 1}, {"type": "anything", "new": 1}),
            (
                JsonSchemaFormat(name="n", schema={"type": "object"}, description="d", strict=True),
                {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {"type": "object"}, "description": "d", "strict": True},
                },
            ),
            (
                {"name": "n", "schema": {"type": "object"}},
                {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
            ),
        ],
    )
    def test_response_format_json(self, value: Any, expected: Any) -> None:
        assert response_format_of(value) == expected

    @pytest.mark.parametrize("value", [NULL, None])
    def test_none_and_null_are_kept(self, value: Any) -> None:
        assert response_format_of(value) is value

    @pytest.mark.parametrize("value", [("text",), 5, "json", "", object(), len, [Item]])
    def test_unsupported_formats_are_refused(self, value: Any) -> None:
        with pytest.raises(ValueError, match="Unsupported `response_format`") as caught:
            response_format_of(value)
        assert repr(value) in str(caught.value)
        assert "JsonSchemaFormat" in str(caught.value)

    @pytest.mark.parametrize("value", [type("Plain", (), {}), WithInitVar, Unresolved])
    def test_type_without_json_form_is_refused_with_the_reason(self, value: Any) -> None:
        with pytest.raises(ValueError, match="Unsupported `response_format`") as caught:
            response_format_of(value)
        assert isinstance(caught.value.__cause__, UnreadableTypeError)

    def test_dataclass(self) -> None:
        assert response_format_of(Item) == {
            "type": "json_schema",
            "json_schema": {
                "name": "Item",
                "strict": True,
                "schema": {
                    "type": "object",
                    "description": "A thing for sale.",
                    "properties": {
                        "name": {"type": "string", "description": "What it is called."},
                        "price": {"type": "string"},
                        "color": {"type": "string", "enum": ["red", "blue"], "description": 'default: "red"'},
                        "tags": {"type": "array", "items": {"type": "string"}},
                        "count": {"type": "integer", "description": "How many (default: 3)"},
                        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                        "sold": {"type": "boolean", "description": "Whether it is gone (default: false)"},
                    },
                    "required": ["name", "price", "color", "tags", "count", "note", "sold"],
                    "additionalProperties": False,
                },
            },
        }

    def test_typeddict(self) -> None:
        schema = schema_of(Basket)
        assert schema["description"] == "What was bought."
        assert schema["required"] == ["items", "owner"]
        assert schema["properties"]["items"] == {"type": "array", "items": {"$ref": "#/$defs/Item"}}
        assert schema["properties"]["owner"] == {"anyOf": [{"type": "integer"}, {"type": "null"}]}
        assert schema["$defs"].keys() == {"Item"}

    def test_pydantic_model(self) -> None:
        made = response_format_of(Person)["json_schema"]
        assert (made["name"], made["strict"]) == ("Person", True)
        person = made["schema"]
        assert person["type"] == "object"
        assert person["required"] == ["name", "age", "email", "role", "friends"]
        assert person["additionalProperties"] is False
        members = person["properties"]
        assert members["name"] == {"title": "Name", "type": "string", "description": "Full name (minLength: 1)"}
        assert members["age"]["description"] == "minimum: 0; maximum: 150"
        assert members["email"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
        assert members["role"]["enum"] == ["user"]
        assert members["friends"]["items"] == {"$ref": "#/$defs/Person"}
        assert person["$defs"]["Person"]["additionalProperties"] is False

    def test_discriminated_union_and_a_described_reference(self) -> None:
        schema = schema_of(Pets)
        assert schema["properties"]["pets"]["items"] == {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}
        owner = schema["$defs"]["Dog"]["properties"]["owner"]
        assert owner == {"anyOf": [{"$ref": "#/$defs/Person"}], "description": "Whose dog"}

    @pytest.mark.parametrize("kind", [Item, Basket, Node, Person, Pets, Household, Point, list[Item], Optional[Item]])
    def test_strict_objects_are_closed_and_complete(self, kind: Any) -> None:
        schema = schema_of(kind)
        jsonschema.Draft202012Validator.check_schema(schema)

        def walk(part: Any) -> None:
            if isinstance(part, Mapping):
                if part.get("type") == "object":
                    assert part["additionalProperties"] is False
                    assert part["required"] == list(part["properties"])
                if "$ref" in part:
                    assert list(part) == ["$ref"]
                    assert part["$ref"].rpartition("/")[2] in schema["$defs"]
                refused = {"default", "format", "pattern", "oneOf", "allOf", "const", "discriminator", "minimum"}
                assert not refused & (part.keys() - {"properties"})
                for value in part.values():
                    walk(value)
            elif isinstance(part, list):
                for value in part:
                    walk(value)

        walk(schema)

    @pytest.mark.parametrize(
        "kind",
        [dict[str, int], Mapping[str, Item], list[Any], tuple[int, str], make_dataclass("Free", [("x", object)])],
    )
    def test_schema_is_not_strict_if_strict_mode_cannot_express_it(self, kind: Any) -> None:
        made = response_format_of(kind)["json_schema"]
        assert made["strict"] is False
        assert made["schema"]["type"] == "object"
        jsonschema.Draft202012Validator.check_schema(made["schema"])

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            (Item, "Item"),
            (list[Item], "list_Item"),
            (dict[str, list[Item]], "dict_str_list_Item"),
            (Literal["a b", "é"], "Literal_a_b"),
            (make_dataclass("X" * 100, []), "X" * 64),
            (make_dataclass("Größe", []), "Gr__e"),
            (make_dataclass("日本", []), "answer"),
        ],
    )
    def test_names_are_valid(self, kind: Any, name: str) -> None:
        assert response_format_of(kind)["json_schema"]["name"] == name

    def test_types_with_the_same_name(self) -> None:
        first, second = make_dataclass("Same", [("a", int)]), make_dataclass("Same", [("b", int)])
        schema = schema_of(tuple[first, second, first])  # type: ignore[valid-type]
        assert schema["$defs"].keys() == {"Same", "Same_"}
        assert [item["$ref"] for item in schema["properties"]["value"]["prefixItems"]] == [
            "#/$defs/Same",
            "#/$defs/Same_",
            "#/$defs/Same",
        ]


class TestCache:
    def test_schemas_are_cached_and_copied(self, monkeypatch: pytest.MonkeyPatch) -> None:
        once = make_dataclass("Once", [("x", int)])
        first = schema_of(once)
        monkeypatch.setattr(_structured, "_make_format", lambda kind: pytest.fail("made again"))
        first["properties"].clear()
        assert schema_of(once)["properties"] == {"x": {"type": "integer"}}

    def test_uncacheable_type(self) -> None:
        kind = Annotated[int, []]
        assert schema_of(kind) == schema_of(kind)

    @pytest.mark.parametrize("pydantic_too", [False, True])
    def test_types_can_be_garbage_collected(self, pydantic_too: bool) -> None:
        def use(number: int) -> "weakref.ref[Any]":
            kind: Any = (
                pydantic.create_model(f"M{number}", x=(int, ...))
                if pydantic_too
                else make_dataclass(f"D{number}", [("x", int)])
            )
            assert response_format_of(kind)["json_schema"]["strict"]
            assert answer('{"x": 1}').parse_as(kind).x == 1
            return weakref.ref(kind)

        used = [use(number) for number in range(200)]
        gc.collect()
        assert [ref for ref in used if ref() is not None] == []
        assert not [kind for kind in _structured._formats if kind.__name__ in ("M0", "D0", "M199", "D199")]


UTC = timezone.utc

Typed = tuple[Any, st.SearchStrategy[Any]]

PLAIN: list[Typed] = [
    (int, st.integers()),
    (str, st.text()),
    (bool, st.booleans()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (date, st.dates()),
    (UUID, st.uuids()),
    (Color, st.sampled_from(Color)),
    (Literal["a", 1, None], st.sampled_from(["a", 1, None])),
]


def lists_of(typed: Typed) -> Typed:
    kind, values = typed
    return list[kind], st.lists(values, max_size=3)  # type: ignore[valid-type]


def optional(typed: Typed) -> Typed:
    kind, values = typed
    return Optional[kind], st.none() | values


def records_of(members: list[Typed]) -> Typed:
    record = make_dataclass("Record", [(f"m{at}", kind) for at, (kind, _) in enumerate(members)])
    return record, st.builds(record, *(values for _, values in members))


typed_values = st.recursive(
    st.sampled_from(PLAIN),
    lambda inner: inner.map(lists_of) | inner.map(optional) | st.lists(inner, max_size=3).map(records_of),
    max_leaves=8,
)


@hypothesis.given(st.data())
def test_values_round_trip_through_json(data: st.DataObject) -> None:
    kind, values = data.draw(typed_values)
    value = data.draw(values)
    text = json.dumps({"value": value}, default=as_json)
    document = json.loads(text)
    schema = schema_of(kind)
    assert response_format_of(kind)["json_schema"]["strict"]
    jsonschema.validate(document if "value" in schema["properties"] else document["value"], schema)
    assert parse_as(kind, text if "value" in schema["properties"] else json.dumps(document["value"])) == value


def as_json(value: Any) -> Any:
    return (
        asdict(value)
        if is_dataclass(value) and not isinstance(value, type)
        else str(value.value if isinstance(value, Enum) else value)
    )


class Unfinished(pydantic.BaseModel):
    there: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@dataclass
class Bounded:
    size: int = pydantic.Field(ge=1, description="at least one")
    source: str = pydantic.Field("x", alias="from")
    tags: list[str] = pydantic.Field(default_factory=list)  # noqa: RUF009 (as its users write it)


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    lives: int


@dataclass
class Owner:
    pet: Annotated[Union[Cat, Dog], Doc("a pet"), pydantic.Field(discriminator="kind")]


class TestParse:
    @pytest.mark.parametrize(
        ("kind", "text", "value"),
        [
            (Item, '{"name": "a", "price": "1.50"}', Item("a", Decimal("1.50"))),
            (
                Item,
                '{"name": "a", "price": 2, "color": "blue", "tags": ["x"], "count": null, "note": null, "sold": true}',
                Item("a", Decimal(2), Color.BLUE, ["x"], 3, None, True),
            ),
            (Node, '{"value": 1, "next": {"value": 2, "next": null}}', Node(1, Node(2))),
            (Sloppy, '{"text": null, "pair": [2, "b"]}', Sloppy(None, Path, (2, "b"))),  # type: ignore[arg-type]
            (Basket, '{"items": [], "owner": null}', {"items": []}),
            (Partial, '{"one": 1}', {"one": 1}),
            (Quoted, '{"one": 1, "two": 2}', {"one": 1, "two": 2}),
            (list[Item], '{"value": [{"name": "a", "price": "1"}]}', [Item("a", Decimal(1))]),
            (list[int], "[1, 2.0]", [1, 2]),
            (list, "[1, null]", [1, None]),
            (Sequence[str], '["a"]', ["a"]),
            (dict[str, Numbers], '{"a": [1], "b": []}', {"a": [1], "b": []}),
            (tuple[Numbers, Numbers], "[[1], [2]]", ([1], [2])),
            (set[int], "[1, 1]", {1}),
            (frozenset[int], "[1]", frozenset([1])),
            (tuple[int, ...], "[1, 2]", (1, 2)),
            (tuple, "[1]", (1,)),
            (tuple[int, str], '[1, "a"]', (1, "a")),
            (dict[str, int], '{"a": 1}', {"a": 1}),
            (dict, '{"a": [1]}', {"a": [1]}),
            (dict[Color, float], '{"red": 1}', {Color.RED: 1.0}),
            (Level, "2", Level.HIGH),
            (Literal["a", 1, True, None], "1", 1),
            (Literal["a", 1, True, None], "true", True),
            (Literal[Color.RED], '"red"', Color.RED),
            (Union[int, str], '"a"', "a"),
            (Optional[UserId], "5", 5),
            (None, "null", None),
            (Any, '{"a": 1}', {"a": 1}),
            (float, "1", 1.0),
            (bool, "true", True),
            (datetime, '"2024-01-02T03:04:05.5Z"', datetime(2024, 1, 2, 3, 4, 5, 500000, UTC)),
            (datetime, '"2024-01-02 03:04:05"', datetime(2024, 1, 2, 3, 4, 5)),
            (date, '"2024-01-02"', date(2024, 1, 2)),
            (time, '"03:04:05"', time(3, 4, 5)),
            (timedelta, '"PT5M"', timedelta(minutes=5)),
            (UUID, '"12345678-1234-5678-1234-567812345678"', UUID("12345678-1234-5678-1234-567812345678")),
            (Decimal, "0.1", Decimal("0.1")),
            (Path, '"a/b"', Path("a/b")),
            (Annotated[int, Doc("a number"), object()], "1", 1),
            (Person, '{"name": "n", "age": 1}', Person(name="n", age=1)),
            (list[Person], '{"value": [{"name": "n", "age": 1}]}', [Person(name="n", age=1)]),
            (Household, '{"head": {"name": "n", "age": 1}, "rooms": 3}', Household(Person(name="n", age=1), 3)),
            (Point, '{"x": 1}', Point(1)),
            (Annotated[int, pydantic.Field(gt=0)], '{"value": 1}', 1),
            (Annotated[Any, pydantic.GetPydanticSchema(lambda _, handle: handle(int))], "1", 1),
            (Annotated[Any, Whole()], "1", 1),
            (list[int], "```json\n[1]\n```", [1]),
            (list[int], " \n[1]\n", [1]),
            (int, '"5"', 5),
            (int, '" -5.0 "', -5),
            (float, '"1e3"', 1000.0),
            (bool, '"True"', True),
            (bool, '"false"', False),
            (Optional[int], '"5"', 5),
            (list[int], '["1", 2]', [1, 2]),
            (dict[str, bool], '{"a": "true"}', {"a": True}),
            (tuple[int, str], '["1", "1"]', (1, "1")),
            (Level, '"2"', Level.HIGH),
            (Literal[1, True], '"true"', True),
            (Literal["1", 1], '"1"', "1"),
            (Union[int, str], '"5"', "5"),
            (Union[str, int], "5", 5),
            (Union[list[int], list[str]], '["5"]', ["5"]),
            (Union[dict[str, int], list[bool]], '{"a": "5"}', {"a": 5}),
            (Union[int, bool], '"true"', True),
            (Union[int, float], '"1.5"', 1.5),
            (Union[Annotated[int, pydantic.Field(ge=0)], str], '"5"', "5"),
            (Household, '{"head": {"name": "n", "age": "1"}, "rooms": "3"}', Household(Person(name="n", age=1), 3)),
            (Bounded, '{"size": "5"}', Bounded(5, "x", [])),
            (Bounded, '{"size": 5, "from": "y", "tags": ["a"]}', Bounded(5, "y", ["a"])),
            (Bounded, '{"size": 5, "from": null}', Bounded(5, "x", [])),
        ],
    )
    def test_values(self, kind: Any, text: str, value: Any) -> None:
        parsed = parse_as(kind, text)
        assert parsed == value
        assert type(parsed) is type(value)

    @pytest.mark.parametrize(
        ("kind", "text", "problem"),
        [
            (str, "1", "expected a string, got 1"),
            (int, "true", "expected an integer, got true"),
            (int, "1.5", "expected an integer, got 1.5"),
            (float, '"one"', 'expected a number, got "one"'),
            (float, '"nan"', 'expected a number, got "nan"'),
            (float, '"infinity"', 'expected a number, got "infinity"'),
            (int, '"1.5"', 'expected an integer, got "1.5"'),
            (int, '"true"', 'expected an integer, got "true"'),
            (int, '"1 2"', 'expected an integer, got "1 2"'),
            (int, json.dumps("1" * 5000), 'expected an integer, got "' + "1" * 79 + "..."),
            (int, json.dumps("[" * 5000), 'expected an integer, got "' + "[" * 79 + "..."),
            (bool, '"yes"', 'expected true or false, got "yes"'),
            (bool, '"1"', 'expected true or false, got "1"'),
            (Literal[1], '"true"', 'expected one of [1], got "true"'),
            (None, '"null"', 'expected null, got "null"'),
            (date, '"1"', 'expected a string with a date, got "1"'),
            (float, "true", "expected a number, got true"),
            (float, "1" * 400, "expected a number, got " + "1" * 80 + "..."),
            (bool, "0", "expected true or false, got 0"),
            (None, "0", "expected null, got 0"),
            (list[int], "{}", "expected an array, got {}"),
            (list[int], '[1, "a", 2.5]', '[1]: expected an integer, got "a"; [2]: expected an integer, got 2.5'),
            (tuple[int, int], "[1]", "expected an array of 2 items, got [1]"),
            (dict[str, int], "[]", "expected an object, got []"),
            (dict[str, int], '{"a": "b"}', 'a: expected an integer, got "b"'),
            (dict[Color, int], '{"green": 1}', 'green: expected one of ["red", "blue"], got "green"'),
            (Color, '"green"', 'expected one of ["red", "blue"], got "green"'),
            (Literal[1], "true", "expected one of [1], got true"),
            (Odd, "[1, 2]", "Input should be (1, 2)"),
            (Optional[int], '"a"', 'expected an integer, got "a"'),
            (
                Union[int, bool],
                '"a"',
                'fits none of the types it may be of: expected an integer, got "a"; or expected true or false, got "a"',
            ),
            (datetime, '"2024-01-02"', 'expected a string with a date-time, got "2024-01-02"'),
            (datetime, "5", "expected a string with a date-time, got 5"),
            (timedelta, '"P1Y"', 'expected a string with a duration, got "P1Y"'),
            (Decimal, "true", "expected a string with a decimal number, got true"),
            (UUID, "{}", "expected a string with a uuid, got {}"),
            (Node, "[]", "expected an object, got []"),
            (Node, "{}", "value: is missing"),
            (Node, '{"value": null}', "value: expected an integer, got null"),
            (Node, '{"value": 1, "valeu": 1}', "valeu: there is no such member"),
            (Node, '{"value": 1, "next": {"value": "x"}}', 'next.value: expected an integer, got "x"'),
            (Positive, '{"number": 0}', "is refused: number must be above 0"),
            (list[Positive], '[{"number": 0}]', "[0]: is refused: number must be above 0"),
            (str, json.dumps([0] * 100), "expected a string, got [" + "0, " * 26 + "0..."),
            (list[Person], '[{"name": "", "age": 1}]', "[0].name: String should have at least 1 character"),
        ],
    )
    def test_misfits_say_where_and_what(self, kind: Any, text: str, problem: str) -> None:
        with pytest.raises(MisfitError) as caught:
            parse_as(kind, text)
        assert str(caught.value) == problem

    @pytest.mark.parametrize(
        "text",
        [
            '```json {"value": 1}```',
            '```{"value": 1}```',
            'Here it is:\n```JSON\n{"value": 1}\n```\nAnything else?',
            '```json\n{"value": 1}',
            'Sure! {"value": 1} Anything else?',
            '`{"value": 1}`',
            'json\n{"value": 1}',
            '~~~json\n{"value": 1}\n~~~',
            'As [1] and [docs](x) say: {"value": 1}',
            'The schema:\n```json\n{"type": "object"}\n```\nThe answer:\n```json\n{"value": 1}\n```',
            '\ufeff{"value": "1"}',
        ],
    )
    def test_json_in_a_fence_or_in_prose(self, text: str) -> None:
        assert parse_as(Node, text) == Node(1)
        assert parse_as(int, text) == 1

    @pytest.mark.parametrize(
        "text",
        [
            '[{"value": 1}, {"val',
            '{"value": 1, "next": {"value": 2',
            '{"a": {"value": 1} "b": 2}',
            'x {"value": 1} y {"value": 2}',
            '```json\n[{"value": 1}, {"val\n```',
        ],
    )
    def test_part_of_broken_json_is_not_accepted(self, text: str) -> None:
        with pytest.raises(ValueError) as caught:
            parse_as(Node, text)
        assert not isinstance(caught.value, MisfitError)

    def test_mismatch_in_a_fence_is_reported(self) -> None:
        with pytest.raises(MisfitError, match="valeu: there is no such member"):
            parse_as(Node, 'Here: ```json {"valeu": 1}```')

    def test_pydantic_constraints_are_in_the_schema(self) -> None:
        properties = schema_of(Bounded)["properties"]
        assert properties.keys() == {"size", "from", "tags"}
        assert "at least" in properties["size"]["description"]
        with pytest.raises(MisfitError, match="size: Input should be greater than or equal to 1"):
            parse_as(Bounded, '{"size": "0"}')
        with pytest.raises(MisfitError, match="source: there is no such member"):
            parse_as(Bounded, '{"size": 1, "source": "x"}')

    @pytest.mark.parametrize(
        ("text", "cls"), [('{"kind": "cat", "lives": "9"}', "Cat"), ('{"kind": "dog", "lives": 1}', "Dog")]
    )
    def test_pydantic_discriminated_union(self, text: str, cls: str) -> None:
        pet = parse_as(Owner, f'{{"pet": {text}}}').pet
        assert type(pet).__name__ == cls
        with pytest.raises(MisfitError, match="pet: Input tag 'cow'"):
            parse_as(Owner, '{"pet": {"kind": "cow"}}')

    def test_nested_too_deeply(self) -> None:
        depth = 500
        with pytest.raises(MisfitError, match="is nested too deeply"):
            parse_as(Node, '{"value": 1, "next": ' * depth + "null" + "}" * depth)

    @pytest.mark.parametrize("text", ["", "{", "yes", "[" * 100_000])
    def test_no_json(self, text: str) -> None:
        with pytest.raises(ValueError) as caught:
            parse_as(dict, text)
        assert not isinstance(caught.value, MisfitError)

    @pytest.mark.parametrize(
        ("kind", "problem"),
        [
            (Unresolved, "an annotation of Unresolved cannot be resolved: name 'Nowhere' is not defined"),
            (WithInitVar, "WithInitVar has an InitVar"),
            (type("Plain", (), {}), "Plain has no JSON form: Unable to generate pydantic-core schema"),
            (Callback, "Callback has no JSON form: Cannot generate a JsonSchema"),
            (Unfinished, "Unfinished has no JSON form: "),
            (list["Nowhere"], "'Nowhere' has no JSON form: it is text"),  # type: ignore[name-defined]  # noqa: F821
        ],
    )
    def test_types_without_json_form(self, kind: Any, problem: str) -> None:
        with pytest.raises(ValueError) as caught:
            format_of_type(kind)
        assert problem in str(caught.value)
        if kind is not Callback:
            with pytest.raises(UnreadableTypeError):
                parse_as(kind, "{}")

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            (Item, '{"name": "a", "price": "1", "color": "red", "tags": [], "count": 1, "note": null, "sold": true}'),
            (Basket, '{"items": [], "owner": null}'),
            (Node, '{"value": 1, "next": {"value": 2, "next": null}}'),
            (Person, '{"name": "n", "age": 1, "email": null, "role": "user", "friends": []}'),
            (Optional[Color], '{"value": null}'),
            (Union[Node, Positive], '{"value": {"value": 1, "next": null}}'),
        ],
    )
    def test_values_that_match_the_schema_can_be_read(self, kind: Any, text: str) -> None:
        jsonschema.validate(json.loads(text), schema_of(kind))
        parse_as(kind, text)


class TestStrict:
    @pytest.mark.parametrize(
        ("schema", "expected"),
        [
            ({"const": 1, "type": "integer"}, {"type": "integer", "enum": [1]}),
            ({"enum": ["a", 1, None]}, {"type": ["integer", "null", "string"], "enum": ["a", 1, None]}),
            ({"oneOf": [{"type": "null"}]}, {"anyOf": [{"type": "null"}]}),
            ({"allOf": [{"$ref": "#/$defs/A"}]}, {"$ref": "#/$defs/A"}),
            (
                {"allOf": [{"$ref": "#/$defs/A"}], "default": 1},
                {"anyOf": [{"$ref": "#/$defs/A"}], "description": "default: 1"},
            ),
            ({"$ref": "#/$defs/A", "title": "T"}, {"anyOf": [{"$ref": "#/$defs/A"}], "title": "T"}),
            (
                {"type": "string", "format": "date", "readOnly": True},
                {"type": "string", "description": 'format: "date"'},
            ),
            ({"type": ["string", "null"], "default": None}, {"type": ["string", "null"]}),
            (
                {"type": "object", "properties": {"default": {"type": "null"}}, "additionalProperties": True},
                {
                    "type": "object",
                    "properties": {"default": {"type": "null"}},
                    "required": ["default"],
                    "additionalProperties": False,
                },
            ),
        ],
    )
    def test_strict_equivalents(self, schema: dict[str, Any], expected: dict[str, Any]) -> None:
        before = json.dumps(schema)
        assert strict(schema) == expected
        assert json.dumps(schema) == before

    @pytest.mark.parametrize(
        ("schema", "reason"),
        [
            ({}, "the root may be any value"),
            ({"type": "array"}, "an item of the root may be any value"),
            ({"type": "object", "properties": {"x": True}}, "'x' may be any value"),
            ({"type": "object"}, "the root may have members of any name"),
            (
                {"type": "object", "properties": {}, "additionalProperties": {"type": "null"}},
                "the root may have members of any name",
            ),
            ({"allOf": [{}, {}]}, "the root uses 'allOf'"),
            ({"enum": [[1]]}, "the root may be any value"),
            ({"type": "null", "$defs": {"A": {"not": {}}}}, "'A' uses 'not'"),
        ],
    )
    def test_schemas_that_strict_mode_cannot_express(self, schema: dict[str, Any], reason: str) -> None:
        with pytest.raises(NotStrictError, match=reason):
            strict(schema)


class TestAnswers:
    def test_parsed(self) -> None:
        assert answer('{"value": 1, "next": null}').parse_as(Node) == Node(1)

    def test_parse_another_choice(self) -> None:
        choices = [{"message": {"content": str(number)}} for number in (1, 2)]
        assert completion_of({"choices": choices}).parse_as(int, index=1) == 2

    @pytest.mark.parametrize(
        "content",
        [
            "<think>{} is tempting</think>\n[1]",
            [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "[1]"}],
            [{"type": "text", "text": "["}, {"type": "text", "text": "1]"}, "odd"],
        ],
    )
    def test_reasoning_is_skipped(self, content: Any) -> None:
        assert answer(content).parse_as(list[int]) == [1]

    @pytest.mark.parametrize(
        ("completion", "error", "text"),
        [
            (answer(refusal="I can't."), RefusedAnswerError, "the model refused to answer: I can't."),
            (
                completion_of(
                    {
                        "choices": [
                            {
                                "finish_reason": "content_filter",
                                "content_filter_results": {"hate": {"filtered": False}, "violence": {"filtered": True}},
                            }
                        ]
                    }
                ),
                FilteredAnswerError,
                "the content filter withheld the answer for violence",
            ),
            (answer("[1", finish="content_filter"), FilteredAnswerError, "the content filter withheld the answer"),
            (answer("[1", finish="length"), TruncatedAnswerError, "finish_reason 'length'.*max_completion_tokens"),
            (answer("[1", finish="model_length"), TruncatedAnswerError, "finish_reason 'model_length'"),
            (answer("Sure!"), InvalidAnswerError, "the answer is not JSON: Expecting value.*it begins: 'Sure!'"),
            (answer("x" * 200), InvalidAnswerError, r"'x{100}\.\.\.'"),
            (answer(None), InvalidAnswerError, r"the answer has no text \(finish_reason 'stop'\)"),
            (answer(None, finish="error"), InvalidAnswerError, r"no text \(finish_reason 'error'\)"),
            (completion_of({"choices": [{"index": 0}]}), InvalidAnswerError, "no text"),
            (answer(None, tool_calls=[{"id": "1"}]), InvalidAnswerError, "the answer asks for tool calls"),
            (completion_of({"choices": []}), InvalidAnswerError, "there is no answer 0: the completion has 0"),
            (completion_of({}), InvalidAnswerError, "there is no answer 0"),
            (answer('{"value": "x"}'), MismatchedAnswerError, "not of type Node: value: expected an integer"),
        ],
    )
    def test_errors_give_the_reason_and_the_answer(
        self, completion: ChatCompletions, error: type[AnswerError], text: str
    ) -> None:
        with pytest.raises(AnswerError, match=text) as caught:
            completion.parse_as(Node)
        assert type(caught.value) is error
        assert isinstance(caught.value, AzureError)
        assert caught.value.completion is completion

    def test_causes(self) -> None:
        with pytest.raises(InvalidAnswerError) as caught:
            answer("x").parse_as(Node)
        assert isinstance(caught.value.__cause__, json.JSONDecodeError)
        with pytest.raises(MismatchedAnswerError) as mismatched:
            answer('{"name": "", "age": 1}').parse_as(Person)
        assert isinstance(mismatched.value.__cause__, MisfitError)
        assert isinstance(mismatched.value.__cause__.__cause__, pydantic.ValidationError)

    def test_errors_pickle(self) -> None:
        error = pickle.loads(pickle.dumps(TruncatedAnswerError("cut", answer("[1"))))
        assert (type(error), error.message, error.completion) == (TruncatedAnswerError, "cut", answer("[1"))
        call = wrap_as(ChatCompletionsToolCall)({"id": "1"})
        told = pickle.loads(pickle.dumps(ToolCallError("no", call)))
        assert (str(told), told.tool_call) == ("no", call)


WITHOUT_PYDANTIC = """
import sys
sys.modules["pydantic"] = None  # makes its import fail
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Optional, TypedDict
from annotated_types import Gt
from azure.ai.inference._operations.response_format import response_format_of
from azure.ai.inference._schemas.structured_output import parse_as
from azure.ai.inference.models import ChatCompletionsToolDefinition

@dataclass
class Day:
    when: date
    note: Optional[str] = None

class Week(TypedDict):
    days: list[Day]

def plan(week: Week) -> None: ...

assert response_format_of(Week)["json_schema"]["strict"]
assert parse_as(Week, '{"days": [{"when": "2024-01-02"}]}') == {"days": [Day(date(2024, 1, 2))]}
assert ChatCompletionsToolDefinition.from_function(plan).function.name == "plan"
for foreign in (complex, Annotated[int, Gt(0)], dict[int, str]):
    try:
        response_format_of(foreign)
    except ValueError as error:
        assert "Unsupported `response_format`" in str(error), error
        assert "pip install pydantic" in str(error), error
    else:
        raise AssertionError(foreign)
print("done")
"""

UNTOUCHED = """
import sys
from dataclasses import dataclass
from azure.ai.inference._operations.response_format import response_format_of
from azure.ai.inference._schemas.structured_output import parse_as

@dataclass
class Day:
    name: str

response_format_of(Day)
assert parse_as(list[Day], '[{"name": "a"}]') == [Day("a")]
assert "pydantic" not in sys.modules
print("done")
"""


@pytest.mark.parametrize("program", [WITHOUT_PYDANTIC, UNTOUCHED], ids=["without", "untouched"])
def test_pydantic_is_optional(program: str) -> None:
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("done\n", "")


def test_non_text_keys() -> None:
    assert parse_as(dict[int, str], '{"1": "a"}') == {1: "a"}


def test_typing_extensions_typeddict() -> None:
    class Extended(typing_extensions.TypedDict):
        person: Person

    assert parse_as(Extended, '{"person": {"name": "n", "age": 1}}') == {"person": Person(name="n", age=1)}


def test_shape_schema_keeps_constraints() -> None:
    schema = shape_of(Item).schema
    assert schema["required"] == ["name", "price"]
    assert schema["properties"]["count"]["default"] == 3
    assert shape_of(datetime).schema == {"type": "string", "format": "date-time"}
    assert shape_of(set[int]).schema == {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
