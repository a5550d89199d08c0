"""Valid chat requests: the effect of each option on the answer."""

import base64
import json
from typing import Any

import jsonschema
import pytest

from .conftest import DEPLOYMENT, FOUNDRY, LOCAL, SERVERLESS, V1, Caller

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["city"],
        },
    },
}
TIME = {"type": "function", "function": {"name": "currentTime", "description": "The time in a zone"}}
BOTH = [WEATHER, TIME]


@pytest.mark.parametrize(
    ("members", "text", "finish"),
    [
        ({"max_tokens": 3}, "1 2 3", "length"),
        ({"max_completion_tokens": 2}, "1 2", "length"),
        ({"max_tokens": 2.0}, "1 2", "length"),
        ({"max_tokens": 9}, "1 2 3 4 5 6", "stop"),
        ({"stop": " 4"}, "1 2 3", "stop"),
        ({"stop": ["9", "3", "5"]}, "1 2 ", "stop"),
        ({"stop": ["9", ""]}, "1 2 3 4 5 6", "stop"),
        ({"stop": "5", "max_tokens": 1}, "1", "length"),
        ({"tools": BOTH, "tool_choice": "none"}, "1 2 3 4 5 6", "stop"),
        ({"response_format": {"type": "text"}}, "1 2 3 4 5 6", "stop"),
    ],
)
def test_token_limits_and_stop_sequences(caller: Caller, members: dict[str, Any], text: str, finish: str) -> None:
    choice = caller.chat("Count to 6", **members).body["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, finish)


def test_usage_adds_up(caller: Caller) -> None:
    small, large = (caller.chat("Count to 6", system, "x" * 50).body["usage"] for system in ("a", "a " * 40))
    assert small["total_tokens"] == small["prompt_tokens"] + small["completion_tokens"]
    assert large["prompt_tokens"] > small["prompt_tokens"] + 30
    assert caller.chat("Count to 6").body["usage"]["completion_tokens"] == 6
    assert caller.chat("Count to 6", n=3).body["usage"]["completion_tokens"] == 18
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}
    assert caller.chat(picture).body["usage"]["prompt_tokens"] > 85


def test_log_probabilities(caller: Caller) -> None:
    choice = caller.chat("Count to 3", path=V1, model="m", logprobs=True, top_logprobs=2).body["choices"][0]
    items = choice["logprobs"]["content"]
    assert "".join(item["token"] for item in items) == "1 2 3"
    assert all(item["logprob"] < 0 and len(item["top_logprobs"]) == 2 for item in items)
    assert items[1]["bytes"] == [32, 50]
    assert caller.chat("Count to 3", logprobs=True).body["choices"][0]["logprobs"]["content"][0]["top_logprobs"] == []


def test_audio(caller: Caller) -> None:
    message = caller.chat("Count to 3", path=V1, model="m", modalities=["text", "audio"]).body["choices"][0]["message"]
    assert (message["content"], message["audio"]["transcript"]) == (None, "1 2 3")
    assert base64.b64decode(message["audio"]["data"]).startswith(b"RIFF")


@pytest.mark.parametrize(
    ("said", "members", "calls"),
    [
        ("What is the weather in Paris?", {}, [("get_weather", {"city": "Paris", "unit": "celsius"})]),
        ("Weather in fahrenheit for Rome", {}, [("get_weather", {"city": "Rome", "unit": "fahrenheit"})]),
        (
            "the weather in Paris, and in New York?",
            {},
            [
                ("get_weather", {"city": "Paris", "unit": "celsius"}),
                ("get_weather", {"city": "New York", "unit": "celsius"}),
            ],
        ),
        (
            "the weather in Paris and Oslo",
            {"parallel_tool_calls": False},
            [("get_weather", {"city": "Paris", "unit": "celsius"})],
        ),
        ("Use currentTime please", {}, [("currentTime", {})]),
        (
            "weather and time, and the zone",
            {},
            [("get_weather", {"city": "city", "unit": "celsius"}), ("currentTime", {})],
        ),
        ("Sing", {"tool_choice": "required"}, [("get_weather", {"city": "city", "unit": "celsius"})]),
        ("Sing", {"tool_choice": "any"}, [("get_weather", {"city": "city", "unit": "celsius"})]),
        ("Sing", {"tool_choice": {"type": "function", "function": {"name": "currentTime"}}}, [("currentTime", {})]),
        ("Sing", {}, []),
        ("Sing", {"tool_choice": "auto"}, []),
    ],
)
def test_tool_calls(caller: Caller, said: str, members: dict[str, Any], calls: list[Any]) -> None:
    choice = caller.chat(said, tools=BOTH, **members).body["choices"][0]
    found = [call["function"] for call in choice["message"].get("tool_calls", [])]
    assert [(function["name"], json.loads(function["arguments"])) for function in found] == calls
    assert choice["finish_reason"] == ("tool_calls" if calls else "stop")


