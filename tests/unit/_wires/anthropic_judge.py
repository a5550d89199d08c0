"""Validate requests to the Messages API, and read its streams, with Anthropic's own package."""

from functools import cache
from typing import Any

from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import ContentBlockParam, MessageCreateParams, Usage
from pydantic import ConfigDict, TypeAdapter

Json = dict[str, Any]


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind, config=ConfigDict(extra="forbid"))


def _drained(value: Any) -> Any:
    """Copy a value. pydantic validates iterables only when they are read."""
    if isinstance(value, dict):
        return {name: _drained(member) for name, member in value.items()}
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return value
    return [_drained(item) for item in value]


_SAMPLING = ("temperature", "top_p", "top_k")
"""Members that the types no longer have: version 2026-10-21 of the API removed them from 2023-06-01."""


def judge(native: Json) -> Json:
    """Return a request unchanged, if Anthropic's types have every member of it."""
    known = {name: value for name, value in native.items() if name not in _SAMPLING}
    _drained(_adapter(MessageCreateParams).validate_python(known))
    for turn in native["messages"]:
        for block in turn["content"]:  # the types also accept an answer's blocks, with any members
            _drained(_adapter(ContentBlockParam).validate_python(block))
    return native


def whole_message(events: list[Json]) -> Json:
    """Combine the events of a stream as Anthropic's client does."""
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    for event in events:
        if event["type"] != "ping":
            snapshot = accumulate_event(event=event, current_snapshot=snapshot, json_bufs=buffers)  # type: ignore[arg-type]
    assert isinstance(snapshot.usage, Usage)
    message: Json = snapshot.to_dict(mode="json")
    return message
