"""Answers of the Responses API: a response with its items, and the events of its stream.

The events are made from the whole response, so that both agree.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ._completion import CREATED, Answer, Choice, logprobs, verdict
from ._dialects import Dialect
from ._encrypted_reasoning import encrypt
from ._moderation import moderate_response
from ._openai_models import sends_phases
from ._replies import Reply, ToolCall
from ._response import named_event
from ._responses_rules import strict_tool
from ._rules import filtered_prompt, is_harmful
from ._values import as_list, as_object, pieces

_REASONS: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}
_ECHOED: Final[Mapping[str, Any]] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Members of a request that its response repeats, and their default values."""


def response_of(body: Mapping[str, Any], reply: Reply, answer: Answer, dialect: Dialect) -> dict[str, Any]:
    """Return the answer to a plain request.

    :param body: The checked request.
    :param reply: The model's reply; the answer has it cut to its limits and counted.
    """
    choice = answer.choices[0]
    reason = _REASONS.get(choice.finish_reason)
    reasoning, text = as_object(body.get("reasoning")), as_object(body.get("text"))
    response = _response(f"resp_{_seed(answer)}", answer.model, "incomplete" if reason else "completed")
    response |= {
        "incomplete_details": {"reason": reason} if reason else None,
        "output": list(_items(body, choice, answer)),
        "usage": _usage(answer.usage),
        **{name: body.get(name, usual) for name, usual in _ECHOED.items()},
        "tools": [strict_tool(tool) for tool in as_list(body.get("tools"))],
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "text": {"format": text.get("format", {"type": "text"}), "verbosity": text.get("verbosity", "medium")},
    }
    moderation = moderate_response(body, choice)
    if moderation is not None:
        response["moderation"] = moderation
    if dialect.filters:
        response["content_filters"] = [_filters("prompt", None), _filters("completion", choice.filtered)]
    return response


def _response(id_: str, model: str, status: str) -> dict[str, Any]:
    return {
        "id": id_,
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "usage": None,
    }


def _seed(answer: Answer) -> str:
    return answer.id.removeprefix("chatcmpl-")


def _filters(source: str, filtered: str | None) -> dict[str, Any]:
    return {
        "blocked": filtered is not None,
        "source_type": source,
        "content_filter_raw": None,
        "content_filter_results": verdict(filtered),
        "content_filter_offsets": {"start_offset": 0, "end_offset": 0, "check_offset": 0},
    }


def _usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    thinking = as_object(usage.get("completion_tokens_details")).get("reasoning_tokens") or 0
    cached = as_object(usage.get("prompt_tokens_details")).get("cached_tokens") or 0
    return {
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": thinking},
        "total_tokens": usage["total_tokens"],
    }


def _items(body: Mapping[str, Any], choice: Choice, answer: Answer) -> Iterator[dict[str, Any]]:
    # An id shows whether reasoning preceded its item: "fc_r..." can only be sent back with "rs_...".
    mark = "r" if choice.reasoning else ""
    if choice.reasoning:
        yield _reasoning_item(body, choice.reasoning, f"rs_{_seed(answer)}", answer.model)
    if choice.content or choice.refusal:
        yield _message_item(choice, f"msg_{mark}{_seed(answer)}", answer.model)
    for index, call in enumerate(choice.tool_calls):
        yield _call_item(call, f"fc_{mark}{_seed(answer)}{index:02d}")


def _reasoning_item(body: Mapping[str, Any], thought: str, id_: str, model: str) -> dict[str, Any]:
    shown = as_object(body.get("reasoning")).get("summary") is not None
    item: dict[str, Any] = {
        "id": id_,
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": thought}] if shown else [],
    }
    if "reasoning.encrypted_content" in as_list(body.get("include")):
        item["encrypted_content"] = encrypt(id_, str(body.get("model", model)))
    return item


def _message_item(choice: Choice, id_: str, model: str) -> dict[str, Any]:
    if choice.refusal is not None:
        part: dict[str, Any] = {"type": "refusal", "refusal": choice.refusal}
    else:
        found = as_object(logprobs(choice)).get("content", [])
        part = {"type": "output_text", "text": choice.content, "annotations": [], "logprobs": found}
    status = "incomplete" if choice.finish_reason in _REASONS else "completed"
    item = {"id": id_, "type": "message", "status": status, "role": "assistant", "content": [part]}
    return {**item, "phase": "final_answer"} if sends_phases(model) else item


def _call_item(call: ToolCall, id_: str) -> dict[str, Any]:
    return {
        "id": id_,
        "type": "function_call",
        "status": "completed",
        "arguments": call.text,
        "call_id": call.id,
        "name": call.name,
    }


