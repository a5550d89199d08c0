"""Requests against the types that a vendor's own package declares for them."""

from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter


@cache
def _adapter(kind: Any) -> "TypeAdapter[Any]":
    return TypeAdapter(kind, config=ConfigDict(extra="forbid"))


def check_against(kind: Any, request: Any) -> None:
    """Check a request, in full depth, and that it has no member that the type does not know.

    :param kind: A TypedDict, or a union of some, such as `openai.types.responses.ResponseCreateParams`.
    :raises pydantic.ValidationError: It is not of the type.
    """
    assert _walked(_adapter(kind).validate_python(request)) == request


def _walked(value: Any) -> Any:
    """Ask for each item of what the types call an iterable: pydantic checks one when it is asked for."""
    if isinstance(value, dict):
        return {name: _walked(item) for name, item in value.items()}
    if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)):
        return [_walked(item) for item in value]
    return value
