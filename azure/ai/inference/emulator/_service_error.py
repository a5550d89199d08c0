"""A service's refusals, independent of the provider; `_dialects` renders one as a body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class ServiceError(Exception):
    """A request that is answered with an error.

    :param status: HTTP status.
    :param code: The service's error code, such as ``unknown_model``.
    :param message: The error text.
    :keyword kind: The layer of a provider that refuses, since each has its own format: ``request`` (the model's own
        check), ``extra`` (a member outside the schema), ``key``, ``token``, ``route``, ``filter`` or ``limit``.
    :keyword param: The member at fault, such as ``messages[0].role``.
    :keyword path: The same as a list, as in FastAPI's ``loc``.
    :keyword rule: The violated rule, as JSON schema names it (``required``, ``type``, ``enum``, ...).
    :keyword value: The invalid value.
    :keyword headers: Headers of the response.
    :keyword filtered: The content filter's verdict per category, for ``kind="filter"``.
    :keyword details: What the Messages API adds for programs.
    """

    status: int
    code: str
    message: str
    kind: str = "request"
    param: str | None = None
    path: tuple[Any, ...] = ()
    rule: str = "value"
    value: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    filtered: Mapping[str, Any] = field(default_factory=dict[str, Any])
    details: Mapping[str, Any] | None = None


def member(path: tuple[Any, ...]) -> str:
    """Return a path as the services write it: ``messages[0].content``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
