"""Answers of the Messages API: a message of blocks, and the events of its stream.

The events are made from the whole message, so that both agree.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from ._claude_models import find_claude
from ._completion import Answer, Choice
from ._dialects import Dialect
from ._messages_history import as_chat
from ._replies import Reply
from ._response import named_event
from ._rules import PROMPT_FILTER_PHRASE
from ._thinking_signatures import digest_prefix, sign
from ._tool_choice import with_ids
from ._values import as_list, as_object, pieces

REFUSAL_PHRASE: Final = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_"
"""Anthropic's test phrase: a message that contains it is refused."""
REDACTED_PHRASE: Final = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_"
"""Anthropic's test phrase: a message that contains it gets an answer with redacted thinking."""

_STOP_REASONS: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def chat_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked request as a chat completion request, as the model understands it."""
    chat: dict[str, Any] = {"messages": as_chat(body), "model": body["model"]}
    chat["reasoning_effort"] = "high" if _thinks(body) else "none"
    chat["max_tokens"] = body.get("max_tokens")
    chat["stop"] = as_list(body.get("stop_sequences"))
    tools = [tool for tool in as_list(body.get("tools")) if tool.get("type", "custom") == "custom"]
    if tools:
        chat["tools"] = [_chat_tool(tool) for tool in tools]
        chat["tool_choice"] = _chat_choice(as_object(body.get("tool_choice")))
        chat["parallel_tool_calls"] = not as_object(body.get("tool_choice")).get("disable_parallel_tool_use")
    wanted = as_object(as_object(body.get("output_config")).get("format"))
    if wanted:
        chat["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": wanted["schema"]},
        }
    return {name: value for name, value in chat.items() if value is not None}


def _thinks(body: Mapping[str, Any]) -> bool:
    kind = as_object(body.get("thinking")).get("type")
    return kind != "disabled" if kind else find_claude(body["model"]).thinks != "asked"


def _chat_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    members = {"name": tool["name"], "description": tool.get("description"), "parameters": tool["input_schema"]}
    return {"type": "function", "function": members}


def _chat_choice(choice: Mapping[str, Any]) -> Any:
    if choice.get("type") == "tool":
        return {"type": "function", "function": {"name": choice["name"]}}
    return {"any": "required", "none": "none"}.get(choice.get("type", "auto"), "auto")


def refused(_: Mapping[str, Any], chat: Mapping[str, Any]) -> Reply | None:
    """Return the refusal of a request that asks for it."""
    last = str(as_list(chat["messages"])[-1].get("content"))
    if REFUSAL_PHRASE not in last and PROMPT_FILTER_PHRASE not in last.lower():
        return None
    words = "This request triggered restrictions on violative content and was blocked under the usage policy."
    return Reply(refusal=words, finish_reason="content_filter")


def message_of(body: Mapping[str, Any], reply: Reply, answer: Answer, _: Dialect) -> dict[str, Any]:
    """Return the answer to a plain request.

    :param body: The checked request.
    :param reply: The model's reply.
    :param answer: The same, cut to its limits and counted.
    """
    choice = answer.choices[0]
    seed = answer.id.removeprefix("chatcmpl-")
    calls = with_ids((reply.choices[0] if reply.choices else reply).tool_calls, seed, bare=False)
    content = [*_thought_blocks(body, choice), *_text_blocks(choice)]
    for call in calls:
        id_ = f"toolu_{call.id.removeprefix('call_')}" if call.id and seed[:22] in call.id else call.id
        content.append({"type": "tool_use", "id": id_, "name": call.name, "input": _input(call.text)})
    stop_reason, stop_sequence = _stop(body, reply, choice)
    details = {"type": "refusal", "category": None, "explanation": choice.refusal} if stop_reason == "refusal" else None
    return {
        "id": f"msg_{seed}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": stop_sequence,
        "stop_details": details,
        "usage": _usage(answer.usage),
    }


def _thought_blocks(body: Mapping[str, Any], choice: Choice) -> list[dict[str, Any]]:
    if not choice.reasoning or not _thinks(body):
        return []
    display = as_object(body.get("thinking")).get("display", find_claude(body["model"]).display)
    shown = choice.reasoning if display == "summarized" else ""
    prefix = digest_prefix(body.get("system"), as_list(body["messages"]))
    redacted = REDACTED_PHRASE in json.dumps(as_list(body["messages"])[-1])
    total = 2 if redacted else 1
    thought = {
        "type": "thinking",
        "thinking": shown,
        "signature": sign(shown, number=0, total=total, prefix=prefix),
    }
    hidden = {"type": "redacted_thinking", "data": sign("", number=1, total=total, prefix=prefix)}
    return [thought, hidden] if redacted else [thought]


def _text_blocks(choice: Choice) -> list[dict[str, Any]]:
    return [{"type": "text", "text": choice.content, "citations": None}] if choice.content else []


def _input(arguments: str) -> dict[str, Any]:
    try:
        return as_object(json.loads(arguments))
    except (ValueError, RecursionError):
        return {}


def _stop(body: Mapping[str, Any], reply: Reply, choice: Choice) -> tuple[str, str | None]:
    if choice.refusal is not None:
        return "refusal", None
    said = (reply.choices[0] if reply.choices else reply).content or ""
    if choice.finish_reason == "stop" and choice.content is not None and len(choice.content) < len(said):
        found = [stop for stop in as_list(body.get("stop_sequences")) if said[len(choice.content) :].startswith(stop)]
        return ("stop_sequence", found[0]) if found else ("end_turn", None)
    return _STOP_REASONS.get(choice.finish_reason, choice.finish_reason), None


def _usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    cached = as_object(usage.get("prompt_tokens_details")).get("cached_tokens") or 0
    thinking = as_object(usage.get("completion_tokens_details")).get("reasoning_tokens") or 0
    return {
        "input_tokens": usage["prompt_tokens"] - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": usage["completion_tokens"],
        "service_tier": "standard",
        **({"output_tokens_details": {"thinking_tokens": thinking}} if thinking else {}),
    }


def message_events(message: Mapping[str, Any], reply: Reply, _: Dialect) -> Iterator[bytes]:
    """Return the events of a stream, framed.

    :param message: The whole message.
    :param reply: The model's reply: the arguments of its calls are streamed unchanged, valid or not.
    """
    nothing: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
    usage = {**message["usage"], "output_tokens": 1}
    usage.pop("output_tokens_details", None)
    yield named_event({"type": "message_start", "message": {**message, **nothing, "usage": usage}})
    texts = [call.text for call in (reply.choices[0] if reply.choices else reply).tool_calls]
    for index, block in enumerate(message["content"]):
        text = texts.pop(0) if block["type"] == "tool_use" else ""
        start, deltas = _block_events(block, text)
        yield named_event({"type": "content_block_start", "index": index, "content_block": start})
        if not index:
            yield named_event({"type": "ping"})
        for delta in deltas:
            yield named_event({"type": "content_block_delta", "index": index, "delta": delta})
        yield named_event({"type": "content_block_stop", "index": index})
    ending = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield named_event({"type": "message_delta", "delta": ending, "usage": message["usage"]})
    yield named_event({"type": "message_stop"})


def _block_events(block: Mapping[str, Any], arguments: str) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Return the start of a block, and the deltas that complete it, each generated when it is sent."""
    kind = block["type"]
    if kind == "text":
        return {**block, "text": ""}, _text_deltas("text", block["text"])
    if kind == "thinking":
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, chain(_text_deltas("thinking", block["thinking"]), [signed])
    if kind == "tool_use":
        parts = chain([""], pieces(arguments) if arguments != "{}" else ())
        return {**block, "input": {}}, ({"type": "input_json_delta", "partial_json": part} for part in parts)
    return dict(block), iter(())


def _text_deltas(member: str, text: str) -> Iterator[dict[str, Any]]:
    return ({"type": f"{member}_delta", member: piece} for piece in pieces(text))
