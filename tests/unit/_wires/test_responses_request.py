"""Chat requests translated to the Responses API: each row of the mapping, validated with OpenAI's own types."""

import json
import logging
from contextlib import suppress
from typing import Any

import pytest
from azure.core.serialization import NULL
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import ResponseCreateParams

from azure.ai.inference._json import to_json
from azure.ai.inference._wires import NoCounterpartError, responses
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionsNamedToolChoice,
    ChatCompletionsNamedToolChoiceFunction,
    ChatCompletionsToolCall,
    ChatCompletionsToolChoicePreset,
    ChatCompletionsToolDefinition,
    DocumentUrlContentItem,
    FunctionCall,
    FunctionDefinition,
    ImageContentItem,
    ImageUrl,
    TextContentItem,
    ToolMessage,
    UserMessage,
)
from unit._wires.official_types import check_against

Json = dict[str, Any]

HI = {"role": "user", "content": "Hi"}
ENCRYPTED = "reasoning.encrypted_content"


def translated(chat: Json, *, is_official: bool = True, **options: Any) -> Json:
    """Translate a request, and check that it is unchanged, valid for OpenAI's type, and translated the same way
    twice."""
    before = to_json(chat)
    body = responses.request(chat, **options)
    assert to_json(chat) == before
    sent: Json = json.loads(to_json(body))
    assert to_json(responses.request(chat, **options)) == to_json(body)
    if is_official:
        check_against(ResponseCreateParams, sent)
    return sent


def members(*, is_official: bool = True, **chat: Any) -> Json:
    """Translate additional members of a request, and return the result."""
    body = translated({"messages": [HI], "model": "m", **chat}, is_official=is_official)
    assert body.pop("input") == [{"type": "message", **HI}]
    assert body.pop("model") == "m"
    assert body.pop("store") is False
    assert body.pop("include")[-1] == ENCRYPTED
    return body


def items(*messages: Any, is_official: bool = True, **options: Any) -> list[Json]:
    chat = {"messages": [dict(message) for message in messages]}
    found: list[Json] = translated(chat, is_official=is_official, **options)["input"]
    return found


def test_whole_request() -> None:
    chat = {
        "messages": [{"role": "developer", "content": "Be brief."}, HI],
        "stream": True,
        "model": "gpt-5-codex",
        "max_completion_tokens": 500,
        "reasoning_effort": "low",
    }
    assert translated(chat) == {
        "input": [
            {"type": "message", "role": "developer", "content": "Be brief."},
            {"type": "message", "role": "user", "content": "Hi"},
        ],
        "stream": True,
        "model": "gpt-5-codex",
        "max_output_tokens": 500,
        "reasoning": {"effort": "low"},
        "store": False,
        "include": [ENCRYPTED],
    }


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}
GRAMMAR = {"syntax": "lark", "definition": "start: A"}

