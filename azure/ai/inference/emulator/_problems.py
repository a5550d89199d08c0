"""Refusals of a service, independent of the provider; `_dialects` turns one into a body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class ServiceError(Exception):
    """A request that gets an error answer.

    :param status: HTTP status.
    :param code: the service's word for it, such as ``unknown_model``.
    :param message: for people.
    :keyword kind: which layer of a provider refuses, since each has a body of its own: ``request`` (the model's own
        check), ``extra`` (a member outside the schema), ``key``, ``token``, ``route``, ``filter`` or ``limit``.
    :keyword param: the member at fault, such as ``messages[0].role``.
    :keyword path: the same as a list, as FastAPI's ``loc`` has it.
    :keyword rule: the broken rule, in the words of JSON schema (``required``, ``type``, ``enum``, ...).
    :keyword value: what was there.
    :keyword headers: sent with the answer.
    :keyword filtered: the content filter's verdict per category, for ``kind="filter"``.
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


def member(path: tuple[Any, ...]) -> str:
    """Return a path as the services write it: ``messages[0].content``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
