"""Answers of the Responses API: recorded streams, whole and cut, compared with plain answers; each row of the
mapping."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference._streaming.sse import SSEDecoder
from azure.ai.inference._wires import completion_of, responses
from unit._wires.responses_sequences import Json, as_body, events


def read(sequence: list[Json]) -> list[Json]:
    """Return the chunks of a stream, and check that no event was changed."""
    before = copy.deepcopy(sequence)
    reader = responses.Events(5)
    chunks = [chunk for event in sequence for chunk in reader.feed("message", event)] + reader.end()
    assert sequence == before
    return chunks


def streamed(sequence: list[Json]) -> Json:
    return completion_of(read(sequence))


def answered(response: Json) -> Json:
    before = copy.deepcopy(response)
    completion = responses.answer(response, 5)
    assert response == before
    return completion


def response(*output: Json, **members: Any) -> Json:
    return {"id": "r", "object": "response", "created_at": 9, "model": "m", "status": "completed", "error": None} | {
        "output": list(output),
        **members,
    }


def text(said: str, **members: Any) -> Json:
    return {"type": "output_text", "text": said, "annotations": [], "logprobs": [], **members}


def message(*content: Json, **members: Any) -> Json:
    return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": list(content)} | (
        members
    )


def call(name: str, arguments: str, **members: Any) -> Json:
    return {"id": f"fc_{name}", "type": "function_call", "call_id": f"call_{name}", "name": name} | {
        "arguments": arguments,
        **members,
    }


def thinking(*summaries: str, **members: Any) -> Json:
    summary = [{"type": "summary_text", "text": each} for each in summaries]
    return {"id": "rs_1", "type": "reasoning", "summary": summary, **members}


def choice(message: Json, finish_reason: str = "stop", **members: Any) -> Json:
    message = {"role": "assistant", "content": None, **message}
    return {"index": 0, "message": message, "finish_reason": finish_reason, **members}


def function(call_id: str, name: str, arguments: str) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def usage(sent: int, written: int, cached: int = 0, reasoning: int = 0) -> Json:
    return {
        "prompt_tokens": sent,
        "completion_tokens": written,
        "total_tokens": sent + written,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


SAFE = {"hate": {"filtered": False, "severity": "safe"}}
JAILBREAK = {"jailbreak": {"detected": False, "filtered": False}, **SAFE}
CITATION = {"url": "https://weather.example/oslo", "title": "Oslo", "start_index": 5, "end_index": 10}

EXPECTED: dict[str, Json] = {
    "text": {
        "object": "chat.completion",
        "id": "resp_T1",
        "created": 1795860000,
        "model": "gpt-5-codex",
        "choices": [choice({"content": "Hello, world"}, content_filter_results=SAFE)],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": JAILBREAK}],
        "usage": usage(12, 4),
    },
    "calls": {
        "object": "chat.completion",
        "id": "resp_T2",
        "created": 1795860001,
        "model": "gpt-5.1-codex",
        "choices": [
            choice(
                {
                    "tool_calls": [
                        function("call_a", "weather", '{"city":"Oslo"}'),
                        function("call_b", "time", "{}"),
                    ],
                    "output": events("calls")[-1]["response"]["output"],
                },
                "tool_calls",
            )
        ],
        "usage": usage(80, 55, 64, 32),
    },
    "search": {
        "object": "chat.completion",
        "id": "resp_T3",
        "created": 1795860002,
        "model": "gpt-5.4-pro",
        "choices": [
            choice(
                {
                    "content": "Rain today.",
                    "reasoning_content": "Plan.\n\nCheck.\n\nLooking it up.",
                    "annotations": [{"type": "url_citation", "url_citation": CITATION}],
                    "output": [each["item"] for each in events("search") if each["type"].endswith("item.done")],
                }
            )
        ],
        "usage": usage(900, 70, 0, 40),
    },
    "refusal": {
        "object": "chat.completion",
        "id": "resp_T4",
        "created": 1795860003,
        "model": "gpt-5-pro",
        "choices": [choice({"refusal": "I can't help with that."})],
        "usage": usage(30, 8),
    },
    "length": {
        "object": "chat.completion",
        "id": "resp_T1",
        "created": 1795860000,
        "model": "gpt-5-codex",
        "choices": [choice({"content": "Hello"}, "length")],
        "usage": usage(12, 16),
    },
}


def as_read(completion: Json) -> Json:
    """Drop what only the first events of a recorded stream contain."""
    return {name: value for name, value in completion.items() if name != "service_tier"}


@pytest.mark.parametrize("name", EXPECTED)
def test_recorded_stream_adds_up(name: str) -> None:
    """A keep-alive, which `text` contains, ended the stream (openai-node #1964, openai-java #767)."""
    assert as_read(streamed(events(name))) == EXPECTED[name]


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "search"])
def test_plain_answer_is_the_same(name: str) -> None:
    assert answered(events(name)[-1]["response"]) == EXPECTED[name]


