"""Answers of the Messages API: each recorded sequence, whole, streamed and cut, and bug reports of other bridges."""

import copy
import json
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference._streaming.sse import SSEDecoder
from azure.ai.inference._wires import WIRES, completion_of
from azure.ai.inference._wires.messages import Events, answer
from unit._wires.anthropic_judge import whole_message
from unit._wires.messages_sequences import (
    OVERLOADED,
    PING,
    ROLE,
    SEQUENCES,
    STOP,
    Sequence,
    as_sse,
    call,
    delta,
    ends,
    opened,
    starts,
    stops,
    text,
    thought,
    tokens,
    use,
)

Json = dict[str, Any]
each_sequence = pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)


def read(events: list[Json]) -> tuple[list[Json], Events]:
    before = copy.deepcopy(events)
    reader = Events(1700)
    chunks = [chunk for event in events for chunk in reader.feed(event["type"], event)]
    assert events == before, "an event was changed"
    return chunks, reader


def deltas(chunks: list[Json]) -> list[Json]:
    return [chunk["choices"][0]["delta"] for chunk in chunks]


def streamed(*events: Json) -> Json:
    chunks, reader = read(list(events))
    assert reader.ended
    assert reader.end() == []
    return completion_of(chunks)


def flat(completion: Json) -> Json:
    """Flatten everything that may differ between completions."""
    [choice] = completion["choices"]
    assert choice["index"] == 0
    assert completion["object"] == "chat.completion"
    assert completion["created"] == 1700
    message = {name: value for name, value in choice["message"].items() if name != "role"}
    others = {
        name: value for name, value in completion.items() if name not in ("id", "model", "created", "object", "choices")
    }
    return {**message, **{name: choice[name] for name in choice if name not in ("index", "message")}, **others}


@each_sequence
def test_sequences_become_the_chunks_of_a_completion(sequence: Sequence) -> None:
    chunks, reader = read(sequence.events)
    assert deltas(chunks) == sequence.chunks
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"][0]["finish_reason"] == sequence.completion["finish_reason"]
    assert all("usage" not in chunk for chunk in chunks[:-1])
    message = sequence.events[0]["message"]
    head = {"id": message["id"], "model": message["model"], "created": 1700, "object": "chat.completion.chunk"}
    assert all(chunk.items() >= head.items() for chunk in chunks)
    assert reader.ended
    assert flat(completion_of(chunks)) == sequence.completion


@each_sequence
def test_whole_message_is_read_as_its_stream(sequence: Sequence) -> None:
    message = whole_message(sequence.events)
    before = copy.deepcopy(message)
    whole = flat(answer(message, 1700))
    assert message == before
    expected = copy.deepcopy(sequence.completion)
    for number, found in enumerate(expected.get("tool_calls", [])):
        if not found["function"]["arguments"].endswith("}"):  # a whole message has no truncated JSON
            found["function"]["arguments"] = json.dumps(message["content"][number]["input"])
            found["function"]["arguments"] = found["function"]["arguments"].replace("{}", "")
    assert whole == expected


@each_sequence
@pytest.mark.parametrize("size", [1, 2, 3, 5, 64])
def test_streams_at_every_cut(sequence: Sequence, size: int) -> None:
    body = as_sse(sequence.events)
    decoder, reader = SSEDecoder(), Events(1700)
    parts = (body[at : at + size] for at in range(0, len(body), size))
    events = [*chain.from_iterable(map(decoder.feed, parts)), *decoder.flush()]
    chunks = [chunk for name, data in events for chunk in reader.feed(name, json.loads(data))]
    assert deltas(chunks) == sequence.chunks


@each_sequence
def test_stream_that_breaks_off_has_not_ended(sequence: Sequence) -> None:
    for length in range(len(sequence.events)):
        chunks, reader = read(sequence.events[:length])
        assert not reader.ended
        assert deltas(chunks) == sequence.chunks[: len(chunks)]


