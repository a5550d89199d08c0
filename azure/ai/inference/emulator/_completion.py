"""Write an answer as JSON, whole or as the chunks of a stream, in the form of a dialect.

Both are made from the same :class:`Answer`, so the chunks of a stream add up to the plain answer.
"""

import base64
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final

from ._dialects import Dialect
from ._replies import ToolCall
from ._values import as_object, pieces

CREATED: Final = 1_767_225_600
"""Every answer is from the first second of 2026, so that the same request returns the same bytes."""
_CATEGORIES: Final = ("hate", "self_harm", "sexual", "violence")


@dataclass(frozen=True)
class Choice:
    """One choice, finished and cut to its limits."""

    index: int
    finish_reason: str
    content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: Sequence[ToolCall] = ()
    filtered: str | None = None
    logprobs: int | None = None
    audio: Mapping[str, Any] | None = None
    custom: frozenset[str] = frozenset()
    """The names of the tools that take text instead of JSON."""
    as_function_call: bool = False
    """Whether to send calls as ``function_call``, the form of 2023."""

    @property
    def tokens(self) -> Iterator[str]:
        """The tokens of the text, as they are streamed."""
        return pieces(self.content or "")


@dataclass(frozen=True)
class Answer:
    """A whole answer, before it becomes JSON."""

    id: str
    model: str
    choices: Sequence[Choice]
    usage: Mapping[str, Any] = field(default_factory=dict[str, Any])
    moderation: Mapping[str, Any] | None = None


def verdict(filtered: str | None = None) -> dict[str, Any]:
    """Return content filter results, with ``filtered`` as the detected category."""
    results: dict[str, Any] = {name: {"filtered": False, "severity": "safe"} for name in _CATEGORIES}
    if filtered is not None:
        results[filtered] = {"filtered": True, "severity": "high"}
    return results


def whole(answer: Answer, dialect: Dialect) -> dict[str, Any]:
    """Return the response to a request without streaming."""
    body = _head(answer, dialect, "chat.completion")
    body["choices"] = [_whole_choice(choice, dialect) for choice in answer.choices]
    if dialect.filters:
        body["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": verdict()}]
    return body | _moderation(answer) | {"usage": dict(answer.usage)}


