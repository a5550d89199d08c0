"""Messages in the latest conventions, from messages of all forms; and the provider of each endpoint."""

from typing import Any

import pytest

from azure.ai.inference._http.endpoint_routes import resolve
from azure.ai.inference._telemetry.attributes import (
    LATEST_SCHEMA,
    TOKEN_BUCKETS,
    Request,
    error_type,
    provider_name,
    request_attributes,
    response_attributes,
    server_attributes,
    usage_attributes,
)
from azure.ai.inference._telemetry.content import choice_events, content_attributes, message_events

PARTS: list[tuple[Any, Any]] = [
    ({"content": "Hi"}, [{"type": "text", "content": "Hi"}]),
    ({"content": None}, []),
    ({}, []),
    ({"content": [{"type": "text", "text": "Hi"}]}, [{"type": "text", "content": "Hi"}]),
    (
        {"content": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]},
        [{"type": "uri", "modality": "image", "uri": "https://x/y.png"}],
    ),
    (
        {"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aaaa"}}]},
        [{"type": "blob", "modality": "image", "mime_type": "image/png", "content": "aaaa"}],
    ),
    (
        {"content": [{"type": "image_url", "image_url": "data:text,plain"}]},
        [{"type": "uri", "modality": "image", "uri": "data:text,plain"}],
    ),
    (
        {"content": [{"type": "audio_url", "audio_url": {"url": "https://x/y.wav"}}]},
        [{"type": "uri", "modality": "audio", "uri": "https://x/y.wav"}],
    ),
    (
        {"content": [{"type": "input_audio", "input_audio": {"data": "aaaa", "format": "wav"}}]},
        [{"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "aaaa"}],
    ),
    ({"content": [{"type": "other", "x": 1}]}, [{"type": "other", "x": 1}]),
    ({"content": [{"x": 1}, "odd"]}, [{"x": 1}]),
    (
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
                {"type": "text", "text": "A"},
            ]
        },
        [{"type": "reasoning", "content": "Hm"}, {"type": "text", "content": "A"}],
    ),
    (
        {"content": "<think>Hm</think>A"},
        [{"type": "reasoning", "content": "Hm"}, {"type": "text", "content": "A"}],
    ),
    ({"reasoning_content": "Hm"}, [{"type": "reasoning", "content": "Hm"}]),
    ({"refusal": "No."}, [{"type": "refusal", "content": "No."}]),
    (
        {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": '{"a": 1}'}}]},
        [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}],
    ),
    (
        {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{broken"}}, {"id": "d"}]},
        [
            {"type": "tool_call", "id": "c", "name": "f", "arguments": "{broken"},
            {"type": "tool_call", "id": "d", "name": None, "arguments": None},
        ],
    ),
    (
        {"role": "tool", "tool_call_id": "c", "content": "42"},
        [{"type": "tool_call_response", "id": "c", "response": "42"}],
    ),
    (
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "42"}]},
        [{"type": "tool_call_response", "id": "c", "response": "42"}],
    ),
]


@pytest.mark.parametrize(("message", "parts"), PARTS)
def test_input_parts(message: Any, parts: Any) -> None:
    message = {"role": "user", **message}
    told = content_attributes({"messages": [message]}, None)
    assert told == {"gen_ai.input.messages": [{"role": message["role"], "parts": parts}]}


@pytest.mark.parametrize("body", [{}, {"messages": "odd"}, {"messages": ["odd", 1, None], "tools": {"x": 1}}])
def test_no_messages(body: Any) -> None:
    assert content_attributes(body, {"choices": None}) == {}
    assert message_events(body) == []


def test_message_without_a_role_makes_no_event() -> None:
    assert message_events({"messages": [{"role": 1}, {"role": "user"}]}) == [
        ("gen_ai.user.message", '{"role": "user"}')
    ]


def test_only_leading_instructions_are_instructions() -> None:
    body = {"messages": [{"role": role, "content": role} for role in ("developer", "system", "user", "system")]}
    told = content_attributes(body, None)
    assert [part["content"] for part in told["gen_ai.system_instructions"]] == ["developer", "system"]
    assert [message["role"] for message in told["gen_ai.input.messages"]] == ["user", "system"]


def test_tool_definitions() -> None:
    tools = [{"function": {"name": "f", "strict": True}}, {"type": "other", "x": 1}]
    assert content_attributes({"tools": tools}, None) == {
        "gen_ai.tool.definitions": [{"type": "function", "name": "f"}, {"type": "other", "x": 1}]
    }


@pytest.mark.parametrize(
    ("choice", "output"),
    [
        ({}, {"role": "assistant", "parts": [], "finish_reason": "error"}),
        ({"finish_reason": "tool_calls"}, {"role": "assistant", "parts": [], "finish_reason": "tool_call"}),
        (
            {"finish_reason": "length", "message": {"role": "model", "content": "A"}},
            {"role": "model", "parts": [{"type": "text", "content": "A"}], "finish_reason": "length"},
        ),
        (
            {"message": {"content": "A"}},
            {"role": "assistant", "parts": [{"type": "text", "content": "A"}]} | {"finish_reason": "error"},
        ),
    ],
)
def test_output_messages(choice: Any, output: Any) -> None:
    assert content_attributes({}, {"choices": [choice]}) == {"gen_ai.output.messages": [output]}


