"""Translate messages to the Responses API's input items, and send reasoning back to the model.

Items have no ids, so that the service has nothing to look up. Only reasoning keeps its id, to which its encrypted text
is bound. It is sent back if its answer is unchanged: the items in `output` of an assistant message must still match the
message. Otherwise the message is translated without them. That is always valid; the model then reasons again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from .._json import is_list, is_object, to_json
from . import NoCounterpartError, Object, completion_of
from .responses_events import Events

NAME = "the Responses API"

Replay = Literal["turn", "newest", "none"]
"""Which reasoning to send back: that of all answers since the last user message, of the newest with any, or none."""

_NO_INPUT = frozenset(("input_audio", "audio_url", "video_url", "video"))
_REPLAYABLE = frozenset(("reasoning", "message", "function_call", "custom_tool_call"))
_LONGEST_CALL_ID = 64


def input_items(messages: Any, replay: Replay) -> Any:
    """Translate messages.

    :param messages: The messages in chat form. Anything but a list is returned unchanged, for the service to refuse.
    :param replay: Which reasoning to send back.
    :return: Input items.
    :raises NoCounterpartError: A message has something that the API does not support.
    """
    if not is_list(messages):
        return messages
    replayed = _indexes_to_replay(messages, replay)
    items: list[Any] = []
    custom_calls: set[str] = set()
    for index, message in enumerate(messages):
        if not is_object(message):
            items.append(message)
            continue
        where = f"messages[{index}]"
        role = message.get("role")
        if role == "assistant":
            custom_calls |= {str(call.get("id")) for call in _calls(message) if "custom" in call}
            items += _assistant(message, where, _reasoning_ids(items) if index in replayed else None)
        elif role == "tool":
            items.append(_tool_output(message, where, custom_calls))
        elif role == "function":
            raise NoCounterpartError(f"The role 'function' in {where}", NAME, "use tools and tool messages instead")
        else:
            items.append({"type": "message", "role": role, "content": _content(message.get("content"), where)})
    return items


def has_reasoning(items: Any) -> bool:
    """Return whether input items contain reasoning."""
    return any(item.get("type") == "reasoning" for item in _objects(items))


def _indexes_to_replay(messages: Sequence[Any], replay: Replay) -> frozenset[int]:
    if replay == "none":
        return frozenset()
    thinking = [i for i in _indexes_of(messages, "assistant") if has_reasoning(messages[i].get("output"))]
    if replay == "newest":
        return frozenset(thinking[-1:])
    last_of_user = max(_indexes_of(messages, "user"), default=-1)
    return frozenset(index for index in thinking if index > last_of_user)


def _indexes_of(messages: Sequence[Any], role: str) -> list[int]:
    return [index for index, message in enumerate(messages) if is_object(message) and message.get("role") == role]


def _reasoning_ids(items: list[Any]) -> set[str]:
    return {item["id"] for item in _objects(items) if item.get("type") == "reasoning"}


# ---------------------------------------------------------------- content


def _content(content: Any, where: str) -> Any:
    return [_part(part, where) for part in content] if is_list(content) else content


def _part(part: Any, where: str) -> Any:
    """Translate a content item; a type that chat does not have is already in the API's own form."""
    if isinstance(part, str):
        return {"type": "input_text", "text": part}
    if not is_object(part):
        return part
    kind = str(part.get("type"))
    if kind in _NO_INPUT:
        raise NoCounterpartError(
            f"The content item of type {kind!r} in {where}", NAME, "it takes text, images and files"
        )
    translate = _PARTS.get(kind)
    return part if translate is None else translate(part)


def _image(part: Mapping[str, Any]) -> Object:
    image = part.get("image_url")
    url, detail = (image.get("url"), image.get("detail")) if is_object(image) else (image, None)
    return {"type": "input_image", "image_url": url, "detail": detail or "auto"}


def _file(part: Mapping[str, Any]) -> Object:
    file = part.get("file")
    members = file if is_object(file) else {"file_id": part.get("file_id")}
    return {"type": "input_file", **{name: value for name, value in members.items() if value is not None}}


def _document(part: Mapping[str, Any]) -> Object:
    url = part.get("document_url")
    if not isinstance(url, str) or not url.startswith("data:"):
        return {"type": "input_file", "file_url": url}
    name = "document.pdf" if url.startswith("data:application/pdf") else "document"
    return {"type": "input_file", "file_data": url, "filename": part.get("document_name") or name}


def _text(part: Mapping[str, Any]) -> Object:
    return {"type": "input_text", "text": part.get("text")}


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], Object]] = {
    "text": _text,
    "image_url": _image,
    "file": _file,
    "document_url": _document,
}


def _joined_text(content: Any) -> str | None:
    """Return the text of a content: the content itself, or its items joined; `None` if there is none."""
    if isinstance(content, str):
        return content
    texts = [part if isinstance(part, str) else _text_of(part) for part in content] if is_list(content) else []
    return "".join(texts) if any(texts) else None


def _text_of(part: Any) -> str:
    text = (part.get("text") or part.get("refusal")) if is_object(part) else None
    return text if isinstance(text, str) else ""


# ---------------------------------------------------------------- assistant


