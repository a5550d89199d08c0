"""Read answers of the Messages API, whole and streamed, as chunks of a chat completion.

`MessagesEvents` is fed the events of a stream. `answer` feeds it a whole message as a single event, so both are read
the same way. It keeps every block as it grows. When the answer ends, it adds `content_blocks` to the message if a block
contains more than text and tool calls: signed thinking, a search, a citation. The next request replays them.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from .._json import is_list
from . import Object, as_object, completion_of

_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "pause_turn": "stop",
    "compaction": "stop",
}
_MESSAGE = frozenset(
    ("id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage")
)
"""Members of a message that have other names in a completion. Others, such as `container`, are kept unchanged."""
_TEXTS = {"text_delta": ("text", "content"), "thinking_delta": ("thinking", "reasoning_content")}
"""By type of delta: the member of delta and block, which is also the type of block, and the member of the chunk."""
_COUNTS = frozenset(
    (
        *("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"),
        *("output_tokens_details", "service_tier"),
    )
)


def answer(native: Object, created: int) -> Object:
    """Translate a whole answer.

    :param native: The JSON object received.
    :param created: The time in seconds since 1970.
    :return: The chat completion. Anything other than a message is returned unchanged.
    """
    if native.get("type") != "message":
        return native
    events = MessagesEvents(created)
    chunks = events.feed("message_start", {"type": "message_start", "message": native})
    return completion_of([*chunks, *events.feed("message_stop", {"type": "message_stop"})])


class _Block:
    """A content block as received so far."""

    def __init__(self, content: Object, start: int, call: int | None) -> None:
        self.content = content
        self.start = start
        """The length of the message's text when the block began."""
        self.call = call
        """Its number among the tool calls, if it is one."""
        self.is_open = True
        self._member = content["type"] if content.get("type") in ("text", "thinking") else ""
        initial = content.get(self._member)
        self._pieces = [initial] if isinstance(initial, str) else []

    @property
    def input(self) -> Any:
        """The input of a tool so far, if it arrived as a value."""
        return self.content.get("input")

    @property
    def has_json(self) -> bool:
        """Whether part of a tool's input arrived as JSON text."""
        return not self._member and any(self._pieces)

    def add(self, piece: str) -> None:
        """Add text, or JSON text of a tool's input."""
        self.is_open = True
        self._pieces.append(piece)

    def update(self, delta: Object) -> None:
        """Add to members that do not appear in chunks: signatures, citations, compactions."""
        kind = delta.get("type")
        if kind == "citations_delta":
            self.content["citations"] = [*_list(self.content.get("citations")), delta.get("citation")]
        elif kind == "signature_delta":
            self.content["signature"] = _text(self.content.get("signature")) + _text(delta.get("signature"))
        elif kind == "compaction_delta":
            self.content.update({name: value for name, value in delta.items() if name != "type" and value is not None})

    def close(self) -> None:
        """Join the pieces that have arrived, and store the result in the block."""
        self.is_open = False
        whole = "".join(self._pieces)
        if self._member:
            self.content[self._member] = whole
        elif whole.strip():
            try:
                value: Any = json.loads(whole)
            except (ValueError, RecursionError):
                return  # cut off: the block keeps its empty input, and the call keeps the text
            self.content["input"] = value

    def is_plain(self) -> bool:
        """Return whether chat completions can express everything in the block."""
        kind = self.content.get("type")
        others = {name for name, value in self.content.items() if value and not _is_direct(name, value)}
        return others <= _PLAIN.get(kind if isinstance(kind, str) else "", frozenset())


def _is_direct(name: str, value: Any) -> bool:
    return name == "caller" and as_object(value).get("type") == "direct"


_PLAIN: Mapping[str, frozenset[str]] = {
    "text": frozenset(("type", "text")),
    "tool_use": frozenset(("type", "id", "name", "input")),
}