def test_plain_answer_of_the_search_is_the_same_with_its_items() -> None:
    expected = EXPECTED["search"]
    whole = {**events("search")[-1]["response"], "output": expected["choices"][0]["message"]["output"]}
    assert answered(whole) == expected


@pytest.mark.parametrize("name", EXPECTED)
def test_stream_at_every_cut(name: str) -> None:
    """Feed the body in two pieces, cut at every byte, and byte by byte."""
    body = as_body(events(name))
    whole = decoded(body)
    assert all(decoded(body[:cut], body[cut:]) == whole for cut in range(len(body)))
    assert decoded(*(body[index : index + 1] for index in range(len(body)))) == whole
    reader = responses.Events(5)
    chunks = [chunk for kind, data in whole for chunk in reader.feed(kind, json.loads(data))]
    assert as_read(completion_of(chunks)) == EXPECTED[name]


def decoded(*pieces: bytes) -> list[tuple[str, bytes]]:
    decoder = SSEDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


@pytest.mark.parametrize("name", EXPECTED)
def test_events_without_deltas(name: str) -> None:
    """Some servers send items only when they are complete."""
    silent = [event for event in events(name) if not event["type"].endswith(".delta")]
    assert as_read(streamed(silent)) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_stream_without_its_first_events(name: str) -> None:
    """Some servers do not announce the start of an answer or an item."""
    late = [event for event in events(name) if not event["type"].endswith((".created", ".in_progress"))]
    assert as_read(streamed(late)) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_stream_without_item_numbers(name: str) -> None:
    steady_ids = json.loads(json.dumps(events(name)).replace("fc_other", "fc_1"))
    unnumbered = [{key: value for key, value in event.items() if key != "output_index"} for event in steady_ids]
    assert as_read(streamed(unnumbered)) == EXPECTED[name]


def test_updates_follow_the_events() -> None:
    """All calls were streamed as the first (litellm #21331)."""
    deltas = [chunk["choices"][0]["delta"] for chunk in read(events("calls"))]
    opened = {"index": 0, "id": "call_a", "type": "function", "function": {"name": "weather", "arguments": ""}}
    assert deltas[0] == {"role": "assistant", "tool_calls": [opened]}
    assert [each["tool_calls"][0]["index"] for each in deltas[:-1]] == [0, 0, 0, 1]
    assert list(deltas[-1]) == ["output"]
    heads = [{name: chunk[name] for name in ("id", "created", "model")} for chunk in read(events("calls"))]
    assert heads == [{"id": "resp_T2", "created": 1795860001, "model": "gpt-5.1-codex"}] * 5


# ---------------------------------------------------------------- failures


def test_azure_error_event_after_a_failed_answer() -> None:
    chunks = read(events("failure_explained_after"))
    assert chunks[0]["choices"][0]["delta"]["content"] == "Hello"
    assert len(chunks) == 2
    assert chunks[1]["error"]["code"] == "rate_limit_exceeded"
    assert chunks[1]["id"] == "resp_T1"


def test_openai_error_event_before_a_failed_answer() -> None:
    [error] = read(events("failure_explained_before"))
    assert error["error"]["code"] == "insufficient_quota"


def test_unexplained_failure_is_an_error() -> None:
    *_, error = read(events("failure_explained_after")[:-1])
    assert error["error"] == {
        "code": "server_error",
        "message": "The service failed to answer, and gave no reason.",
    }


def test_cut_stream_has_not_ended() -> None:
    reader = responses.Events(5)
    for event in events("text")[:7]:
        reader.feed("message", event)
    assert not reader.ended
    assert reader.end() == []
    assert not reader.ended


@pytest.mark.parametrize("event", ["response.completed", "response.failed", "error"])
def test_nothing_is_read_after_the_end(event: str) -> None:
    reader = responses.Events(5)
    whole = response(message(text("a")), error={"code": "x", "message": "y"} if event == "response.failed" else None)
    assert len(reader.feed(event, {"response": whole, "message": "m"})) in (1, 2)
    assert reader.ended
    assert reader.feed("response.output_text.delta", {"output_index": 0, "delta": "b"}) == []
    assert reader.end() == []


