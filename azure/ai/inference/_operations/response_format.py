"""Convert the response format to JSON."""

from collections.abc import Mapping
from typing import Any

from azure.core.serialization import NULL

from .._json import is_object


def _format_of_object(value: Mapping[str, Any]) -> Mapping[str, Any]:
    is_schema = "type" not in value and ("schema" in value or "name" in value)
    return {"type": "json_schema", "json_schema": value} if is_schema else value


def response_format_of(value: Any) -> Any:
    """Return a response format as the service expects it.

    :param value: "text" or "json_object"; a `JsonSchemaFormat`; the service's own JSON object, which is kept unchanged;
        or a type, from which a schema is made: strict, unless it has parts that strict mode does not support. NULL and
        `None` are kept too.
    :raises ValueError: It is none of these, or a type without a JSON schema.
    """
    if value is None or value is NULL:
        return value
    if isinstance(value, str) and value in ("text", "json_object"):
        return {"type": str(value)}
    if is_object(value):
        return _format_of_object(value)
    if value is dict or value is list:
        raise ValueError(
            f'Unsupported `response_format` {value.__name__}: it does not describe its contents. Use "json_object", or '
            "a type that does: a dataclass, a TypedDict, a pydantic model, list[str]"
        )
    from .._schemas.structured_output import format_of_type  # imported late: it costs much more than sending text

    return format_of_type(value)
