"""Each provider's streams: their format, and that they add up to the plain answer."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.emulator._chat_choices import finish
from azure.ai.inference.emulator._completion import chunks, whole
from azure.ai.inference.emulator._dialects import DIALECTS

from .conftest import LOCAL, Caller

CALLS = [ToolCall("a", {"x": "one two"}), ToolCall("b", "{}", id="given")]
REPLIES = {
    "text": Reply("Hello there, you!"),
    "empty": Reply(""),
    "calls": Reply(tool_calls=CALLS),
    "text and call": Reply("Let me see. ", tool_calls=CALLS[:1]),
    "thought": Reply("Four.", reasoning="Two and two."),
    "refusal": Reply(refusal="I will not do that."),
    "filtered": Reply("I was", finish_reason="content_filter", filtered="hate"),
    "choices": Reply(choices=[Reply("one two three"), Reply("four"), Reply(tool_calls=CALLS[:1])]),
}


def assembled(chunks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the choices of a stream, combined as a careful client does."""
    choices: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for part in chunk["choices"]:
            choice = choices.setdefault(part["index"], {"text": "", "thought": "", "refusal": "", "calls": {}})
            choice["finish"] = part["finish_reason"] or choice.get("finish")
            add_delta(choice, part.get("delta", {}))
    return [choices[index] for index in sorted(choices)]


def add_delta(choice: dict[str, Any], delta: dict[str, Any]) -> None:
    add_content(choice, delta.get("content"))
    choice["thought"] += delta.get("reasoning_content") or delta.get("reasoning") or ""
    choice["refusal"] += delta.get("refusal") or ""
    for position, call in enumerate(delta.get("tool_calls", [])):
        known = choice["calls"].setdefault(call.get("index", position), {"id": None, "name": "", "arguments": ""})
        known["id"] = call.get("id") or known["id"]
        known["name"] = call["function"].get("name") or known["name"]
        known["arguments"] += call["function"]["arguments"]


def add_content(choice: dict[str, Any], content: Any) -> None:
    for item in content if isinstance(content, list) else [{"type": "text", "text": content or ""}]:
        if item["type"] == "thinking":
            choice["thought"] += "".join(part["text"] for part in item["thinking"])
        else:
            choice["text"] += item["text"]


