"""Chat options translated to the Messages API: each row of the tables, validated with Anthropic's types."""

import logging
from typing import Any

import pytest
from azure.core.serialization import NULL

from azure.ai.inference._wires import NoCounterpartError
from azure.ai.inference._wires.messages import is_native, request
from azure.ai.inference.models import ChatCompletionsToolChoicePreset
from unit._wires.anthropic_judge import judge

Json = dict[str, Any]

HI = [{"role": "user", "content": "Hi"}]
TURN = {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
LEAST = {"model": "claude-opus-5-5", "max_tokens": 64_000, "messages": [TURN]}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "Tell.", "parameters": SCHEMA, "strict": False},
}
NATIVE_WEATHER = {"name": "weather", "description": "Tell.", "input_schema": SCHEMA}


def sent(**options: Any) -> Json:
    """Return what a translated request adds to a minimal one."""
    native = judge(request({"model": "claude-opus-5-5", "messages": HI, **options}))
    assert native.items() >= {name: LEAST[name] for name in ("model", "messages")}.items()
    return {name: value for name, value in native.items() if LEAST.get(name) != value}


def test_minimal_request() -> None:
    assert request({"model": "claude-opus-5-5", "messages": HI}) == LEAST


TRANSLATED: list[tuple[Json, Json]] = [
    # the same on both sides
    ({"stream": True}, {"stream": True}),
    ({"temperature": 0.2}, {"temperature": 0.2}),
    ({"top_p": 0.9}, {"top_p": 0.9}),
    ({"top_k": 40}, {"top_k": 40}),
    # limits
    ({"max_tokens": 100}, {"max_tokens": 100}),
    ({"max_completion_tokens": 100}, {"max_tokens": 100}),
    ({"max_completion_tokens": 100, "max_tokens": 5}, {"max_tokens": 100}),
    ({"stop": "END"}, {"stop_sequences": ["END"]}),
    ({"stop": ["END", "FIN"]}, {"stop_sequences": ["END", "FIN"]}),
    ({"stop": []}, {}),
    # null counts as absent
    ({"temperature": None, "max_tokens": None, "n": None, "audio": None}, {}),
    ({"temperature": NULL, "tools": NULL, "logprobs": NULL}, {}),
    # response formats
    ({"response_format": "text"}, {}),
    ({"response_format": {"type": "text"}}, {}),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    ),
    (
        {"response_format": {"type": "json_schema", "schema": SCHEMA}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    ),
    # reasoning
    ({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
    *(
        (
            {"reasoning_effort": effort},
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": native}},
        )
        for effort, native in (
            ("minimal", "low"),
            ("low", "low"),
            ("medium", "medium"),
            ("high", "high"),
            ("xhigh", "xhigh"),
            ("max", "max"),
        )
    ),
    (
        {"reasoning_effort": "high", "thinking": {"type": "enabled", "budget_tokens": 2048}},
        {"thinking": {"type": "enabled", "budget_tokens": 2048}, "output_config": {"effort": "high"}},
    ),
    (
        {
            "reasoning_effort": "high",
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
            "output_config": {"effort": "max"},
        },
        {
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "max", "format": {"type": "json_schema", "schema": SCHEMA}},
        },
    ),
    # the user
    ({"metadata": {"user_id": "u1"}, "safety_identifier": "u2", "user": "u3"}, {"metadata": {"user_id": "u1"}}),
    ({"metadata": {"team": "a"}, "safety_identifier": "u2", "user": "u3"}, {"metadata": {"user_id": "u2"}}),
    ({"user": "u3"}, {"metadata": {"user_id": "u3"}}),
    # tiers
    ({"service_tier": "default"}, {"service_tier": "standard_only"}),
    ({"service_tier": "auto"}, {"service_tier": "auto"}),
    # the API's own members
    ({"cache_control": {"type": "ephemeral"}}, {"cache_control": {"type": "ephemeral"}}),
    ({"system": "Be brief."}, {"system": "Be brief."}),
]


@pytest.mark.parametrize(("options", "native"), TRANSLATED, ids=lambda value: str(value)[:60])
def test_options_are_translated(options: Json, native: Json) -> None:
    assert sent(**options) == native


TOOLS: list[tuple[Json, Json]] = [
    ({"tools": [WEATHER]}, {"tools": [NATIVE_WEATHER]}),
    (
        {"tools": [{"type": "function", "function": {"name": "clock"}}]},
        {"tools": [{"name": "clock", "input_schema": {"type": "object", "properties": {}}}]},
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "clock", "parameters": None, "description": None}}]},
        {"tools": [{"name": "clock", "input_schema": {"type": "object", "properties": {}}}]},
    ),
    (  # vercel/ai anthropic-root-union-tool-schema-error: the root needs its type
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"anyOf": [SCHEMA]}}}]},
        {"tools": [{"name": "f", "input_schema": {"type": "object", "anyOf": [SCHEMA]}}]},
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}]},
        {"tools": [{"name": "f", "input_schema": SCHEMA, "strict": True}]},
    ),
    (
        {"tools": [{**WEATHER, "cache_control": {"type": "ephemeral"}}]},
        {"tools": [{**NATIVE_WEATHER, "cache_control": {"type": "ephemeral"}}]},
    ),
    (
        {"tools": [{"type": "function", "name": "weather", "description": "Tell.", "parameters": SCHEMA}]},
        {"tools": [NATIVE_WEATHER]},
    ),
    (
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]},
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]},
    ),
    (
        {"tools": [{**NATIVE_WEATHER, "type": "custom"}, NATIVE_WEATHER]},
        {"tools": [{**NATIVE_WEATHER, "type": "custom"}, NATIVE_WEATHER]},
    ),
    ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": False}, {}),
    ({"tool_choice": "required"}, {}),
]
CHOICES: list[tuple[Json, Any]] = [
    ({}, None),
    ({"tool_choice": "auto"}, {"type": "auto"}),
    ({"tool_choice": ChatCompletionsToolChoicePreset.AUTO}, {"type": "auto"}),
    ({"tool_choice": "required"}, {"type": "any"}),
    ({"tool_choice": ChatCompletionsToolChoicePreset.REQUIRED}, {"type": "any"}),
    ({"tool_choice": "any"}, {"type": "any"}),
    ({"tool_choice": "none"}, {"type": "none"}),
    ({"tool_choice": {"type": "function", "function": {"name": "weather"}}}, {"type": "tool", "name": "weather"}),
    ({"tool_choice": {"type": "function", "name": "weather"}}, {"type": "tool", "name": "weather"}),
    ({"tool_choice": {"type": "tool", "name": "weather"}}, {"type": "tool", "name": "weather"}),
    ({"parallel_tool_calls": True}, None),
    # BerriAI/litellm #6456: parallel_tool_calls has an equivalent
    ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
    ({"parallel_tool_calls": False, "tool_choice": "any"}, {"type": "any", "disable_parallel_tool_use": True}),
    (
        {"parallel_tool_calls": False, "tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    ),
    ({"parallel_tool_calls": False, "tool_choice": "none"}, {"type": "none"}),
]


@pytest.mark.parametrize(("options", "native"), TOOLS, ids=lambda value: str(value)[:60])
def test_tools_are_translated(options: Json, native: Json) -> None:
    assert sent(**options) == native


@pytest.mark.parametrize(("options", "choice"), CHOICES, ids=lambda value: str(value)[:60])
def test_tool_choices_are_translated(options: Json, choice: Any) -> None:
    assert sent(tools=[WEATHER], **options).get("tool_choice") == choice


@pytest.mark.parametrize("choice", [5, ["auto"], "sometimes"])
def test_unknown_tool_choice_is_left_to_the_service(choice: Any) -> None:
    native = request({"messages": HI, "tools": [WEATHER], "tool_choice": choice})
    assert native["tool_choice"] == {"type": choice}


REFUSED: list[tuple[Json, str]] = [
    ({"n": 3}, "n=3 has no counterpart in the Messages API: leave it out, and call complete() once for each answer."),
    ({"logprobs": True}, "logprobs=True has no counterpart in the Messages API: leave it out."),
    ({"logit_bias": {"5": 1}}, "logit_bias={'5': 1} has no counterpart in the Messages API: leave it out."),
    ({"audio": {"voice": "a"}}, "audio={'voice': 'a'} has no counterpart in the Messages API: leave it out; Claude "),
    ({"modalities": ["text", "audio"]}, "modalities=['text', 'audio'] has no counterpart"),
    (
        {"response_format": "json_object"},
        "response_format='json_object' has no counterpart in the Messages API: Claude has no JSON mode, so pass a "
        "schema: a JsonSchemaFormat or a type.",
    ),
    ({"response_format": {"type": "json_object"}}, "response_format='json_object' has no counterpart"),
    ({"response_format": {"type": "grammar"}}, "response_format='grammar' has no counterpart"),
    (
        {"tools": [WEATHER, {"type": "custom", "custom": {"name": "x"}}]},
        "The custom tool in tools[1] has no counterpart",
    ),
    (
        {"tools": [WEATHER], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}},
        "has no counterpart in the Messages API: name a function, or pass only these tools.",
    ),
    ({"tools": [WEATHER], "tool_choice": {"type": "custom", "custom": {"name": "x"}}}, "name a function"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=lambda value: str(value)[:60])
def test_unsupported_options_are_refused_with_advice(options: Json, message: str) -> None:
    with pytest.raises(NoCounterpartError) as refusal:
        request({"model": "claude-opus-5-5", "messages": HI, **options})
    assert message in str(refusal.value)


def test_invalid_tool_is_named() -> None:
    with pytest.raises(ValueError, match=r"tools\[1\] must be a tool, a mapping, not str: 'weather'"):
        request({"messages": HI, "tools": [WEATHER, "weather"]})


HINTS: Json = {
    "seed": 1,
    "random_seed": 2,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "store": True,
    "stream_options": {"include_usage": True},
    "verbosity": "low",
    "prompt_cache_key": "k",
    "prediction": {"type": "content", "content": "x"},
    "n": 1,
    "logprobs": False,
    "top_logprobs": 3,
    "modalities": ["text"],
    "logit_bias": {},
}


def test_dropped_hints_are_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "azure.ai.inference"):
        assert sent(**HINTS, metadata={"team": "a", "user_id": "u"}, tool_choice="auto") == {
            "metadata": {"user_id": "u"}
        }
    [record] = caplog.records
    assert record.levelname == "DEBUG"
    assert record.getMessage().endswith(f": {', '.join(HINTS)}, tool_choice, metadata.team")


def test_without_hints_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "azure.ai.inference"):
        sent(temperature=0.5)
    assert not caplog.records