def test_conversation_with_tools(caller: Caller) -> None:
    said = [{"role": "user", "content": "What is the weather in Oslo?"}]
    message = caller.chat(*said, path=DEPLOYMENT, tools=BOTH).body["choices"][0]["message"]
    [call] = message["tool_calls"]
    assert call["id"].startswith("call_")
    result = {"role": "tool", "tool_call_id": call["id"], "content": '{"sky": "clear", "degrees": 7}'}
    answer = caller.chat(*said, message, result, path=DEPLOYMENT, tools=BOTH)
    assert answer.text == "get_weather says: sky is clear, degrees is 7."
    nameless = caller.chat({"role": "tool", "tool_call_id": "?", "content": "[1]"}).text
    assert nameless == "The tool says: [1]."


def test_finish_reason_of_forced_calls(caller: Caller) -> None:
    named = {"type": "function", "function": {"name": "get_weather"}}
    finishes = [
        caller.chat("x", path=path, model="m", tools=BOTH, tool_choice=named).body["choices"][0]["finish_reason"]
        for path in (SERVERLESS, FOUNDRY)
    ]
    assert finishes == ["tool_calls", "stop"]


PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 120}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def test_structured_answers(caller: Caller) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
    said = "Extract: yesterday Ada Lovelace turned 36."
    found = json.loads(caller.chat(said, response_format=wanted).text)
    assert found == {"name": "Ada Lovelace", "age": 36}
    jsonschema.validate(found, PERSON)
    anything = json.loads(caller.chat("Hello", response_format={"type": "json_object"}).text)
    assert anything == {"answer": "Hello! How can I help you today?"}
    of_llama = {"type": "json_object", "schema": PERSON}
    jsonschema.validate(json.loads(caller.chat("Hello", path=LOCAL, response_format=of_llama).text), PERSON)


def test_unsatisfiable_schemas(caller: Caller) -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    got = caller.chat("x", path=V1, model="m", response_format=wanted)
    assert (got.status, got.body["error"]["param"]) == (400, "response_format")
    assert "Invalid schema for response_format 'n': '#/$defs/none' points to nothing" in got.body["error"]["message"]
    tools = [{"type": "function", "function": {"name": "f", "parameters": schema}}]
    got = caller.chat("x", path=V1, model="m", tools=tools, tool_choice="required")
    assert (got.status, got.body["error"]["code"]) == (400, "invalid_function_parameters")


@pytest.mark.parametrize(
    ("members", "thinks"),
    [
        ({}, False),
        ({"reasoning_effort": "high"}, True),
        ({"reasoning_effort": "none", "model": "deepseek-r1"}, False),
        ({"model": "DeepSeek-R1"}, True),
        ({"prompt_mode": "reasoning"}, True),
    ],
)
def test_reasoning_models(caller: Caller, members: dict[str, Any], thinks: bool) -> None:
    got = caller.chat("Hello", **members)
    assert ("<think>" in got.text) is thinks
    assert (got.body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0) is thinks


@pytest.mark.parametrize("model", ["gpt-5-mini", "o3"])
def test_hidden_reasoning(caller: Caller, model: str) -> None:
    got = caller.chat("Hello", path=V1, model=model)
    assert got.body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert "reasoning_content" not in got.body["choices"][0]["message"]
    quiet = caller.chat("Hello", path=V1, model=model, reasoning_effort="none").body["usage"]
    assert quiet["completion_tokens_details"]["reasoning_tokens"] == 0


def test_reasoning_content_since_2025(caller: Caller) -> None:
    path = "/chat/completions?api-version=2025-04-01"
    message = caller.chat("Hello", path=path, model="deepseek-r1").body["choices"][0]["message"]
    assert message["reasoning_content"].startswith('The user said "Hello".')
    assert message["content"] == "Hello! How can I help you today?"
    with_tool = caller.chat("weather", path=path, model="deepseek-r1", tools=BOTH).body["choices"][0]["message"]
    assert with_tool["reasoning_content"]
