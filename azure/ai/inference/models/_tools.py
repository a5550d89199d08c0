"""Tools: what a model is offered, which it must use, and what it calls."""

from typing import Any, Literal, Optional

from .._model import Model, constant


class FunctionDefinition(Model):
    """A function that a model may ask to have called."""

    name: str
    """Its name: letters, digits, underscores and dashes, 64 characters at most."""
    description: Optional[str] = None
    """What it does, for the model to decide when to call it."""
    parameters: Optional[Any] = None
    """JSON schema of its arguments, an object."""
    strict: Optional[bool] = None
    """Whether the arguments must keep to the schema exactly. Not part of the Azure model inference schema."""


class ChatCompletionsToolDefinition(Model):
    """A tool that a model may use."""

    function: FunctionDefinition
    """The function."""
    type: Literal["function"] = constant("function", last=True)


class FunctionCall(Model):
    """A function as a model wants it called."""

    name: str
    """Which function."""
    arguments: str
    """Its arguments: JSON text that a model wrote, so neither sure to parse nor to fit the schema."""


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