class MessagesEvents:
    """Reads the events of one answer."""

    def __init__(self, created: int) -> None:
        self.ended = False
        self._head: Object = {"id": "", "object": "chat.completion.chunk", "created": created, "model": ""}
        self._extras: Object = {}
        self._usage: Object = {}
        self._ending: Object = {}
        self._blocks: list[_Block] = []
        self._by_index: dict[int | None, _Block] = {}
        self._given: list[Any] = []
        self._length = 0
        self._calls = 0
        self._started = self._finished = False
        self._readers: Mapping[str, Callable[[Object], list[Object]]] = {
            "content_block_delta": self._read_delta,
            "content_block_start": self._read_block,
            "content_block_stop": self._read_stop,
            "message_start": self._read_start,
            "message_delta": self._read_ending,
            "message_stop": self._read_end,
            "error": self._read_error,
        }

    def feed(self, name: str, data: Object) -> list[Object]:
        """Read an event.

        :param name: The event's name, used if its data has no `type`.
        :param data: The event's data.
        :return: Chunks of the completion; an error unchanged.
        """
        kind = data.get("type")
        read = self._readers.get(kind if isinstance(kind, str) else name)
        return read(data) if read else []

    def end(self) -> list[Object]:
        """Read the end of the stream. This API leaves nothing unexplained until then."""
        return []

    def _read_start(self, data: Object) -> list[Object]:
        if self._started:
            return []
        self._started = True
        message = as_object(data.get("message"))
        self._head |= {name: message[name] for name in ("id", "model") if isinstance(message.get(name), str)}
        self._note(as_object(message.get("usage")), message)
        chunks = [self._chunk({"role": "assistant"})]
        self._given = _list(message.get("content"))
        for index, block in enumerate(self._given):
            chunks += self._begin(index, as_object(block))
            chunks += self._close(self._by_index[index])
        return chunks

    def _read_block(self, data: Object) -> list[Object]:
        index, content = _index(data), as_object(data.get("content_block"))
        return [] if self._has_given(index, content) else self._begin(index, content)

    def _has_given(self, index: int | None, content: Object) -> bool:
        """Return whether message_start already contained the block."""
        if index is None or not 0 <= index < len(self._given):
            return False
        given = as_object(self._given[index])
        return all(given.get(name) == content.get(name) for name in ("type", "id"))

    def _begin(self, index: int | None, content: Object) -> list[Object]:
        is_call = content.get("type") == "tool_use"
        block = _Block(dict(content), self._length, self._calls if is_call else None)
        self._blocks.append(block)
        self._by_index[index] = block
        if is_call:
            self._calls += 1
            function = {"name": content.get("name"), "arguments": ""}
            return [self._call_chunk(block, {"id": content.get("id"), "type": "function", "function": function})]
        for member, shown in _TEXTS.values():
            if content.get("type") == member and _text(content.get(member)):
                return [self._show(shown, content[member])]
        return []

    def _read_delta(self, data: Object) -> list[Object]:
        delta = as_object(data.get("delta"))
        kind, index = _text(delta.get("type")), _index(data)
        block = self._by_index.get(index)
        if kind in _TEXTS:
            return self._add_text(index, block, *_TEXTS[kind], delta)
        if block is None:
            return []
        if kind != "input_json_delta":
            block.update(delta)
            return []
        piece = _text(delta.get("partial_json"))
        block.add(piece)
        return [self._call_chunk(block, {"function": {"arguments": piece}})] if piece and block.call is not None else []

    def _add_text(
        self, index: int | None, block: _Block | None, member: str, shown: str, delta: Object
    ) -> list[Object]:
        piece = _text(delta.get(member))
        if not piece:
            return []
        if block is None or block.content.get("type") != member:  # some gateways do not announce the start of a block
            self._begin(index, {"type": member, member: ""})
            block = self._by_index[index]
        block.add(piece)
        return [self._show(shown, piece)]

    def _read_stop(self, data: Object) -> list[Object]:
        block = self._by_index.get(_index(data))
        return self._close(block) if block and block.is_open else []

    def _close(self, block: _Block) -> list[Object]:
        block.close()
        if block.call is not None and not block.has_json and block.input:
            return [self._call_chunk(block, {"function": {"arguments": json.dumps(block.input, ensure_ascii=False)}})]
        annotations = self._annotations(block)
        return [self._chunk({"annotations": annotations})] if annotations else []

    def _annotations(self, block: _Block) -> list[Object]:
        """Return the citations of web pages, which chat completions support; others are in `content_blocks`."""
        citations = map(as_object, _list(block.content.get("citations")))
        span = {"start_index": block.start, "end_index": self._length}
        return [
            {"type": "url_citation", "url_citation": {"url": found.get("url"), "title": found.get("title"), **span}}
            for found in citations
            if found.get("type") == "web_search_result_location"
        ]

    def _read_ending(self, data: Object) -> list[Object]:
        others = {name: value for name, value in data.items() if name not in ("type", "delta", "usage")}
        self._note(as_object(data.get("usage")), {**others, **as_object(data.get("delta"))})
        if self._finished:
            return [self._last_chunk({})] if data.get("usage") else []
        return self._finish() if self._ending.get("stop_reason") else []

    def _read_end(self, data: Object) -> list[Object]:
        self.ended = True
        return [] if self._finished else self._finish()

    def _read_error(self, data: Object) -> list[Object]:
        self.ended = True
        message = data.get("message") or "The service reported an error without a reason."
        return [{**data, "error": data.get("error") or {"type": "error", "message": message}}]

    def _note(self, usage: Object, members: Object) -> None:
        """Record what events report about the whole. A later count replaces an earlier one: counts are totals."""
        self._usage |= {name: value for name, value in usage.items() if value is not None}
        for name, value in members.items():
            if value is not None and (name.startswith("stop_") or name not in _MESSAGE):
                place = self._ending if name.startswith("stop_") else self._extras
                place[name] = value

    def _refusal(self) -> Any:
        if self._ending.get("stop_reason") != "refusal":
            return None
        return as_object(self._ending.get("stop_details")).get("explanation")

    def _finish(self) -> list[Object]:
        self._finished = True
        chunks = [chunk for block in self._blocks if block.is_open for chunk in self._close(block)]
        delta: Object = {}
        if calls := self._empty_calls():
            delta["tool_calls"] = [{"index": call, "function": {"arguments": "{}"}} for call in calls]
        if refusal := self._refusal():
            delta["refusal"] = refusal
        if not all(block.is_plain() for block in self._blocks):
            delta["content_blocks"] = [block.content for block in self._blocks]
        return [*chunks, self._last_chunk(delta)]

    def _empty_calls(self) -> list[int]:
        """Return the numbers of calls without arguments, except for a last call that was cut off before them."""
        calls = [block.call for block in self._blocks if block.call is not None]
        empty = [block.call for block in self._blocks if not block.has_json and not block.input]
        was_cut = self._finish_reason() == "length"
        return [call for call in empty if call is not None and not (was_cut and call == calls[-1])]

    def _finish_reason(self) -> str:
        reason = self._ending.get("stop_reason") or "end_turn"
        return _FINISH_REASONS.get(reason, reason) if isinstance(reason, str) else "stop"

    def _last_chunk(self, delta: Object) -> Object:
        chunk = self._chunk(delta)
        choice = chunk["choices"][0]
        choice["finish_reason"] = self._finish_reason()
        renamed = {"native_finish_reason": "stop_reason", "stop_sequence": "stop_sequence"}
        for name, native in {**renamed, "stop_details": "stop_details"}.items():
            if native in self._ending:
                choice[name] = self._ending[native]
        if self._usage:
            chunk["usage"] = _usage(self._usage)
        if "service_tier" in self._usage:
            chunk["service_tier"] = self._usage["service_tier"]
        return {**self._extras, **chunk}

    def _show(self, member: str, text: str) -> Object:
        if member == "content":
            self._length += len(text)
        return self._chunk({member: text})

    def _call_chunk(self, block: _Block, call: Object) -> Object:
        return self._chunk({"tool_calls": [{"index": block.call, **call}]})

    def _chunk(self, delta: Object) -> Object:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _usage(native: Object) -> Object:
    """Translate the token counts. `input_tokens` does not include what was read from or written to the cache."""
    read, written = native.get("cache_read_input_tokens"), native.get("cache_creation_input_tokens")
    thinking = as_object(native.get("output_tokens_details")).get("thinking_tokens")
    prompt = _count(native.get("input_tokens")) + _count(read) + _count(written)
    completion = _count(native.get("output_tokens"))
    usage: Object = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    cache = {"cached_tokens": read, "cache_write_tokens": written}
    details = {name: value for name, value in cache.items() if value is not None}
    if details:
        usage["prompt_tokens_details"] = details
    if thinking is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": thinking}
    return {**usage, **{name: value for name, value in native.items() if name not in _COUNTS}}


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _index(data: Object) -> int | None:
    index = data.get("index")
    return index if isinstance(index, int) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if is_list(value) else []
