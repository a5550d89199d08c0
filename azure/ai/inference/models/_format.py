"""Formats that an answer may be asked for in."""

from collections.abc import Mapping
from typing import Any, Literal, Union

from .._model import Model
from .._model_fields import constant


class JsonSchemaFormat(Model):
    """An answer in JSON that keeps to a schema."""

    name: str
    """A name for the schema: letters, digits, underscores and dashes, 64 characters at most."""
    schema: dict[str, Any]
    """The JSON schema."""
    description: str | None = None
    """What the answer is for, for the model to get it right."""
    strict: bool | None = None
    """Whether the answer must keep to the schema exactly; the service's default is False."""


class ChatCompletionsResponseFormat(Model):
    """A format as releases before 1.0.0b7 had it; the base of the two below."""

    type: str
    """The kind of format."""


class ChatCompletionsResponseFormatText(ChatCompletionsResponseFormat):
    """Plain text: what `response_format="text"` asks for."""

    type: str = constant("text")


class ChatCompletionsResponseFormatJSON(ChatCompletionsResponseFormat):
    """JSON without a schema: what `response_format="json_object"` asks for."""

    type: str = constant("json_object")


ResponseFormat = Union[
    Literal["text", "json_object"], str, JsonSchemaFormat, ChatCompletionsResponseFormat, Mapping[str, Any], type[Any]
]
