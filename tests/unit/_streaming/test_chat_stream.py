"""ChatStream: how the beginning and the end of a body are interpreted; tests/fuzz has any bytes at any cut."""

import json
from typing import Any

import pytest
from azure.core.exceptions import DecodeError, IncompleteReadError, ServiceResponseTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference._streaming.chat_stream import ChatStream


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


UPDATE = b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n'


def test_break_delivers_complete_updates() -> None:
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


def test_open_error_event_takes_precedence_over_the_break() -> None:
    stream = ChatStream()
    stream.feed(UPDATE + b'data: {"error": {"message": "no"}}')
    assert stream.break_off(IncompleteReadError("cut")) == []
    assert "no" in str(stream.fault)


def test_timeout_is_not_wrapped() -> None:
    stream, error = ChatStream(), ServiceResponseTimeoutError("late")
    stream.feed(b'{"choices": [')
    assert stream.break_off(error) == []
    assert stream.fault is error


DOCUMENTS: list[tuple[bytes, int, Any]] = [
    (b'{"choices": [{"index": 0, "message": {"content": "x"}}, 3]}', 0, DecodeError),
    (b'{"choices": {"a": 1}}', 0, DecodeError),
    (b'{"choices": [null]}', 0, DecodeError),
    (b'{"choices": [{"message": {"content": "x", "tool_calls": [{"id": "a"}, 3]}}]}', 1, type(None)),
    (b'{"choices": []}', 0, DecodeError),
    (b'{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n{"usage": {"a": 1}}\n', 2, type(None)),
    (b'{"choices": [{"index": 0, "delta": {}}]}\n\n{"choices": [{"index": 0, "delta": {}}]}', 2, IncompleteReadError),
    (b'{"choices": [{"index": 0, "delta": {}}]}\n{oops', 1, DecodeError),
    (b"\xef\xbb\xbf<html>", 0, DecodeError),
    (b"   ", 0, DecodeError),
    (b"", 0, DecodeError),
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


def test_reasoning_is_separated() -> None:
    events = [
        b'data: {"choices": [{"index": 0, "delta": {"content": "%s"}}]}\n\n' % part
        for part in (b"<think>a", b"</think>b")
    ]
    updates, _ = run(*events, b"data: [DONE]\n\n")
    assert next(update.choices[0].delta.reasoning for update in updates) == "a"
    assert updates[1].choices[0].delta.text == "b"


@given(st.lists(st.integers(0, 21), max_size=4), st.lists(st.integers(0, 5), max_size=4))
def test_arguments_of_calls_between_texts_do_not_affect_reasoning(cuts: list[int], at: list[int]) -> None:
    text = "<think>why</think>so"
    ends = sorted({min(cut, len(text)) for cut in cuts} | {len(text)})
    deltas: list[Any] = [{"content": text[start:end]} for start, end in zip([0, *ends], ends)]  # noqa: B905 - the last end begins nothing
    for place in at:
        arguments = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ("1", "2", "3")]
        deltas[place:place] = arguments
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    updates, _ = run(*(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks), b"data: [DONE]\n\n")
    seen = [choice.delta for update in updates for choice in update.choices]
    assert ("".join(one.reasoning or "" for one in seen), "".join(one.text for one in seen)) == ("why", "so")


def test_each_answer_has_its_own_think_tag() -> None:
    """This includes an answer that begins when the others are past their tags, and an update without answers in
    between."""
    texts = [(0, "plain"), (1, "<think>why"), (0, " words"), (1, "</think>so")]
    chunks = [{"choices": [{"index": index, "delta": {"content": text}}]} for index, text in texts]
    chunks.insert(0, {"choices": None, "usage": {"total_tokens": 1}})
    updates, _ = run(*(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks), b"data: [DONE]\n\n")
    deltas = [(choice.index, choice.delta) for update in updates for choice in update.choices or ()]
    assert "".join(delta.text for index, delta in deltas if index == 0) == "plain words"
    assert "".join(delta.text for index, delta in deltas if index == 1) == "so"
    assert "".join(delta.reasoning or "" for index, delta in deltas if index == 1) == "why"