ROWS: dict[str, tuple[Json, Json]] = {
    **{
        name: ({name: value}, {name: value})
        for name, value in {
            "temperature": 0.5,
            "top_p": 0.9,
            "metadata": {"a": "b"},
            "user": "u",
            "safety_identifier": "s",
            "prompt_cache_key": "k",
            "service_tier": "flex",
            "parallel_tool_calls": False,
            "top_logprobs": 3,
            "truncation": "auto",
            "max_tool_calls": 3,
            "instructions": "Be brief.",
            "prompt": {"id": "pmpt_1"},
            "prompt_cache_retention": "24h",
        }.items()
    },
    "max_tokens": ({"max_tokens": 100}, {"max_output_tokens": 100}),
    "max_completion_tokens": ({"max_completion_tokens": 100}, {"max_output_tokens": 100}),
    "both limits": ({"max_completion_tokens": 100, "max_tokens": 50}, {"max_output_tokens": 100}),
    "both limits, in the other order": ({"max_tokens": 50, "max_completion_tokens": 100}, {"max_output_tokens": 100}),
    "the limit of extras": ({"max_tokens": 50, "max_output_tokens": 99}, {"max_output_tokens": 99}),
    "fewer than 16 tokens (vectorize-io/hindsight #58)": ({"max_tokens": 1}, {"max_output_tokens": 16}),
    "reasoning_effort": ({"reasoning_effort": "minimal"}, {"reasoning": {"effort": "minimal"}}),
    "reasoning of extras": (
        {"reasoning_effort": "low", "reasoning": {"summary": "auto"}},
        {"reasoning": {"effort": "low", "summary": "auto"}},
    ),
    "reasoning of extras has the last word": (
        {"reasoning_effort": "low", "reasoning": {"effort": "high"}},
        {"reasoning": {"effort": "high"}},
    ),
    "verbosity": ({"verbosity": "low"}, {"text": {"verbosity": "low"}}),
    "text": ({"response_format": {"type": "text"}}, {"text": {"format": {"type": "text"}}}),
    "json_object": ({"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}),
    "json_schema": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA, "strict": True, "description": None},
            },
            "verbosity": "low",
        },
        {
            "text": {
                "format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True},
                "verbosity": "low",
            }
        },
    ),
    "a function": (
        {"tools": [{"type": "function", "function": FUNCTION}]},
        {"tools": [{"type": "function", **FUNCTION}]},
    ),
    "strict is not True by itself (langchain #35837, open-webui #27750)": (
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]},
        {"tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}]},
    ),
    "a function without parameters": (
        {"tools": ({"type": "function", "function": {"name": "f", "parameters": None, "strict": None}},)},
        {
            "tools": [
                {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False}
            ]
        },
    ),
    "a definition": (
        {
            "tools": [
                ChatCompletionsToolDefinition(
                    function=FunctionDefinition(name="f", description="d", parameters=SCHEMA, strict=True)
                )
            ]
        },
        {"tools": [{"type": "function", **FUNCTION}]},
    ),
    "a custom tool": (
        {"tools": [{"type": "custom", "custom": {"name": "c", "description": "d"}}]},
        {"tools": [{"type": "custom", "name": "c", "description": "d"}]},
    ),
    "a custom tool with a grammar": (
        {"tools": [{"type": "custom", "custom": {"name": "c", "format": {"type": "grammar", "grammar": GRAMMAR}}}]},
        {"tools": [{"type": "custom", "name": "c", "format": {"type": "grammar", **GRAMMAR}}]},
    ),
    "a custom tool with a format": (
        {"tools": [{"type": "custom", "custom": {"name": "c", "format": {"type": "text"}}}]},
        {"tools": [{"type": "custom", "name": "c", "format": {"type": "text"}}]},
    ),
    "a hosted tool": ({"tools": [{"type": "web_search"}]}, {"tools": [{"type": "web_search"}]}),
    "a tool in the API's own form": (
        {"tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}]},
        {"tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}]},
    ),
    **{
        f"tool_choice {choice!s}": ({"tool_choice": choice}, {"tool_choice": wire})
        for choice, wire in (
            ("auto", "auto"),
            ("none", "none"),
            ("required", "required"),
            ("any", "required"),
            (ChatCompletionsToolChoicePreset.REQUIRED, "required"),
        )
    },
    "a named function (litellm #27611)": (
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"tool_choice": {"type": "function", "name": "f"}},
    ),
    "a named function as a model": (
        {"tool_choice": ChatCompletionsNamedToolChoice(function=ChatCompletionsNamedToolChoiceFunction(name="f"))},
        {"tool_choice": {"type": "function", "name": "f"}},
    ),
    "a named custom tool": (
        {"tool_choice": {"type": "custom", "custom": {"name": "c"}}},
        {"tool_choice": {"type": "custom", "name": "c"}},
    ),
    "allowed tools": (
        {
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "web_search"}],
                },
            }
        },
        {
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}],
            }
        },
    ),
    "a hosted tool by name": ({"tool_choice": {"type": "file_search"}}, {"tool_choice": {"type": "file_search"}}),
    "logprobs off": ({"logprobs": False}, {}),
    "usage of a stream, which always comes": ({"stream_options": {"include_usage": True}}, {}),
    "padding of a stream": (
        {"stream_options": {"include_usage": True, "include_obfuscation": False}},
        {"stream_options": {"include_obfuscation": False}},
    ),
    "hints": ({"seed": 5, "random_seed": 5, "prediction": {"type": "content", "content": "a"}}, {}),
    "what asks for nothing": (
        {
            "n": 1,
            "stop": [],
            "frequency_penalty": 0,
            "presence_penalty": 0.0,
            "logit_bias": {},
            "modalities": ["text"],
            "functions": [],
            "audio": None,
            "background": False,
            "repetition_penalty": 1,
            "safe_prompt": False,
        },
        {},
    ),
    "null": ({"max_tokens": NULL, "tools": NULL, "stop": NULL, "response_format": None}, {}),
}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_of_the_members(row: str) -> None:
    chat, expected = ROWS[row]
    assert members(**chat) == expected


