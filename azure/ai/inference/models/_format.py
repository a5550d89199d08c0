"""Formats of an answer that a request can ask for."""

from collections.abc import Mapping
from typing import Any, Literal, Union

from .._model import Model
from .._model_fields import constant


class JsonSchemaFormat(Model):
    """An answer in JSON that follows a schema."""

    __module__ = "azure.ai.inference.models"

    name: str
    """A name for the schema: letters, digits, underscores and dashes, at most 64 characters."""
    schema: dict[str, Any]
    """The JSON schema."""
    description: str | None = None
    """What the answer is for; it helps the model."""
    strict: bool | None = None
    """Whether the answer must follow the schema exactly. The service's default is False."""


class ChatCompletionsResponseFormat(Model):
    """A format in the form of releases before 1.0.0b7: the base class of the two below."""

    __module__ = "azure.ai.inference.models"

    type: str
    """The kind of format."""


class ChatCompletionsResponseFormatText(ChatCompletionsResponseFormat):
    """Plain text, the same as `response_format="text"`."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("text")


class ChatCompletionsResponseFormatJSON(ChatCompletionsResponseFormat):
    """JSON without a schema, the same as `response_format="json_object"`."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("json_object")


ResponseFormat = Union[
    Literal["text", "json_object"], str, JsonSchemaFormat, ChatCompletionsResponseFormat, Mapping[str, Any], type[Any]
]
