"""Streamed answers: any body gives the same updates at any cut, and ends well or with an azure-core error."""

import json
from typing import Any

from azure.core.exceptions import AzureError
from hypothesis import strategies as st

from azure.ai.inference._streaming.chat_stream import ChatStream

from ._inputs import CUTS, cut, json_texts

UPDATE = b'data: {"choices": [{"index": 0, "delta": {"content": "%s"}, "finish_reason": %s}]}\n\n'
SEEDS = [
    b"\0\0\0\0" + UPDATE % (b"a", b"null") + UPDATE % (b"b", b'"stop"') + b"data: [DONE]\n\n",
    b"\1\2\3\4: ping\r\n\r\n" + (UPDATE % (b"<think>x</think>y", b'"stop"')).replace(b"\n", b"\r\n"),
    b'\5\5\5\5data: {"choices": [{"delta": {"tool_calls": [{"index": 1, "function": {"arguments": "{"}}]}}]}\n\n',
    b'\0\0\0\0{"choices": [{"index": 0, "message": {"content": "x", "tool_calls": [{"id": "a"}, 3]}}]}',
    b'\0\0\0\0{"error": {"code": "x", "message": "no"}}',
    b'\2\2\2\2{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n{"usage": {"a": 1}}\n',
    b"\0\0\0\0\xef\xbb\xbf<html>no</html>",
    b"\1\1\1\1\xef\xbb\xbf<html>\n" + UPDATE % (b"a", b'"stop"') + b"data: [DONE]\n\n",
    b"\3\3\3\3event: error\ndata: x\n\ndata: \xff\n\n",
    b"\0\0\0\0data: " + b"[" * 2000 + b"\n\n",
]
_MEMBERS = (
    *("choices", "delta", "content", "usage", "index", "finish_reason", "error", "message", "tool_calls", "function"),
    *("arguments", "id", "code", "type", "text", "thinking", "reasoning_content", "logprobs", "audio", "data", "role"),
)
_WORDS = [b"data: [DONE]", b": ping", b"event: error\ndata: x", b"data: {", b"data: \xff", b"{}", b"[", b"<html>"]
_EVENTS = st.one_of(
    json_texts(*_MEMBERS).map(b"data: ".__add__),
    json_texts(*_MEMBERS).map(b'data: {"choices": [{"index": 0, "delta": %b}]}'.__mod__),
    json_texts(*_MEMBERS).map(b'data: {"choices": [%b], "usage": {}}'.__mod__),
    json_texts(*_MEMBERS),
    st.sampled_from([*_WORDS, UPDATE % (b"a", b'"stop"')]),
)
_BODIES = st.tuples(st.lists(_EVENTS, max_size=5), st.sampled_from([b"\n\n", b"\r\n\r\n", b"\n"]))
LIKELY = st.tuples(
    st.binary(min_size=CUTS, max_size=CUTS), _BODIES.map(lambda made: made[1].join([*made[0], b""]))
).map(b"".join)


def check(data: bytes) -> None:
    body, pieces = cut(data)
    updates, stream = _read(pieces)
    expected, whole = _read([body])
    assert updates == expected
    assert type(stream.fault) is type(whole.fault)
    assert stream.ended
    if stream.fault is not None:
        assert isinstance(stream.fault, AzureError)
        text = str(stream.fault)
        text.encode()
        assert len(text) < 20_000
    json.dumps(updates)
    completion = stream.completion()
    json.dumps(completion)
    assert completion == whole.completion()


def _read(pieces: list[bytes]) -> tuple[list[Any], ChatStream]:
    stream = ChatStream()
    updates: list[Any] = []
    for piece in filter(None, pieces):
        if not stream.ended:
            updates += stream.feed(piece)
    return updates + ([] if stream.ended else stream.end()), stream