def test_log_probabilities_are_included() -> None:
    body = translated({"messages": [HI], "logprobs": True, "top_logprobs": 2})
    assert body["include"] == ["message.output_text.logprobs", ENCRYPTED]
    assert body["top_logprobs"] == 2


def test_caller_include_is_kept() -> None:
    body = translated({"messages": [HI], "include": ["code_interpreter_call.outputs", ENCRYPTED], "logprobs": True})
    assert body["include"] == ["code_interpreter_call.outputs", ENCRYPTED, "message.output_text.logprobs"]


@pytest.mark.parametrize(
    "said",
    [{"store": True}, {"store": False}, {"conversation": "conv_1"}, {"previous_response_id": "resp_1"}],
)
def test_caller_store_is_kept(said: Json) -> None:
    body = translated({"messages": [HI], **said})
    assert {name: value for name, value in body.items() if name not in ("input", "include")} == said


@pytest.mark.parametrize("unsaid", [{}, {"store": None}, {"previous_response_id": NULL}])
def test_answers_are_not_stored_by_default(unsaid: Json) -> None:
    assert translated({"messages": [HI], **unsaid})["store"] is False


@pytest.mark.parametrize("options", [{"include": False}, {"replay": "none"}])
def test_encrypted_reasoning_is_not_requested_without_include(options: Json) -> None:
    """Models that do not reason refuse `include` (pydantic-ai #2865, #3326)."""
    assert "include" not in translated({"messages": [HI]}, **options)


REFUSED: dict[str, Any] = {
    "n": 2,
    "stop": ["END"],
    "frequency_penalty": 0.5,
    "presence_penalty": -1,
    "logit_bias": {"50256": -100},
    "audio": {"voice": "alloy"},
    "modalities": ["text", "audio"],
    "functions": [FUNCTION],
    "function_call": "auto",
    "background": True,
    "min_tokens": 5,
    "top_k": 40,
    "repetition_penalty": 1.1,
    "prompt_logprobs": True,
    "top_prompt_logprobs": 2,
    "prompt_mode": "reasoning",
    "guardrails": [{"block_on_error": True}],
    "safe_prompt": True,
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_options_are_refused(name: str) -> None:
    """`stop` was silently dropped, or sent and refused (litellm #35582, langchain PR #38336)."""
    with pytest.raises(NoCounterpartError, match=f"^{name} has no counterpart in the Responses API: ") as refusal:
        responses.request({"messages": [HI], name: REFUSED[name]})
    assert refusal.value.what == name


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("functions", "pass tools"),
        ("function_call", "tool_choice"),
        ("background", "send_request"),
        ("n", "api="),
    ],
)
def test_refusal_has_advice(name: str, way_out: str) -> None:
    with pytest.raises(ValueError, match=way_out):
        responses.request({"messages": [HI], name: REFUSED[name]})


def test_hints_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "azure.ai.inference"):
        responses.request({"messages": [HI], "seed": 5, "prediction": {}})
    assert caplog.messages == [
        "Left out of the request, because the Responses API does not support it: seed, prediction"
    ]