FILTERED = {"hate": {"filtered": True, "severity": "high"}}
FILTERS = [{"blocked": True, "source_type": "prompt", "content_filter_results": FILTERED}]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"error": {"code": "a", "message": "b"}}, {"code": "a", "message": "b"}),
        ({"code": "a", "message": "b", "param": None}, {"code": "a", "message": "b"}),
        ({"code": "a", "message": "b", "param": "p"}, {"code": "a", "message": "b", "param": "p"}),
        ({"message": "b"}, {"code": "server_error", "message": "b"}),
        ({}, {"code": "server_error", "message": None}),
        ({"error": "b"}, "b"),
    ],
)
def test_error_event_is_an_error_in_any_form(event: Json, error: Any) -> None:
    assert read([{"type": "error", **event}]) == [{"error": error}]


def test_filtered_prompt_keeps_its_verdict() -> None:
    """Azure fails without a reason, and then reports that the prompt was filtered."""
    failed = {"status": "failed", "error": None, "content_filters": FILTERS}
    why = {"error": {"code": "content_policy_violation", "message": "no"}}
    [error] = read([{"type": "response.failed", "response": failed}, {"type": "error", **why}])
    assert error["content_filters"] == FILTERS
    assert error["error"]["code"] == "content_policy_violation"


def test_failed_plain_answer_is_an_error() -> None:
    """`response.failed` was mistaken for a short answer (langchain #39039)."""
    failed = response(status="failed", error={"code": "server_error", "message": "Sorry."})
    assert answered(failed) == failed
    assert answered(response(status="failed"))["error"]["message"].endswith("gave no reason.")
    chunks = read([{"type": "response.completed", "response": failed}])
    assert chunks == [failed]


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
def test_unfinished_plain_answer_is_an_error(status: str) -> None:
    unfinished = answered(response(status=status))
    assert unfinished["error"] == {
        "code": status,
        "message": f"The response is not finished: its status is {status}, its id r.",
    }
    assert unfinished["id"] == "r"


def test_cancelled_stream_is_an_error() -> None:
    [error] = read([{"type": "response.failed", "response": response(status="cancelled")}])
    assert error["error"]["code"] == "cancelled"


@pytest.mark.parametrize(
    "other",
    [{"choices": []}, {"error": {"code": "x"}}, {"error": {"code": "x"}, "output": []}, {"output": "no"}, {}],
)
def test_other_objects_are_returned_unchanged(other: Json) -> None:
    assert responses.answer(other, 5) is other


# ---------------------------------------------------------------- rows of the mapping

