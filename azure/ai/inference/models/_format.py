"""Formats that an answer may be asked for in."""

from collections.abc import Mapping
from typing import Any, Literal, Union

from azure.core.serialization import NULL

from .._json import is_object
from .._model import Model, constant


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


def response_format_of(value: Any) -> Any:
    """Write a response format as the service takes it.

    :param value: "text" or "json_object"; a `JsonSchemaFormat`; the service's own JSON object, which is left as it is;
        or a type, of which a schema is made: strict, unless it has parts that strict mode cannot say. NULL and `None`
        pass.
    :raises ValueError: Nothing of the above, or a type that has no JSON schema.
    """
    if value is None or value is NULL:
        return value
    if isinstance(value, str) and value in ("text", "json_object"):
        return {"type": str(value)}
    if is_object(value):
        is_format = "type" not in value and ("schema" in value or "name" in value)
        return {"type": "json_schema", "json_schema": value} if is_format else value
    from .._structured import format_of_type  # only now: reading types takes much more than sending text

    return format_of_type(value)
