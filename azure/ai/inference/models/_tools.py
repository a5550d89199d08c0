"""Tools: those a model is offered, those it must use, and the calls it requests."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from typing_extensions import Self

from .._json import is_list, is_object
from .._model import Model
from .._model_fields import constant, field


class FunctionDefinition(Model):
    """A function that a model may request to call."""

    __module__ = "azure.ai.inference.models"

    name: str
    """The function's name: letters, digits, underscores and dashes, at most 64 characters."""
    description: str | None = None
    """What the function does; the model decides by it when to call the function."""
    parameters: Any | None = None
    """The JSON schema of the arguments, an object schema."""
    strict: bool | None = None
    """Whether the arguments must follow the schema exactly. Not part of the Azure model inference schema."""


class ChatCompletionsToolDefinition(Model):
    """A tool that a model may use."""

    __module__ = "azure.ai.inference.models"

    function: FunctionDefinition
    """The function."""
    type: Literal["function"] = constant("function", last=True)

    @classmethod
    def from_function(
        cls,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        strict: bool | None = None,
    ) -> Self:
        """Return the definition of a Python function as a tool.

        The schema of the arguments comes from the annotations. Their descriptions come from the docstring (`:param x:`,
        Google's "Args:", numpy's "Parameters") or from `Annotated[int, "in metres"]`. The model is not offered `*args`
        and `**kwargs`, arguments that `functools.partial` already holds, and parameters whose default has no JSON form,
        such as FastAPI's `Depends(...)`; they keep their defaults. `azure.ai.inference.tools.Toolset` runs the calls.

        :param function: A function, sync or async, a method, or a callable object.
        :keyword name: The tool's name; the function's own name by default.
        :keyword description: What it does; by default the docstring up to its first section.
        :keyword strict: Whether the arguments must follow the schema exactly. Azure OpenAI requires
            `parallel_tool_calls=False` with True.
        :return: The definition.
        :raises TypeError: `function` is not callable, or a parameter's type has no JSON form or needs pydantic, which
            is not installed.
        :raises ValueError: Services do not accept the name, or a parameter cannot be strict, such as a `dict` with
            arbitrary keys.
        """
        from .._schemas.functions import tool_of

        tool = tool_of(function, name=name, description=description, strict=strict)
        return cls(function=FunctionDefinition(**tool.definition))


def _as_text(arguments: Any) -> Any:
    return json.dumps(arguments) if is_object(arguments) else arguments


class FunctionCall(Model):
    """A call of a function that a model requests."""

    __module__ = "azure.ai.inference.models"

    name: str
    """The function's name."""
    arguments: str = field(read_as=_as_text)
    """The arguments as JSON text. A model wrote it, so it may be invalid or not match the schema. An object, which
    Mistral's models may send, reads as text too; in JSON it stays an object, and is sent back unchanged."""


class ChatCompletionsToolCall(Model):
    """A tool call that a model requests."""

    __module__ = "azure.ai.inference.models"

    id: str
    """The id that the tool message with its result must have as `tool_call_id`."""
    function: FunctionCall
    """The function, and its arguments."""
    type: Literal["function"] = constant("function", last=True)


class ChatCompletionsNamedToolChoiceFunction(Model):
    """The function that a model must call."""

    __module__ = "azure.ai.inference.models"

    name: str
    """The function's name."""


class ChatCompletionsNamedToolChoice(Model):
    """Requires the model to call a certain function."""

    __module__ = "azure.ai.inference.models"

    function: ChatCompletionsNamedToolChoiceFunction
    """The function."""
    type: Literal["function"] = constant("function", last=True)


def name_calls(completion: Mapping[str, Any]) -> None:
    """Add an id to each tool call of an answer that has none, so that its result can refer to it.

    :param completion: The answer as JSON; it is changed.
    """
    for at, choice in enumerate(completion["choices"]):
        message = choice.get("message")
        calls: Any = message.get("tool_calls") if message.__class__ is dict else None
        for place, call in enumerate(calls if is_list(calls) else ()):
            if call.__class__ is dict and call.get("id") in (None, "", "null"):
                made_of = [completion.get("id"), completion.get("created"), at, place, call.get("function")]
                call["id"] = _make_id(made_of)


def _make_id(made_of: Any) -> str:
    """Return an id of nine characters, the most that Mistral's models accept; the same one for the same input."""
    from hashlib import sha256

    return sha256(json.dumps(made_of, default=str).encode()).hexdigest()[:9]
