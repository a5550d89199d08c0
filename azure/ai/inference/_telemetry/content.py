"""Prompts and answers as telemetry records them, if enabled; and errors, if not. Pure.

The old form is one event per message, with the message's JSON as sent. The latest conventions have messages made of
parts, with the same names for all providers.

The text of an error may quote a prompt or an answer: services echo what they refuse, and a body that is not JSON is
shown. If content is not recorded, such a text is withheld.
"""

import json
import traceback
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from .._json import is_list, is_object, json_or_none
from ..models._reasoning import separate_reasoning
from .attributes import choices_of

Json = dict[str, Any]

_INSTRUCTIONS = ("system", "developer")
_FINISH_REASONS = {"tool_calls": "tool_call", "function_call": "tool_call"}

WITHHELD = "The error's text quotes a prompt or an answer, and content is not recorded."


# ---------------------------------------------------------------- the old form: events


def message_events(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the names and contents of the events for a request's messages.

    :param body: The request's JSON.
    """
    return [
        (f"gen_ai.{message['role']}.message", json.dumps(message))
        for message in _messages(body)
        if isinstance(message.get("role"), str)
    ]


def choice_events(answer: Mapping[str, Any], *, content: bool, streamed: bool = False) -> list[str]:
    """Return the contents of the events for an answer's choices.

    :param answer: The answer, as JSON.
    :keyword content: Whether to include the text; if not, tool calls only show that they exist.
    :keyword streamed: Whether the answer was streamed. The beta then left out a missing text; for a plain answer it
        recorded null.
    """
    return [_choice_event(choice, position, content, streamed) for position, choice in enumerate(choices_of(answer))]


def _choice_event(choice: Mapping[str, Any], position: int, content: bool, streamed: bool) -> str:
    event = _choice(choice, position, content, streamed)
    if "message" in event or not isinstance(event["finish_reason"], str):
        return json.dumps(event)
    return _event_without_message(event["finish_reason"], event["index"])


@lru_cache(maxsize=64, typed=True)  # without content, nearly all events are one of a few
def _event_without_message(finish_reason: str, index: int) -> str:
    return json.dumps({"finish_reason": finish_reason, "index": index})


def _choice(choice: Mapping[str, Any], position: int, content: bool, streamed: bool) -> Json:
    message = choice.get("message")
    index = choice.get("index")
    event: Json = {
        "finish_reason": choice.get("finish_reason") or "none",
        "index": index if isinstance(index, int) else position,
    }
    if not is_object(message):
        return event
    if not content:
        stripped = [_without_function(call) for call in _objects(message.get("tool_calls"))]
        return {**event, "message": {"tool_calls": stripped}} if stripped else event
    recorded = _recorded_content(message, streamed)
    return {"message": recorded, **event} if recorded else event


def _recorded_content(message: Mapping[str, Any], streamed: bool) -> Json:
    text = message.get("content")
    recorded: Json = {} if streamed and not text else {"content": text}
    if message.get("tool_calls"):
        recorded["tool_calls"] = message["tool_calls"]
    return recorded


def _without_function(call: Mapping[str, Any]) -> Json:
    """Remove name and arguments from a tool call."""
    kept = {name: value for name, value in call.items() if name != "function"}
    function = call.get("function")
    rest = (
        {name: value for name, value in function.items() if name not in ("name", "arguments")}
        if is_object(function)
        else {}
    )
    return {**kept, "function": rest} if rest else kept


# ---------------------------------------------------------------- the latest conventions: messages of parts


def content_attributes(body: Mapping[str, Any], answer: Mapping[str, Any] | None) -> Json:
    """Return the attributes with the prompt and the answer, as JSON values.

    :param body: The request's JSON.
    :param answer: The answer as JSON, if there is one.
    """
    messages = _messages(body)
    start = next((at for at, one in enumerate(messages) if one.get("role") not in _INSTRUCTIONS), len(messages))
    attributes: Json = {
        "gen_ai.system_instructions": [part for message in messages[:start] for part in _parts(message)],
        "gen_ai.input.messages": [{"role": one.get("role"), "parts": _parts(one)} for one in messages[start:]],
        "gen_ai.output.messages": list(map(_output, choices_of(answer or {}))),
        "gen_ai.tool.definitions": list(map(_definition, _objects(body.get("tools")))),
    }
    return {name: value for name, value in attributes.items() if value}


def _messages(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _objects(body.get("messages"))


def _objects(values: Any) -> list[Mapping[str, Any]]:
    return [value for value in values if is_object(value)] if is_list(values) else []


def _output(choice: Mapping[str, Any]) -> Json:
    message = choice.get("message")
    parts = _parts(message) if is_object(message) else []
    role = message.get("role") if is_object(message) else None
    reason = choice.get("finish_reason") or "error"
    return {"role": role or "assistant", "parts": parts, "finish_reason": _FINISH_REASONS.get(reason, reason)}


def _parts(message: Mapping[str, Any]) -> list[Json]:
    if message.get("role") == "tool":
        return [
            {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": _response(message)},
        ]
    thoughts, text = separate_reasoning(dict(message))
    content = message.get("content")
    parts: list[Json] = [{"type": "reasoning", "content": thoughts}] if thoughts else []
    if is_list(content):
        parts += [_item(item) for item in _objects(content) if item.get("type") != "thinking"]
    elif text:
        parts.append({"type": "text", "content": text})
    if message.get("refusal"):
        parts.append({"type": "refusal", "content": message["refusal"]})
    return parts + [_call(call) for call in _objects(message.get("tool_calls"))]


def _response(message: Mapping[str, Any]) -> Any:
    content = message.get("content")
    return separate_reasoning(dict(message))[1] if is_list(content) else content


def _item(item: Mapping[str, Any]) -> Json:
    kind = item.get("type")
    value = item.get(kind) if isinstance(kind, str) else None
    if kind == "text":
        return {"type": "text", "content": value}
    if kind == "input_audio" and is_object(value):
        mime_type = f"audio/{value.get('format')}"
        return {"type": "blob", "modality": "audio", "mime_type": mime_type, "content": value.get("data")}
    if isinstance(kind, str) and kind.endswith("_url"):
        url = value.get("url") if is_object(value) else value
        return _linked(str(url), kind.removesuffix("_url"))
    return dict(item)


def _linked(url: str, modality: str) -> Json:
    head, comma, data = url.partition(",")
    if comma and head.startswith("data:") and head.endswith(";base64"):
        mime_type = head.removeprefix("data:").partition(";")[0]
        return {"type": "blob", "modality": modality, "mime_type": mime_type, "content": data}
    return {"type": "uri", "modality": modality, "uri": url}


def _call(call: Mapping[str, Any]) -> Json:
    function = call.get("function")
    named: Mapping[str, Any] = function if is_object(function) else {}
    arguments = named.get("arguments")
    read = json_or_none(arguments.encode()) if isinstance(arguments, str) else None
    return {
        "type": "tool_call",
        "id": call.get("id"),
        "name": named.get("name"),
        "arguments": arguments if read is None else read,
    }


def _definition(tool: Mapping[str, Any]) -> Json:
    function = tool.get("function")
    if not is_object(function):
        return dict(tool)
    known = ("name", "description", "parameters")
    return {"type": tool.get("type") or "function", **{name: function[name] for name in known if name in function}}


# ---------------------------------------------------------------- errors


def is_quoting(error: BaseException, *contents: Any) -> bool:
    """Return whether an error's text may reveal part of a prompt or an answer.

    It does if any 24 consecutive characters of it occur in the content, or a shorter content occurs as a whole.

    :param error: The error.
    :param contents: JSON values: messages, inputs, choices.
    """
    shown = str(error)
    if not shown:
        return False
    if _shows_body(error):
        return True
    return any(run in shown for content in contents for text in _texts(content) for run in _runs(text))


def _shows_body(error: BaseException) -> bool:
    """Return whether an error's text shows a body that is not JSON."""
    from azure.core.exceptions import DecodeError

    return isinstance(error, DecodeError)


_RUN = 12


def _runs(text: str) -> Iterator[str]:
    """Split a text so that each stretch of twice a run's length contains a whole run."""
    if len(text) < 2 * _RUN:
        yield from (text,) if len(text) > 1 else ()
    else:
        yield from (text[at : at + _RUN] for at in range(0, len(text) - _RUN + 1, _RUN))


def _texts(value: Any) -> Iterator[str]:
    """Iterate over the texts of a JSON value that are content, not names of roles and types."""
    if isinstance(value, str):
        yield value
    elif is_list(value):
        for item in value:
            yield from _texts(item)
    elif is_object(value):
        for name in value:
            if name not in _NO_CONTENT:
                yield from _texts(value[name])


_NO_CONTENT = frozenset(("role", "type", "id", "tool_call_id", "finish_reason", "detail", "format", "severity"))


def exception_attributes(error: BaseException, *, kind: str, withheld: bool) -> Json:
    """Return the attributes of the event for an error.

    :param error: The error.
    :keyword kind: The name of its class.
    :keyword withheld: Whether to leave out its text, and those of its causes.
    """
    if withheld:
        stack = "".join(traceback.format_tb(error.__traceback__))
        message = WITHHELD
    else:
        stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        message = str(error)
    return {
        "exception.type": kind,
        "exception.message": message,
        "exception.stacktrace": stack,
        "exception.escaped": "False",
    }