def plain(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the choices of a plain answer in the same form."""
    found: list[dict[str, Any]] = []
    for part in body["choices"]:
        choice: dict[str, Any] = {
            "text": "",
            "thought": "",
            "refusal": "",
            "calls": {},
            "finish": part["finish_reason"],
        }
        message = part.get("message", {})
        calls = [{**call, "index": index} for index, call in enumerate(message.get("tool_calls", []))]
        add_delta(choice, {**message, "tool_calls": calls})
        found.append(choice)
    return found


@pytest.mark.parametrize("name", REPLIES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_stream_adds_up_to_the_plain_answer(dialect: str, name: str) -> None:
    with Emulator(dialect=dialect) as endpoint:
        endpoint.reply(REPLIES[name], times=None)
        body = {"messages": [{"role": "user", "content": "x"}]}
        got = Caller(endpoint).post(LOCAL, {**body, "stream": True})
        whole = Caller(endpoint).post(LOCAL, body)
    assert got.headers["content-type"] == "text/event-stream; charset=utf-8"
    chunks = read_chunks(got.raw, dialect)
    filtered = name == "filtered" and "message" not in whole.body["choices"][0]
    expected = plain(whole.body)
    if filtered:
        expected[0]["text"] = "I was"
    assert assembled(chunks) == expected
    for chunk in chunks:
        assert chunk["id"] in ("", whole.body["id"])
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    assert usages == ([whole.body["usage"]] if DIALECTS[dialect].usage != "asked" else [])


def read_chunks(raw: bytes, dialect: str) -> list[dict[str, Any]]:
    events = raw.rstrip(b"\n").split(b"\n\n")
    assert events.pop() == b"data: [DONE]"
    assert raw.endswith(b"\n\n") is (dialect != "llama.cpp")
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


def stream(dialect: str, reply: Reply, **members: Any) -> list[dict[str, Any]]:
    with Emulator(dialect=dialect) as endpoint:
        endpoint.reply(reply)
        body = {"messages": [{"role": "user", "content": "x"}], "stream": True, **members}
        return read_chunks(Caller(endpoint).post(LOCAL, body).raw, dialect)


def deltas(chunks: Sequence[dict[str, Any]]) -> list[Any]:
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


ONE = REPLIES["calls"].tool_calls[:1]


@pytest.mark.parametrize(
    ("dialect", "shapes"),
    [
        ("azure-openai", [{"id", "type", "index", "function"}, {"index", "function"}]),
        ("ollama", [{"index", "id", "type", "function"}]),
        ("mistral", [{"id", "function"}]),
        ("glm", [{"id", "type", "index", "function"}, {"type", "index", "function"}]),
    ],
)
def test_shapes_of_tool_calls(dialect: str, shapes: list[set[str]]) -> None:
    chunks = stream(dialect, Reply(tool_calls=ONE))
    found = [set(delta["tool_calls"][0]) for delta in deltas(chunks) if "tool_calls" in delta]
    assert found[: len(shapes)] == shapes
    last = next(chunk["choices"][0] for chunk in reversed(chunks) if chunk["choices"])
    assert last["finish_reason"] == "tool_calls"
    assert ("tool_calls" in last["delta"]) is (dialect == "mistral")


def test_second_delta_of_glm_has_no_name() -> None:
    second = [delta for delta in deltas(stream("glm", Reply(tool_calls=ONE))) if "tool_calls" in delta][1]
    assert second["tool_calls"][0]["function"] == {"name": "", "arguments": '{"x": "one two"}'}


@pytest.mark.parametrize(
    ("dialect", "thoughts"),
    [
        ("deepseek", [{"reasoning_content": "Two", "content": None}, {"reasoning_content": ".", "content": None}]),
        ("ollama", [{"reasoning": "Two", "content": None}, {"reasoning": ".", "content": None}]),
        (
            "mistral",
            [
                {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Two"}]}]},
                {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "."}]}]},
            ],
        ),
    ],
)
def test_shapes_of_reasoning(dialect: str, thoughts: list[Any]) -> None:
    assert deltas(stream(dialect, Reply("4", reasoning="Two.")))[1:3] == thoughts


def test_think_tags_are_split_over_chunks() -> None:
    chunks = stream("serverless", Reply("4", reasoning="Two."))
    assert [delta["content"] for delta in deltas(chunks)][:4] == ["", "<", "think", ">"]


def test_azure_content_filter_results() -> None:
    chunks = stream("azure-openai", Reply("Hello you"))
    assert (chunks[0]["choices"], chunks[0]["id"]) == ([], "")
    assert chunks[0]["prompt_filter_results"][0]["content_filter_results"]["hate"]["severity"] == "safe"
    assert chunks[1]["choices"][0]["content_filter_results"] == {}
    assert all(chunk["obfuscation"] for chunk in chunks[1:])
    assert chunks[2]["choices"][0]["content_filter_results"]["violence"] == {"filtered": False, "severity": "safe"}


def test_asynchronous_content_filter() -> None:
    last = stream("azure-openai-async-filter", Reply("Hello you"))[-1]
    [choice] = last["choices"]
    assert "delta" not in choice
    assert choice["content_filter_offsets"] == {"check_offset": 0, "start_offset": 0, "end_offset": 9}


@pytest.mark.parametrize(
    ("dialect", "details"),
    [
        ("deepseek", {"prompt_tokens_details", "reasoning_tokens"}),
        ("mistral", set()),
        ("openai", {"prompt_tokens_details", "completion_tokens_details"}),
    ],
)
def test_details_of_usage(dialect: str, details: set[str]) -> None:
    with Emulator(dialect=dialect) as endpoint:
        usage = Caller(endpoint).post(LOCAL, {"messages": [{"role": "user", "content": "x"}]}).body["usage"]
    assert set(usage) == {"prompt_tokens", "completion_tokens", "total_tokens"} | details


def test_llama_first_chunk_has_null_content() -> None:
    assert deltas(stream("llama.cpp", Reply("x")))[0] == {"role": "assistant", "content": None}


@pytest.mark.parametrize("asked", [True, False])
def test_include_usage(asked: bool) -> None:
    chunks = stream("openai", Reply("one two"), stream_options={"include_usage": asked})
    assert ("usage" in chunks[0]) is asked
    assert (chunks[-1]["choices"] == []) is asked
    if asked:
        assert chunks[-1]["usage"]["completion_tokens"] == 2


def test_log_probabilities_and_audio_in_streams() -> None:
    parts = [chunk["choices"][0] for chunk in stream("openai", Reply("one two"), logprobs=True)]
    assert [part["logprobs"]["content"][0]["token"] for part in parts if part["logprobs"]] == ["one", " two"]
    spoken = [
        delta["audio"] for delta in deltas(stream("openai", Reply("one two"), modalities=["audio"])) if "audio" in delta
    ]
    assert [next(iter(piece)) for piece in spoken] == ["id", "transcript", "transcript", "data", "expires_at"]


def test_hidden_reasoning_is_only_counted() -> None:
    dialect = replace(DIALECTS["openai"], reasoning="hidden")
    answer = finish({"messages": [{"role": "user", "content": "x"}]}, Reply("4", reasoning="Two."), dialect, "m")
    assert whole(answer, dialect)["choices"][0]["message"]["content"] == "4"
    assert "Two" not in str(list(chunks(answer, dialect)))
    assert answer.usage["completion_tokens_details"]["reasoning_tokens"] == 2
