"""The formats of tools, current and of 2023: custom, allowed_tools, functions."""

import json
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply, ToolCall

from .conftest import DEPLOYMENT, LOCAL, Caller

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: Any = {"name": "get_weather", "description": "Weather of a city", "parameters": PARAMETERS}
TIME: Any = {"name": "get_time", "description": "Time in a city", "parameters": PARAMETERS}
CODE: Any = {"name": "run_code", "description": "Run Python code"}
FUNCTIONS: Any = [{"type": "function", "function": function} for function in (WEATHER, TIME)]
CUSTOM: Any = {"type": "custom", "custom": CODE}
QUESTION = "What is the weather in Oslo?"


@pytest.mark.parametrize("path", [LOCAL, DEPLOYMENT])
def test_legacy_functions(endpoint: Emulator, path: str) -> None:
    caller = Caller(endpoint)
    options: dict[str, Any] = {"path": path, "functions": [WEATHER]}
    first = caller.chat(QUESTION, **options).body["choices"][0]
    assert (first["finish_reason"], first["message"]["function_call"]["name"]) == ("function_call", "get_weather")
    assert json.loads(first["message"]["function_call"]["arguments"]) == {"city": "Oslo"}
    assert "tool_calls" not in first["message"]
    turn = {"role": "function", "name": "get_weather", "content": "mild"}
    assert caller.chat(QUESTION, first["message"], turn, **options).text == "get_weather says: mild."
    assert "message" in caller.chat(QUESTION, function_call="none", **options).body["choices"][0]
    forced = caller.chat("x", function_call={"name": "get_weather"}, **options).body["choices"][0]
    assert forced["message"]["function_call"]["name"] == "get_weather"
    assert caller.chat("x", function_call={"name": "other"}, **options).status == 400
    chunks = [
        chunk["choices"][0]["delta"]
        for chunk in caller.chat(QUESTION, stream=True, **options).chunks
        if chunk["choices"]
    ]
    calls = [delta["function_call"] for delta in chunks if "function_call" in delta]
    assert calls[0] == {"name": "get_weather", "arguments": ""}
    assert json.loads("".join(call["arguments"] for call in calls)) == {"city": "Oslo"}


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (None, "code"),
        ({"type": "text"}, "code"),
        ({"type": "grammar", "grammar": {"syntax": "regex", "definition": "^SELECT [a-z]{3}$"}}, "SELECT aaa"),
        ({"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: WORD"}}, "code"),
    ],
)
def test_custom_tools(endpoint: Emulator, form: Any, wanted: str) -> None:
    caller = Caller(endpoint)
    tool = {"type": "custom", "custom": CODE | ({"format": form} if form else {})}
    choice = {"type": "custom", "custom": {"name": "run_code"}}
    options: dict[str, Any] = {"path": LOCAL, "tools": [*FUNCTIONS, tool], "tool_choice": choice}
    message = caller.chat('run "code"', **options).body["choices"][0]["message"]
    [call] = message["tool_calls"]
    assert (call["type"], call["custom"]) == ("custom", {"name": "run_code", "input": wanted})
    turn = {"role": "tool", "tool_call_id": call["id"], "content": "done"}
    assert caller.chat("run", message, turn, path=LOCAL, tools=[tool]).text == "run_code says: done."
    streamed = caller.chat('run "code"', stream=True, **options).chunks
    deltas = [delta for chunk in streamed for delta in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert (deltas[0]["type"], deltas[0]["custom"]["name"]) == ("custom", "run_code")
    assert "".join(delta["custom"]["input"] for delta in deltas) == wanted


def test_scripted_custom_calls() -> None:
    with Emulator() as endpoint:
        endpoint.reply(Reply(tool_calls=[ToolCall("run_code", "print(1)"), ToolCall("run_code", '{"a": 1}')]))
        message = Caller(endpoint).chat("x", path=LOCAL, tools=[CUSTOM]).body["choices"][0]["message"]
    assert [call["custom"]["input"] for call in message["tool_calls"]] == ["print(1)", '{"a": 1}']


@pytest.mark.parametrize(
    ("mode", "allowed", "said", "called"),
    [
        ("auto", ["get_weather"], QUESTION, ["get_weather"]),
        ("auto", ["get_time"], QUESTION, []),
        ("required", ["get_time"], QUESTION, ["get_time"]),
        ("required", ["run_code"], QUESTION, ["run_code"]),
    ],
)
def test_allowed_tools(endpoint: Emulator, mode: str, allowed: list[str], said: str, called: list[str]) -> None:
    kinds = {"run_code": "custom"}
    tools = [{"type": (kind := kinds.get(name, "function")), kind: {"name": name}} for name in allowed]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}
    got = Caller(endpoint).chat(said, path=LOCAL, tools=[*FUNCTIONS, CUSTOM], tool_choice=choice)
    calls = got.body["choices"][0]["message"].get("tool_calls", [])
    assert [call[call["type"]]["name"] for call in calls] == called


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"prompt_cache_retention": "24h", "moderation": {"model": "omni-moderation-latest"}}, None),
        ({"prompt_cache_retention": "in_memory", "prompt_cache_options": {"mode": "explicit"}}, None),
        ({"prompt_cache_retention": "1h"}, "prompt_cache_retention"),
        ({"moderation": {}}, "moderation.model"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools[0].custom.name"),
        ({"tools": [CUSTOM], "tool_choice": {"type": "custom", "custom": {"name": "x"}}}, "tool_choice.function.name"),
        ({"tools": [CUSTOM], "tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
        ({"functions": []}, "functions"),
        ({"function_call": "auto"}, None),
        ({"function_call": {"name": "x"}}, "tool_choice"),
    ],
)
def test_options_of_current_clients(endpoint: Emulator, members: dict[str, Any], param: str | None) -> None:
    got = Caller(endpoint).chat("Hello", path=LOCAL, **members)
    assert (got.status, (got.body.get("error") or {}).get("param")) == (400 if param else 200, param)
