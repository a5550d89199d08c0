"""Translate answers of the Responses API to chunks of a chat completion, event by event.

An answer is a list of items: messages, reasoning, tool calls. Events name an item by its `output_index`; its id may
differ from event to event. Each item is sent whole when it is done, and again at the end of the answer: `_settle` then
emits what the deltas left out. An answer without any deltas is therefore read the same way.
"""

import json
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, ClassVar

from .._json import is_list
from . import Object, as_object, as_objects
from .responses_fields import add_verdicts, chat_annotation, chat_usage, finish_reason, stream_error, unfinished

_JSON_FORMATS = ("json_schema", "json_object")
_CALLS = {"function_call": ("function", "arguments"), "custom_tool_call": ("custom", "input")}
"""Items that are tool calls: their type in chat form, and the member written by the model."""


class _Part:
    """A growing text: of a message, a refusal, a summary, or the arguments of a call."""

    __slots__ = ("annotations", "has_logprobs", "pieces", "start")

    def __init__(self, start: int) -> None:
        self.pieces: list[str] = []
        self.annotations = 0
        self.has_logprobs = False
        self.start = start
        """Its start in the content, in characters."""


class _Item:
    """An item of the answer, as received so far."""

    __slots__ = ("call", "index", "is_commentary", "kind", "parts", "reasoning_form", "whole")

    def __init__(self, index: int, kind: str) -> None:
        self.index = index
        self.kind = kind
        self.is_commentary = False
        self.parts: dict[tuple[str, int], _Part] = {}
        self.call: int | None = None
        """The number of the tool call in the answer, once it has been emitted."""
        self.reasoning_form = ""
        """Which of its two forms of reasoning is shown: the one that arrived first."""
        self.whole: Object | None = None

    def text(self, kind: str) -> str:
        """Return the text emitted so far, in parts of a kind."""
        return "".join("".join(part.pieces) for (name, _), part in self.parts.items() if name == kind)


