"""Replies that are sent byte for byte, whatever the request."""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ._replies import Reply
from ._response import Response, event, json_response

_BODILESS: Final = (204, 304)
EVENT_STREAM: Final = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
"""The headers of a stream."""


def raw_response(reply: Reply) -> Response:
    """Return the response that a reply prescribes, unchanged."""
    if reply.file is not None:
        return _file_response(Path(reply.file), reply)
    if isinstance(reply.body, bytes):
        return Response(reply.status, _typed("application/octet-stream", reply), reply.body)
    if reply.status in _BODILESS:
        return Response(reply.status, reply.headers)
    if reply.events is not None:
        return Response(reply.status, {**EVENT_STREAM, **reply.headers}, steps=map(_raw_event, reply.events))
    if reply.body is None and reply.content is not None:
        text = reply.content.encode("utf-8", "surrogatepass")
        return Response(reply.status, _typed("text/plain; charset=utf-8", reply), text)
    return json_response(reply.body, reply.status, reply.headers)


def _file_response(path: Path, reply: Reply) -> Response:
    """Return a file; its extension determines the content type."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(reply.status, _typed(kind, reply), path.read_bytes())


def _typed(kind: str, reply: Reply) -> Mapping[str, str]:
    """Return the headers of a reply, with a content type if it has none."""
    says = any(name.lower() == "content-type" for name in reply.headers)
    return reply.headers if says else {"Content-Type": kind, **reply.headers}


def _raw_event(data: str | bytes | Mapping[str, Any]) -> bytes:
    if isinstance(data, bytes):
        return data
    return f"data: {data}\n\n".encode() if isinstance(data, str) else event(data)