@pytest.mark.parametrize(
    ("member", "odd", "wire"),
    [
        ("messages", "Hi", {"input": "Hi"}),
        ("messages", ["Hi"], {"input": ["Hi"]}),
        ("max_tokens", "many", {"max_output_tokens": "many"}),
        ("response_format", "json", {"text": {"format": "json"}}),
        ("tools", "f", {"tools": "f"}),
        ("tools", ["f"], {"tools": ["f"]}),
        ("tool_choice", {"type": 5}, {"tool_choice": {"type": 5}}),
        ("stream_options", "all", {"stream_options": "all"}),
        ("text", "a", {"text": "a"}),
        ("include", "all", {"include": "all"}),
        (
            "tool_choice",
            {"type": "allowed_tools", "allowed_tools": {"tools": 5}},
            {"tool_choice": {"type": "allowed_tools", "tools": 5}},
        ),
    ],
)
def test_malformed_members_are_left_to_the_service(member: str, odd: Any, wire: Json) -> None:
    body = translated({"messages": [], member: odd}, is_official=False)
    assert {name: body[name] for name in wire} == wire


@pytest.mark.parametrize(
    ("body", "expected"), [({"messages": []}, False), ({"input": "a"}, True), ({"prompt": {"id": "p"}}, True)]
)
def test_body_is_native_if_it_has_no_messages(body: Json, expected: bool) -> None:
    assert responses.is_native(body) is expected


# ---------------------------------------------------------------- messages


def test_every_item_has_its_type() -> None:
    """Strict servers refuse items without a type (langfuse #17166)."""
    found = items({"role": "system", "content": "S"}, {"role": "developer", "content": "D"}, HI)
    assert found == [
        {"type": "message", "role": "system", "content": "S"},
        {"type": "message", "role": "developer", "content": "D"},
        {"type": "message", "role": "user", "content": "Hi"},
    ]


PDF = "data:application/pdf;base64,JVBERi0="

PARTS: dict[str, tuple[Any, Json]] = {
    "text": ({"type": "text", "text": "a", "cache_control": {}}, {"type": "input_text", "text": "a"}),
    "a str": ("a", {"type": "input_text", "text": "a"}),
    "an item": (TextContentItem(text="a"), {"type": "input_text", "text": "a"}),
    "an image": (
        ImageContentItem(image_url=ImageUrl(url="https://x/i.png", detail="low")),
        {"type": "input_image", "image_url": "https://x/i.png", "detail": "low"},
    ),
    "an image as a str": (
        {"type": "image_url", "image_url": "https://x/i.png"},
        {"type": "input_image", "image_url": "https://x/i.png", "detail": "auto"},
    ),
    "a file": (
        {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf", "file_id": None}},
        {"type": "input_file", "file_data": PDF, "filename": "a.pdf"},
    ),
    "a file by id": ({"type": "file", "file_id": "f"}, {"type": "input_file", "file_id": "f"}),
    "a document by URL": (
        DocumentUrlContentItem(document_url="https://x/a.pdf"),
        {"type": "input_file", "file_url": "https://x/a.pdf"},
    ),
    "a document": (
        {"type": "document_url", "document_url": PDF},
        {"type": "input_file", "file_data": PDF, "filename": "document.pdf"},
    ),
    "a document with a name": (
        {"type": "document_url", "document_url": PDF, "document_name": "a.pdf"},
        {"type": "input_file", "file_data": PDF, "filename": "a.pdf"},
    ),
    "a document of another kind": (
        {"type": "document_url", "document_url": "data:text/plain,a"},
        {"type": "input_file", "file_data": "data:text/plain,a", "filename": "document"},
    ),
    "an item in the API's own form": (
        {"type": "input_file", "file_url": "https://x/a"},
        {"type": "input_file", "file_url": "https://x/a"},
    ),
}


@pytest.mark.parametrize("row", PARTS)
def test_each_kind_of_content(row: str) -> None:
    part, expected = PARTS[row]
    assert items(UserMessage({"role": "user", "content": [part]})) == [
        {"type": "message", "role": "user", "content": [expected]}
    ]


@pytest.mark.parametrize("part", [5, {"type": ["text"]}, {"no": "type"}])
def test_malformed_content_is_left_to_the_service(part: Any) -> None:
    assert items({"role": "user", "content": [part]}, is_official=False)[0]["content"] == [part]


@pytest.mark.parametrize("kind", ["input_audio", "audio_url", "video_url", "video"])
@pytest.mark.parametrize("role", ["user", "tool"])
def test_audio_and_video_are_refused(kind: str, role: str) -> None:
    message = {"role": role, "content": [{"type": kind}], "tool_call_id": "c"}
    with pytest.raises(NoCounterpartError, match=rf"'{kind}' in messages\[1\].*text, images and files"):
        items(HI, message)


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ({"role": "function", "name": "f", "content": "1"}, "The role 'function' in messages[0]"),
        ({"role": "assistant", "content": "Once", "prefix": True}, "prefix in messages[0]"),
    ],
)
def test_refused_messages(message: Json, what: str) -> None:
    with pytest.raises(NoCounterpartError) as refusal:
        items(message)
    assert refusal.value.what == what