def test_error_after_partial_content() -> None:
    chunks, reader = read(OVERLOADED)
    assert deltas(chunks[:-1]) == [ROLE, {"content": "Once"}]
    assert chunks[-1]["error"] == {"details": None, "type": "overloaded_error", "message": "Overloaded"}
    assert chunks[-1]["request_id"] == "req_s5"
    assert reader.ended


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"type": "error"}, "The service reported an error without a reason."),
        ({"type": "error", "message": "Sorry."}, "Sorry."),
    ],
)
def test_error_event_without_details(event: Json, message: str) -> None:
    [chunk] = Events(1700).feed("error", event)
    assert chunk["error"] == {"type": "error", "message": message}


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("pause_turn", "stop"),
        ("compaction", "stop"),
        ("something_new", "something_new"),
    ],
)
def test_stop_reasons(stop_reason: str, finish_reason: str) -> None:
    completion = flat(streamed(opened(), *text(0, "x"), ends(stop_reason), STOP))
    assert completion["finish_reason"] == finish_reason
    assert completion["native_finish_reason"] == stop_reason


@pytest.mark.parametrize(
    ("native", "usage"),
    [
        ({"input_tokens": 3, "output_tokens": 4}, tokens(3, 4)),
        (
            {"input_tokens": 3, "cache_creation_input_tokens": 20, "cache_read_input_tokens": None, "output_tokens": 4},
            tokens(23, 4, prompt_tokens_details={"cache_write_tokens": 20}),
        ),
        (
            {"input_tokens": 3, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 100, "output_tokens": 4},
            tokens(123, 4, prompt_tokens_details={"cached_tokens": 100, "cache_write_tokens": 20}),
        ),
        (
            {"input_tokens": 3, "output_tokens": 40, "output_tokens_details": {"thinking_tokens": 30}},
            tokens(3, 40, completion_tokens_details={"reasoning_tokens": 30}),
        ),
        ({"input_tokens": 3, "output_tokens": 4, "iterations": [1]}, tokens(3, 4, iterations=[1])),
    ],
)
def test_usage(native: Json, usage: Json) -> None:
    message = opened(usage=native)["message"]
    assert answer(message, 1700)["usage"] == usage


def test_answer_without_usage_has_none() -> None:
    assert "usage" not in answer(opened(usage=None)["message"], 1700)