PLAIN_ROWS: dict[str, tuple[Json, Json]] = {
    "parts of a message are one text": (response(message(text("a"), text("b"))), choice({"content": "ab"})),
    "messages are paragraphs (litellm #17246)": (
        response(message(text("a")), message(text("b"), id="msg_2")),
        choice({"content": "a\n\nb", "output": [message(text("a")), message(text("b"), id="msg_2")]}),
    ),
    "of several JSON documents the first counts": (
        response(
            message(text("{}", annotations=[])),
            message(text("[]", annotations=[{"type": "file_path", "file_id": "f"}]), id="msg_2"),
            text={"format": {"type": "json_schema", "name": "n", "schema": {}}},
        ),
        choice(
            {
                "content": "{}",
                "output": [
                    message(text("{}")),
                    message(text("[]", annotations=[{"type": "file_path", "file_id": "f"}]), id="msg_2"),
                ],
            }
        ),
    ),
    "commentary is no part of a JSON answer (openai-python #3859)": (
        response(
            message(text("Let me see."), phase="commentary", id="c"),
            message(text("{}"), phase="final_answer"),
            text={"format": {"type": "json_object"}},
        ),
        choice(
            {
                "content": "{}",
                "reasoning_content": "Let me see.",
                "output": [
                    message(text("Let me see."), phase="commentary", id="c"),
                    message(text("{}"), phase="final_answer"),
                ],
            }
        ),
    ),
    "commentary alone is the content": (
        response(message(text("a"), phase="commentary"), message(text("b"), phase="commentary", id="msg_2")),
        choice(
            {
                "content": "a\n\nb",
                "reasoning_content": "a\n\nb",
                "output": [
                    message(text("a"), phase="commentary"),
                    message(text("b"), phase="commentary", id="msg_2"),
                ],
            }
        ),
    ),
    "commentary beside a call is none (litellm #12862)": (
        response(message(text("a"), phase="commentary"), call("f", "{}")),
        choice(
            {
                "reasoning_content": "a",
                "tool_calls": [function("call_f", "f", "{}")],
                "output": [message(text("a"), phase="commentary"), call("f", "{}")],
            },
            "tool_calls",
        ),
    ),
    "an annotation of commentary is only among the items": (
        response(
            message(text("a", annotations=[{"type": "file_path"}]), phase="commentary", id="c"), message(text("b"))
        ),
        choice(
            {
                "content": "b",
                "reasoning_content": "a",
                "output": [
                    message(text("a", annotations=[{"type": "file_path"}]), phase="commentary", id="c"),
                    message(text("b")),
                ],
            }
        ),
    ),
    "refusals are joined, and are not the content": (
        response(message({"type": "refusal", "refusal": "No"}, {"type": "refusal", "refusal": "."})),
        choice({"refusal": "No."}),
    ),
    "a refusal in a commentary is only among the items": (
        response(message({"type": "refusal", "refusal": "No"}, phase="commentary")),
        choice({"output": [message({"type": "refusal", "refusal": "No"}, phase="commentary")]}),
    ),
    "text beside a call": (
        response(message(text("a")), call("f", "{}"), call("g", '{"x":1}')),
        choice(
            {
                "content": "a",
                "tool_calls": [function("call_f", "f", "{}"), function("call_g", "g", '{"x":1}')],
            },
            "tool_calls",
        ),
    ),
    "a custom call": (
        response({"id": "ctc_1", "type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "select 1"}),
        choice(
            {"tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}]},
            "tool_calls",
        ),
    ),
    "arguments as an object": (
        response({**call("f", ""), "arguments": {"x": 1}}),
        choice({"tool_calls": [function("call_f", "f", '{"x": 1}')]}, "tool_calls"),
    ),
    "a call without arguments": (
        response({**call("f", ""), "arguments": None}),
        choice({"tool_calls": [function("call_f", "f", "")]}, "tool_calls"),
    ),
    "what cannot be called is no call (litellm #17425)": (
        response({**call("f", "{}"), "call_id": None}),
        choice({}),
    ),
    "reasoning without a summary": (
        response(thinking(content=[{"type": "reasoning_text", "text": "a"}]), message(text("b"))),
        choice(
            {
                "content": "b",
                "reasoning_content": "a",
                "output": [thinking(content=[{"type": "reasoning_text", "text": "a"}]), message(text("b"))],
            }
        ),
    ),
    "reasoning with both": (
        response(thinking("s", content=[{"type": "reasoning_text", "text": "a"}])),
        choice(
            {
                "reasoning_content": "s",
                "output": [thinking("s", content=[{"type": "reasoning_text", "text": "a"}])],
            }
        ),
    ),
    "hosted tools and unknown items are only in output": (
        response({"type": "web_search_call", "id": "ws"}, {"type": "new"}, message(text("a"))),
        choice({"content": "a", "output": [{"type": "web_search_call", "id": "ws"}, {"type": "new"}]})
        | {
            "message": {
                "role": "assistant",
                "content": "a",
                "output": [{"type": "web_search_call", "id": "ws"}, {"type": "new"}, message(text("a"))],
            }
        },
    ),
    "citations are counted from the start of the content": (
        response(
            message(text("ab"), text("cd", annotations=[{"type": "url_citation", "url": "u", "start_index": 0}])),
            message(
                text("e", annotations=[{"type": "url_citation", "url": "v", "start_index": 0, "end_index": 1}]), id="m"
            ),
        ),
        choice(
            {
                "content": "abcd\n\ne",
                "annotations": [
                    {"type": "url_citation", "url_citation": {"url": "u", "start_index": 2}},
                    {"type": "url_citation", "url_citation": {"url": "v", "start_index": 6, "end_index": 7}},
                ],
                "output": [
                    message(
                        text("ab"), text("cd", annotations=[{"type": "url_citation", "url": "u", "start_index": 0}])
                    ),
                    message(
                        text("e", annotations=[{"type": "url_citation", "url": "v", "start_index": 0, "end_index": 1}]),
                        id="m",
                    ),
                ],
            }
        ),
    ),
    "other annotations are left as they are": (
        response(message(text("a", annotations=[{"type": "file_citation", "file_id": "f", "index": 0}]))),
        choice({"content": "a", "annotations": [{"type": "file_citation", "file_id": "f", "index": 0}]}),
    ),
    "so are citations in chat's own form": (
        response(message(text("a", annotations=[{"type": "url_citation", "url_citation": {"url": "u"}}]))),
        choice({"content": "a", "annotations": [{"type": "url_citation", "url_citation": {"url": "u"}}]}),
    ),
    "log probabilities of all parts": (
        response(message(text("a", logprobs=[{"token": "a"}]), text("b", logprobs=[{"token": "b"}]))),
        choice({"content": "ab"}, logprobs={"content": [{"token": "a"}, {"token": "b"}]}),
    ),
    "cut off by a limit of messages": (
        response(message(text("a")), incomplete_details={"reason": "max_messages"}, status="incomplete"),
        choice({"content": "a"}, "length"),
    ),
    "cut off without a stated reason": (
        response(message(text("a")), incomplete_details=None, status="incomplete"),
        choice({"content": "a"}, "length"),
    ),
    "cut off in the midst of calls (litellm PR #37710)": (
        response(call("f", '{"x'), incomplete_details={"reason": "max_output_tokens"}, status="incomplete"),
        choice({"tool_calls": [function("call_f", "f", '{"x')]}, "length"),
    ),
    "filtered": (
        response(message(text("a")), incomplete_details={"reason": "content_filter"}, status="incomplete"),
        choice({"content": "a"}, "content_filter"),
    ),
    "steered": (
        response(call("f", "{}"), incomplete_details={"reason": "steered"}, status="incomplete"),
        choice({"tool_calls": [function("call_f", "f", "{}")]}, "tool_calls"),
    ),
    "nothing was said": (response(), choice({})),
    "a verdict that withheld something stays": (
        response(
            content_filters=[
                {"source_type": "completion", "content_filter_results": FILTERED},
                {"source_type": "completion", "content_filter_results": SAFE},
            ]
        ),
        choice({}, content_filter_results=FILTERED),
    ),
}


@pytest.mark.parametrize("row", PLAIN_ROWS)
def test_each_row_of_an_answer(row: str) -> None:
    whole, expected = PLAIN_ROWS[row]
    completion = answered(whole)
    assert completion == {"object": "chat.completion", "id": "r", "created": 9, "model": "m", "choices": [expected]}
    assert streamed([{"type": "response.completed", "response": whole}]) == completion
    items = [
        {"type": "response.output_item.done", "output_index": index, "item": item}
        for index, item in enumerate(whole["output"])
    ]
    empty_at_the_end = {"type": "response.completed", "response": {**whole, "output": []}}
    created = {"type": "response.created", "response": {**whole, "output": []}}
    assert streamed([created, *items, empty_at_the_end]) == completion


@pytest.mark.parametrize(
    ("member", "value"),
    [("service_tier", "flex"), ("input_transformations", [{"type": "reasoning", "id": "rs", "action": "removed"}])],
)
def test_kept_members(member: str, value: Any) -> None:
    assert answered(response(**{member: value}))[member] == value


def test_created_falls_back_to_the_clock() -> None:
    assert answered(response(created_at=None))["created"] == 5
    assert answered(response(created_at=7.9))["created"] == 7


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (
            {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
            {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        ),
        (
            {"input_tokens": 3, "output_tokens": None, "total_tokens": None},
            {"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3},
        ),
        (
            {
                "input_tokens": 3,
                "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2},
                "output_tokens": 2,
                "output_tokens_details": {"reasoning_tokens": 1, "new": 1},
                "total_tokens": 5,
            },
            {
                "prompt_tokens": 3,
                "completion_tokens": 2,
                "total_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 1, "new": 1},
            },
        ),
        (None, None),
        ({}, None),
    ],
)
def test_usage(theirs: Any, ours: Any) -> None:
    """Usage was lost on incomplete answers, and reasoning tokens on all (litellm #34351, #17047)."""
    assert answered(response(usage=theirs)).get("usage") == ours
    incomplete = [{"type": "response.incomplete", "response": {"output": [], "usage": theirs}}]
    completion = streamed(incomplete)
    assert completion.get("usage") == ours
    assert completion["choices"][0]["finish_reason"] == "length"


# ---------------------------------------------------------------- streams of nonconforming servers


def delta(text: Any, index: Any = 0, **members: Any) -> Json:
    return {"type": "response.output_text.delta", "output_index": index, "content_index": 0, "delta": text, **members}


def done(*output: Json, **members: Any) -> Json:
    return {"type": "response.completed", "response": response(*output, **members)}


def said(*sequence: Json) -> Json:
    found: Json = streamed(list(sequence))["choices"][0]
    return {name: value for name, value in found["message"].items() if name not in ("role", "output")}


CARELESS: dict[str, tuple[list[Json], Json]] = {
    "text that goes on at the end": ([delta("a"), done(message(text("ab")))], {"content": "ab"}),
    "text that the end contradicts": ([delta("a"), done(message(text("b")))], {"content": "a"}),
    "deltas that are no text": ([delta(None), delta(5), delta(["a"]), delta("a"), done()], {"content": "a"}),
    "an item that only the end has": (
        [delta("a", 1), done(message(text("a")), call("f", "{}"))],
        {"content": "a", "tool_calls": [function("call_f", "f", "{}")]},
    ),
    "an end that leaves out items": (
        [
            {"type": "response.output_item.done", "output_index": 0, "item": thinking("s")},
            delta("a", 1, item_id="msg_1"),
            done(message(text("a"))),
        ],
        {"content": "a", "reasoning_content": "s"},
    ),
    "arguments that come in the first event (litellm #20711)": (
        [
            {"type": "response.output_item.added", "output_index": 0, "item": call("f", '{"x":1}')},
            done(call("f", '{"x":1}')),
        ],
        {"content": None, "tool_calls": [function("call_f", "f", '{"x":1}')]},
    ),
    "arguments before the call is known": (
        [
            {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"x'},
            done(call("f", '{"x":1}')),
        ],
        {"content": None, "tool_calls": [function("call_f", "f", '{"x":1}')]},
    ),
    "a custom call in pieces": (
        [
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": ""},
            },
            {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "select"},
            {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": " 1"},
            done({"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "select 1"}),
        ],
        {
            "content": None,
            "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}],
        },
    ),
    "the form of reasoning that came first": (
        [
            {"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": "a"},
            {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "s"},
            done(thinking("s", content=[{"type": "reasoning_text", "text": "ab"}])),
        ],
        {"content": None, "reasoning_content": "ab"},
    ),
    "a citation by itself": (
        [
            delta("ab"),
            {
                "type": "response.output_text.annotation.added",
                "output_index": 0,
                "content_index": 0,
                "annotation": {"type": "url_citation", "url": "u"},
            },
            done(message(text("ab", annotations=[{"type": "url_citation", "url": "u"}]))),
        ],
        {"content": "ab", "annotations": [{"type": "url_citation", "url_citation": {"url": "u"}}]},
    ),
    "an event of a kind that is not text": ([{"type": 5}, delta("a"), {"type": "new"}, done()], {"content": "a"}),
}


@pytest.mark.parametrize("row", CARELESS)
def test_streams_of_nonconforming_servers(row: str) -> None:
    sequence, expected = CARELESS[row]
    assert said(*sequence) == expected


def test_event_without_a_type_has_its_name() -> None:
    reader = responses.Events(5)
    [chunk] = reader.feed("response.output_text.delta", {"output_index": 0, "delta": "a"})
    assert chunk["choices"][0]["delta"] == {"role": "assistant", "content": "a"}


def test_log_probabilities_are_not_repeated() -> None:
    probabilities = [{"token": "a"}]
    completion = streamed([delta("a", logprobs=probabilities), done(message(text("a", logprobs=probabilities)))])
    assert completion["choices"][0]["logprobs"] == {"content": probabilities}


def test_encrypted_reasoning_is_kept_from_any_event() -> None:
    item = {"type": "response.output_item.done", "output_index": 0, "item": thinking(encrypted_content="x")}
    completion = streamed([item, done(thinking())])
    assert completion["choices"][0]["message"]["output"] == [thinking(encrypted_content="x")]


MEMBERS = [
    *("type", "item", "response", "output", "content", "text", "delta", "id", "call_id", "name", "arguments", "status"),
    *("error", "summary", "annotations", "phase", "output_index", "content_index", "usage", "input_tokens"),
    *("content_filters", "logprobs"),
]
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from(["", "a", "message", "function_call", "reasoning"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(MEMBERS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.tuples(st.sampled_from(sorted(responses.Events._handlers)), json_values), max_size=6))
def test_any_events_are_accepted(sequence: list[tuple[str, Any]]) -> None:
    reader = responses.Events(5)
    for kind, value in sequence:
        chunks = reader.feed(kind, {"output_index": 0, **(value if isinstance(value, dict) else {}), "type": kind})
        completion_of(chunks)
    completion_of(reader.end())