def _assistant(message: Mapping[str, Any], where: str, sent_ids: set[str] | None) -> list[Object]:
    """Translate an answer.

    :param sent_ids: The ids that are already in the input, if the answer's reasoning is sent back.
    """
    if message.get("prefix"):
        raise NoCounterpartError(f"prefix in {where}", NAME)
    output = message.get("output")
    items = _objects(output) if is_list(output) and _is_unchanged(message, output) else []
    if items and sent_ids is not None and all(item.get("type") in _REPLAYABLE for item in items):
        return _replayed(items, sent_ids)
    return [*_said(message, _phase(items)), *map(_call, _calls(message))]


def _said(message: Mapping[str, Any], phase: Any) -> Iterator[Object]:
    text = _joined_text(message.get("content")) or message.get("refusal")
    if text:
        yield _answer(text, phase)


def _answer(text: str, phase: Any) -> Object:
    """Return an answer as plain text: parts would need members that not every service sends."""
    return {"type": "message", "role": "assistant", "content": text, **({"phase": phase} if phase else {})}


def _phase(output: Sequence[Any]) -> Any:
    messages = [item for item in output if item.get("type") == "message"]
    return messages[0].get("phase") if len(messages) == 1 else None


def _calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _objects(message.get("tool_calls"))


def _call(call: Mapping[str, Any]) -> Object:
    custom = call.get("custom")
    call_id = _call_id(call.get("id"))
    if is_object(custom):
        return {
            "type": "custom_tool_call",
            "call_id": call_id,
            "name": custom.get("name"),
            "input": custom.get("input"),
        }
    function: Mapping[str, Any] = _object(call.get("function"))
    arguments = function.get("arguments")
    written = arguments if isinstance(arguments, str) else "" if arguments is None else to_json(arguments)
    return {"type": "function_call", "call_id": call_id, "name": function.get("name"), "arguments": written}


def _call_id(call_id: Any) -> Any:
    """Return an id of valid length: other services use ids of any length."""
    if isinstance(call_id, str) and len(call_id) > _LONGEST_CALL_ID:
        return hashlib.sha256(call_id.encode()).hexdigest()
    return call_id


def _tool_output(message: Mapping[str, Any], where: str, custom_calls: set[str]) -> Object:
    call_id, content = message.get("tool_call_id"), message.get("content")
    output: Any = _content(content, where)
    if is_list(output) and all(is_object(part) and part.get("type") == "input_text" for part in output):
        output = _joined_text(content) or ""
    kind = "custom_tool_call_output" if str(call_id) in custom_calls else "function_call_output"
    return {"type": kind, "call_id": _call_id(call_id), "output": "" if output is None else output}


# ---------------------------------------------------------------- replay


def _replayed(output: Sequence[Any], sent_ids: set[str]) -> list[Object]:
    items: list[Object] = []
    for item in output:
        if item.get("type") == "reasoning":
            items += _replayed_reasoning(item, sent_ids)
        elif item.get("type") == "message":
            text = _joined_text(item.get("content"))
            items += [_answer(text, item.get("phase"))] if text else []
        else:
            names = ("call_id", "name", "arguments" if item["type"] == "function_call" else "input")
            items.append({"type": item["type"], **{name: item.get(name) for name in names}})
    while items and items[-1]["type"] == "reasoning":  # refused without the item that follows it
        items.pop()
    return items


def _replayed_reasoning(item: Mapping[str, Any], sent_ids: set[str]) -> Iterator[Object]:
    """Return reasoning in the one form that Azure accepts; nothing if the service cannot read it or has it already."""
    item_id, encrypted = item.get("id"), item.get("encrypted_content")
    if encrypted and isinstance(item_id, str) and item_id not in sent_ids:
        sent_ids.add(item_id)
        summary: Any = item.get("summary") or []
        yield {"type": "reasoning", "id": item_id, "summary": summary, "encrypted_content": encrypted}


def _is_unchanged(message: Mapping[str, Any], output: Sequence[Any]) -> bool:
    """Return whether an answer's items match the message. An answer in JSON only has the text of its first message."""
    said = _visible(message)
    formats: tuple[Object, ...] = ({}, {"format": {"type": "json_object"}})
    return any(_visible(_fold(output, text)) == said for text in formats)


def _fold(output: Sequence[Any], text: Object) -> Mapping[str, Any]:
    chunks = Events(0).feed("response.completed", {"response": {"output": list(output), "text": text}})
    message: Mapping[str, Any] = completion_of(chunks)["choices"][0]["message"]
    return message


def _visible(message: Mapping[str, Any]) -> tuple[Any, ...]:
    calls = [(call["call_id"], call["name"], _parsed(call)) for call in map(_call, _calls(message))]
    return _joined_text(message.get("content")) or None, message.get("refusal") or None, calls


def _parsed(call: Object) -> Any:
    """Return arguments as a JSON value, because some frameworks reformat them, or else as text."""
    written = call.get("arguments")
    if not isinstance(written, str):
        return call.get("input")
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        return written


def _objects(value: Any) -> list[Any]:
    return [item for item in value if is_object(item)] if is_list(value) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if is_object(value) else {}
