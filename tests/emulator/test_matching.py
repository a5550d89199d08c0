"""Which reply a request gets, the error if none matches, and assertions about replies."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from azure.ai.inference.emulator import Emulator, RecordedRequest
from azure.ai.inference.emulator._matching import last_text, tool_names

from .conftest import FOUNDRY, LOCAL, SERVERLESS, Caller

TOOLS = [{"type": "function", "function": {"name": "look"}}, {"type": "function", "function": {"name": "book"}}]
SYSTEM = {"role": "system", "content": "Be brief."}


@pytest.fixture
def fresh(endpoint: Emulator) -> Emulator:
    endpoint.reset()
    return endpoint


def has_long_text(text: str) -> bool:
    return len(text) > 20


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"match": {"temperature": 0.5}}, None),
        ({"match": {"temperature": 1}}, "temperature is 0.5, not 1"),
        ({"match": {"top_p": 1}}, "top_p is missing"),
        ({"match": {"n": True}}, "n is 1, not True"),
        ({"match": {"messages[0].role": "system", "messages[-1].content": "Hello, world"}}, None),
        ({"match": {"messages[5].role": "user"}}, "messages[5].role is missing"),
        ({"match": {"tools[*].function.name": "book"}}, None),
        ({"match": {"tools[*].function.name": "sell"}}, "tools[*].function.name is 'look', 'book', not 'sell'"),
        ({"match": {"user": re.compile("^team-")}}, None),
        ({"match": {"user": re.compile("^me")}}, "user is 'team-7', not matching '^me'"),
        ({"match": {"messages[1].content": has_long_text}}, "messages[1].content is 'Hello, world', not what "),
        ({"match": {"metadata": {"tier": "gold"}}}, None),
        ({"match": {"metadata": {"tier": "iron"}}}, "metadata is {'tier': 'gold', 'id': '9'}, not {'tier': 'iron'}"),
        ({"match": {"stop": ["@", re.compile("#")]}}, None),
        ({"match": {"stop": ["@"]}}, "stop is ['@', '##'], not ['@']"),
        ({"match": {"stop": {"a": 1}}}, "stop is "),
        ({"match": {"user": ["a"]}}, "user is "),
        ({"match": {"stop": ("@", "##")}}, None),
        ({"match": {"stop": ("@", "#")}}, "stop is ['@', '##'], not ['@', '#']"),
        ({"match": {"n": np.int64(1), "temperature": np.float32(0.5)}}, None),
        ({"match": {"n": np.bool_(True)}}, "n is 1, not True"),
        ({"match": {"top_p": None, "metadata": {"tier": "gold", "color": None}}}, None),
        ({"match": {"user": None}}, "user is 'team-7', not None"),
        ({"match": {"metadata": {"tier": None}}}, "metadata is "),
        ({"match": {"temperature": pytest.approx(0.5)}}, None),
        ({"last": re.compile("Hello")}, None),
        ({"last": re.compile("HELLO")}, "the last message is 'Hello, world'"),
        ({"schema": {"required": ["temperature"], "properties": {"temperature": {"maximum": 1}}}}, None),
        (
            {"schema": {"properties": {"temperature": {"maximum": 0.1}}}},
            "the body does not match the schema: 0.5 is greater than the maximum of 0.1 (at temperature)",
        ),
        ({"when": lambda request: request.headers["x-team"] == "blue"}, None),
        ({"when": lambda request: "***" not in request.headers.values()}, "<lambda> returned false"),
        ({"tool": "sell"}, "the tools are look, book"),
        ({"last": "HELLO"}, None),
        ({"path": "/embeddings"}, "the path is '/v1/chat/completions'"),
    ],
)
def test_condition(fresh: Emulator, caller: Caller, conditions: dict[str, Any], reason: str | None) -> None:
    fresh.reply("matched", **conditions)
    got = caller.chat(
        SYSTEM,
        {"role": "user", "content": "Hello, world"},
        path=LOCAL,
        headers={"x-team": "blue"},
        temperature=0.5,
        n=1,
        user="team-7",
        stop=["@", "##"],
        metadata={"tier": "gold", "id": "9"},
        tools=TOOLS,
    )
    nearest = fresh.requests[-1].outcome.nearest_miss
    if reason is None:
        assert (got.text, nearest) == ("matched", None)
    else:
        assert got.text != "matched"
        assert reason in str(nearest)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"match": {"": 1}}, "match has the member ''; write it as 'temperature' or 'messages[-1].content'"),
        ({"match": {"a[x]": 1}}, "match has the member 'a[x]'"),
        ({"match": {"user": {"$regex": "("}}}, "match['user'] is '(', which is not a regular expression"),
        ({"match": {"user": {"$regex": 5}}}, "match['user'] is 5, which is not a regular expression"),
        ({"match": {5: 1}}, "match has the member 5; write it as"),
        ({"match": {"user": re.compile(b"x")}}, "match['user'] is re.compile(b'x'), which is not a regular expression"),
        ({"last": b"x"}, "last is b'x', which is not a regular expression"),
        ({"schema": {"type": "wizard"}}, "schema is not a valid JSON schema: 'wizard' is not valid"),
    ],
)
def test_invalid_conditions(fresh: Emulator, conditions: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        fresh.reply("x", **conditions)
    assert words in str(caught.value)


async def later(_: Any) -> Any:
    return False


async def later_still(_: Any) -> Any:
    yield False


@pytest.mark.parametrize(
    ("reply", "conditions", "words"),
    [
        ("x", {"when": later}, "when is the async function later; pass one that is not async"),
        ("x", {"match": {"user": later}}, "match['user'] is the async function later"),
        (later, {}, "the reply is the async function later"),
        (later_still, {}, "the reply is the async function later_still"),
        ("x", {"match": {"stop": {"a"}}}, "match['stop'] is {'a'}, which JSON does not have; pass a list"),
        ("x", {"match": {"a": {"b": [range(3)]}}}, "match['a'] is range(0, 3), which JSON does not have"),
        ("x", {"match": {"user": b"x"}}, "match['user'] is b'x', which JSON does not have"),
    ],
)
def test_conditions_that_nothing_can_meet(fresh: Emulator, reply: Any, conditions: Any, words: str) -> None:
    with pytest.raises(TypeError, match=re.escape(words)):
        fresh.reply(reply, **conditions)


def test_schemas_need_jsonschema(fresh: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(ImportError, match="schema needs jsonschema: pip install jsonschema"):
        fresh.reply("x", schema={})


def test_conditions_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('[{"content": "found", "match": {"user": {"$regex": "^a"}, "n": 1}, "schema": {}}]', "utf-8")
    with Emulator(script=path) as endpoint:
        caller = Caller(endpoint)
        assert caller.chat("x", path=LOCAL, user="bob", n=1).text != "found"
        assert caller.chat("x", path=LOCAL, user="ann", n=1).text == "found"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, ""),
        ({"messages": [{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]}, "a b"),
        ({"input": "plain"}, "plain"),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "listed"}]}]}, "listed"),
        ({"input": [{"type": "function_call_output", "output": "42"}]}, "42"),
        ({"input": ["one", "two"]}, "two"),
    ],
)
def test_last_message_of_each_api(body: Any, text: str) -> None:
    assert last_text(body) == text


def test_tools_of_each_api() -> None:
    assert tool_names({"tools": [*TOOLS, {"type": "function", "name": "flat"}, {"type": "web_search"}, 5]}) == [
        "look",
        "book",
        "flat",
    ]


def test_nearest_miss_is_the_one_with_the_fewest_reasons(fresh: Emulator, caller: Caller) -> None:
    fresh.reply("a", last="rain", model="m")
    fresh.reply("b", last="rain", match={"model": "m", "temperature": 0})
    fresh.reply({"body": {}}, path="/embeddings")
    caller.chat("Hello", model="m", temperature=0, path=FOUNDRY)
    assert fresh.requests[-1].outcome.nearest_miss == "reply 1 (last='rain', model='m'): the last message is 'Hello'"
    caller.chat("x" * 500)
    assert "'xxx" in str(fresh.requests[-1].outcome.nearest_miss)
    assert "…" in str(fresh.requests[-1].outcome.nearest_miss)


@pytest.mark.parametrize(
    ("path", "body"),
    [(LOCAL, {"messages": [{"role": "user", "content": "Hello"}]}), ("/v1/embeddings", {"input": ["Hello"]})],
)
def test_strict_refuses_unmatched_requests(path: str, body: Any) -> None:
    with Emulator(strict=True) as endpoint:
        caller = Caller(endpoint)
        got = caller.post(path, body)
        assert got.status == 404
        assert f"No reply matches POST {path}. Nearest: there are no replies" in got.body["error"]["message"]
        endpoint.reply("Sunny.", last="weather")
        got = caller.post(path, body)
        assert f"No reply matches POST {path}. Nearest: reply 1 (last='weather'): " in got.body["error"]["message"]
        assert endpoint.requests[-1].outcome.source == "refusal"
        assert caller.send("GET", "/v1/models").status == 200
        assert caller.chat("The weather?").text == "Sunny."
        with pytest.raises(AssertionError, match=r"request 1 matched no reply; nearest: there are no replies"):
            endpoint.assert_all_replied()


def test_assert_all_replied(fresh: Emulator, caller: Caller) -> None:
    fresh.assert_all_replied()
    fresh.reply("a", last="a", times=2)
    fresh.reply("b", last="b", times=None)
    fresh.reply("c", last="c")
    caller.chat("a")
    caller.chat("x")
    with pytest.raises(AssertionError) as caught:
        fresh.assert_all_replied()
    assert str(caught.value).splitlines() == [
        "not every reply was used:",
        "reply 1 (last='a'): used once, expected twice",
        "reply 2 (last='b'): never used, expected at least once",
        "reply 3 (last='c'): never used, expected once",
        f"request {fresh.requests[-1].outcome.id} matched no reply; nearest: "
        "reply 1 (last='a'): the last message is 'x'",
    ]
    for text in "abc":
        caller.chat(text)
    fresh.assert_all_replied()


def test_condition_functions_see_no_secrets(fresh: Emulator, caller: Caller) -> None:
    seen: list[RecordedRequest] = []
    fresh.reply("x", when=lambda request: seen.append(request) or True)
    assert caller.chat("Hello", path=SERVERLESS).text == "x"
    assert seen[0].headers["api-key"] == "***"
