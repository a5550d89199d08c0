"""The tool calls that a model would make: which of the offered tools, with which arguments.

Forced calls are always made; otherwise a tool is called if the user's last message mentions it. Arguments are valid for
the tool's schema, with matching names and numbers of the message: "the weather in Paris and Oslo" makes two calls.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from ._default_answers import read_talk
from ._replies import ToolCall
from ._rules import tool_functions
from ._schema_examples import Hints, SchemaError, generate, read_hints
from ._service_error import ServiceError
from ._values import as_list, as_object, as_text, is_object

_COMMON_WORDS: Final = (
    "the and for you your with from that this what when where which who how are was has have can will about "
    "into get set give given gets returns return function tool call use used user please tell find now not any "
    "all its one two name"
)
_MOST_CALLS: Final = 32
_COMMON: Final = frozenset(_COMMON_WORDS.split())


def choose_calls(body: Mapping[str, Any]) -> list[ToolCall]:
    """Return the calls that answer a request; none if it should be answered with text."""
    functions = tool_functions(body)
    choice = body.get("tool_choice", "auto")
    messages = as_list(body.get("messages"))
    text = read_talk(messages).gist
    if not functions or choice == "none":
        return []
    named = as_object(as_object(choice).get("function")).get("name")
    if named is not None:
        return _calls(next(function for function in functions if function["name"] == named), text, many=False)
    many = body.get("parallel_tool_calls") is not False
    if choice in ("required", "any"):
        return _calls(max(functions, key=lambda function: _affinity(function, text)), text, many=many)
    if as_object(messages[-1]).get("role") != "user":
        return []
    asked = [function for function in functions if _affinity(function, text) > 0]
    calls = (call for function in asked for call in _calls(function, text, many=many))
    return list(islice(calls, _MOST_CALLS if many else 1))


def _words(text: str) -> set[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).replace("_", " ").replace("-", " ").lower()
    words: list[str] = re.findall(r"[^\W_]{3,}", spaced)
    return {word.removesuffix("s") for word in words if word not in _COMMON}


def _affinity(function: Mapping[str, Any], text: str) -> float:
    """Return how well a text matches a function: its full name counts most, then words of its name and description."""
    name, description = as_text(function.get("name")), as_text(function.get("description"))
    if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE):
        return 10
    said = _words(text)
    in_name, in_description = len(said & _words(name)), len(said & _words(description))
    return in_name + in_description / 10 if in_name or in_description > 1 else 0


def _calls(function: Mapping[str, Any], text: str, *, many: bool) -> list[ToolCall]:
    schema = as_object(function.get("parameters")) or {"type": "object"}
    hints = read_hints(re.sub(rf"\b{re.escape(function['name'])}\b", "", text))
    variants: Sequence[Hints] = [hints]
    if many and len(hints.words) > 1 and _wants_one_word(schema):
        variants = [replace(hints, words=(word,), text=word) for word in hints.words[:_MOST_CALLS]]
    try:
        return [ToolCall(function["name"], _arguments(schema, variant)) for variant in variants]
    except SchemaError as error:
        message = f"Invalid schema for function '{function['name']}': {error}."
        raise ServiceError(400, "invalid_function_parameters", message, param="tools") from error


def _arguments(schema: Mapping[str, Any], hints: Hints) -> dict[str, Any]:
    found = generate(schema, hints)
    if not is_object(found):
        raise SchemaError("the arguments of a function must be an object")
    return found


def _wants_one_word(schema: Any) -> bool:
    """Return whether a schema has one place for a word of the message, so that several words mean several calls."""
    required = as_list(as_object(schema).get("required"))
    properties = as_object(as_object(schema).get("properties"))
    plain = [
        name
        for name in required
        if as_object(properties.get(name)).get("type") == "string" and "enum" not in as_object(properties.get(name))
    ]
    return len(plain) == 1


def call_id(seed: str, index: int, bare: bool) -> str:
    """Return a call's id: nine letters and digits on Mistral's models, ``call_`` and 24 elsewhere."""
    return f"{seed[:7]}{index:02d}" if bare else f"call_{seed[:22]}{index:02d}"


def with_ids(calls: Sequence[ToolCall], seed: str, bare: bool, start: int = 0) -> list[ToolCall]:
    """Return the calls, each with an id."""
    return [replace(call, id=_or(call.id, call_id(seed, start + index, bare))) for index, call in enumerate(calls)]


def _or(value: str | None, default: str) -> str:
    return default if value is None else value