LATE = {"input_tokens": 410, "output_tokens": 71, "cache_read_input_tokens": 100}
REPORTED: dict[str, tuple[list[Json], Json]] = {
    "BerriAI/litellm #4537: the placeholder of the input is no argument": (
        [opened(), *use(0, "toolu_a", "f", '{"a": 1}'), ends("tool_use"), STOP],
        {"tool_calls": [call("toolu_a", "f", '{"a": 1}')]},
    ),
    "BerriAI/litellm #5063, deepset-ai/haystack-core-integrations #1947: a tool without arguments gets {}": (
        [opened(), *use(0, "toolu_a", "f"), ends("tool_use"), STOP],
        {"tool_calls": [call("toolu_a", "f", "{}")]},
    ),
    "BerriAI/litellm #5231, Portkey-AI/gateway PR #1284: calls are counted, not blocks": (
        [opened(), *text(0, "a"), *use(1, "t1", "f", "{}"), *text(2, "b"), *use(3, "t2", "g", "{}"), ends(None), STOP],
        {"content": "ab", "tool_calls": [call("t1", "f", "{}"), call("t2", "g", "{}")]},
    ),
    "anthropics/anthropic-sdk-python #658: an input that came whole with its block": (
        [opened(), starts(0, type="tool_use", id="t1", name="f", input={"a": "ä"}), stops(0), ends("tool_use"), STOP],
        {"tool_calls": [call("t1", "f", '{"a": "ä"}')]},
    ),
    "openai/openai-agents-python PR #4155: a signed thought without text is kept": (
        [opened(), *thought(0, "sig"), *text(1, "x"), ends("end_turn"), STOP],
        {
            "content": "x",
            "content_blocks": [
                {"type": "thinking", "thinking": "", "signature": "sig"},
                {"type": "text", "text": "x"},
            ],
        },
    ),
    "langchain4j/langchain4j #6244: redacted thinking is kept": (
        [opened(), starts(0, type="redacted_thinking", data="x"), stops(0), ends("end_turn"), STOP],
        {"content_blocks": [{"type": "redacted_thinking", "data": "x"}]},
    ),
    "tailcallhq/forgecode PR #3640, BerriAI/litellm PR #24287: a refusal is no empty stop": (
        [opened(), ends("refusal"), STOP],
        {"content": None, "finish_reason": "content_filter", "native_finish_reason": "refusal"},
    ),
    "mirrorange/clove PR #36: the stop of a block that never began": (
        [opened(), stops(0), ends("refusal"), STOP],
        {"content": None, "finish_reason": "content_filter"},
    ),
    "envoyproxy/ai-gateway PR #2239, maximhq/bifrost PR #5355: counts replace each other": (
        [opened(), *text(0, "x"), ends("end_turn", LATE), STOP],
        {"usage": tokens(510, 71, prompt_tokens_details={"cached_tokens": 100, "cache_write_tokens": 0})},
    ),
    "jeremychone/rust-genai PR #129: prompt tokens include the cached ones": (
        [opened(), ends("end_turn", {"output_tokens": 2}), STOP],
        {"usage": tokens(112, 2, prompt_tokens_details={"cached_tokens": 100, "cache_write_tokens": 0})},
    ),
    "vercel/ai duplicate-message-start: the second is ignored": (
        [opened(id="a"), opened(id="b", usage={"input_tokens": 99}), *text(0, "ok"), ends("end_turn"), STOP],
        {
            "content": "ok",
            "usage": tokens(112, 0, prompt_tokens_details={"cached_tokens": 100, "cache_write_tokens": 0}),
        },
    ),
    "mattmezza/humux #77: the call that was cut has no arguments": (
        [opened(), *use(0, "t1", "f"), ends("max_tokens"), STOP],
        {"tool_calls": [call("t1", "f", "")], "finish_reason": "length"},
    ),
    "vercel/ai anthropic-compaction: a compaction is kept, not shown": (
        [
            opened(),
            starts(0, type="compaction", content=None),
            delta(0, "compaction_delta", content="Summary.", encrypted_content=None),
            stops(0),
            *text(1, "x"),
            ends("end_turn"),
            STOP,
        ],
        {
            "content": "x",
            "content_blocks": [{"type": "compaction", "content": "Summary."}, {"type": "text", "text": "x"}],
        },
    ),
    "a block that message_start had, announced again": (
        [
            opened(content=[{"type": "text", "text": ""}]),
            starts(0, type="text", text=""),
            delta(0, "text_delta", text="x"),
            stops(0),
            starts(1, type="text", text=""),
            delta(1, "text_delta", text="y"),
            stops(1),
            ends("end_turn"),
            STOP,
        ],
        {"content": "xy"},
    ),
    "gateways that give every block index 0": (
        [opened(), *text(0, "a"), *use(0, "t1", "f", '{"b": 1}'), *thought(0, "sig", "c"), ends("tool_use"), STOP],
        {
            "content": "a",
            "reasoning_content": "c",
            "tool_calls": [call("t1", "f", '{"b": 1}')],
            "content_blocks": [
                {"type": "text", "text": "a"},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"b": 1}},
                {"type": "thinking", "thinking": "c", "signature": "sig"},
            ],
        },
    ),
    "gateways that leave out that blocks begin and end, and the beginning": (
        [delta(0, "text_delta", text="a"), delta(0, "text_delta", text="b"), ends("end_turn"), STOP],
        {"content": "ab", "finish_reason": "stop"},
    ),
    "a block without its stop": (
        [opened(), *use(0, "t1", "f", '{"b": 1}')[:-1], *thought(1, "sig", "c")[:-1], ends("tool_use"), STOP],
        {
            "content_blocks": [
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"b": 1}},
                {"type": "thinking", "thinking": "c", "signature": "sig"},
            ]
        },
    ),
    "message_stop without a stop reason": ([opened(), *text(0, "x"), STOP], {"content": "x", "finish_reason": "stop"}),
    "counts that come late": (
        [opened(), *text(0, "x"), ends("end_turn"), ends(None, {"output_tokens": 8}), STOP],
        {"usage": tokens(112, 8, prompt_tokens_details={"cached_tokens": 100, "cache_write_tokens": 0})},
    ),
    "context management beside the delta": (
        [opened(), {**ends("end_turn"), "context_management": {"applied_edits": []}}, STOP],
        {"context_management": {"applied_edits": []}},
    ),
    "a partial text of a refusal stays": (
        [opened(), *text(0, "To pick a lo"), ends("refusal", stop_details={"explanation": "No."}), STOP],
        {"content": "To pick a lo", "refusal": "No.", "finish_reason": "content_filter"},
    ),
}


