"""A response as a value: what to send, and when to wait or break off.

`_fault_injection` alters it, `_server` sends it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from ._values import compact

if TYPE_CHECKING:
    from ._exchange import Exchange


@dataclass(frozen=True)
class Pause:
    """Send nothing for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """Break off: close the connection, or with ``reset`` make the caller's next read fail."""

    reset: bool = False


Step = Union[bytes, Pause, Cut, Awaitable[Union[bytes, Cut]]]
"""What to do next. Awaitables come from an endpoint that is being recorded."""


@dataclass(frozen=True)
class Response:
    """A response.

    :param status: HTTP status.
    :param headers: Without those for length and framing.
    :param body: The whole body, if there are no steps.
    :keyword steps: Bytes to send one after another, each immediately, with pauses and cuts between them, or awaitables
        of bytes. Status and headers go out with the first bytes, even if those are empty.
    :keyword length: The Content-Length to add for the steps. Default: none, chunked.
    :keyword reason: The reason phrase, if it is not the usual one.
    :keyword usage: The token usage of the answer.
    :keyword exchange: Where to record what is sent. Default: nowhere.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    steps: Iterable[Step] | None = None
    length: int | None = None
    reason: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict[str, Any])
    exchange: Exchange | None = field(default=None, compare=False, repr=False)


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with a JSON body."""
    return Response(status, {**(headers or {}), "Content-Type": "application/json"}, compact(body).encode())


def event(data: Any) -> bytes:
    """Return a JSON value as a server-sent event."""
    return b"data: " + compact(data).encode() + b"\n\n"


def named_event(data: Mapping[str, Any]) -> bytes:
    """Return an object as a server-sent event named by its type."""
    return f"event: {data['type']}\n".encode() + event(data)
