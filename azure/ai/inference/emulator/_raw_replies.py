"""Replies that say what to send, byte for byte, whatever was asked."""

from collections.abc import Mapping
from typing import Any, Final

from ._replies import Reply
from ._response import Response, event, json_response

EVENT_STREAM: Final = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
"""The headers of a stream."""


def raw_response(reply: Reply) -> Response:
    """Return what a reply says to send, as it is."""
    if reply.events is not None:
        return Response(reply.status, {**EVENT_STREAM, **reply.headers}, steps=map(_raw_event, reply.events))
    return json_response(reply.body, reply.status, reply.headers)


def _raw_event(data: str | bytes | Mapping[str, Any]) -> bytes:
    if isinstance(data, bytes):
        return data
    return f"data: {data}\n\n".encode() if isinstance(data, str) else event(data)
