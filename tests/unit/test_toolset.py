"""Functions as tools: their definitions, and running what a model calls."""

import asyncio
import functools
import gc
import json
import logging
import threading
import weakref
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, make_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypedDict
from uuid import UUID

import jsonschema  # type: ignore[import-untyped]
import numpy as np
import pydantic
import pytest

from azure.ai.inference._nested_models import wrap_as
from azure.ai.inference._schemas.docstrings import read_docstring
from azure.ai.inference._schemas.readers import MisfitError
from azure.ai.inference.exceptions import ToolCallError
from azure.ai.inference.models import (
    AssistantMessage,
    ChatChoice,
    ChatCompletions,
    ChatCompletionsToolDefinition,
    ChatResponseMessage,
    UserMessage,
)
from azure.ai.inference.tools import Toolset

from_function = ChatCompletionsToolDefinition.from_function


class Unit(Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


@dataclass
class Place:
    name: str
    height: float = 0


class Trip(pydantic.BaseModel):
    days: int = pydantic.Field(ge=1)


def get_weather(city: str, unit: Unit = Unit.CELSIUS, *, days: int | None = None) -> dict[str, Any]:
    """Tell the weather.

    Today's, or a forecast.

    :param city: The city,
        with its country.
    :param Unit unit: Unit of temperatures.
    :keyword days: Days ahead.
    :return: The weather.
    """
    return {"city": city, "unit": unit, "days": days}


async def get_time(zone: str) -> str:
    """Tell the time.

    Args:
        zone (str): Time zone.
    """
    return f"noon in {zone}"


def no_parameters() -> None:
    pass


def variadic(one: int, *args: int, **kwargs: int) -> int:
    return one + len(args) + len(kwargs)


def by_position(a: int, b: int = 2, /, c: int = 3, *, d: int = 4) -> list[int]:
    return [a, b, c, d]


def visit(place: Place, trip: Annotated[Trip, "What to do"], note="nothing", *rest):  # type: ignore[no-untyped-def]
    return [place, trip, note]


class Depends:
    """A marker like those of FastAPI and other frameworks."""

    def __init__(self, dependency: Any) -> None:
        self.dependency = dependency


@dataclass(frozen=True)
class Options:
    retries: int = 2


class Pair(TypedDict):
    one: int


MISSING = object()
STORE = threading.Event()
PLACES = [Place("Rom")]


def search(
    query: str = pydantic.Field(..., description="What to look for"),
    limit: int = pydantic.Field(10, ge=1),
    page: Annotated[int, pydantic.Field(ge=1)] = pydantic.Field(3),  # type: ignore[assignment]
    tags: list[str] = pydantic.Field(default_factory=list),  # noqa: B008 (as its users write it)
    source: str = pydantic.Field("web", alias="from"),
    depth: Annotated[int, pydantic.Field(7)] = ...,  # type: ignore[assignment]
    exact: bool = ...,  # type: ignore[assignment]
) -> list[Any]:
    """Search.

    :param source: Where to look.
    :param exact: Whether to match the words.
    """
    return [query, limit, page, tags, source, depth, exact]


def injected(
    city: str,
    user: int = Depends(int),  # type: ignore[assignment]
    store: threading.Event = STORE,
    pair: Pair = Depends(dict),  # type: ignore[assignment]  # noqa: B008 (as its users write it)
    log: Any = logging.getLogger(),  # noqa: B008 (as its users write it)
    again: Annotated[int, Depends(int)] = 3,
    options: Options = Options(),
    places: "list[Place] | None" = PLACES,  # type: ignore[assignment]
    where: Path = Path("a"),
    numbers: set[int] = {1},  # noqa: B006 (not changed)
    given: int = MISSING,  # type: ignore[assignment]
) -> list[Any]:
    injected_ones = [type(user).__name__, store is STORE, log is logging.getLogger(), again]
    return [city, *injected_ones, options.retries, [place.name for place in places], str(where), given is MISSING]


def plan(places: "list[Place]", when: "date | None" = None) -> "str":
    return f"{[place.name for place in places]} {when}"


def with_list(items: list[int] = [1, 2]) -> list[int]:  # noqa: B006
    return items


def free(settings: dict[str, int]) -> int:
    return len(settings)


def fails(x: int = 0) -> None:
    raise LookupError("no such thing")


class Desk:
    def book(self, seats: int) -> str:
        """Book seats."""
        return f"{seats} booked"

    def __call__(self, seats: int) -> str:
        """Book at once."""
        return f"{seats} booked at once"


class AsyncDesk:
    """A desk."""

    async def __call__(self, seats: int) -> int:
        return seats


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def call(name: str, arguments: Any = "{}", call_id: Any = "id") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def message_with(*calls: dict[str, Any]) -> ChatResponseMessage:
    return wrap_as(ChatResponseMessage)({"role": "assistant", "content": None, "tool_calls": list(calls)})


class TestDocstring:
    @pytest.mark.parametrize(
        ("docstring", "text", "parameters"),
        [
            (None, "", {}),
            ("Do it.", "Do it.", {}),
            ("Do it: now.\n\n:not a field\n    Or do.", "Do it: now.\n\n:not a field\n    Or do.", {}),
            (
                """Do it.

                And well.

                :param x: One
                    and more.
                :param List[int] y: Two: yes.
                :type y: list
                :keyword z: Three.

                :param: Nobody.
                :return: It.
                :raises ValueError: No.
                """,
                "Do it.\n\nAnd well.",
                {"x": "One and more.", "y": "Two: yes.", "z": "Three."},
            ),
            (
                """Do it.

                Args:
                    x: One
                        and more.
                    y (int, optional): Two.

                    *rest: More.
                    *

                Returns:
                    z: not a parameter.

                Keyword Args:
                    k: Key.
                """,
                "Do it.",
                {"x": "One and more.", "y": "Two.", "rest": "More.", "": "", "k": "Key."},
            ),
            (
                """Do it.

                Parameters
                ----------
                x : int
                    One
                    and more.
                y, z : {"a", "b"}
                    Two.
                plain

                Returns
                -------
                w : int
                    Not a parameter.

                Notes
                -----
                n
                """,
                "Do it.",
                {"x": "One and more.", "y": "Two.", "z": "Two.", "plain": ""},
            ),
            ("Args:\n    x: One.", "", {"x": "One."}),
        ],
    )
    def test_docstring_styles(self, docstring: str | None, text: str, parameters: dict[str, str]) -> None:
        read = read_docstring(docstring)
        assert read.text == text
        assert read.parameters == parameters


class TestDefinition:
    def test_signature_annotations_and_docstring(self) -> None:
        definition = from_function(get_weather)
        assert definition.as_dict() == {
            "function": {
                "name": "get_weather",
                "description": "Tell the weather.\n\nToday's, or a forecast.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "city": {"type": "string", "description": "The city, with its country."},
                        "unit": {
                            "type": "string",
                            "enum": ["c", "f"],
                            "default": "c",
                            "description": "Unit of temperatures.",
                        },
                        "days": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "Days ahead."},
                    },
                    "required": ["city"],
                    "additionalProperties": False,
                },
            },
            "type": "function",
        }
        assert list(definition) == ["function", "type"]
        assert json.dumps(definition) == json.dumps(definition.as_dict())

    def test_strict(self) -> None:
        function = from_function(get_weather, strict=True).function
        assert function.strict is True
        assert function.parameters is not None
        assert function.parameters["required"] == ["city", "unit", "days"]
        assert function.parameters["properties"]["unit"]["description"] == 'Unit of temperatures. (default: "c")'
        assert from_function(get_weather, strict=False).function.strict is False
        assert "strict" not in from_function(get_weather).function

    def test_explicit_names_and_descriptions(self) -> None:
        function = from_function(get_weather, name="weather-2", description="Weather!").function
        assert (function.name, function.description) == ("weather-2", "Weather!")
        assert from_function(get_weather, description="").function.description == ""

    @pytest.mark.parametrize(
        ("function", "name", "description", "properties"),
        [
            (get_time, "get_time", "Tell the time.", {"zone": {"type": "string", "description": "Time zone."}}),
            (no_parameters, "no_parameters", None, {}),
            (variadic, "variadic", None, {"one": {"type": "integer"}}),
            (Desk().book, "book", "Book seats.", {"seats": {"type": "integer"}}),
            (Desk(), "Desk", "Book at once.", {"seats": {"type": "integer"}}),
            (AsyncDesk(), "AsyncDesk", "A desk.", {"seats": {"type": "integer"}}),
            (functools.partial(variadic, one=1), "variadic", None, {}),
            (functools.partial(by_position, 1, d=5), "by_position", None, {"b": 2, "c": 3}),
            (
                wrapped(free),
                "free",
                None,
                {"settings": {"type": "object", "additionalProperties": {"type": "integer"}}},
            ),
            (with_list, "with_list", None, {"items": {"type": "array", "items": {"type": "integer"}}}),
        ],
    )
    def test_kinds_of_callables(
        self, function: Callable[..., Any], name: str, description: str | None, properties: dict[str, Any]
    ) -> None:
        defined = from_function(function).function
        assert (defined.name, defined.description) == (name, description)
        expected = {
            each: {"type": "integer", "default": said} if isinstance(said, int) else said
            for each, said in properties.items()
        }
        assert defined.parameters is not None
        assert defined.parameters["properties"] == expected
        jsonschema.Draft202012Validator.check_schema(defined.parameters)

    def test_types_of_pydantic_and_no_types(self) -> None:
        parameters = from_function(visit).function.parameters
        assert parameters is not None
        assert parameters["properties"]["place"] == {"$ref": "#/$defs/Place"}
        assert parameters["properties"]["trip"] == {"$ref": "#/$defs/Trip", "description": "What to do"}
        assert parameters["properties"]["note"] == {"title": "Note", "default": "nothing"}
        assert parameters["required"] == ["place", "trip"]
        assert parameters["additionalProperties"] is False
        assert parameters.keys() == {"type", "properties", "required", "additionalProperties", "$defs"}

    def test_pydantic_fields_as_defaults(self) -> None:
        parameters = from_function(search).function.parameters
        assert parameters is not None
        assert parameters["required"] == ["query", "exact"]
        assert parameters["properties"] == {
            "query": {"title": "Query", "type": "string", "description": "What to look for"},
            "limit": {"title": "Limit", "type": "integer", "default": 10, "minimum": 1},
            "page": {"title": "Page", "type": "integer", "default": 3, "minimum": 1},
            "tags": {"title": "Tags", "type": "array", "items": {"type": "string"}},
            "from": {"title": "From", "type": "string", "default": "web", "description": "Where to look."},
            "depth": {"title": "Depth", "type": "integer", "default": 7},
            "exact": {"title": "Exact", "type": "boolean", "description": "Whether to match the words."},
        }
        strict = from_function(search, strict=True).function.parameters
        assert strict is not None
        assert strict["required"] == [*parameters["properties"]]

    def test_injected_parameters_are_not_offered(self) -> None:
        parameters = from_function(injected).function.parameters
        assert parameters is not None
        assert [*parameters["properties"]] == ["city", "options", "places", "where", "numbers", "given"]
        assert parameters["required"] == ["city"]

        def needs(user: Annotated[int, Depends(int)]) -> int:
            return user

        with pytest.raises(
            TypeError, match=r"needs cannot be a tool: user is injected: bind it yourself, with functools"
        ):
            from_function(needs)
        assert from_function(functools.partial(needs, user=3)).function.parameters["properties"] == {}  # type: ignore[index]

    def test_string_annotations(self) -> None:
        parameters = from_function(plan).function.parameters
        assert parameters is not None
        assert parameters["properties"]["places"] == {"type": "array", "items": {"$ref": "#/$defs/Place"}}

    @pytest.mark.parametrize(
        ("function", "options", "error", "text"),
        [
            (lambda: None, {}, ValueError, "a tool cannot be called '<lambda>'"),
            (no_parameters, {"name": "no spaces"}, ValueError, "'no spaces'"),
            (no_parameters, {"name": ""}, ValueError, "a tool cannot be called ''"),
            (no_parameters, {"name": "x" * 65}, ValueError, "64 at most"),
            (
                free,
                {"strict": True},
                ValueError,
                "free cannot be a strict tool: 'settings' may have",
            ),
            ("get_weather", {}, TypeError, "a tool must be a function, not 'get_weather'"),
            (Desk, {}, TypeError, "a tool must be a function, not <class"),
        ],
    )
    def test_invalid_tools(self, function: Any, options: Any, error: type[Exception], text: str) -> None:
        with pytest.raises(error, match=text):
            from_function(function, **options)

    def test_parameter_without_json_form(self) -> None:
        def send(lock: threading.Event) -> None: ...

        def lost(x: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821

        with pytest.raises(TypeError, match="send cannot be a tool: Event has no JSON form"):
            from_function(send)
        with pytest.raises(TypeError, match=r"lost cannot be a tool: an annotation of .*lost cannot be resolved"):
            from_function(lost)
        assert from_function(functools.partial(send, lock=threading.Event())).function.name == "send"


def bounded(limit: int, where: Trip | None = None, often: int = 3, sure: bool = False) -> list[Any]:
    return [limit, where, often, sure]


def unbounded(limit: int, where: str | None = None, often: int = 3, sure: bool = False) -> list[Any]:
    return [limit, where, often, sure]


TOOLS = Toolset([get_weather, no_parameters, by_position, visit, plan, with_list, fails, Desk().book, search, injected])


def test_functions_can_be_garbage_collected() -> None:
    def use(number: int) -> list["weakref.ref[Any]"]:
        record = make_dataclass(f"R{number}", [("x", int)])

        def tool(a: record, b: Trip | None = None) -> int:  # type: ignore[valid-type]
            return a.x  # type: ignore[attr-defined, no-any-return]

        (message,) = Toolset([tool]).run(message_with(call("tool", {"a": {"x": number}})))
        assert message.content == str(number)
        return [weakref.ref(record), weakref.ref(tool)]

    used = [ref for number in range(100) for ref in use(number)]
    gc.collect()
    assert [ref for ref in used if ref() is not None] == []


class TestRun:
    @pytest.mark.parametrize(
        ("name", "arguments", "content"),
        [
            ("get_weather", '{"city": "Köln"}', '{"city": "Köln", "unit": "c", "days": null}'),
            ("get_weather", {"city": "Rom", "unit": "f", "days": 2}, '{"city": "Rom", "unit": "f", "days": 2}'),
            ("get_weather", '{"city": "Rom", "unit": null}', '{"city": "Rom", "unit": "c", "days": null}'),
            ("no_parameters", "", "null"),
            ("no_parameters", None, "null"),
            ("no_parameters", " {} ", "null"),
            ("by_position", '{"a": 1, "b": 5, "d": 6}', "[1, 5, 3, 6]"),
            (
                "visit",
                '{"place": {"name": "Rom"}, "trip": {"days": 2}, "note": [1]}',
                '[{"name": "Rom", "height": 0}, {"days": 2}, [1]]',
            ),
            ("plan", '{"places": [{"name": "Rom"}], "when": "2024-01-02"}', "['Rom'] 2024-01-02"),
            ("with_list", "{}", "[1, 2]"),
            ("book", '{"seats": 2}', "2 booked"),
            ("book", '```json {"seats": "2"}```', "2 booked"),
            ("search", '{"query": "x", "exact": "true"}', '["x", 10, 3, [], "web", 7, true]'),
            (
                "search",
                '{"query": "x", "exact": false, "limit": "5", "page": null, "tags": ["a"], "from": "books"}',
                '["x", 5, 3, ["a"], "books", 7, false]',
            ),
            ("injected", '{"city": "Rom"}', '["Rom", "Depends", true, true, 3, 2, ["Rom"], "a", true]'),
            (
                "injected",
                '{"city": "Rom", "options": {"retries": "5"}, "places": [], "given": 1}',
                '["Rom", "Depends", true, true, 3, 5, [], "a", false]',
            ),
        ],
    )
    def test_results(self, name: str, arguments: Any, content: str) -> None:
        (message,) = TOOLS.run(message_with(call(name, arguments, "call-1")))
        assert message.as_dict() == {"role": "tool", "tool_call_id": "call-1", "content": content}

    @pytest.mark.parametrize(
        ("name", "arguments", "content"),
        [
            ("nothing", "{}", "Error: there is no tool 'nothing'; the tools are: get_weather, no_parameters, "),
            ("", "{}", "Error: there is no tool ''"),
            ("get_weather", "{", "Error: the arguments of get_weather do not fit: Expecting property name"),
            ("get_weather", "[" * 100_000, "Error: the arguments of get_weather do not fit: "),
            ("get_weather", "[]", "Error: the arguments of get_weather do not fit: expected an object, got []"),
            ("get_weather", "{}", "Error: the arguments of get_weather do not fit: city: is missing"),
            (
                "get_weather",
                '{"city": 1, "unit": "k", "x": 1}',
                "Error: the arguments of get_weather do not fit: x: there is no such member; "
                'city: expected a string, got 1; unit: expected one of ["c", "f"], got "k"',
            ),
            (
                "visit",
                '{"place": {"name": "Rom"}, "trip": {"days": 0}, "extra": 1}',
                "Error: the arguments of visit do not fit: extra: there is no such member; "
                "trip.days: Input should be greater than or equal to 1",
            ),
            ("fails", "{}", "Error: fails failed: LookupError: no such thing"),
            ("search", "{}", "Error: the arguments of search do not fit: query: is missing; exact: is missing"),
            (
                "search",
                '{"query": "x", "exact": 1, "limit": 0, "source": "x"}',
                "Error: the arguments of search do not fit: source: there is no such member; "
                "limit: Input should be greater than or equal to 1; exact: expected true or false, got 1",
            ),
            (
                "injected",
                '{"city": "Rom", "user": 1, "again": 1}',
                "Error: the arguments of injected do not fit: user: there is no such member; again: there is no such",
            ),
            ("book", '{"seats": {"a": 1}', "Error: the arguments of book do not fit: Expecting"),
        ],
    )
    def test_failed_calls_become_messages(
        self, name: str, arguments: Any, content: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING, "azure.ai.inference"):
            (message,) = TOOLS.run(message_with(call(name, arguments)))
        assert message.content is not None
        assert message.content.startswith(content)
        (record,) = caplog.records
        assert repr(name) in record.getMessage()

    @pytest.mark.parametrize(
        "arguments",
        [
            {"limit": value, **more}
            for value in (5, "5", 5.0, "5.0", 5.5, "x", True, "true", None, [], {})
            for more in ({}, {"often": "4"}, {"often": None}, {"sure": "True"}, {"sure": 1}, {"no": 1}, {"where": None})
        ],
        ids=str,
    )
    def test_mismatches_are_reported_for_any_signature(self, arguments: dict[str, Any]) -> None:
        contents = [
            Toolset([function]).run(message_with(call(function.__name__, arguments)))[0].content
            for function in (bounded, unbounded)
        ]
        assert contents[0] is not None
        assert contents[1] is not None
        assert contents[0].replace("unbounded", "bounded") == contents[1].replace("unbounded", "bounded")
        fits = arguments["limit"] in (5, "5", "5.0") and arguments.keys() <= {"limit", "often", "where", "sure"}
        assert contents[0].startswith("[5, null") is (fits and arguments.get("sure") != 1)

    @pytest.mark.parametrize(
        ("name", "arguments", "cause"),
        [("nothing", "{}", None), ("get_weather", "[]", MisfitError), ("fails", "{}", LookupError)],
    )
    def test_raise_on_error(self, name: str, arguments: str, cause: type[Exception] | None) -> None:
        toolset = Toolset([get_weather, fails], raise_on_error=True)
        message = message_with(call(name, arguments))
        with pytest.raises(ToolCallError) as caught:
            toolset.run(message)
        assert message.tool_calls is not None
        assert caught.value.tool_call is message.tool_calls[0]
        assert type(caught.value.__cause__) is (cause or type(None))

    def test_calls_run_in_order(self) -> None:
        messages = TOOLS.run(message_with(*(call("by_position", {"a": at}, f"id-{at}") for at in range(3))))
        assert [message.tool_call_id for message in messages] == ["id-0", "id-1", "id-2"]
        assert [message.content for message in messages] == ["[0, 2, 3, 4]", "[1, 2, 3, 4]", "[2, 2, 3, 4]"]

    @pytest.mark.parametrize(
        "answer",
        [
            {"choices": [{"message": {"tool_calls": [call("no_parameters")]}}]},
            {"message": {"tool_calls": [call("no_parameters")]}},
            {"tool_calls": [call("no_parameters")]},
        ],
    )
    @pytest.mark.parametrize("kind", [ChatCompletions, ChatChoice, ChatResponseMessage, AssistantMessage, dict])
    def test_answer_types(self, answer: Any, kind: Any) -> None:
        (message,) = TOOLS.run(kind(answer))
        assert message.content == "null"

    @pytest.mark.parametrize(
        "answer",
        [
            ChatCompletions,
            {"choices": None},
            {"choices": []},
            {"choices": [{"finish_reason": "content_filter"}]},
            {"choices": [{"message": None}]},
            {"choices": [{"message": {"content": "hi"}}]},
            {"role": "assistant", "tool_calls": []},
            {"role": "assistant", "tool_calls": None},
        ],
    )
    def test_no_calls(self, answer: Any) -> None:
        assert TOOLS.run({} if answer is ChatCompletions else answer) == []

    def test_malformed_calls(self) -> None:
        (message,) = TOOLS.run(message_with({"id": None, "function": None}))
        assert message.as_dict()["tool_call_id"] == ""

    @pytest.mark.parametrize(
        "answer",
        [
            *("hi", None, [], 5),
            *({"choices": 5}, {"choices": {"message": {}}}, {"choices": ["hi"]}, {"choices": [{"message": "hi"}]}),
            *({"message": 5}, {"tool_calls": 5}, {"tool_calls": ["add"]}, {"tool_calls": {"id": "1"}}),
        ],
    )
    def test_values_that_are_not_answers(self, answer: Any) -> None:
        with pytest.raises(TypeError, match="tools run on a completion, a choice or a message, not on"):
            TOOLS.run(answer)

    def test_async_tools_need_arun(self) -> None:
        ran: list[int] = []

        def note() -> None:
            ran.append(1)

        def hidden() -> Awaitable[str]:
            return get_time("UTC")

        def future() -> Awaitable[str]:
            return Ready()

        toolset = Toolset([note, get_time, AsyncDesk(), hidden, future])
        for name in ("get_time", "AsyncDesk"):
            with pytest.raises(TypeError, match=f"{name} is async: use `await toolset.arun"):
                toolset.run(message_with(call("note"), call(name, {"zone": "x"})))
        assert ran == []
        toolset = Toolset([hidden, future, count_up])
        for name in ("hidden", "future", "count_up"):
            with pytest.raises(TypeError, match=f"{name} is async"):
                toolset.run(message_with(call(name)))


async def count_up() -> AsyncIterator[int]:
    for number in range(3):
        yield number


class Ready:
    def __await__(self) -> Any:
        return iter(())


class TestResults:
    @pytest.mark.parametrize(
        ("result", "content"),
        [
            ("text", "text"),
            ("", ""),
            (None, "null"),
            ({"a": [1, True]}, '{"a": [1, true]}'),
            ("é", "é"),
            (["é"], '["é"]'),
            (Unit.CELSIUS, '"c"'),
            (Place("Rom", 5), '{"name": "Rom", "height": 5}'),
            ([Place("Rom")], '[{"name": "Rom", "height": 0}]'),
            (Trip(days=1), '{"days": 1}'),
            (UserMessage("hi"), '{"role": "user", "content": "hi"}'),
            (Decimal("1.5"), "1.5"),
            (date(2024, 1, 2), '"2024-01-02"'),
            ({"path": Path("a")}, '{"path": "a"}'),
            ([UUID(int=1)], '["00000000-0000-0000-0000-000000000001"]'),
            ({2, 1}, "[1, 2]"),
            (frozenset("a"), '["a"]'),
            ((1, 2), "[1, 2]"),
            ({(1, 2): 3}, "{(1, 2): 3}"),
            (Place, f'"{Place!s}"'),
            ((number * 2 for number in range(3)), "[0, 2, 4]"),
            (map(str, range(2)), '["0", "1"]'),
            (np.arange(1500), json.dumps(list(range(1500)))),
            ({"a": np.float32(0.5), "b": np.array([[1], [2]])}, '{"a": 0.5, "b": [[1], [2]]}'),
            (array("i", [1, 2]), "[1, 2]"),
        ],
    )
    def test_results_as_text(self, result: Any, content: str) -> None:
        def tool() -> Any:
            return result

        (message,) = Toolset([tool]).run(message_with(call("tool")))
        assert message.content == content

    def test_generator_that_breaks(self) -> None:
        def tool() -> Iterator[int]:
            yield 1
            raise ValueError("half")

        (message,) = Toolset([tool]).run(message_with(call("tool")))
        assert message.content == "Error: tool failed: ValueError: half"

    def test_circular_result(self) -> None:
        loop: list[Any] = []
        loop.append(loop)

        def tool() -> Any:
            return loop

        (message,) = Toolset([tool]).run(message_with(call("tool")))
        assert message.content == "[[...]]"

    def test_unserializable_result(self) -> None:
        class Mute:
            def __str__(self) -> str:
                raise RuntimeError("mute")

        def tool() -> Any:
            return Mute()

        (message,) = Toolset([tool]).run(message_with(call("tool")))
        assert message.content == "Error: tool failed: RuntimeError: mute"


class TestArun:
    async def test_concurrent_calls_return_in_order(self) -> None:
        barrier = threading.Barrier(2, timeout=10)
        met = asyncio.Event()

        def in_thread(at: int) -> int:
            barrier.wait()
            return at

        async def waits() -> str:
            await met.wait()
            return "met"

        async def meets() -> str:
            met.set()
            return "set"

        toolset = Toolset([in_thread, waits, meets])
        calls = [call("in_thread", {"at": 1}), call("waits"), call("in_thread", {"at": 2}), call("meets")]
        messages = await asyncio.wait_for(toolset.arun(message_with(*calls)), 10)
        assert [message.content for message in messages] == ["1", "met", "2", "set"]

    async def test_kinds_of_async_callables(self) -> None:
        def hidden() -> Awaitable[str]:
            return get_time("UTC")

        toolset = Toolset([get_time, AsyncDesk(), hidden])
        calls = [call("get_time", {"zone": "UTC"}), call("AsyncDesk", {"seats": 2}), call("hidden")]
        messages = await toolset.arun(message_with(*calls))
        assert [message.content for message in messages] == ["noon in UTC", "2", "noon in UTC"]
        (message,) = await Toolset([wrapped(get_time)]).arun(message_with(call("get_time", {"zone": "x"})))
        assert message.content == "noon in x"

    async def test_generators(self) -> None:
        async def breaks() -> AsyncIterator[int]:
            yield 1
            raise ValueError("half")

        def plain() -> Iterator[str]:
            yield threading.current_thread().name

        toolset = Toolset([count_up, breaks, plain])
        messages = await toolset.arun(message_with(call("count_up"), call("breaks"), call("plain")))
        assert [message.content for message in messages[:2]] == ["[0, 1, 2]", "Error: breaks failed: ValueError: half"]
        assert threading.current_thread().name not in messages[2].content  # it runs where functions run

    async def test_errors_are_logged(self) -> None:
        def exhausted() -> Any:
            return next(iter(()))

        async def breaks() -> None:
            raise LookupError("gone")

        toolset = Toolset([exhausted, breaks, no_parameters])
        calls = [call("exhausted"), call("breaks"), call("nothing"), call("breaks", "[]"), call("no_parameters")]
        messages = await asyncio.wait_for(toolset.arun(message_with(*calls)), 10)
        assert [message.content for message in messages] == [
            "Error: exhausted failed: StopIteration: ",
            "Error: breaks failed: LookupError: gone",
            "Error: there is no tool 'nothing'; the tools are: exhausted, breaks, no_parameters",
            "Error: the arguments of breaks do not fit: expected an object, got []",
            "null",
        ]

    async def test_raised_error_cancels_the_other_calls(self) -> None:
        ended = asyncio.Event()

        async def slow() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()

        async def breaks() -> None:
            await asyncio.sleep(0)
            raise LookupError("gone")

        toolset = Toolset([slow, breaks], raise_on_error=True)
        with pytest.raises(ToolCallError, match="breaks failed: LookupError: gone"):
            await toolset.arun(message_with(call("slow"), call("breaks")))
        assert ended.is_set()

    async def test_cancelled_run(self) -> None:
        started, ended = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            started.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()

        task = asyncio.ensure_future(Toolset([slow]).arun(message_with(call("slow"))))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    async def test_context_reaches_threads(self) -> None:
        who: ContextVar[str] = ContextVar("who")

        def tool() -> str:
            return who.get()

        who.set("me")
        (message,) = await Toolset([tool]).arun(message_with(call("tool")))
        assert message.content == "me"

    async def test_no_calls(self) -> None:
        assert await TOOLS.arun(message_with()) == []
        with pytest.raises(TypeError):
            await TOOLS.arun("hi")  # type: ignore[arg-type]


class TestToolset:
    def test_definitions(self) -> None:
        definitions = Toolset([get_weather, get_time], strict=True).definitions
        assert definitions == [from_function(get_weather, strict=True), from_function(get_time, strict=True)]
        assert all(isinstance(definition, ChatCompletionsToolDefinition) for definition in definitions)

    def test_definitions_are_not_shared(self) -> None:
        toolset = Toolset([get_weather])
        toolset.definitions[0].function.parameters.clear()  # type: ignore[union-attr]
        assert toolset.definitions == [from_function(get_weather)]

    def test_mapping_of_names(self) -> None:
        toolset = Toolset({"first": no_parameters, "second": Desk().book})
        assert [definition.function.name for definition in toolset.definitions] == ["first", "second"]
        (message,) = toolset.run(message_with(call("second", {"seats": 1})))
        assert message.content == "1 booked"

    def test_duplicate_names(self) -> None:
        with pytest.raises(ValueError, match=r"two tools are called 'no_parameters'.*Toolset"):
            Toolset([no_parameters, wrapped(no_parameters)])

    def test_function_that_is_not_in_a_list(self) -> None:
        with pytest.raises(TypeError, match=r"a list of functions, as in Toolset\(\[f\]\), not <function"):
            Toolset(no_parameters)  # type: ignore[call-overload]

    def test_empty_toolset(self) -> None:
        assert Toolset([]).definitions == []
