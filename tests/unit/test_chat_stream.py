"""ChatStream: any cut of a stream gives the same updates, and any bytes give updates or an azure-core error."""

import itertools
import json
from typing import Any

import pytest
from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError, ServiceResponseTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from azure.ai.inference._chat_stream import ChatStream


def run(*chunks: bytes) -> tuple[list[Any], Any]:
    stream = ChatStream()
    updates: list[Any] = []
    for chunk in chunks:
        if chunk and not stream.ended:
            updates += stream.feed(chunk)
    if not stream.ended:
        updates += stream.end()
    assert stream.ended
    return updates, stream.fault


def told(fault: Any) -> tuple[str, str]:
    return type(fault).__name__, str(fault)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "content",
                    "usage",
                    "index",
                    "finish_reason",
                    "error",
                    "message",
                    "tool_calls",
                    "function",
                    "arguments",
                    "id",
                    "code",
                    "type",
                    "text",
                    "thinking",
                    "reasoning_content",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
EVENTS = st.one_of(
    st.builds(lambda value: b"data: " + json.dumps(value).encode(), VALUES),
    st.builds(
        lambda text: (
            b"data: "
            + json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}, ensure_ascii=False).encode(
                "utf-8", "surrogatepass"
            )
        ),
        st.text(max_size=5),
    ),
    st.sampled_from(
        [b"data: [DONE]", b": ping", b"event: error\ndata: x", b"data: {", b"data: \xff", b"{}", b"[", b"<html>"]
    ),
)
BODIES = st.builds(
    lambda events, end: end.join(events) + end, st.lists(EVENTS, max_size=5), st.sampled_from([b"\n\n", b"\r\n\r\n"])
)


@given(BODIES | st.binary(max_size=60))
@settings(deadline=None, max_examples=150)
def test_any_bytes_give_updates_or_an_azure_error(body: bytes) -> None:
    _, fault = run(body)
    assert fault is None or isinstance(fault, AzureError)
    assert len(str(fault)) < 2000
    _, at_once = run()
    assert isinstance(at_once, DecodeError)


@given(BODIES, st.lists(st.integers(0, 300), max_size=5))
@settings(deadline=None, max_examples=150)
def test_cuts_change_nothing(body: bytes, cuts: list[int]) -> None:
    marks = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    pieces = [body[start:end] for start, end in itertools.pairwise(marks)]
    updates, fault = run(*pieces)
    expected, whole_fault = run(body)
    assert updates == expected
    assert told(fault)[0] == told(whole_fault)[0]


UPDATE = b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n'


def test_a_break_hands_over_what_was_whole() -> None:
    stream = ChatStream()
    assert len(stream.feed(UPDATE + UPDATE.rstrip())) == 1
    assert len(stream.break_off(IncompleteReadError("cut"))) == 1
    assert isinstance(stream.fault, IncompleteReadError)
    assert stream.fault.partial.choices[0].message.content == "aa"
    assert isinstance(stream.fault.__cause__, IncompleteReadError)


def test_half_an_event_is_dropped_at_a_break() -> None:
    stream = ChatStream()
    stream.feed(UPDATE + b"data: {")
    assert stream.break_off(IncompleteReadError("cut")) == []
    assert isinstance(stream.fault, IncompleteReadError)


def test_an_error_that_was_open_counts_for_more_than_the_break() -> None:
    stream = ChatStream()
    stream.feed(UPDATE + b'data: {"error": {"message": "no"}}')
    assert stream.break_off(IncompleteReadError("cut")) == []
    assert "no" in str(stream.fault)


def test_a_timeout_stays_what_it_is() -> None:
    stream, error = ChatStream(), ServiceResponseTimeoutError("late")
    stream.feed(b'{"choices": [')
    assert stream.break_off(error) == []
    assert stream.fault is error


DOCUMENTS: list[tuple[bytes, int, Any]] = [
    (b'{"choices": [{"index": 0, "message": {"content": "x"}}, 3]}', 1, type(None)),
    (b'{"choices": {"a": 1}}', 1, type(None)),
    (b'{"choices": [{"message": {"content": "x", "tool_calls": [{"id": "a"}, 3]}}]}', 1, type(None)),
    (b'{"choices": []}', 0, DecodeError),
    (b'{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n{"usage": {"a": 1}}\n', 2, type(None)),
    (b'{"choices": [{"index": 0, "delta": {}}]}\n\n{"choices": [{"index": 0, "delta": {}}]}', 2, IncompleteReadError),
    (b'{"choices": [{"index": 0, "delta": {}}]}\n{oops', 1, DecodeError),
    (b"\xef\xbb\xbf<html>", 0, DecodeError),
    (b"   ", 0, DecodeError),
    (b"data: {}\n\n", 0, IncompleteReadError),
    (b"hello there", 0, DecodeError),
]


@pytest.mark.parametrize(("body", "updates", "fault"), DOCUMENTS)
def test_documents(body: bytes, updates: int, fault: Any) -> None:
    got, why = run(body)
    assert len(got) == updates
    assert isinstance(why, fault)
    got_by_bytes, why = run(*(body[at : at + 1] for at in range(len(body))))
    assert got_by_bytes == got
    assert isinstance(why, fault)


def test_thoughts_are_told_apart() -> None:
    events = [
        b'data: {"choices": [{"index": 0, "delta": {"content": "%s"}}]}\n\n' % part
        for part in (b"<think>a", b"</think>b")
    ]
    updates, _ = run(*events, b"data: [DONE]\n\n")
    assert next(update.choices[0].delta.reasoning for update in updates) == "a"
    assert updates[1].choices[0].delta.text == "b"