def refuse_harm(body: Mapping[str, Any], chat: Mapping[str, Any]) -> Reply | None:
    """Refuse a harmful prompt; a stream that has begun fails.

    :raises ServiceError: 400, if no stream was requested.
    """
    if not is_harmful(chat):
        return None
    refusal = filtered_prompt()
    if body.get("stream") is not True:
        raise refusal
    response = _response("resp_filtered", str(body.get("model")), "in_progress")
    kind = {"type": "invalid_request_error", "code": "content_policy_violation"}
    error = {**kind, "message": refusal.message, "param": refusal.param}
    events = (
        {"type": "response.created", "sequence_number": 0, "response": response},
        {"type": "response.failed", "sequence_number": 1, "response": {**response, "status": "failed"}},
        {"type": "error", "sequence_number": 2, "error": error},
    )
    return Reply(events=[named_event(event) for event in events])


def azure_failure(message: str | None, first: bytes) -> bytes:
    """Return the events with which Azure ends a failed stream: one without a reason, then the error.

    :param message: The error text.
    :param first: The first event of the stream, framed.
    """
    failed = {"type": "response.failed", "sequence_number": 98, "response": {**_started(first), "status": "failed"}}
    words = message or "Your requests have exceeded token rate limit."
    error = {"type": "too_many_requests", "code": "rate_limit_exceeded", "message": words, "param": None}
    return named_event(failed) + named_event({"type": "error", "sequence_number": 99, "error": error})


def openai_failure(message: str | None, first: bytes) -> bytes:
    """Return the events with which OpenAI ends a failed stream: the error, then one that repeats it."""
    words = message or "The server had an error while processing your request. Sorry about that!"
    error = {"type": "server_error", "code": "server_error", "message": words, "param": None}
    response = {**_started(first), "status": "failed", "error": {"code": "server_error", "message": words}}
    failed = {"type": "response.failed", "sequence_number": 99, "response": response}
    return named_event({"type": "error", "sequence_number": 98, "error": error}) + named_event(failed)


def _started(first: bytes) -> dict[str, Any]:
    found = as_object(json.loads(first.partition(b"data: ")[2] or b"{}")).get("response")
    return as_object(found) or _response("resp_failed", "", "failed")


def response_events(response: Mapping[str, Any], _: Reply, dialect: Dialect) -> Iterator[bytes]:
    """Return the events of a stream, framed.

    :param response: The whole response.
    """
    for number, found in enumerate(_plain_events(response)):
        padded = dialect.padded and found["type"].endswith(".delta")
        padding = {"obfuscation": response["id"][-(1 + number % 16) :]} if padded else {}
        yield named_event({"type": found["type"], "sequence_number": number, **found, **padding})


def _plain_events(response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events without their numbers, generated while sent: thousands of streams may be open at once."""
    nothing: dict[str, Any] = {"status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    later = {name: None for name in ("content_filters", "moderation") if name in response}
    begun = {**response, **nothing, **later}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(response["output"]):
        yield from _item_events(item, index)
    yield {"type": f"response.{response['status']}", "response": dict(response)}


def _item_events(item: Mapping[str, Any], index: int) -> Iterator[dict[str, Any]]:
    inside = {"message": _message_events, "function_call": _call_events, "reasoning": _reasoning_events}[item["type"]]
    begun = {**item, **{name: type(item[name])() for name in ("content", "arguments", "summary") if name in item}}
    # Azure sends the encrypted content only at the end of the answer.
    begun.pop("encrypted_content", None)
    done = {name: value for name, value in item.items() if name != "encrypted_content"}
    place = {"output_index": index}
    named = {"item_id": item["id"], **place}
    yield {"type": "response.output_item.added", **place, "item": {**begun, **_status(item, "in_progress")}}
    yield from ({"type": event["type"], **named, **event} for event in inside(item))
    yield {"type": "response.output_item.done", **place, "item": done}


def _status(item: Mapping[str, Any], status: str) -> dict[str, str]:
    return {"status": status} if "status" in item else {}


def _message_events(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    [part] = item["content"]
    place = {"content_index": 0}
    member = "refusal" if part["type"] == "refusal" else "text"
    name = "refusal" if part["type"] == "refusal" else "output_text"
    empty: dict[str, Any] = {**part, member: "", **({"logprobs": []} if "logprobs" in part else {})}
    yield {"type": "response.content_part.added", **place, "part": empty}
    found = part.get("logprobs", [])
    for number, piece in enumerate(pieces(part[member])):
        extra = {"logprobs": found[number : number + 1]} if name == "output_text" else {}
        yield {"type": f"response.{name}.delta", **place, "delta": piece, **extra}
    extra = {"logprobs": found} if name == "output_text" else {}
    yield {"type": f"response.{name}.done", **place, member: part[member], **extra}
    yield {"type": "response.content_part.done", **place, "part": part}


def _call_events(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in pieces(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", "delta": piece}
    done = {"name": item["name"], "arguments": item["arguments"]}
    yield {"type": "response.function_call_arguments.done", **done}


def _reasoning_events(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for number, part in enumerate(item["summary"]):
        place = {"summary_index": number}
        yield {"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}}
        for piece in pieces(part["text"]):
            yield {"type": "response.reasoning_summary_text.delta", **place, "delta": piece}
        yield {"type": "response.reasoning_summary_text.done", **place, "text": part["text"]}
        yield {"type": "response.reasoning_summary_part.done", **place, "part": part}
