"""Translate the messages of a request from chat form to the Messages API's system blocks and turns.

In this API user and assistant take turns: consecutive messages of one side become one turn, and the results of tools
come first in the turn after the calls. An empty text is an error there, so it makes no block.

An assistant message that came from this API carries the blocks of its answer in `content_blocks`. Its thinking blocks
are signed, and must be sent back complete and unchanged or not at all. They are therefore only replayed if they still
match the message; a message that its owner edited is rebuilt from its text and calls.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, cast

from .._json import is_list, is_object, to_json
from . import NoCounterpartError, Object
from .messages_content import API, content_blocks, text_block, text_of

_THINKING = ("thinking", "redacted_thinking")


def _add_to(turns: list[Object], side: str, blocks: list[Object]) -> None:
    """Add blocks to the last turn if it is of the same side, because turns must alternate."""
    if turns and turns[-1]["role"] == side:
        turns[-1]["content"] += blocks
    else:
        turns.append({"role": side, "content": blocks})


def translate_messages(messages: Any) -> tuple[list[Object], list[Object]]:
    """Translate a conversation.

    :param messages: The messages in chat form.
    :return: The blocks of `system`, from the instructions at the beginning; and the turns of `messages`.
    :raises NoCounterpartError: A message has something that the API does not have.
    :raises ValueError: A message is invalid.
    """
    if not isinstance(messages, (list, tuple)):
        raise ValueError(f"messages must be a list of messages, not {type(messages).__name__}: {messages!r:.80}.")
    system: list[Object] = []
    turns: list[Object] = []
    leading = True
    for index, message in enumerate(cast("list[Any]", messages)):
        place = f"messages[{index}]"
        if not is_object(message):
            raise ValueError(f"{place} must be a message, a mapping, not {type(message).__name__}: {message!r:.80}.")
        role = message.get("role")
        leading = leading and role in ("system", "developer")
        if leading:
            system += _instructions(message, place)
            continue
        side, blocks = _blocks(role, message, place)
        if not blocks:
            continue
        _add_to(turns, side, blocks)
    for turn in turns:
        if turn["role"] == "user":
            turn["content"].sort(key=_is_no_result)
    _trim_prefill(turns)
    return system, turns


def _is_no_result(block: Object) -> bool:
    return block.get("type") != "tool_result"


def _blocks(role: Any, message: Mapping[str, Any], place: str) -> tuple[str, list[Object]]:
    translate = _ROLES.get(role) if isinstance(role, str) else None
    if translate is None:
        what = f"The role {role!r:.40} of {place}"
        raise NoCounterpartError(what, API, "pass a ToolMessage with its tool_call_id for what a function returned")
    return "assistant" if role == "assistant" else "user", translate(message, place)


def _instructions(message: Mapping[str, Any], place: str) -> list[Object]:
    blocks = content_blocks(message.get("content"), place)
    for block in blocks:
        if block.get("type") != "text":
            what = f"An item of type {block.get('type')!r:.40} in the instructions of {place}"
            raise NoCounterpartError(what, API, "put it into a user message")
    return _marked(blocks, message)


def _late_instructions(message: Mapping[str, Any], place: str) -> list[Object]:
    """Keep later instructions in place: moving them up would change the prefix that is cached and signed."""
    blocks = _instructions(message, place)
    if not blocks:
        return []
    text = "\n".join(block["text"] for block in blocks)
    marks = [block["cache_control"] for block in blocks if "cache_control" in block]
    native = {"type": "text", "text": f"<system>\n{text}\n</system>"}
    return [{**native, "cache_control": marks[-1]} if marks else native]


def _user(message: Mapping[str, Any], place: str) -> list[Object]:
    return _marked(content_blocks(message.get("content"), place), message)


def _tool(message: Mapping[str, Any], place: str) -> list[Object]:
    result: Object = {"type": "tool_result", "tool_use_id": _id(message.get("tool_call_id"), f"{place}.tool_call_id")}
    content = content_blocks(message.get("content"), place)
    if content:
        result["content"] = content
    if message.get("is_error") is not None:
        result["is_error"] = message["is_error"]
    return _marked([result], message)


def _assistant(message: Mapping[str, Any], place: str) -> list[Object]:
    native = message.get("content_blocks")
    if is_list(native) and _agree(native, message):
        return [block for block in native if not _is_empty_text(block)]
    blocks = content_blocks(message.get("content"), place, answer=True)
    if not blocks:
        blocks = text_block(message.get("refusal"))
    calls = message.get("tool_calls") or ()
    blocks += [_tool_use(call, f"{place}.tool_calls[{index}]") for index, call in enumerate(calls)]
    return _marked(blocks, message)


_ROLES: Mapping[str, Callable[[Mapping[str, Any], str], list[Object]]] = {
    "user": _user,
    "tool": _tool,
    "assistant": _assistant,
    "system": _late_instructions,
    "developer": _late_instructions,
}


def _agree(blocks: list[Any], message: Mapping[str, Any]) -> bool:
    """Return whether the blocks of an answer still match its message: the same text and the same calls."""
    if not all(map(is_object, blocks)):
        return False
    text = "".join(text_of(block.get("text")) for block in blocks if block.get("type") == "text")
    uses = [block for block in blocks if block.get("type") == "tool_use"]
    return text == text_of(message.get("content")) and _calls_agree(uses, message.get("tool_calls") or ())


def _calls_agree(uses: list[Any], calls: Iterable[Any]) -> bool:
    said = [(call.get("id"), *_name_and_input(call)) if is_object(call) else call for call in calls]
    return said == [(use.get("id"), use.get("name"), use.get("input")) for use in uses]


def _is_empty_text(block: Object) -> bool:
    """Return whether a block is an empty text, which the API returns but does not accept."""
    return block.get("type") == "text" and not str(block.get("text") or "").strip()


def _tool_use(call: Any, place: str) -> Object:
    if not is_object(call):
        raise ValueError(f"{place} must be a tool call, a mapping, not {type(call).__name__}: {call!r:.80}.")
    name, arguments = _name_and_input(call)
    use = {"type": "tool_use", "id": _id(call.get("id"), f"{place}.id"), "name": name, "input": arguments}
    return {**use, "cache_control": call["cache_control"]} if call.get("cache_control") else use


def _name_and_input(call: Mapping[str, Any]) -> tuple[Any, Object]:
    """Read a call. A custom tool's call, made by another API, has a text instead of arguments."""
    function, custom = call.get("function"), call.get("custom")
    if is_object(custom):
        return custom.get("name"), {"input": custom.get("input")}
    if is_object(function):
        return function.get("name"), _input(function.get("arguments"))
    return None, {}