def chunks(answer: Answer, dialect: Dialect, *, include_usage: bool = False) -> Iterator[dict[str, Any]]:
    """Return the chunks of a stream, in order.

    :keyword include_usage: Whether the request asked for usage, for dialects that only send it then.
    """
    if dialect.filters:
        results = [{"prompt_index": 0, "content_filter_results": verdict()}]
        yield {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": results}
    head = _head(answer, dialect, "chat.completion.chunk")
    separate = dialect.usage == "always" or (dialect.usage == "asked" and include_usage)
    steps = zip_longest(*(_deltas(choice, dialect) for choice in answer.choices))
    parts = (part for step in steps for part in step if part is not None)
    number = 0
    for number, (part, is_last) in enumerate(_marked(parts), 1):
        chunk = head | {"choices": [part]}
        if separate:
            chunk["usage"] = None
        elif dialect.usage == "last" and is_last:
            chunk["usage"] = dict(answer.usage)
        yield chunk | _padding(answer, dialect, number)
    yield from _late_filters(answer, dialect)
    if answer.moderation is not None:
        number += 1
        none = {"usage": None} if separate else {}
        yield head | {"choices": [], **none} | _moderation(answer) | _padding(answer, dialect, number)
    if separate:
        yield head | {"choices": [], "usage": dict(answer.usage)} | _padding(answer, dialect, number + 1)


def _moderation(answer: Answer) -> dict[str, Any]:
    return {} if answer.moderation is None else {"moderation": dict(answer.moderation)}


def _marked(parts: Iterator[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield each part, and whether it is the last. Streams are generated while sent: thousands may be open at once."""
    before = next(parts)
    for part in parts:
        yield before, False
        before = part
    yield before, True


def _padding(answer: Answer, dialect: Dialect, number: int) -> dict[str, str]:
    """Return the member that hides the length of a token from eavesdroppers; its text means nothing."""
    return {"obfuscation": answer.id[-(1 + number % 16) :]} if dialect.padded else {}


def _head(answer: Answer, dialect: Dialect, kind: str) -> dict[str, Any]:
    return {"id": answer.id, "object": kind, "created": CREATED, "model": answer.model, **dialect.extras}


def _whole_choice(choice: Choice, dialect: Dialect) -> dict[str, Any]:
    body: dict[str, Any] = {"index": choice.index, "finish_reason": choice.finish_reason, "logprobs": logprobs(choice)}
    if dialect.filters:
        body["content_filter_results"] = verdict(choice.filtered)
    body |= dialect.choice_extras
    if choice.filtered and dialect.filters:
        return body
    message: dict[str, Any] = {"role": "assistant", **_whole_content(choice, dialect)}
    if choice.tool_calls and choice.as_function_call:
        message["function_call"] = {"name": choice.tool_calls[0].name, "arguments": choice.tool_calls[0].text}
    elif choice.tool_calls:
        message["tool_calls"] = [_whole_call(call, choice) for call in choice.tool_calls]
    if choice.refusal is not None or dialect.ordered:
        message["refusal"] = choice.refusal
    if choice.audio is not None:
        message["audio"] = dict(choice.audio)
    return body | {"message": message}


def _whole_call(call: ToolCall, choice: Choice) -> dict[str, Any]:
    if call.name in choice.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": _custom_input(call)}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.text}}


def _custom_input(call: ToolCall) -> str:
    """Return the text input of a custom tool; a script may provide it directly."""
    try:
        found = as_object(json.loads(call.text)).get("input")
    except ValueError:
        found = None
    return found if isinstance(found, str) else call.text


def _whole_content(choice: Choice, dialect: Dialect) -> dict[str, Any]:
    thought = choice.reasoning
    if not thought or dialect.reasoning == "hidden":
        return {"content": choice.content}
    if dialect.reasoning == "tags":
        return {"content": f"<think>{thought}</think>\n\n{choice.content or ''}"}
    if dialect.reasoning == "thinking":
        return {"content": [_thinking(thought), {"type": "text", "text": choice.content or ""}]}
    return {"content": choice.content, dialect.reasoning: thought}


def _thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _deltas(choice: Choice, dialect: Dialect) -> Iterator[dict[str, Any]]:
    """Yield the choices of the stream's chunks that make up one choice."""
    first: dict[str, Any] = {"role": "assistant", "content": dialect.first_content}
    yield _part(choice, dialect, first | ({"refusal": None} if dialect.ordered else {}), {})
    for delta in _reasoning_deltas(choice, dialect):
        yield _part(choice, dialect, delta, {})
    for token in choice.tokens:
        content = [{"type": "text", "text": token}] if choice.reasoning and dialect.reasoning == "thinking" else token
        yield _part(choice, dialect, {"content": content}, verdict(), token)
    for piece in pieces(choice.refusal or ""):
        yield _part(choice, dialect, {"refusal": piece}, verdict())
    for delta in _audio_deltas(choice):
        yield _part(choice, dialect, delta, {})
    bare = dialect.tool_calls == "bare"
    for delta in () if bare else _call_deltas(choice, dialect):
        yield _part(choice, dialect, delta, {})
    last = _bare_calls(choice) if bare else {}
    results = verdict(choice.filtered) if choice.filtered else {}
    yield _part(choice, dialect, last, results) | {"finish_reason": choice.finish_reason}


def _part(
    choice: Choice, dialect: Dialect, delta: Mapping[str, Any], results: Mapping[str, Any], token: str | None = None
) -> dict[str, Any]:
    found = logprobs(choice, [token]) if token is not None else None
    part: dict[str, Any] = {"index": choice.index, "delta": dict(delta), "finish_reason": None, "logprobs": found}
    if dialect.filters and not dialect.late_filters:
        part["content_filter_results"] = dict(results)
    return {**part, **dialect.choice_extras}


def _reasoning_deltas(choice: Choice, dialect: Dialect) -> Iterator[dict[str, Any]]:
    if not choice.reasoning or dialect.reasoning == "hidden":
        return
    if dialect.reasoning == "tags":
        for piece in pieces(f"<think>{choice.reasoning}</think>"):
            yield {"content": piece}
        yield {"content": "\n\n"}
        return
    for piece in pieces(choice.reasoning):
        thinking = dialect.reasoning == "thinking"
        yield {"content": [_thinking(piece)]} if thinking else {dialect.reasoning: piece, "content": None}


def _bare_calls(choice: Choice) -> dict[str, Any]:
    """Return the last delta with complete calls, for dialects that send them there."""
    if not choice.tool_calls:
        return {"content": ""}
    functions = [({"name": call.name, "arguments": call.text}, call.id) for call in choice.tool_calls]
    return {"content": None, "tool_calls": [{"id": id_, "function": function} for function, id_ in functions]}


def _call_deltas(choice: Choice, dialect: Dialect) -> Iterator[dict[str, Any]]:
    if choice.as_function_call and choice.tool_calls:
        yield {"function_call": {"name": choice.tool_calls[0].name, "arguments": ""}}
        for piece in pieces(choice.tool_calls[0].text):
            yield {"function_call": {"arguments": piece}}
        return
    for index, call in enumerate(choice.tool_calls):
        if call.name in choice.custom:
            yield from _custom_deltas(call, index)
            continue
        if dialect.tool_calls == "whole":
            yield {"tool_calls": [{"index": index, **_whole_call(call, choice)}]}
            continue
        opened = {"id": call.id, "type": "function", "index": index, "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [opened]}
        if dialect.tool_calls == "named":
            function = {"name": "", "arguments": call.text}
            yield {"content": "", "tool_calls": [{"type": "function", "index": index, "function": function}]}
        else:
            for piece in pieces(call.text):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _custom_deltas(call: ToolCall, index: int) -> Iterator[dict[str, Any]]:
    opened = {"index": index, "id": call.id, "type": "custom", "custom": {"name": call.name, "input": ""}}
    yield {"tool_calls": [opened]}
    for piece in pieces(_custom_input(call)):
        yield {"tool_calls": [{"index": index, "custom": {"input": piece}}]}


def _audio_deltas(choice: Choice) -> Iterator[dict[str, Any]]:
    if choice.audio is None:
        return
    yield {"audio": {"id": choice.audio["id"]}}
    for piece in pieces(choice.audio["transcript"]):
        yield {"audio": {"transcript": piece}}
    yield {"audio": {"data": choice.audio["data"]}}
    yield {"audio": {"expires_at": choice.audio["expires_at"]}}


def _late_filters(answer: Answer, dialect: Dialect) -> Iterator[dict[str, Any]]:
    if not dialect.late_filters:
        return
    for choice in answer.choices:
        end = len(choice.content or "")
        part = {
            "index": choice.index,
            "finish_reason": None,
            "content_filter_results": verdict(choice.filtered),
            "content_filter_offsets": {"check_offset": 0, "start_offset": 0, "end_offset": end},
        }
        yield {"id": "", "object": "", "created": 0, "model": "", "choices": [part]}


def logprobs(choice: Choice, tokens: Iterable[str] | None = None) -> dict[str, Any] | None:
    """Return the log probabilities of some tokens, or of all."""
    if choice.logprobs is None or choice.content is None:
        return None
    chosen = choice.tokens if tokens is None else tokens
    return {"content": [_logprob(piece, choice.logprobs) for piece in chosen], "refusal": None}


def _logprob(token: str, top: int) -> dict[str, Any]:
    """Return a probability that falls with the length of a word: made up, but always the same."""
    ranked = [_token_logprob(token if rank == 0 else f"{token}{rank}", rank) for rank in range(top)]
    return _token_logprob(token, 0) | {"top_logprobs": ranked}


def _token_logprob(token: str, rank: int) -> dict[str, Any]:
    probability = 0.9 / (1 + rank) / (1 + len(token) / 20)
    return {
        "token": token,
        "logprob": round(math.log(probability), 6),
        "bytes": list(token.encode("utf-8", "surrogatepass")),
    }


def silence(transcript: str, id_: str) -> dict[str, Any]:
    """Return an audio answer: a WAV file of silence for a tenth of a second, with its supposed transcript."""
    samples = bytes(1600)
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    head += (1).to_bytes(2, "little") * 2 + (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little")
    head += (2).to_bytes(2, "little") + (16).to_bytes(2, "little") + b"data" + len(samples).to_bytes(4, "little")
    data = base64.b64encode(head + samples).decode()
    return {"id": id_, "data": data, "transcript": transcript, "expires_at": CREATED + 3600}
