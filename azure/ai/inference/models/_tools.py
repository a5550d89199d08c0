"""Tools: what a model is offered, which it must use, and what it calls."""

import json
from collections.abc import Callable
from typing import Any, Literal

from typing_extensions import Self

from .._json import is_object
from .._model import Model
from .._model_fields import constant, field


class FunctionDefinition(Model):
    """A function that a model may ask to have called."""

    name: str
    """Its name: letters, digits, underscores and dashes, 64 characters at most."""
    description: str | None = None
    """What it does, for the model to decide when to call it."""
    parameters: Any | None = None
    """JSON schema of its arguments, an object."""
    strict: bool | None = None
    """Whether the arguments must keep to the schema exactly. Not part of the Azure model inference schema."""


class ChatCompletionsToolDefinition(Model):
    """A tool that a model may use."""

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
        """Describe a Python function, so that a model may ask to have it called.

        The schema of the arguments comes from the annotations, their descriptions from the docstring (`:param x:`,
        Google's "Args:", numpy's "Parameters") or from `Annotated[int, "in metres"]`. `*args` and `**kwargs` are not
        offered, nor what `functools.partial` has given, nor a parameter whose default has no JSON form, such as
        FastAPI's `Depends(...)`; that default stands. `azure.ai.inference.tools.Toolset` runs what is asked for.

        :param function: The function, sync or async, a method, or an object that can be called.
        :keyword name: What the model calls it; the function's own name by default.
        :keyword description: What it does; what the docstring says before its sections by default.
        :keyword strict: True makes the service keep the arguments to the schema exactly, where it can. Azure OpenAI
            wants `parallel_tool_calls=False` with it.
        :return: The definition.
        :raises TypeError: It is no function; or a parameter's type has no JSON form, or needs pydantic, which is not
            installed.
        :raises ValueError: The name is none that services take, or strictness is asked of parameters that cannot have
            it, such as a `dict` with any keys.
        """
        from .._schemas.functions import tool_of

        tool = tool_of(function, name=name, description=description, strict=strict)
        return cls(function=FunctionDefinition(**tool.definition))


def _as_text(arguments: Any) -> Any:
    return json.dumps(arguments) if is_object(arguments) else arguments


class FunctionCall(Model):
    """A function as a model wants it called."""

    name: str
    """Which function."""
    arguments: str = field(read_as=_as_text)
    """Its arguments: JSON text that a model wrote, so neither sure to parse nor to fit the schema. Mistral may send an
    object, which reads as text too; the JSON keeps it, and so sends it back as it came."""


class ChatCompletionsToolCall(Model):
    """A tool call that a model asks for."""

    id: str
    """What the tool message that answers it must name."""
    function: FunctionCall
    """The call."""
    type: Literal["function"] = constant("function", last=True)


class ChatCompletionsNamedToolChoiceFunction(Model):
    """The function that a model must call."""

    name: str
    """Its name."""


class ChatCompletionsNamedToolChoice(Model):
    """Makes a model call one certain function."""

    function: ChatCompletionsNamedToolChoiceFunction
    """The function."""
    type: Literal["function"] = constant("function", last=True)