class Events:
    """Reads one answer; see `EventReader`."""

    def __init__(self, created: int) -> None:
        self.ended = False
        self._head: Object = {"object": "chat.completion.chunk", "created": created}
        self._items: dict[object, _Item] = {}
        self._role_was_sent = False
        self._first_message_only = False
        self._speaker: _Item | None = None
        self._thinker: object = None
        self._length = 0
        self._calls = 0
        self._failed: Object | None = None

    def feed(self, name: str, data: Object) -> list[Object]:
        """Read an event; see `EventReader`."""
        kind = data.get("type")
        handler = self._handlers.get(kind if isinstance(kind, str) else name)
        return [] if handler is None or self.ended else handler(self, data)

    def end(self) -> list[Object]:
        """Read the end of a stream; see `EventReader`."""
        if self._failed is None or self.ended:
            return []
        self.ended = True
        return [stream_error("server_error", "The service failed to answer, and gave no reason.", self._failed)]

    # ------------------------------------------------------------ deltas

    def _on_text(self, data: Object) -> list[Object]:
        item = self._item(data, "message")
        text, logprobs = data.get("delta"), data.get("logprobs")
        return self._say_text(item, self._part(item, "text", data.get("content_index")), text, logprobs)

    def _on_refusal(self, data: Object) -> list[Object]:
        item = self._item(data, "message")
        return self._say_refusal(item, self._part(item, "refusal", data.get("content_index")), data.get("delta"))

    def _on_summary(self, data: Object) -> list[Object]:
        item = self._item(data, "reasoning")
        return self._say_thought(item, "summary", data.get("summary_index"), data.get("delta"))

    def _on_thought(self, data: Object) -> list[Object]:
        item = self._item(data, "reasoning")
        return self._say_thought(item, "content", data.get("content_index"), data.get("delta"))

    def _on_arguments(self, data: Object) -> list[Object]:
        item = self._item(data, "function_call")
        return self._say_arguments(item, data.get("delta"))

    def _on_annotation(self, data: Object) -> list[Object]:
        item = self._item(data, "message")
        return self._annotate(item, self._part(item, "text", data.get("content_index")), [data.get("annotation")])

    # ------------------------------------------------------------ whole items

    def _on_response(self, data: Object) -> list[Object]:
        self._note(as_object(data.get("response")))
        return []

    def _on_item_added(self, data: Object) -> list[Object]:
        item = as_object(data.get("item"))
        state = self._item({**data, "item_id": item.get("id")}, item.get("type"))
        state.is_commentary = item.get("phase") == "commentary"
        return self._open_call(state, item)

    def _on_item_done(self, data: Object) -> list[Object]:
        item = as_object(data.get("item"))
        return self._settle(self._item({**data, "item_id": item.get("id")}, item.get("type")), item)

    def _settle(self, state: _Item, item: Object) -> list[Object]:
        """Emit the rest of an item, and keep the item."""
        if state.whole is None or item.get("encrypted_content") or not state.whole.get("encrypted_content"):
            state.whole = item
        kind = _kind(item)
        if kind == "message":
            state.is_commentary = state.is_commentary or item.get("phase") == "commentary"
            return self._settle_message(state, item)
        if kind == "reasoning":
            return self._settle_reasoning(state, item)
        if kind in _CALLS:
            return self._open_call(state, item) or self._say_arguments(
                state, _rest(state.text("arguments"), _written(item))
            )
        return []

    def _settle_message(self, state: _Item, item: Object) -> list[Object]:
        chunks: list[Object] = []
        for index, content in enumerate(as_objects(item.get("content"))):
            if content.get("type") == "refusal":
                part = self._part(state, "refusal", index)
                chunks += self._say_refusal(state, part, _rest("".join(part.pieces), content.get("refusal")))
                continue
            part = self._part(state, "text", index)
            logprobs = None if part.has_logprobs else content.get("logprobs")
            chunks += self._say_text(state, part, _rest("".join(part.pieces), content.get("text")), logprobs)
            chunks += self._annotate(state, part, as_objects(content.get("annotations"))[part.annotations :])
        return chunks

    def _settle_reasoning(self, state: _Item, item: Object) -> list[Object]:
        form = state.reasoning_form or ("summary" if item.get("summary") else "content")
        chunks: list[Object] = []
        for index, thought in enumerate(as_objects(item.get(form))):
            said = "".join(self._part(state, form, index).pieces)
            chunks += self._say_thought(state, form, index, _rest(said, thought.get("text")))
        return chunks

    # ------------------------------------------------------------ the end

    def _on_completed(self, data: Object) -> list[Object]:
        response = as_object(data.get("response"))
        self._note(response)
        if response.get("status") in ("failed", "cancelled"):
            return self._fail(response)
        chunks: list[Object] = []
        for index, item in enumerate(as_objects(response.get("output"))):
            chunks += self._settle(self._find(index, item), item)
        self.ended = True
        return [*chunks, self._last_chunk(response)]

    def _on_incomplete(self, data: Object) -> list[Object]:
        return self._on_completed({**data, "response": {"status": "incomplete", **as_object(data.get("response"))}})

    def _on_failed(self, data: Object) -> list[Object]:
        return self._fail(as_object(data.get("response")))

    def _last_chunk(self, response: Object) -> Object:
        items = sorted(dict.fromkeys(self._items.values()), key=lambda item: item.index)
        output = [item.whole for item in items if item.whole is not None]
        delta: Object = {}
        if not (self._length or self._calls) and (commentary := _commentary(items)):  # the model said nothing else
            delta["content"] = commentary
        if not _is_plain(output):
            delta["output"] = output
        chunk = self._chunk(delta)
        choice = chunk["choices"][0]
        choice["finish_reason"] = finish_reason(response, bool(self._calls))
        add_verdicts(chunk, as_objects(response.get("content_filters")))
        if response.get("input_transformations"):
            chunk["input_transformations"] = response["input_transformations"]
        if usage := chat_usage(as_object(response.get("usage"))):
            chunk["usage"] = usage
        return chunk

    def _fail(self, response: Object) -> list[Object]:
        """Emit the reason why the answer failed. Without one, wait for the next event: Azure explains afterwards."""
        self.ended = bool(response.get("error")) or response.get("status") == "cancelled"
        self._failed = response
        if not self.ended:
            return []
        return [response] if response.get("error") else [unfinished(response)]

    def _on_error(self, data: Object) -> list[Object]:
        self.ended = True
        if data.get("error"):
            return [{**(self._failed or {}), "error": data["error"]}]
        param = {"param": data["param"]} if data.get("param") else {}
        return [stream_error(data.get("code") or "server_error", data.get("message"), self._failed, **param)]

    _handlers: ClassVar[Mapping[str, Callable[[Any, Object], list[Object]]]] = {
        "response.created": _on_response,
        "response.queued": _on_response,
        "response.in_progress": _on_response,
        "response.output_item.added": _on_item_added,
        "response.output_item.done": _on_item_done,
        "response.output_text.delta": _on_text,
        "response.output_text.annotation.added": _on_annotation,
        "response.refusal.delta": _on_refusal,
        "response.reasoning_summary_text.delta": _on_summary,
        "response.reasoning_text.delta": _on_thought,
        "response.function_call_arguments.delta": _on_arguments,
        "response.custom_tool_call_input.delta": _on_arguments,
        "response.completed": _on_completed,
        "response.incomplete": _on_incomplete,
        "response.failed": _on_failed,
        "error": _on_error,
    }
    """Everything else is skipped: progress of hosted tools, keep-alives, and events that are not known yet."""

    # ------------------------------------------------------------ chunks

    def _chunk(self, delta: Object) -> Object:
        if not self._role_was_sent:
            self._role_was_sent = True
            delta = {"role": "assistant", **delta}
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}

    def _say_text(self, item: _Item, part: _Part, text: Any, logprobs: Any) -> list[Object]:
        text = text if isinstance(text, str) else ""
        if not text and not logprobs:
            return []
        part.pieces.append(text)
        if item.is_commentary:
            return self._think(item, text)
        if self._is_passed_over(item):
            return []
        if item is not self._speaker:
            text = f"\n\n{text}" if self._speaker is not None else text
            self._speaker = item
        self._length += len(text)
        chunk = self._chunk({"content": text})
        if logprobs and is_list(logprobs):
            part.has_logprobs = True
            chunk["choices"][0]["logprobs"] = {"content": logprobs}
        return [chunk]

    def _say_refusal(self, item: _Item, part: _Part, text: Any) -> list[Object]:
        if not isinstance(text, str) or not text or item.is_commentary:
            return []
        part.pieces.append(text)
        return [self._chunk({"refusal": text})]

    def _say_thought(self, item: _Item, form: str, index: Any, text: Any) -> list[Object]:
        if not isinstance(text, str) or not text or item.reasoning_form not in ("", form):
            return []
        item.reasoning_form = form
        part = self._part(item, form, index)
        part.pieces.append(text)
        return self._think(part, text)

    def _think(self, thinker: object, text: str) -> list[Object]:
        if thinker is not self._thinker:
            text = f"\n\n{text}" if self._thinker is not None else text
            self._thinker = thinker
        return [self._chunk({"reasoning_content": text})]

    def _open_call(self, state: _Item, item: Object) -> list[Object]:
        """Emit the beginning of a tool call, as soon as its id and name are known."""
        kind, call_id, name = _kind(item), item.get("call_id"), item.get("name")
        if state.call is not None or kind not in _CALLS or not call_id or not name:
            return []
        state.kind, state.call = kind, self._calls
        self._calls += 1
        of_chat, member = _CALLS[kind]
        written = _written(item)
        self._part(state, "arguments", 0).pieces.append(written)
        call = {"index": state.call, "id": call_id, "type": of_chat, of_chat: {"name": name, member: written}}
        return [self._chunk({"tool_calls": [call]})]

    def _say_arguments(self, item: _Item, text: Any) -> list[Object]:
        if item.call is None or not isinstance(text, str) or not text:
            return []
        self._part(item, "arguments", 0).pieces.append(text)
        of_chat, member = _CALLS[item.kind]
        return [self._chunk({"tool_calls": [{"index": item.call, of_chat: {member: text}}]})]

    def _annotate(self, item: _Item, part: _Part, annotations: list[Any]) -> list[Object]:
        part.annotations += len(annotations)
        known = [chat_annotation(each, part.start) for each in as_objects(annotations)]
        if not known or item.is_commentary or self._is_passed_over(item):
            return []
        return [self._chunk({"annotations": known})]

    def _is_passed_over(self, item: _Item) -> bool:
        """Return whether an item is another message of an answer whose messages are separate JSON documents."""
        return self._first_message_only and self._speaker not in (None, item)

    # ------------------------------------------------------------ what is known so far

    def _note(self, response: Object) -> None:
        """Keep what all chunks repeat. The last value counts, so that whole and streamed answers agree."""
        for name, said in (("id", "id"), ("model", "model"), ("service_tier", "service_tier")):
            if isinstance(response.get(said), str):
                self._head[name] = response[said]
        created = response.get("created_at")
        if isinstance(created, (int, float)) and isfinite(created):
            self._head["created"] = int(created)
        format_ = as_object(as_object(response.get("text")).get("format"))
        self._first_message_only = self._first_message_only or format_.get("type") in _JSON_FORMATS

    def _item(self, data: Object, kind: Any) -> _Item:
        """Return the item of an event, by `output_index`, or by id if a server leaves that out."""
        index, item_id = data.get("output_index"), data.get("item_id")
        key = index if isinstance(index, int) else item_id if isinstance(item_id, str) else 0
        item = self._items.get(key)
        return item if item is not None else self._begin(key, item_id, kind)

    def _begin(self, key: object, item_id: Any, kind: Any) -> _Item:
        item = _Item(key if isinstance(key, int) else len(self._items), kind if isinstance(kind, str) else "")
        self._items[key] = item
        if isinstance(item_id, str):
            self._items.setdefault(item_id, item)
        return item

    def _find(self, index: int, item: Object) -> _Item:
        """Return the state of an item of the whole answer, from which a server may have left some out."""
        item_id, kind = item.get("id"), item.get("type")
        by_id = self._items.get(item_id) if isinstance(item_id, str) else None
        by_index = self._items.get(index)
        open_items = (known for known in self._items.values() if known.whole is None)
        for known in (by_id, by_index, *open_items):
            if known is not None and known.kind == kind:
                return known
        return self._begin(index if by_index is None else ("of the whole answer", index), item_id, kind)

    def _part(self, item: _Item, kind: str, index: Any) -> _Part:
        key = (kind, index if isinstance(index, int) else 0)
        part = item.parts.get(key)
        if part is None:
            gap = 2 if self._speaker not in (None, item) else 0
            part = item.parts[key] = _Part(self._length + gap)
        return part


def _kind(item: Object) -> str:
    kind = item.get("type")
    return kind if isinstance(kind, str) else ""


def _is_plain(output: list[Object]) -> bool:
    """Return whether a message can do without the items: one message without `phase`, if any, and calls."""
    messages = [item for item in output if item.get("type") == "message"]
    if len(messages) > 1 or any(message.get("phase") for message in messages):
        return False
    return all(item.get("type") in ("message", *_CALLS) for item in output)


def _written(call: Object) -> str:
    """Return what the model wrote for a call, as text even if a server sent an object."""
    written = call.get(_CALLS[call["type"]][1])
    return written if isinstance(written, str) else "" if written is None else json.dumps(written)


def _rest(said: str, whole: Any) -> str:
    """Return the rest of a whole text; nothing if it does not continue what has been emitted."""
    return whole[len(said) :] if isinstance(whole, str) and whole.startswith(said) else ""


def _commentary(items: list[Any]) -> str:
    """Return the model's commentary, unless the model refused."""
    if any(item.text("refusal") for item in items):
        return ""
    return "\n\n".join(filter(None, (item.text("text") for item in items if item.is_commentary)))