def _input(arguments: Any) -> Object:
    """Read a call's arguments. If they are not an object, they must not make every later request fail."""
    if is_object(arguments):
        return dict(arguments)
    text = arguments if isinstance(arguments, str) else to_json(arguments)
    if text.strip() in ("", "null"):
        return {}
    try:
        value: Any = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        value = None
    return dict(value) if is_object(value) else {"INVALID_JSON": text}


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _id(value: Any, place: str) -> str:
    """Return an id that the API accepts; those of other providers may contain other characters."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{place} is missing: it links a tool call and its result.")
    return re.sub(r"[^A-Za-z0-9_-]", "_", value)


def _marked(blocks: list[Object], message: Mapping[str, Any]) -> list[Object]:
    """Move a message's `cache_control` to its last block; thinking blocks do not support it."""
    mark = message.get("cache_control")
    if mark:
        for index in reversed(range(len(blocks))):
            if blocks[index].get("type") not in _THINKING:
                blocks[index] = {**blocks[index], "cache_control": mark}
                break
    return blocks


def _trim_prefill(turns: list[Object]) -> None:
    """Strip white space from the end of a last turn that the model is to continue: the API refuses it."""
    if turns and turns[-1]["role"] == "assistant":
        *blocks, last = turns[-1]["content"]
        if last.get("type") == "text":
            turns[-1]["content"] = [*blocks, {**last, "text": last["text"].rstrip()}]
