"""Streams of the Responses and the Messages API: any body at any cut gives the same updates, and ends well or with an
azure-core error; and a request in chat form is translated or refused, whatever it has."""

import json
from typing import Any

from azure.core.exceptions import AzureError
from hypothesis import strategies as st

from azure.ai.inference._operations.call import Call
from azure.ai.inference._operations.chat import chat_call
from azure.ai.inference._operations.options import ChatOptions, names
from azure.ai.inference._operations.settings import make_settings
from azure.ai.inference._streaming.chat_stream import ChatStream

from ._inputs import CUTS, cut, json_of, json_texts

_APIS = ("responses", "messages")
_SETTINGS = make_settings("ChatCompletionsClient", "http://localhost/v1", "chat", names(ChatOptions), {"model": "m"})


def _call(api: str) -> Call:
    asked = {"messages": [{"role": "user", "content": "hi"}], "stream": True, "api": api}
    return chat_call(_SETTINGS, None, asked)


_CALLS = {api: _call(api) for api in _APIS}
_RESPONSE = b'{"id": "r", "output": [{"type": "message", "content": [{"type": "output_text", "text": "ab"}]}]}'
_MESSAGE = b'{"id": "m", "type": "message", "content": [], "usage": {"input_tokens": 1}}'
SEEDS = [
    b"\0\0\0\0\0" + b'data: {"type": "response.output_text.delta", "output_index": 0, "delta": "a"}\n\n'
    b'data: {"type": "response.completed", "response": %b}\n\n' % _RESPONSE,
    b"\0\1\2\3\4" + b'data: {"type": "response.failed", "response": {"error": null}}\n\n'
    b'data: {"type": "error", "error": {"code": "x", "message": "y"}}\n\n',
    b"\0\0\0\0\0" + _RESPONSE,
    b'\0\5\5\5\5data: {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n',
    b"\0\0\0\0\0data: []\n\n",
    b'\1\0\0\0\0data: {"type": "message_start", "message": %b}\n\n'
    % _MESSAGE
    + b'data: {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}\n\n'
    b'data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}\n\n'
    b'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}\n\n'
    b'data: {"type": "message_stop"}\n\n',
    b"\1\1\1\1\1" + _MESSAGE,
    b'\1\0\0\0\0event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}\n\n',
    b'\0\0\0\0\0{"messages": [{"role": "tool"}, {"role": "assistant", "output": [{"type": "reasoning"}]}]}',
]
_MEMBERS = (
    *("type", "response", "item", "output", "content", "text", "delta", "id", "call_id", "name", "arguments", "status"),
    *("error", "summary", "annotations", "output_index", "content_index", "usage", "message", "index", "content_block"),
    *("input", "partial_json", "thinking", "signature", "stop_reason", "input_tokens", "output_tokens", "choices"),
)
_KINDS = st.sampled_from(
    [
        *("created", "completed", "failed", "incomplete", "output_text.delta", "output_item.added", "output_item.done"),
        *("function_call_arguments.delta", "reasoning_summary_text.delta", "output_text.annotation.added"),
    ]
).map("response.{}".format) | st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
)
_EVENTS = st.tuples(_KINDS, json_texts(*_MEMBERS)).map(
    lambda made: b"event: %b\ndata: %b" % (made[0].encode(), made[1])
)
LIKELY = st.tuples(
    st.sampled_from([b"\0", b"\1"]),
    st.binary(min_size=CUTS, max_size=CUTS),
    st.lists(_EVENTS | json_texts(*_MEMBERS), max_size=6).map(lambda events: b"\n\n".join([*events, b""])),
).map(b"".join)


def check(data: bytes) -> None:
    api = _APIS[(data[:1] or b"\0")[0] % 2]
    body, pieces = cut(data[1:])
    updates, stream = _read(api, pieces)
    expected, whole = _read(api, [body])
    assert updates == expected
    assert type(stream.fault) is type(whole.fault)
    assert stream.ended
    assert stream.fault is None or isinstance(stream.fault, AzureError)
    json.dumps(updates)
    assert json.loads(json.dumps(stream.completion())) == whole.completion()
    _translate(api, body)


def _read(api: str, pieces: list[bytes]) -> tuple[list[Any], ChatStream]:
    stream = ChatStream(None, _CALLS[api])
    updates: list[Any] = []
    for piece in filter(None, pieces):
        if not stream.ended:
            updates += stream.feed(piece)
    return updates + ([] if stream.ended else stream.end()), stream


def _translate(api: str, body: bytes) -> None:
    try:
        chat = json_of(body)
    except (ValueError, RecursionError):
        return
    try:
        chat_call(_SETTINGS, chat if isinstance(chat, dict) else body, {"api": api})
    except ValueError as refusal:
        assert str(refusal)