@pytest.mark.parametrize("metadata", ["user", 5])
def test_malformed_metadata_is_dropped(metadata: Any) -> None:
    assert sent(metadata=metadata) == {}


def test_unknown_members_are_passed_on() -> None:
    native = request({"messages": HI, "min_tokens": 3, "mcp_servers": [], "output_config": "x"})
    assert native.items() >= {"min_tokens": 3, "mcp_servers": [], "output_config": "x"}.items()


def test_equal_requests_give_identical_bytes() -> None:
    chat = {"messages": HI, "tools": [WEATHER], "reasoning_effort": "high", "stop": "x", "user": "u"}
    assert str(request(chat)) == str(request(dict(reversed(chat.items()))))


USER = {"model": "claude-opus-5-5", "max_tokens": 5}
NATIVE: list[tuple[Json, bool]] = [
    ({**USER, "messages": HI}, True),
    ({**USER, "messages": HI, "system": "x", "stop_sequences": ["a"], "tool_choice": {"type": "any"}}, True),
    ({**USER, "messages": [TURN], "tools": [NATIVE_WEATHER], "metadata": {"user_id": "u"}}, True),
    ({**USER, "messages": "?", "tools": "?"}, True),
    ({**USER, "messages": ["?", {"role": "user", "content": ["?", {"type": []}]}]}, True),
    ({"model": "claude-opus-5-5", "messages": HI}, False),
    ({**USER, "messages": [{"role": "system", "content": "x"}, *HI]}, False),
    ({**USER, "messages": [*HI, {"role": "assistant", "tool_calls": []}]}, False),
    ({**USER, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, False),
    ({**USER, "messages": HI, "tools": [WEATHER]}, False),
    ({**USER, "messages": HI, "tool_choice": "auto"}, False),
    *(({**USER, "messages": HI, name: 1}, False) for name in ("n", "stop", "reasoning_effort", "response_format")),
    *(({**USER, "messages": HI, name: 1}, False) for name in ("user", "max_completion_tokens", "stream_options")),
]


@pytest.mark.parametrize(("body", "native"), NATIVE, ids=lambda value: str(value)[:60])
def test_is_native(body: Json, native: bool) -> None:
    assert is_native(body) is native
