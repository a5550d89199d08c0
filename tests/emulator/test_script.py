"""Scripted replies: their order, their conditions, and script files."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, RecordedRequest, Reply, ToolCall

from .conftest import DEPLOYMENT, FOUNDRY, SERVERLESS, Caller

TOOLS = [{"type": "function", "function": {"name": "look"}}]


@pytest.fixture
def fresh(endpoint: Emulator) -> Emulator:
    endpoint.reset()
    return endpoint


def test_replies_in_order(fresh: Emulator, caller: Caller) -> None:
    fresh.reply("one")
    fresh.reply("two", times=2)
    assert [caller.chat("Hello").text for _ in range(4)] == ["one", "two", "two", "Hello! How can I help you today?"]
    assert len(fresh.requests) == 4


def test_replies_by_condition(fresh: Emulator, caller: Caller) -> None:
    fresh.reply("rain", last=r"weather in \w+", times=None)
    fresh.reply("of m", model="m")
    fresh.reply("tooled", tool="look")
    assert caller.chat("Hello", model="m").text == "of m"
    assert caller.chat("Weather in Oslo", model="m").text == "rain"
    assert caller.chat("Hello", tools=TOOLS).text == "tooled"
    assert caller.chat("weather in Rome").text == "rain"
    assert caller.chat("weather").text.startswith("You said")


def test_refused_request_uses_no_reply(fresh: Emulator, caller: Caller) -> None:
    fresh.reply("one")
    assert caller.chat("Hello", temperature=9).status == 400
    assert caller.chat("Hello").text == "one"


def test_reply_members(fresh: Emulator, caller: Caller) -> None:
    fresh.reply(
        Reply(
            "Hm.",
            tool_calls=[ToolCall("look", {"a": 1}), ToolCall("look", "{not json", id="mine")],
            refusal="No.",
            usage={"prompt_tokens": 5, "extra": 1},
            finish_reason="odd",
            headers={"x-more": "yes"},
        )
    )
    got = caller.chat("Hello", path=DEPLOYMENT)
    [choice] = got.body["choices"]
    message = choice["message"]
    assert (message["content"], message["refusal"], choice["finish_reason"]) == ("Hm.", "No.", "odd")
    first, second = message["tool_calls"]
    assert json.loads(first["function"]["arguments"]) == {"a": 1}
    assert (second["id"], second["function"]["arguments"]) == ("mine", "{not json")
    assert (got.body["usage"]["prompt_tokens"], got.body["usage"]["extra"]) == (5, 1)
    assert got.headers["x-more"] == "yes"


def test_reply_respects_request_options(fresh: Emulator, caller: Caller) -> None:
    fresh.reply("one two three", times=2)
    assert caller.chat("x", max_tokens=2).text == "one two"
    assert len(caller.chat("x", n=2).body["choices"]) == 2


def test_function_reply(fresh: Emulator, caller: Caller) -> None:
    def shout(request: RecordedRequest) -> str:
        assert "***" in request.headers.values()
        return str(request.body["messages"][-1]["content"]).upper()

    fresh.reply(shout, times=None)
    assert [caller.chat(text).text for text in ("a", "b")] == ["A", "B"]
    fresh.reset()
    fresh.reply(lambda request: {"content": "mapped"})
    assert caller.chat("x").text == "mapped"


def test_failing_function_reply(fresh: Emulator, caller: Caller) -> None:
    fresh.reply(lambda request: request.body["nothing"])
    got = caller.chat("Hello")
    assert (got.status, got.body["error"]["code"]) == (501, "ReplyFailed")
    assert "KeyError('nothing')" in got.body["error"]["message"]


def test_raw_replies(fresh: Emulator, caller: Caller) -> None:
    fresh.reply(Reply(body={"odd": True}, status=418, headers={"x-a": "b"}))
    got = caller.chat("x")
    assert (got.status, got.body, got.headers["x-a"]) == (418, {"odd": True}, "b")
    fresh.reply(Reply(events=[{"a": 1}, "[DONE]", b": bye\n\n"]))
    got = caller.chat("x")
    assert got.raw == b'data: {"a":1}\n\ndata: [DONE]\n\n: bye\n\n'
    assert got.headers["content-type"].startswith("text/event-stream")


def test_replies_for_other_routes(fresh: Emulator, caller: Caller) -> None:
    fresh.reply({"body": {"data": []}}, path="/embeddings")
    fresh.reply({"body": {"model_name": "mine"}}, path="/info")
    assert caller.post("/embeddings?api-version=2024-05-01-preview", {"input": ["x"]}).body == {"data": []}
    assert caller.send("GET", "/info?api-version=2024-05-01-preview").body == {"model_name": "mine"}


@pytest.mark.parametrize(
    ("said", "conditions", "error", "words"),
    [
        ({"text": "x"}, {}, ValueError, "a reply has no member 'text'; it has body, choices, content, "),
        (5, {}, TypeError, "a reply is a str, a Reply or a mapping of its members, not int"),
        ("x", {"times": 0}, ValueError, "times is 0; choose 1 or more"),
        ("x", {"last": "("}, ValueError, "last is '(', which is not a regular expression"),
        ({"tool_calls": [{"tool": "x"}]}, {}, ValueError, "tool"),
    ],
)
def test_invalid_replies(fresh: Emulator, said: Any, conditions: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        fresh.reply(said, **conditions)
    assert words in str(caught.value)


YAML = """
- Hello from a file
- content: Sunny
  last: weather
  times: 2
- tool_calls: [{name: look, arguments: {city: Oslo}}]
  model: m
- choices: [one, {content: two, reasoning: hm}]
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("name", ["script.yaml", "script.json"])
def test_files(tmp_path: Path, name: str, encoding: str) -> None:
    yaml = pytest.importorskip("yaml")
    path = tmp_path / name
    path.write_text(YAML if name.endswith("yaml") else json.dumps(yaml.safe_load(YAML)), encoding)
    with Emulator(script=path) as endpoint:
        caller = Caller(endpoint)
        for _ in range(2):
            assert caller.chat("x").text == "Hello from a file"
            assert caller.chat("the weather").text == "Sunny"
            calls = caller.chat("x", path=FOUNDRY, model="m").body["choices"][0]["message"]["tool_calls"]
            assert json.loads(calls[0]["function"]["arguments"]) == {"city": "Oslo"}
            choices = caller.chat("x").body["choices"]
            assert [choice["message"]["content"] for choice in choices] == ["one", "<think>hm</think>\n\ntwo"]
            endpoint.reset()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("s.json", "{", "is not JSON"),
        ("s.yaml", "a: [", "is not YAML"),
        ("s.json", "{}", "holds a dict; a script is a list of replies"),
        ("s.json", "[5]", "reply 1 of "),
        ("s.json", '["x", {"contents": "x"}]', "reply 2 of "),
    ],
)
def test_invalid_script_files(tmp_path: Path, name: str, text: str, words: str) -> None:
    pytest.importorskip("yaml")
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ValueError) as caught:
        Emulator(script=tmp_path / name)
    assert words in str(caught.value)
    assert name in str(caught.value)


def test_yaml_without_pyyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.yaml").write_text("[]", "utf-8")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ImportError, match="pip install pyyaml"):
        Emulator(script=tmp_path / "s.yaml")


def test_streams_of_scripted_replies(fresh: Emulator, caller: Caller) -> None:
    fresh.reply("one two")
    chunks = caller.post(SERVERLESS, {"messages": [{"role": "user", "content": "x"}], "stream": True}).chunks
    assert [chunk["choices"][0]["delta"]["content"] for chunk in chunks] == ["", "one", " two", ""]
