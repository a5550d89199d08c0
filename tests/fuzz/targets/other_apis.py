"""Streams of the Responses and the Messages API: any events end well or with an azure-core error, at any cut.

The result of each is sent back through each API, and the events of a whole answer equal the answer.
"""

import json
from types import SimpleNamespace
from typing import Any

from azure.core.exceptions import AzureError
from hypothesis import strategies as st

from azure.ai.inference._http.endpoint_routes import resolve
from azure.ai.inference._streaming.chat_stream import ChatStream
from azure.ai.inference._wires import WIRES, NoCounterpartError, completion_of

from ._inputs import CUTS, cut, json_of, json_texts

ENDPOINT = resolve("http://127.0.0.1:1/v1")
_MESSAGE = b'{"type": "message_start", "message": {"id": "a", "content": %s, "usage": {"input_tokens": 1}}}'
_TEXT = b'{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}'
_STOP = b'{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}'
_ITEM = b'{"type": "response.output_item.done", "output_index": 0, "item": %s}'
_DONE = b'{"type": "response.completed", "response": {"output": %s, "usage": null}}'


def _lines(*events: bytes) -> bytes:
    return b"\0\0\0\0" + b"\n".join(events)


SEEDS = [
    _lines(b'{"type": "response.completed", "response": {"usage": {"input_tokens": "x", "output_tokens": 1}}}'),
    _lines(_MESSAGE % b"[]", _TEXT, _STOP, b'{"type": "message_stop"}'),
    _lines(
        _MESSAGE % b'[{"type": "tool_use", "id": "a", "name": "b", "input": {"c": 1}}]', b'{"type": "message_stop"}'
    ),
    _lines(_MESSAGE % b'[3, {"type": ["text"]}, {"type": "text", "citations": [1]}]', _TEXT),
    _lines(
        b'{"type": "content_block_start", "index": [], "content_block": {"type": "thinking", "thinking": 5}}', _STOP
    ),
    _lines(b'{"type": "error", "error": {"type": "overloaded_error", "message": "no"}}', _TEXT),
    _lines(_ITEM % b'{"type": "function_call", "call_id": "a", "name": "b", "arguments": 5}', _DONE % b"[]"),
    _lines(_DONE % b'[{"type": "message", "content": [{"type": "output_text", "text": "a"}, 5]}, {"type": []}]'),
    _lines(b'{"type": "response.failed", "response": {"error": null}}', b'{"type": "error", "message": "no"}'),
    _lines(_DONE % b'[], "created_at": 1e999', b'{"type": "response.created", "response": {"created_at": 1e999}}'),
    b'\1\2\3\4{"type": "message_start"}\n{"type": "message_delta", "delta": {"stop_reason": {}}}\n5\n[]',
]
_TYPES = (
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"),
    *("message_stop", "error", "ping", "response.created", "response.output_item.added", "response.output_item.done"),
    *("response.output_text.delta", "response.refusal.delta", "response.function_call_arguments.delta"),
    *("response.reasoning_summary_text.delta", "response.completed", "response.incomplete", "response.failed"),
)
_MEMBERS = (
    *("type", "index", "delta", "content_block", "message", "usage", "content", "text", "thinking", "signature"),
    *("partial_json", "input", "citations", "stop_reason", "stop_details", "id", "name", "response", "item", "output"),
    *("output_index", "summary", "arguments", "call_id", "error", "status", "incomplete_details", "annotations"),
)
_INNER = st.sampled_from(
    ["text_delta", "input_json_delta", "tool_use", "thinking", "message", "function_call", "reasoning"]
)
_EVENTS = st.one_of(
    json_texts(*_MEMBERS),
    st.tuples(st.sampled_from(_TYPES), st.sampled_from(_MEMBERS), json_texts(*_MEMBERS)).map(
        lambda made: b'{"type": "%b", "%b": %b}' % (made[0].encode(), made[1].encode(), made[2])
    ),
    st.tuples(st.sampled_from(["delta", "content_block", "item"]), _INNER, json_texts(*_MEMBERS)).map(
        lambda made: (
            b'{"type": "content_block_delta", "%b": {"type": "%b", "text": %b, "input": {}}, "index": 0}'
            % (made[0].encode(), made[1].encode(), made[2])
        )
    ),
    st.sampled_from([_MESSAGE % b"[]", _TEXT, _STOP, b'{"type": "message_stop"}', _DONE % b"[]"]),
)
LIKELY = st.tuples(st.binary(min_size=CUTS, max_size=CUTS), st.lists(_EVENTS, max_size=6).map(b"\n".join)).map(b"".join)


def check(data: bytes) -> None:
    body, pieces = cut(data)
    lengths = [len(piece) for piece in pieces]
    events = [event for line in body.splitlines() if (event := _object(line)) is not None]
    framed = b"".join(b"event: %b\ndata: %b\n\n" % (_name(event), json.dumps(event).encode()) for event in events)
    for api in WIRES:
        expected, whole = _read(api, [framed])
        updates, stream = _read(api, _pieces(framed, lengths))
        assert updates == expected
        assert type(stream.fault) is type(whole.fault)
        assert stream.ended
        assert stream.fault is None or isinstance(stream.fault, AzureError)
        json.dumps(whole.completion())
        _check_answers(api, events)


class _At:
    """A translator at a fixed time, so that two readings are equal."""

    def __init__(self, translator: Any) -> None:
        self.translator = translator

    def Events(self, _: int) -> Any:  # noqa: N802 - a translator calls it so
        return self.translator.Events(1)

    def answer(self, native: Any, _: int) -> Any:
        return self.translator.answer(native, 1)


def _object(line: bytes) -> Any:
    try:
        value = json_of(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _name(event: Any) -> bytes:
    kind = event.get("type")
    return kind.encode("ascii", "replace").replace(b"\n", b"") if isinstance(kind, str) else b"message"


def _pieces(framed: bytes, lengths: list[int]) -> list[bytes]:
    pieces = []
    for length in lengths:
        pieces.append(framed[:length])
        framed = framed[length:]
    return [*pieces, framed]


def _read(api: str, pieces: list[bytes]) -> tuple[list[Any], ChatStream]:
    wire: Any = WIRES[api]
    call: Any = SimpleNamespace(translator=_At(wire.translator), endpoint=ENDPOINT, operation=wire.operation)
    stream = ChatStream(call=call)
    updates: list[Any] = []
    for piece in filter(None, pieces):
        if not stream.ended:
            updates += stream.feed(piece)
    return updates + ([] if stream.ended else stream.end()), stream


def _check_answers(api: str, events: list[Any]) -> None:
    """Read each object as a whole answer, and put the result into a request."""
    translator = WIRES[api].translator
    for event in events:
        for member in (event, event.get("message"), event.get("response")):
            if isinstance(member, dict):
                found = translator.answer(member, 1)
                reader = translator.Events(1)
                completion_of(reader.feed("message", event))
                json.dumps(found)
                choices = found.get("choices")
                if isinstance(choices, list) and choices and found is not member:
                    _send(translator, choices[0]["message"])


def _send(translator: Any, message: Any) -> None:
    try:
        json.dumps(translator.request({"messages": [{"role": "user", "content": "x"}, message]}))
    except NoCounterpartError:
        pass
    except ValueError as error:
        assert "messages[1]" in str(error)