CALL = ChatCompletionsToolCall(id="call_1", function=FunctionCall(name="f", arguments='{"a": 1}'))
WIRE_CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"a": 1}'}
CUSTOM = {"id": "call_2", "type": "custom", "custom": {"name": "c", "input": "x"}}


def answer(content: str) -> Json:
    return {"type": "message", "role": "assistant", "content": content}


ASSISTANT: dict[str, tuple[Json, list[Json]]] = {
    "text is plain (litellm #17507, rust-genai #119)": (AssistantMessage("a"), [answer("a")]),
    "items of text": ({"content": [{"type": "text", "text": "a"}, "b"]}, [answer("ab")]),
    "a refusal": ({"content": None, "refusal": "No."}, [answer("No.")]),
    "a refusal as an item": ({"content": [{"type": "refusal", "refusal": "No."}]}, [answer("No.")]),
    "thoughts are left out": (
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "t"}]},
                {"type": "text", "text": "a"},
            ],
            "reasoning_content": "t",
            "audio": {"id": "x"},
            "name": "n",
        },
        [answer("a")],
    ),
    "calls come after the text, without ids (nodetool PR #4252)": (
        AssistantMessage("a", tool_calls=[CALL]),
        [answer("a"), WIRE_CALL],
    ),
    "a custom call": (
        {"tool_calls": [CUSTOM]},
        [{"type": "custom_tool_call", "call_id": "call_2", "name": "c", "input": "x"}],
    ),
    "arguments as an object": (
        {"tool_calls": [{"id": "call_1", "function": {"name": "f", "arguments": {"a": 1}}}]},
        [WIRE_CALL],
    ),
    "a call without arguments": (
        {"tool_calls": [{"id": "call_1", "function": {"name": "f"}}]},
        [{**WIRE_CALL, "arguments": ""}],
    ),
    "nothing": ({"content": ""}, []),
}


@pytest.mark.parametrize("row", ASSISTANT)
def test_each_row_of_an_answer_in_the_history(row: str) -> None:
    message, expected = ASSISTANT[row]
    assert items({"role": "assistant", **message}) == expected