def test_malformed_choices() -> None:
    assert choice_events({"choices": ["odd"]}, content=True) == []
    assert choice_events({"choices": None}, content=True) == []
    call = {"id": "c", "function": "odd"}
    assert choice_events({"choices": [{"message": {"tool_calls": [call]}}]}, content=False) == [
        '{"finish_reason": "none", "index": 0, "message": {"tool_calls": [{"id": "c"}]}}'
    ]


@pytest.mark.parametrize(
    ("choice", "event"),
    [
        ({}, '{"finish_reason": "none", "index": 0}'),
        ({"finish_reason": "stop", "index": 1}, '{"finish_reason": "stop", "index": 1}'),
        ({"finish_reason": "stop", "index": True}, '{"finish_reason": "stop", "index": true}'),
        ({"finish_reason": "stop", "index": "1"}, '{"finish_reason": "stop", "index": 0}'),
        ({"finish_reason": ["odd"]}, '{"finish_reason": ["odd"], "index": 0}'),
        ({"finish_reason": 5, "message": {"content": "secret"}}, '{"finish_reason": 5, "index": 0}'),
    ],
)
def test_choices_without_content(choice: Any, event: str) -> None:
    for _ in range(2):
        assert choice_events({"choices": [choice]}, content=False) == [event]


@pytest.mark.parametrize(
    ("endpoint", "provider", "namespace"),
    [
        ("https://r.services.ai.azure.com/models", "azure.ai.inference", "Microsoft.CognitiveServices"),
        ("https://r.openai.azure.com", "azure.ai.openai", "Microsoft.CognitiveServices"),
        ("https://r.openai.azure.com/openai/deployments/d", "azure.ai.openai", "Microsoft.CognitiveServices"),
        ("https://d.eastus2.models.ai.azure.com", "azure.ai.inference", "Microsoft.MachineLearningServices"),
        ("https://d.eastus2.inference.ml.azure.com", "azure.ai.inference", "Microsoft.MachineLearningServices"),
        ("https://models.github.ai/inference", "azure.ai.inference", None),
        ("https://api.openai.com", "openai", None),
        ("https://api.mistral.ai", "mistral_ai", None),
        ("https://api.deepseek.com/v1", "deepseek", None),
        ("https://api.x.ai/v1", "x_ai", None),
        ("https://notx.ai/v1", "openai", None),
        ("http://localhost:11434/v1", "openai", None),
        ("https://gateway.contoso.com/chat", "azure.ai.inference", None),
    ],
)
def test_providers(endpoint: str, provider: str, namespace: Any) -> None:
    resolved = resolve(endpoint)
    told = request_attributes(Request("chat", resolved, {}, False), latest=True)
    assert provider_name(resolved) == provider
    assert told["gen_ai.provider.name"] == provider
    assert told.get("azure.resource_provider.namespace") == namespace


def test_default_https_port_is_omitted() -> None:
    assert server_attributes("https://x.example:443/v1") == {"server.address": "x.example"}
    assert server_attributes("https://x.example:8443/v1") == {
        "server.address": "x.example",
        "server.port": 8443,
    }


@pytest.mark.parametrize(
    ("body", "name", "value"),
    [
        ({"max_completion_tokens": 9}, "gen_ai.request.max_tokens", 9),
        ({"max_tokens": True}, "gen_ai.request.max_tokens", None),
        ({"temperature": "hot"}, "gen_ai.request.temperature", None),
        ({"random_seed": 3}, "gen_ai.request.seed", 3),
        ({"n": 1}, "gen_ai.request.choice.count", None),
        ({"n": 2}, "gen_ai.request.choice.count", 2),
        ({"stop": "END"}, "gen_ai.request.stop_sequences", ["END"]),
        ({"stop": []}, "gen_ai.request.stop_sequences", None),
        ({"response_format": {"type": "text"}}, "gen_ai.output.type", "text"),
        ({"response_format": {"type": "json_schema"}}, "gen_ai.output.type", "json"),
        ({"response_format": {"type": 1}}, "gen_ai.output.type", None),
        ({"response_format": "odd"}, "gen_ai.output.type", None),
        ({"reasoning_effort": ""}, "gen_ai.request.reasoning.level", None),
        ({"model": 1}, "gen_ai.request.model", None),
    ],
)
def test_settings(body: Any, name: str, value: Any) -> None:
    request = Request("chat", resolve("https://x.example"), body, False)
    assert request_attributes(request, latest=True).get(name) == value


def test_usage_of_deepseek() -> None:
    usage = {"prompt_tokens": 3, "prompt_cache_hit_tokens": 2, "reasoning_tokens": 1, "completion_tokens": "x"}
    assert usage_attributes(usage, latest=True) == {
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 2,
        "gen_ai.usage.reasoning.output_tokens": 1,
    }
    assert usage_attributes("odd", latest=True) == {}


def test_malformed_answer() -> None:
    assert response_attributes({"id": 1, "model": "", "choices": {"x": 1}}, latest=False) == {}


class _Service:
    code = "too_hot"


class _RefusedError(ValueError):
    error = _Service()


def test_error_type() -> None:
    assert error_type(ValueError(), latest=True) == "ValueError"
    assert error_type(_RefusedError(), latest=True) == "too_hot"
    assert error_type(_RefusedError(), latest=False).endswith("._RefusedError")


def test_constants() -> None:
    assert TOKEN_BUCKETS[-1] == 67108864
    assert LATEST_SCHEMA.endswith("/1.41.0")
