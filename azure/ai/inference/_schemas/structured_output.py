"""Structured output: a Python type as a response format, and an answer as a value of that type.

Every answer that fits the schema can be read as the type. Services require the schema of an object, so any other type
is wrapped in an object with the single member "value". The schema of a type is built once and cached as text for as
long as the type lives.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_origin
from weakref import WeakKeyDictionary

from .._json import is_object
from ..exceptions import (
    FilteredAnswerError,
    InvalidAnswerError,
    MismatchedAnswerError,
    RefusedAnswerError,
    TruncatedAnswerError,
)
from .fields import UnreadableTypeError, name_of
from .json_schema import Schema, is_type, reader_of, shape_of
from .readers import MisfitError
from .strict import NotStrictError, strict

if TYPE_CHECKING:
    from ..models._chat import ChatChoice, ChatCompletions, ChatResponseMessage

T = TypeVar("T")

_BOX = "value"
_NAME_LENGTH = 64
_NAME_CHARS = frozenset(ascii_letters + digits + "_-")
_EXCERPT = 100
_FENCE = re.compile(r"```(?:[\w+-]*(?=\s)|json)?(.*?)```", re.DOTALL | re.IGNORECASE)
_TRUNCATED = ("length", "model_length")
_WAYS_OUT = (
    '"text", "json_object", a JsonSchemaFormat, a JSON object in the service\'s own form, '
    "or a type: a dataclass, a TypedDict, a pydantic model"
)

_formats: "WeakKeyDictionary[Any, str]" = WeakKeyDictionary()


def format_of_type(kind: Any) -> Schema:
    """Return the response format that asks for values of a type.

    :param kind: The type.
    :return: The format. Its schema is strict, unless strict mode cannot express the type.
    :raises ValueError: The value is not a type, the type has no JSON form, or it needs pydantic, which is not
        installed.
    """
    if not is_type(kind):
        raise ValueError(f"Unsupported `response_format` {kind!r:.200}: use {_WAYS_OUT}")
    try:
        return {"type": "json_schema", "json_schema": _format_of(kind)}
    except UnreadableTypeError as error:
        raise ValueError(f"Unsupported `response_format` {name_of(kind)}: {error}. Use {_WAYS_OUT}") from error


def _format_of(kind: Any) -> Schema:
    try:
        text = _formats.get(kind)
    except TypeError:  # Some aliases cannot be hashed, or have no weak references.
        return _make_format(kind)
    if text is None:
        text = _formats[kind] = json.dumps(_make_format(kind))
    made: Schema = json.loads(text)
    return made


def _make_format(kind: Any) -> Schema:
    schema = _boxed(_unrolled(shape_of(kind).schema))
    named: Schema = {"name": _schema_name(kind)}
    try:
        return {**named, "schema": strict(schema), "strict": True}
    except NotStrictError:
        return {**named, "schema": schema, "strict": False}


def _schema_name(kind: Any) -> str:
    name = "_".join(_names(kind))
    return "".join(char if char in _NAME_CHARS else "_" for char in name)[:_NAME_LENGTH].strip("_") or "answer"


def _names(kind: Any) -> list[str]:
    origin, args = get_origin(kind), get_args(kind)
    names = [name for arg in args for name in _names(arg)]
    return [getattr(origin or kind, "__name__", str(kind)), *names]


def _unrolled(schema: Schema) -> Schema:
    """Replace a root that is only a reference, as that of a recursive type, with its definition."""
    (only, *_) = schema.get("allOf", [schema])  # Older releases of pydantic wrap the reference.
    if "$ref" not in only:
        return schema
    return {**schema["$defs"][only["$ref"].rpartition("/")[2]], "$defs": schema["$defs"]}


def _is_boxed(kind: Any) -> bool:
    return _unrolled(shape_of(kind).schema).get("type") != "object"


def _boxed(schema: Schema) -> Schema:
    if schema.get("type") == "object":
        return schema
    inside = {keyword: value for keyword, value in schema.items() if keyword != "$defs"}
    box = {"type": "object", "properties": {_BOX: inside}, "required": [_BOX], "additionalProperties": False}
    return {**box, "$defs": schema["$defs"]} if "$defs" in schema else box


def parse_as(kind: "type[T]", text: str) -> T:
    """Read a model's text as a value of a type.

    :param kind: The type.
    :param text: JSON, or text with JSON in it: see `documents`.
    :return: The value.
    :raises UnreadableTypeError: The type has no JSON form, or needs pydantic, which is not installed.
    :raises MisfitError: The JSON is not of the type.
    :raises ValueError: The text is not JSON.
    """
    found = documents(text)
    for document in found[:-1]:
        with suppress(MisfitError):
            return _read(kind, document)
    return _read(kind, found[-1])


def documents(text: str) -> list[Any]:
    """Return the JSON values in what a model wrote, which may be in a code fence or surrounded by words.

    :param text: The text.
    :return: The text itself if it is JSON; else the contents of its fences; else what its outermost brackets enclose.
        A part of broken JSON is never returned.
    :raises ValueError: The text contains no JSON.
    """
    try:
        return [_load(text)]
    except ValueError:
        found = [*_loaded(_FENCE.findall(text))] or [*_loaded(_outermost(text))]
        if not found:
            raise
        return found


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _loaded(texts: Iterable[str]) -> Iterator[Any]:
    for text in texts:
        with suppress(ValueError):
            yield _load(text)


def _outermost(text: str) -> Iterator[str]:
    """Yield what each outermost pair of brackets encloses.

    A pair is the first bracket and the *last* one of its kind: searching for the bracket that matches would find a
    complete part in an answer that was cut off, and pass it off as the answer.
    """
    while starts := [start for start in (text.find("{"), text.find("[")) if start >= 0]:
        start = min(starts)
        end = text.rfind("}" if text[start] == "{" else "]") + 1
        yield text[start:end]
        text = text[end:] if end > start else ""


def _read(kind: "type[T]", document: Any) -> T:
    read = reader_of(kind)
    if is_object(document) and list(document) == [_BOX] and _is_boxed(kind):
        document = document[_BOX]
    try:
        return cast(T, read(document))
    except RecursionError:
        raise MisfitError(((), "is nested too deeply")) from None


def parse_answer(completion: "ChatCompletions", kind: "type[T]", index: int) -> T:
    """Read an answer as a value of a type.

    :param completion: The completion, whole or assembled from a stream.
    :param kind: The type.
    :param index: The index of the choice, from 0.
    :return: The value.
    :raises AnswerError: The answer is not such a value; the subclass says why.
    :raises UnreadableTypeError: The type has no JSON form, or needs pydantic, which is not installed.
    """
    text = _answer_text(completion, index)
    try:
        return parse_as(kind, text)
    except MisfitError as misfit:
        raise MismatchedAnswerError(f"the answer is not of type {name_of(kind)}: {misfit}", completion) from misfit
    except ValueError as error:
        excerpt = text[:_EXCERPT] + ("..." if len(text) > _EXCERPT else "")
        raise InvalidAnswerError(f"the answer is not JSON: {error}; it begins: {excerpt!r}", completion) from error


def _answer_text(completion: "ChatCompletions", index: int) -> str:
    """Return the text that should be JSON, or raise an error that says what the answer is instead."""
    choices = completion.choices or []
    if not 0 <= index < len(choices):
        raise InvalidAnswerError(f"there is no answer {index}: the completion has {len(choices)}", completion)
    choice = choices[index]
    message = cast("ChatResponseMessage | None", choice.message)
    if message is not None and message.refusal:
        raise RefusedAnswerError(f"the model refused to answer: {message.refusal}", completion)
    if choice.finish_reason == "content_filter":
        raise FilteredAnswerError(f"the content filter withheld the answer{_findings(choice)}", completion)
    if choice.finish_reason in _TRUNCATED:
        raise TruncatedAnswerError(
            f"the answer was cut off at the token limit (finish_reason {choice['finish_reason']!r}): "
            "raise max_tokens or max_completion_tokens",
            completion,
        )
    if message is not None and message.text.strip():
        return message.text
    raise InvalidAnswerError(_no_text(choice, message), completion)


def _no_text(choice: "ChatChoice", message: "ChatResponseMessage | None") -> str:
    if message is not None and message.tool_calls:
        return "the answer asks for tool calls: send their results and read the next answer"
    return f"the answer has no text (finish_reason {choice.get('finish_reason')!r})"


def _findings(choice: "ChatChoice") -> str:
    results: Mapping[str, Any] = choice.content_filter_results or {}
    found = [name for name, result in results.items() if result.get("filtered")]
    return f" for {', '.join(found)}" if found else ""
