"""Validate requests with the types that a vendor's own package declares."""

from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter


@cache
def _adapter(kind: Any) -> "TypeAdapter[Any]":
    return TypeAdapter(kind, config=ConfigDict(extra="forbid"))


def check_against(kind: Any, request: Any) -> None:
    """Check a request at every level, and that it has no member that the type lacks.

    :param kind: A TypedDict, or a union of some, such as `openai.types.responses.ResponseCreateParams`.
    :raises pydantic.ValidationError: It does not match the type.
    """
    assert _walked(_adapter(kind).validate_python(request)) == request


def _walked(value: Any) -> Any:
    """Read each item of what the types declare as an iterable: pydantic validates an item when it is read."""
    if isinstance(value, dict):
        return {name: _walked(item) for name, item in value.items()}
    if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)):
        return [_walked(item) for item in value]
    return value