@pytest.mark.parametrize(("events", "expected"), REPORTED.values(), ids=REPORTED)
def test_issues_reported_for_other_bridges(events: list[Json], expected: Json) -> None:
    completion = flat(streamed(*events))
    assert {name: completion.get(name) for name in expected} == expected


def test_unknown_events_and_deltas_are_ignored() -> None:
    reader = Events(1700)
    reader.feed("message_start", opened())
    reader.feed("content_block_start", starts(0, type="text", text=""))
    silent = [PING, {"type": "new"}, {}, delta(0, "new_delta"), delta(0, "text_delta", text=""), delta(7, "new_delta")]
    assert [chunk for event in silent for chunk in reader.feed("new", event)] == []
    assert reader.feed("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "x"}}) != []


def test_late_message_delta_without_usage_is_ignored() -> None:
    reader = Events(1700)
    for event in (opened(), ends("end_turn")):
        reader.feed("", event)
    assert reader.feed("", {"type": "message_delta", "delta": {}}) == []


@pytest.mark.parametrize(
    "native", [{"error": {"message": "no"}}, {"choices": []}, {"type": "error", "error": {}}, {}, {"type": ["message"]}]
)
def test_other_objects_are_returned_unchanged(native: Json) -> None:
    assert answer(native, 1700) is native


STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "text", "a"]), inner),
    max_leaves=4,
)
MEMBERS = (
    *("type", "index", "delta", "content_block", "message", "usage", "content", "text", "thinking", "signature"),
    *("partial_json", "input", "citation", "citations", "stop_reason", "stop_details", "id", "model", "name"),
)
KINDS = (
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"),
    *("message_stop", "error", "text_delta", "input_json_delta", "citations_delta", "tool_use", "text", "thinking"),
)
ANYTHING = st.recursive(
    STRANGE | st.sampled_from(KINDS),
    lambda inner: st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=12,
)
EVENT = st.builds(
    lambda kind, data: {**data, "type": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(MEMBERS), ANYTHING),
)


@given(st.lists(EVENT, max_size=6))
@pytest.mark.slow
def test_any_events_are_accepted(events: list[Json]) -> None:
    reader = Events(1700)
    chunks = [chunk for event in events for chunk in reader.feed("message", event)]
    assert all("choices" in chunk or chunk["error"] for chunk in chunks)
    completion_of(chunks)


def test_table_of_wires_finds_the_module() -> None:
    wire = WIRES["messages"]
    assert wire.translator.Events is Events  # type: ignore[comparison-overlap]
    assert wire.translator.answer is answer
    assert wire.headers == {"anthropic-version": "2023-06-01"}