RESULTS: dict[str, tuple[Any, Any]] = {
    "text": ("42", "42"),
    "nothing": (None, ""),
    "items of text are one text (litellm #18201)": ([{"type": "text", "text": "4"}, "2"], "42"),
    "no items": ([], ""),
    "an image": (
        [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": "https://x/i.png"}],
        [
            {"type": "input_text", "text": "a"},
            {"type": "input_image", "image_url": "https://x/i.png", "detail": "auto"},
        ],
    ),
}


@pytest.mark.parametrize("row", RESULTS)
def test_each_row_of_a_tool_message(row: str) -> None:
    content, expected = RESULTS[row]
    found = items(
        {"role": "assistant", "tool_calls": [CALL, CUSTOM]}, ToolMessage(content=content, tool_call_id="call_1")
    )
    assert found[-1] == {"type": "function_call_output", "call_id": "call_1", "output": expected}


def test_result_of_a_custom_call() -> None:
    found = items({"role": "assistant", "tool_calls": [CALL, CUSTOM]}, ToolMessage("y", tool_call_id="call_2"))
    assert found[-1] == {"type": "custom_tool_call_output", "call_id": "call_2", "output": "y"}


def test_long_ids_are_shortened_consistently() -> None:
    """Ids may have at most 64 characters here."""
    long = {"id": "call_" + "x" * 200, "function": {"name": "f", "arguments": "{}"}}
    call, result = items({"role": "assistant", "tool_calls": [long]}, ToolMessage("y", tool_call_id=long["id"]))
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) == 64


# ---------------------------------------------------------------- reasoning is sent back

THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA=="}
OUTPUT = [
    {**THOUGHT, "status": "completed", "content": []},
    {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary"}
    | {"content": [{"type": "output_text", "text": "Looking.", "annotations": []}]},
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a": 1}', "status": "x"},
]
ANSWER = {
    "role": "assistant",
    "content": None,
    "reasoning_content": "Looking.",
    "tool_calls": [CALL],
    "output": OUTPUT,
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "42"}
WIRE_RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "42"}
REPLAYED = [THOUGHT, {**answer("Looking."), "phase": "commentary"}, WIRE_CALL]


def test_reasoning_is_sent_back_in_the_form_azure_accepts() -> None:
    """Other clients stripped its id (hermes-agent #63257, opencode #49574, openclaw #91033), separated it from the
    next item (opencode #20698, pydantic-ai #3230), or lost it beside calls (alibaba/open-code-review #812)."""
    assert items(HI, ANSWER, RESULT)[1:] == [*REPLAYED, WIRE_RESULT]


def test_reasoning_is_sent_back_with_reformatted_arguments() -> None:
    rewritten = {**ANSWER, "tool_calls": [{**CALL, "function": {"name": "f", "arguments": '{"a":1}'}}]}
    assert items(HI, rewritten, RESULT)[1:] == [*REPLAYED, WIRE_RESULT]


@pytest.mark.parametrize(
    "edited",
    [
        {"content": "Something else."},
        {"refusal": "No."},
        {"tool_calls": []},
        {"tool_calls": [{**CALL, "id": "call_9"}]},
        {"tool_calls": [{**CALL, "function": {"name": "f", "arguments": '{"a": 2}'}}]},
        {"tool_calls": [{**CALL, "function": {"name": "g", "arguments": '{"a": 1}'}}]},
        {"output": None},
        {"output": OUTPUT[:1]},
        {"output": "no"},
    ],
)
def test_edited_answer_is_sent_back_without_reasoning(edited: Json) -> None:
    message = {**ANSWER, **edited}
    plain = {name: value for name, value in message.items() if name != "output"}
    assert items(HI, message) == items(HI, plain)
    assert not [item for item in items(HI, message) if item["type"] == "reasoning" or "phase" in item]


def test_reasoning_of_earlier_turns_is_not_sent_back() -> None:
    found = items(HI, ANSWER, RESULT, HI)
    assert found[1:] == [WIRE_CALL, WIRE_RESULT, {"type": "message", **HI}]


SECOND = {
    "role": "assistant",
    "content": "Done.",
    "output": [
        {**THOUGHT, "id": "rs_2"},
        {"type": "message", "phase": "final_answer", "content": [{"type": "output_text", "text": "Done."}]},
    ],
}


@pytest.mark.parametrize(("replay", "ids"), [("turn", ["rs_1", "rs_2"]), ("newest", ["rs_2"]), ("none", [])])
def test_replay_modes(replay: str, ids: list[str]) -> None:
    """A model may refuse reasoning of two responses in one request (hermes-agent PR #106718)."""
    found = items(HI, ANSWER, RESULT, SECOND, replay=replay)
    assert [item["id"] for item in found if item["type"] == "reasoning"] == ids
    assert found[-1] == {**answer("Done."), "phase": "final_answer"}


