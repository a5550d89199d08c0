"""Recorded and documented streams of each provider, and the completion that each adds up to."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference._streaming.accumulator import Accumulator

Json = dict[str, Any]


def accumulated(*updates: Any) -> Json:
    accumulator = Accumulator()
    before = copy.deepcopy(updates)
    for update in updates:
        accumulator.add(update)
    completion = accumulator.completion()
    assert updates == before, "an update was changed"
    assert accumulator.completion() == completion
    return completion


def chunk(*choices: Json, **members: Any) -> Json:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1736389076, "model": "m"}
    return {**head, "choices": list(choices), **members}


def delta(finish_reason: Any = None, index: int = 0, **members: Any) -> Json:
    return {"index": index, "delta": members, "finish_reason": finish_reason}


def says(finish_reason: Any = None, **members: Any) -> Json:
    return chunk(delta(finish_reason, **members))


def calls(*tool_calls: Json, finish_reason: Any = None) -> Json:
    return says(finish_reason, tool_calls=list(tool_calls))


def piece(name: Any = None, arguments: Any = None, **members: Any) -> Json:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {**members, "function": function}


def call(name: str, arguments: str, **members: Any) -> Json:
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **members}


def plain(message: Json, finish_reason: Any = None, **members: Any) -> Json:
    message = {"role": "assistant", "content": None, **message}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1736389076,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        **members,
    }


PROMPT_FILTER = {
    "choices": [],
    "created": 0,
    "id": "",
    "model": "",
    "object": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}],
}
USAGE = {"completion_tokens": 23, "prompt_tokens": 100, "total_tokens": 123}
FOUND = PROMPT_FILTER["prompt_filter_results"]


RECORDED = {
    "serverless Mistral, text": (
        [says(role="assistant", content=""), says(content="Monet"), says(content="."), says("stop", content="")],
        plain({"content": "Monet."}, "stop"),
    ),
    "serverless Mistral, a whole tool call beside usage": (
        [
            chunk(
                delta("tool_calls", tool_calls=[piece("get_weather", '{"city": "Seattle"}', id="Ab1")]),
                usage=USAGE,
            )
        ],
        plain({"tool_calls": [call("get_weather", '{"city": "Seattle"}', id="Ab1")]}, "tool_calls", usage=USAGE),
    ),
    "GitHub Models, a forced tool after the prompt filter": (
        [
            PROMPT_FILTER,
            says(role="assistant", content=None, tool_calls=[piece("f", "", id="call_N", index=0, type="function")]),
            calls(piece(arguments='{"', index=0)),
            calls(piece(arguments='a":1}', index=0)),
            says("stop"),
        ],
        plain({"tool_calls": [call("f", '{"a":1}', id="call_N")]}, "stop", prompt_filter_results=FOUND),
    ),
    "model router, padding and usage at the end": (
        [
            PROMPT_FILTER,
            chunk(
                {**delta(role="assistant", content="", refusal=None), "content_filter_results": {}, "logprobs": None},
                obfuscation="D3WbtIxo1Q2j1Q",
                usage=None,
            ),
            chunk({**delta(content="Hi"), "content_filter_results": {}, "logprobs": None}, obfuscation="x", usage=None),
            chunk(
                {**delta(content=" you"), "content_filter_results": {}, "logprobs": None}, obfuscation="y", usage=None
            ),
            chunk({**delta("stop"), "content_filter_results": {}, "logprobs": None}, obfuscation="zz", usage=None),
            chunk(obfuscation="DjqQ9RbEQMJ3PX", system_fingerprint=None, usage=USAGE),
        ],
        {
            **plain({}, usage=USAGE, prompt_filter_results=FOUND, system_fingerprint=None),
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Hi you", "refusal": None},
                    "finish_reason": "stop",
                    "content_filter_results": {},
                    "logprobs": None,
                }
            ],
        },
    ),
    "Foundry DeepSeek, reasoning": (
        [
            says(role="assistant", content="", reasoning_content=None, tool_calls=None),
            says(role=None, content=None, reasoning_content="We", tool_calls=None),
            says(role=None, content=None, reasoning_content=" think", tool_calls=None),
            says(role=None, content=None, reasoning_content=".", tool_calls=None),
            says(role=None, content="4", reasoning_content=None, tool_calls=None),
            says(role=None, content="2", reasoning_content=None, tool_calls=None),
            chunk({**delta("stop", role=None, content=""), "matched_stop": 1}, usage=None),
            chunk(usage=USAGE),
        ],
        {
            **plain({}, usage=USAGE),
            "choices": [
                {
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": "42",
                        "reasoning_content": "We think.",
                        "tool_calls": None,
                    },
                    "finish_reason": "stop",
                    "matched_stop": 1,
                }
            ],
        },
    ),
    "Ollama, reasoning and a role in every delta": (
        [
            says(role="assistant", content="", reasoning="Hm"),
            says(role="assistant", content="", reasoning="m"),
            says(role="assistant", content="4"),
            says(role="assistant", content="2"),
            says("stop", role="assistant", content=""),
        ],
        plain({"content": "42", "reasoning": "Hmm"}, "stop"),
    ),
    "Magistral, thinking chunks and then text items": (
        [
            says(role="assistant", content=""),
            says(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "The user"}]}]),
            says(content=[{"type": "thinking", "thinking": [{"type": "text", "text": " asks"}]}]),
            says(content=[{"type": "thinking", "thinking": [], "closed": True}]),
            says(content=[{"type": "text", "text": "2 + 2"}]),
            says(content=[{"type": "text", "text": " = 4"}]),
            chunk(delta("stop", content=""), usage=USAGE, p="abcdef"),
        ],
        plain(
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "The user asks"}], "closed": True},
                    {"type": "text", "text": "2 + 2 = 4"},
                ]
            },
            "stop",
            usage=USAGE,
        ),
    ),
    "Magistral, thinking chunks and then plain text": (
        [
            says(content=[{"type": "thinking", "thinking": "Hm"}]),
            says(content=[{"type": "thinking", "thinking": "m", "signature": "s"}]),
            says(content="4"),
            says(content="2"),
            says(content={"type": "reference", "reference_ids": [1]}),
        ],
        plain(
            {
                "content": [
                    {"type": "thinking", "thinking": "Hmm", "signature": "s"},
                    {"type": "text", "text": "42"},
                    {"type": "reference", "reference_ids": [1]},
                ]
            }
        ),
    ),
    "two thoughts, the first of them closed": (
        [
            says(content=[{"type": "thinking", "thinking": "a", "closed": True}]),
            says(content=[{"type": "thinking", "thinking": "b"}, "c", 5]),
        ],
        plain(
            {
                "content": [
                    {"type": "thinking", "thinking": "a", "closed": True},
                    {"type": "thinking", "thinking": "b"},
                    {"type": "text", "text": "c"},
                    5,
                ]
            }
        ),
    ),
    "zai-glm behind Mistral, a call in pieces with empty names": (
        [
            says(
                tool_calls=[piece("webSearchTool", "", id="chatcmpl-tool-9f", type="function", index=0)],
                index=0,
                content="",
            ),
            says(tool_calls=[piece("", '{"query": ', type="function", index=0)], index=0, content=""),
            says(tool_calls=[piece("", '"Berlin"}', type="function", index=0)], index=0, content=""),
            says("tool_calls", content=""),
        ],
        plain(
            {"content": "", "tool_calls": [call("webSearchTool", '{"query": "Berlin"}', id="chatcmpl-tool-9f")]},
            "tool_calls",
        ),
    ),
    "Azure OpenAI, the content filter speaks between and after": (
        [
            PROMPT_FILTER,
            says(role="assistant", content="a"),
            chunk({"index": 0, "finish_reason": None, "content_filter_results": {"hate": {"filtered": False}}}, id=""),
            says(content="b"),
            chunk(
                {
                    "index": 0,
                    "finish_reason": "content_filter",
                    "content_filter_results": {"sexual": {"filtered": True}},
                },
                id="",
                model="",
                created=0,
                prompt_filter_results=[],
            ),
        ],
        {
            **plain({}, prompt_filter_results=FOUND),
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "ab"},
                    "finish_reason": "content_filter",
                    "content_filter_results": {"hate": {"filtered": False}, "sexual": {"filtered": True}},
                }
            ],
        },
    ),
    "Azure OpenAI, all of it withheld": (
        [chunk({"index": 0, "finish_reason": "content_filter"})],
        {**plain({}), "choices": [{"index": 0, "finish_reason": "content_filter"}]},
    ),
    "a gateway that streams the whole answer in one event": (
        [chunk({"index": 0, "message": {"role": "assistant", "content": "all"}, "finish_reason": "stop"})],
        plain({"content": "all"}, "stop"),
    ),
    "a gateway that repeats the answer so far in every event": (
        [
            chunk({**delta(content="a"), "message": {"role": "assistant", "content": "a"}}),
            chunk({**delta(content="b"), "message": {"role": "assistant", "content": "ab"}}),
            chunk({"index": 0, "message": {"role": "assistant", "content": "ab"}, "finish_reason": "stop"}),
        ],
        plain({"content": "ab"}, "stop"),
    ),
    "vLLM, usage in every update, ids that change": (
        [
            chunk(delta(tool_calls=[piece("f", "", id="i1", index=0)]), usage={"total_tokens": 1}),
            chunk(delta(tool_calls=[piece(None, "{}", id="i2", index=0)]), usage={"total_tokens": 2}),
        ],
        plain({"tool_calls": [call("f", "{}", id="i1")]}, usage={"total_tokens": 2}),
    ),
    "a refusal": (
        [says(role="assistant", refusal=""), says(refusal="I "), says(refusal="can't."), says("stop")],
        plain({"refusal": "I can't."}, "stop"),
    ),
    "the predecessor of tool calls": (
        [
            says(function_call={"name": "f", "arguments": '{"a"'}),
            says("function_call", function_call={"arguments": ":1}"}),
        ],
        plain({"function_call": {"name": "f", "arguments": '{"a":1}'}}, "function_call"),
    ),
    "members of the wrong type, and items without their member": (
        [
            says(content=[{"type": "thinking", "thinking": "a"}], annotations=5, audio=5),
            says(content=""),
            says(content=[{"type": "thinking", "thinking": "b"}, {"type": "text", "text": None}]),
        ],
        plain(
            {
                "content": [{"type": "thinking", "thinking": "ab"}, {"type": "text", "text": None}],
                "annotations": [],
                "audio": {},
            }
        ),
    ),
    "annotations in two updates": (
        [says(annotations=[{"type": "url_citation"}]), says(annotations=[{"type": "other"}])],
        plain({"annotations": [{"type": "url_citation"}, {"type": "other"}]}),
    ),
    "a message member that nobody knows": (
        [
            says(content="a", end_turn=None, context={"intent": 1}),
            says(content="b", end_turn=False),
            says(end_turn=True),
        ],
        plain({"content": "ab", "end_turn": True, "context": {"intent": 1}}),
    ),
    "members of the completion that change": (
        [says(content="a") | {"queue": 3}, says(content="b") | {"queue": 2}, says(content="c") | {"queue": 0}],
        plain({"content": "abc"}, queue=0),
    ),
    "usage told by and by": (
        [
            chunk(usage={"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1}}),
            chunk(usage={"prompt_tokens": 2, "prompt_tokens_details": None, "completion_tokens_details": None}),
            chunk(usage={}),
        ],
        {
            **plain(
                {},
                usage={
                    "prompt_tokens": 2,
                    "prompt_tokens_details": {"cached_tokens": 1},
                    "completion_tokens_details": None,
                },
            ),
            "choices": [],
        },
    ),
    "nothing": ([], {"object": "chat.completion", "choices": []}),
    "the prompt filter only": ([PROMPT_FILTER], {**PROMPT_FILTER, "object": "chat.completion"}),
}


@pytest.mark.parametrize(("updates", "completion"), RECORDED.values(), ids=RECORDED)
def test_recorded_streams(updates: list[Json], completion: Json) -> None:
    assert accumulated(*updates) == completion


F, G = call("f", "{}"), call("g", "{}")

TOOL_CALLS: dict[str, tuple[list[Any], list[Json]]] = {
    "pieces by index, interleaved, from 1": (
        [
            [piece("f", "{", id="a", index=1)],
            [piece("g", "", id="b", index=2)],
            [piece(None, "{}", index=2), piece(None, "}", index=1)],
        ],
        [{**F, "id": "a"}, {**G, "id": "b"}],
    ),
    "pieces by id": (
        [[piece("f", "{", id="a")], [piece("g", "{", id="b")], [piece(None, "}", id="a")], [piece(None, "}", id="b")]],
        [{**F, "id": "a"}, {**G, "id": "b"}],
    ),
    "pieces by id and again the name": (
        [[piece("f", "{", id="a")], [piece("f", "}", id="a")]],
        [{**F, "id": "a"}],
    ),
    "an index that only the first piece has": (
        [[piece("f", "{", id="a", index=0)], [piece(None, "}", id="a")]],
        [{**F, "id": "a"}],
    ),
    "an index that only later pieces have": (
        [[piece("f", "{", id="a")], [piece(None, "}", id="a", index=0)]],
        [{**F, "id": "a"}],
    ),
    "pieces without index and id": ([[piece("f", "{")], [piece(None, "}")]], [F]),
    "pieces without index and id that repeat the name": ([[piece("f", "{")], [piece("f", "}")]], [F]),
    "a name after its arguments": ([[piece(None, "{", id="a")], [piece("f", "}")]], [{**F, "id": "a"}]),
    "several calls without index and id, in pieces": (
        [[piece("f", "{"), piece("g", "{")], [piece(None, "}"), piece(None, "}")]],
        [F, G],
    ),
    "whole calls without index and id, together": ([[piece("f", "{}"), piece("g", "{}")]], [F, G]),
    "whole calls without index and id, one by one": ([[piece("f", "{}")], [piece("g", "{}")]], [F, G]),
    "one function twice, without index and id": ([[piece("f", "{}")], [piece("f", "{}")]], [F, F]),
    "one function twice, arguments as objects": ([[piece("f", {"a": 1})], [piece("f", {"a": 2})]],
        [call("f", '{"a": 1}'), call("f", '{"a": 2}')]),
    "whole calls that all have index 0": (
        [[piece("f", "{}", id="a", index=0), piece("f", "{}", id="b", index=0)]],
        [{**F, "id": "a"}, {**F, "id": "b"}],
    ),
    "whole calls that all have index 0 and no id": (
        [[piece("f", "{}", index=0), piece("g", "{}", index=0)]],
        [F, G],
    ),
    "Mistral's id for none": (
        [[piece("f", "{}", id="null"), piece("g", "{}", id="null")]],
        [{**F, "id": "null"}, {**G, "id": "null"}],
    ),
    "members that nobody knows": (
        [[{"function": {"name": "f", "arguments": "{}", "call_id": None}, "extra_content": {"signature": "s"}}]],
        [
            {
                "type": "function",
                "function": {"name": "f", "arguments": "{}", "call_id": None},
                "extra_content": {"signature": "s"},
            }
        ],
    ),
    "many pieces, then another call": (
        [
            [piece("f", "", id="a", index=0)],
            *([piece(None, text, index=0)] for text in '{"x":1}'),
            *([piece(None, "", index=0)] for _ in range(2)),
            [piece("g", "", id="b", index=1)],
            *([piece("", text, index=1)] for text in "{}"),
        ],
        [{**call("f", '{"x":1}'), "id": "a"}, {**G, "id": "b"}],
    ),
    "many pieces of two calls by turns": (
        [
            [piece("f", id="a"), piece("g", id="b")],
            *([piece(None, text, id=owner)] for text in "{} " for owner in "aab"),
        ],
        [{**call("f", "{{}}  "), "id": "a"}, {**call("g", "{} "), "id": "b"}],
    ),
    "many pieces, an object and null among them": (
        [
            [piece("f", "[", index=0)],
            *([piece(None, part, index=0)] for part in ("1,", "2,", {"x": 3}, "]")),
            [{"index": 0, "function": {"arguments": None}}],
            [{"index": 0, "function": {}}],
            [{"index": 0}],
        ],
        [call("f", '[1,2,{"x": 3}]')],
    ),
    "a piece that is no list": (
        [[piece("f", "{", index=0)], {**piece(None, "}", index=0)}, {**piece(None, "", index=0)}, 5, [5]],
        [F],
    ),
    "no arguments": ([[piece("f", id="a")]], [{**call("f", ""), "id": "a"}]),
    "null for all that may be left out": (
        [[{"index": 0, "id": "a", "type": None, "function": {"name": "f", "arguments": None}}]],
        [{**call("f", ""), "id": "a"}],
    ),
    "a custom tool": (
        [
            [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}],
            [{"index": 0, "custom": {"input": "y"}}],
        ],
        [{"id": "a", "type": "custom", "custom": {"name": "f", "input": "xy"}}],
    ),
    "a function that is none": (
        [[{"id": "a", "function": 5}]],
        [{"id": "a", "type": "function", "function": {"arguments": ""}}],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("deltas", "tool_calls"), TOOL_CALLS.values(), ids=TOOL_CALLS)
def test_tool_calls(deltas: list[Any], tool_calls: list[Json]) -> None:
    completion = accumulated(*(says(tool_calls=pieces) for pieces in deltas))
    assert completion == plain({"tool_calls": tool_calls})


@pytest.mark.parametrize(
    ("pieces", "data"),
    [
        pytest.param(["YWJj", "ZGVm"], "YWJjZGVm", id="aligned"),
        pytest.param(["YWJ", "jZGV", "m"], "YWJjZGVm", id="cut anywhere"),
        pytest.param(["YQ==", "YmM="], "YWJj", id="encoded one by one"),
        pytest.param(["Y=", "*"], "Y=*", id="no base64"),
        pytest.param(["YWJj", 5], "YWJj", id="a piece that is no text"),
    ],
)
def test_audio(pieces: list[Any], data: str) -> None:
    first = says(audio={"id": "a1", "transcript": "a"})
    last = says(audio={"expires_at": 7, "transcript": "b"})
    completion = accumulated(first, *(says(audio={"data": piece}) for piece in pieces), last)
    audio = {"id": "a1", "transcript": "ab", "data": data, "expires_at": 7}
    assert completion["choices"][0]["message"]["audio"] == audio


def test_logprobs_are_joined() -> None:
    def token(text: str) -> Json:
        return {"token": text, "logprob": -0.5, "bytes": None}

    updates = [
        chunk({**delta(content=text), "logprobs": {"content": [token(text)], "refusal": None}}) for text in "abc"
    ]
    choice = accumulated(*updates, says("stop"))["choices"][0]
    assert choice["message"]["content"] == "abc"
    assert choice["logprobs"] == {"content": [token(text) for text in "abc"], "refusal": None}


def test_several_choices_interleaved_and_unordered() -> None:
    updates = [chunk(delta(index=index, content=text)) for index, text in ((1, "x"), (0, "a"), (1, "y"), (0, "b"))]
    both = chunk(delta("stop", index=1, content="z"), delta("length", index=0, content="c"))
    assert [
        (choice["index"], choice["message"]["content"], choice["finish_reason"])
        for choice in accumulated(*updates, both)["choices"]
    ] == [(0, "abc", "length"), (1, "xyz", "stop")]


def test_choices_without_index_are_matched_by_position() -> None:
    updates = [chunk({"delta": {"content": "a"}}, {"delta": {"content": "x"}}) for _ in range(2)]
    contents = [choice["message"]["content"] for choice in accumulated(*updates)["choices"]]
    assert contents == ["aa", "xx"]


def test_completion_of_a_partly_read_stream() -> None:
    accumulator = Accumulator()
    seen = []
    for text in "abcd":
        accumulator.add(says(content=text))
        completion = accumulator.completion()
        seen.append(completion["choices"][0]["message"]["content"])
        completion["choices"][0]["message"]["content"] = "spoilt"
        completion["choices"].clear()
        completion["model"] = "spoilt"
    assert seen == ["a", "ab", "abc", "abcd"]
    assert accumulator.completion()["model"] == "m"


def test_completions_are_independent_copies() -> None:
    accumulator = Accumulator()
    accumulator.add(
        chunk(delta(tool_calls=[piece("f", "{", index=0)], content=[{"type": "text", "text": "a"}]), usage={})
    )
    first = accumulator.completion()
    untouched = copy.deepcopy(first)
    accumulator.add(chunk(delta(tool_calls=[piece(None, "}", index=0)], content="b"), usage={"total_tokens": 1}))
    assert first == untouched


def test_updates_that_differ_in_one_member() -> None:
    """A difference from the previous update is never overlooked, wherever it is."""
    like = chunk({**delta(content="a"), "logprobs": None}, system_fingerprint="1")
    other: list[Json] = [
        {**like, "system_fingerprint": "2"},
        {**like, "service_tier": "flex"},
        {**like, "choices": [{**like["choices"][0], "finish_reason": "stop"}]},
        {**like, "choices": [{**like["choices"][0], "logprobs": {"content": [1]}}]},
        {**like, "choices": [{**like["choices"][0], "delta": {"content": "a", "refusal": "r"}}]},
        {**like, "choices": [{**like["choices"][0], "delta": {"content": None}}]},
        {**like, "choices": [{**like["choices"][0], "delta": {"content": [{"type": "x"}]}}]},
        {**like, "choices": like["choices"] * 2},
    ]
    completion = accumulated(*(update for one in other for update in (like, like, one, one)))
    content = [{"type": "text", "text": "a" * 24}, {"type": "x"}, {"type": "x"}, {"type": "text", "text": "a" * 6}]
    assert completion["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": content, "refusal": "rr"},
        "finish_reason": "stop",
        "logprobs": {"content": [1, 1]},
    }
    assert (completion["system_fingerprint"], completion["service_tier"]) == ("1", "flex")


def test_memory_is_proportional_to_the_text() -> None:
    import tracemalloc

    accumulator = Accumulator()
    updates = 20_000
    line = json.dumps(says(content="words "))
    tracemalloc.start()
    try:
        for _ in range(updates):
            accumulator.add(json.loads(line))
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(accumulator.completion()["choices"][0]["message"]["content"]) == 6 * updates
    assert size < 8 * 6 * updates  # four bytes per character at most, and room to grow


# Any shape ----------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        "choices", "delta", "message", "content", "tool_calls", "function", "custom", "name", "arguments", "input",
        "index", "id", "type", "text", "thinking", "closed", "audio", "data", "logprobs", "refusal", "usage", "created",
        "role", "reasoning_content", "finish_reason", "p", "obfuscation", "function_call", "annotations",
    ]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-1, 3) | st.floats() | st.text(max_size=3)
WORDS = st.sampled_from(["text", "thinking", "null", "{", "}", "="])
JSON = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def shaped(**members: Any) -> Any:
    return st.fixed_dictionaries({}, optional=members)


FUNCTION = JSON | shaped(name=JSON, arguments=JSON)
CALL = JSON | shaped(index=JSON, id=JSON, type=JSON, function=FUNCTION, custom=JSON)
ITEM = JSON | shaped(type=WORDS, text=JSON, thinking=JSON, closed=JSON)
DELTA = JSON | shaped(
    content=JSON | st.lists(ITEM, max_size=3),
    tool_calls=JSON | st.lists(CALL, max_size=3),
    audio=JSON | shaped(data=JSON, transcript=JSON),
    refusal=JSON,
    role=JSON,
)
CHOICE = JSON | shaped(index=JSON, delta=DELTA, logprobs=JSON, finish_reason=JSON, message=JSON)
UPDATE = JSON | shaped(id=JSON, created=JSON, choices=JSON | st.lists(CHOICE, max_size=3), usage=JSON)


@given(st.lists(UPDATE, max_size=6))
def test_any_json_is_accepted(updates: list[Any]) -> None:
    accumulator = Accumulator()
    before = json.dumps(updates)
    for update in updates:
        accumulator.add(update)
        accumulator.add(update)
        completion = accumulator.completion()
        assert completion["object"] == "chat.completion"
        assert isinstance(completion["choices"], list)
        json.dumps(completion)
    assert json.dumps(updates) == before


def test_deeply_nested_updates() -> None:
    def nest(depth: int) -> Any:
        value: Any = []
        for _ in range(depth):
            value = [value]
        return value

    accumulator = Accumulator()
    accumulator.add(chunk(delta(content="a"), deep=nest(100_000)))
    accumulator.add(chunk(delta(content="b"), deep=nest(100_000)))
    accumulator.add(calls(piece("f", nest(100_000))))
    accumulator.add(says("stop"))
    (choice,) = accumulator.completion()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("ab", "stop")


# Any cut ------------------------------------------------------------------------------------------------------------

TEXT = st.text(min_size=1, max_size=8)
ARGUMENTS = st.dictionaries(TEXT, SCALARS.filter(lambda value: value == value), max_size=2).map(json.dumps)
TOKEN = st.fixed_dictionaries({"token": TEXT, "logprob": st.integers(-9, 0)})
THOUGHT = TEXT.map(lambda text: {"type": "thinking", "thinking": [{"type": "text", "text": text}]})
SPOKEN = TEXT.map(lambda text: {"type": "text", "text": text})
CONTENT_LIST = st.tuples(THOUGHT, SPOKEN, THOUGHT, SPOKEN).flatmap(
    lambda items: st.integers(1, 4).map(lambda length: list(items[:length]))
)


@st.composite
def messages(draw: Any) -> Json:
    message: Json = {"role": "assistant", "content": draw(st.none() | st.just("") | TEXT | CONTENT_LIST)}
    for name in ("reasoning_content", "reasoning", "refusal"):
        if draw(st.booleans()):
            message[name] = draw(TEXT)
    functions = draw(st.lists(st.tuples(TEXT, ARGUMENTS), max_size=3))
    if functions:
        message["tool_calls"] = [call(*function, id=f"id{number}") for number, function in enumerate(functions)]
    return message


@st.composite
def choices_of(draw: Any, index: int) -> Json:
    choice = {"index": index, "message": draw(messages()), "finish_reason": draw(st.sampled_from(["stop", "length"]))}
    if draw(st.booleans()):
        choice["logprobs"] = {"content": draw(st.lists(TOKEN, min_size=1, max_size=4))}
    return choice


COMPLETIONS = st.integers(1, 3).flatmap(
    lambda count: st.tuples(*(choices_of(index) for index in range(count))).map(
        lambda choices: {**plain({}, usage=USAGE), "choices": list(choices)}
    )
)


def cut(draw: Any, text: str) -> list[str]:
    ends = sorted(draw(st.sets(st.integers(1, len(text)), max_size=4)) | {len(text)}) if text else []
    return [text[start:end] for start, end in zip([0, *ends], ends)]  # noqa: B905 - the last end begins nothing


def deltas_of(draw: Any, message: Json) -> list[Json]:
    """Cut a message into deltas: each member in order, one member after the other."""
    content = message["content"]
    deltas: list[Json] = [{"role": "assistant", "content": "" if content == "" else None}]
    for name in ("reasoning_content", "reasoning", "refusal"):
        deltas += [{name: text} for text in cut(draw, message.get(name, ""))]
    if isinstance(content, str):
        deltas += [{"content": text} for text in cut(draw, content)]
    for item in content if isinstance(content, list) else []:
        deltas += [{"content": part} for part in item_pieces(draw, item)]
    by_index = draw(st.booleans())
    for index, whole in enumerate(message.get("tool_calls", [])):
        deltas += [{"tool_calls": [part]} for part in call_pieces(draw, whole, index if by_index else None)]
    return deltas


def item_pieces(draw: Any, item: Json) -> list[Any]:
    if item["type"] == "text":
        as_text = draw(st.booleans())
        return [text if as_text else [{"type": "text", "text": text}] for text in cut(draw, item["text"])]
    texts = cut(draw, item["thinking"][0]["text"])
    return [[{"type": "thinking", "thinking": [{"type": "text", "text": text}]}] for text in texts]


def call_pieces(draw: Any, whole: Json, index: Any) -> list[Json]:
    function, key = whole["function"], {} if index is None else {"index": index}
    first, *more = cut(draw, function["arguments"])
    return [
        {**key, "id": whole["id"], "function": {"name": function["name"], "arguments": first}},
        *({**key, "function": {"name": draw(st.sampled_from(["", None])), "arguments": text}} for text in more),
    ]


def logprob_pieces(choice: Json, deltas: list[Json]) -> list[Json]:
    tokens = choice.get("logprobs", {}).get("content", [])
    pieces = [{"index": choice["index"], "delta": delta, "finish_reason": None} for delta in deltas]
    for number, token in enumerate(tokens):
        if number >= len(pieces):
            pieces.append({"index": choice["index"], "delta": {}, "finish_reason": None})
        pieces[number]["logprobs"] = {"content": [token]}
    return [*pieces, {"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}]


@st.composite
def streamed(draw: Any) -> tuple[list[Json], Json]:
    completion = draw(COMPLETIONS)
    queues = [logprob_pieces(choice, deltas_of(draw, choice["message"])) for choice in completion["choices"]]
    updates = [PROMPT_FILTER] if draw(st.booleans()) else []
    if updates:
        completion = {**completion, "prompt_filter_results": FOUND}
    while any(queues):
        ready = [queue for queue in queues if queue]
        updates.append(chunk(draw(st.sampled_from(ready)).pop(0), **draw(st.sampled_from([{}, {"obfuscation": "xy"}]))))
    usage_alone = draw(st.booleans())
    return [*updates, chunk(usage=USAGE)] if usage_alone else [
        *updates[:-1],
        {**updates[-1], "usage": USAGE},
    ], completion


def without_nulls(value: Any) -> Any:
    """Cuts leave nulls for missing members."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@given(streamed())
@pytest.mark.slow
def test_any_split_of_a_completion_adds_up(stream: tuple[list[Json], Json]) -> None:
    updates, completion = stream
    assert without_nulls(accumulated(*updates)) == without_nulls(completion)