def test_no_reasoning_for_models_without_it() -> None:
    assert "reasoning" not in [item["type"] for item in items(HI, ANSWER, RESULT, include=False)]


def test_no_reasoning_if_the_service_stored_it() -> None:
    body = translated({"messages": [HI, ANSWER, RESULT], "previous_response_id": "resp_1"})
    assert "reasoning" not in [item["type"] for item in body["input"]]


def test_no_item_is_sent_back_twice() -> None:
    """Duplicate items are refused (pi #5151, voltagent #1121)."""
    found = items(HI, ANSWER, RESULT, ANSWER, RESULT)
    assert [item["type"] for item in found].count("reasoning") == 1


def reasoned(*output: Json, **message: Any) -> Json:
    return {"role": "assistant", "content": "Done.", "output": list(output), **message}


DONE = {"type": "message", "content": [{"type": "output_text", "text": "Done."}]}


@pytest.mark.parametrize(
    "message",
    [
        reasoned({**THOUGHT, "encrypted_content": None}, DONE),
        reasoned({**THOUGHT, "id": None}, DONE),
        reasoned(DONE, THOUGHT),
        reasoned(THOUGHT, DONE, {"type": "web_search_call", "id": "ws_1", "action": {"query": "q"}}),
    ],
    ids=["not encrypted (pi #6409)", "without id", "at the end", "with a hosted tool's item (pydantic-ai #3653)"],
)
def test_unacceptable_reasoning_is_not_sent_back(message: Json) -> None:
    assert items(HI, message)[1:] == [answer("Done.")]


def test_summary_and_custom_call_are_sent_back() -> None:
    summary = [{"type": "summary_text", "text": "s"}]
    custom = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_2", "name": "c", "input": "x"}
    empty = {"type": "message", "content": []}
    message = reasoned({**THOUGHT, "summary": summary}, empty, custom, content=None, tool_calls=[CUSTOM])
    assert items(HI, message)[1:] == [
        {**THOUGHT, "summary": summary},
        {"type": "custom_tool_call", "call_id": "call_2", "name": "c", "input": "x"},
    ]


def test_first_document_of_a_json_answer_is_the_message() -> None:
    second = {"type": "message", "id": "msg_2", "content": [{"type": "output_text", "text": "[]"}]}
    first = {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "{}"}]}
    found = items(HI, reasoned(THOUGHT, first, second, content="{}"))
    assert found[1:] == [THOUGHT, answer("{}"), answer("[]")]


def test_non_json_arguments_are_compared_as_text() -> None:
    cut = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"a'}
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a'}}
    assert items(HI, reasoned(THOUGHT, cut, content=None, tool_calls=[call]))[1:] == [THOUGHT, cut]


def test_answer_survives_json() -> None:
    assert items(*json.loads(to_json([HI, ANSWER, RESULT])))[1:] == [*REPLAYED, WIRE_RESULT]


ROLES = ("user", "assistant", "tool", "system")
NAMES = [
    *("content", "type", "text", "output", "tool_calls", "id", "function", "custom", "name", "arguments", "input"),
    *("encrypted_content", "summary", "tool_call_id", "tools", "tool_choice", "response_format", "json_schema", "file"),
    *("image_url", "document_url", "refusal", "phase", "max_tokens", "include", "reasoning", "format", "grammar"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 20) | st.sampled_from(["", "a", "reasoning", "message", "text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)
json_objects = st.dictionaries(st.sampled_from(NAMES), json_values)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(ROLES), json_objects), max_size=4), json_objects)
@pytest.mark.slow
def test_any_body_is_translated_or_refused(messages: list[tuple[str, Json]], others: Json) -> None:
    chat = {**others, "messages": [{**message, "role": role} for role, message in messages]}
    with suppress(NoCounterpartError):
        to_json(responses.request(chat))
